/* Rows about who is let in, and from which pages. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_AUTH_H
#define DROVER_CONF_OPTIONS_AUTH_H

#include "conf/options_row.h"

/* Rules as those of options_rules.h: users and their passwords, and a server that is asked. */
#define AUTH_OPTIONS(SECTION, INHERITED, TYPE) \
	{ "auth-basic", SECTION, &conf_type_realm, 0, 0, "off", "off", INHERITED, FIELD(TYPE, rules.auth_realm), \
		.sentence = "Asks for the name and the password of a user, for what has this name; or off." }, \
	    { "auth-users", SECTION, &conf_type_file, 0, 0, NULL, NULL, INHERITED, FIELD(TYPE, rules.auth_users), \
		    .sentence = "File of the users and the hashes of their passwords, as htpasswd writes it." }, \
	    { "auth-forward", SECTION, &conf_type_boolean, 0, 0, NULL, "true", INHERITED, \
		    FIELD(TYPE, rules.auth_forward), \
		    .sentence = "Whether servers are sent the Authorization field that drover has checked." }, \
	    { "auth-user-header", SECTION, &conf_type_field, 0, 0, "off", "off", INHERITED, \
		    FIELD(TYPE, rules.auth_user_header), \
		    .sentence = "Field that tells servers the name of the user, such as X-Remote-User; or off." }, \
	    { "auth-request", SECTION, &conf_type_ask, 0, 0, "off", "off", INHERITED, FIELD(TYPE, rules.ask), \
		    .sentence = "Pool and path that are asked whether a request is let in; or off." }, \
	    { "auth-request-copy", SECTION, &conf_type_fields, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.ask_copies, rules.ask_copy_count), \
		    .sentence = "Fields of the answer that servers are sent with the request." }, \
	{ \
		"auth-request-redirect", SECTION, &conf_type_boolean, 0, 0, NULL, "false", INHERITED, \
		    FIELD(TYPE, rules.ask_redirects), \
		    .sentence = "Whether the client is sent an answer that redirects it, such as to a login page." \
	}

/* Pages of other origins (CORS). */
#define CORS_OPTIONS(SECTION, INHERITED, TYPE) \
	{ "cors-origins", SECTION, &conf_type_origins, 0, 0, NULL, "{ }", INHERITED, \
		LIST(TYPE, rules.cors_origins, rules.cors_origin_count), \
		.sentence = "Origins whose pages may use what is served; * stands for any." }, \
	    { "cors-methods", SECTION, &conf_type_methods, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.cors_methods, rules.cors_method_count), \
		    .sentence = "Methods that they may use beside GET, HEAD and POST; * stands for any." }, \
	    { "cors-headers", SECTION, &conf_type_fields, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.cors_headers, rules.cors_header_count), \
		    .sentence = "Request fields that they may send; * stands for any." }, \
	    { "cors-expose", SECTION, &conf_type_fields, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.cors_exposed, rules.cors_exposed_count), \
		    .sentence = "Response fields that they may see." }, \
	    { "cors-credentials", SECTION, &conf_type_boolean, 0, 0, NULL, "false", INHERITED, \
		    FIELD(TYPE, rules.cors_credentials), \
		    .sentence = "Whether their requests may come with cookies and credentials." }, \
	{ \
		"cors-max-age", SECTION, &conf_type_time, 0, DAY, NULL, "1h", INHERITED, \
		    FIELD(TYPE, rules.cors_max_age), \
		    .sentence = "How long a browser may remember what drover allows." \
	}

#endif
