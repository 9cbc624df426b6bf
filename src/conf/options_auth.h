/* Rows about who is let in, and from which pages. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_AUTH_H
#define DROVER_CONF_OPTIONS_AUTH_H

#include "conf/options_row.h"

/* Rules as those of options_rules.h: users and their passwords. */
#define AUTH_OPTIONS(SECTION, INHERITED, TYPE) \
	{ "auth-basic", SECTION, &conf_type_realm, 0, 0, "off", "off", INHERITED, FIELD(TYPE, rules.auth_realm), \
		.sentence = "Asks for the name and the password of a user, for what has this name; or off." }, \
	    { "auth-users", SECTION, &conf_type_file, 0, 0, NULL, NULL, INHERITED, FIELD(TYPE, rules.auth_users), \
		    .sentence = "File of the users and the hashes of their passwords, as htpasswd writes it." }, \
	    { "auth-forward", SECTION, &conf_type_boolean, 0, 0, NULL, "true", INHERITED, \
		    FIELD(TYPE, rules.auth_forward), \
		    .sentence = "Whether servers are sent the Authorization field that drover has checked." }, \
	{ \
		"auth-user-header", SECTION, &conf_type_field, 0, 0, "off", "off", INHERITED, \
		    FIELD(TYPE, rules.auth_user_header), \
		    .sentence = "Field that tells servers the name of the user, such as X-Remote-User; or off." \
	}

#endif
