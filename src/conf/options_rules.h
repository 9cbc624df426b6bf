/* Rows about what is done with requests and responses. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_RULES_H
#define DROVER_CONF_OPTIONS_RULES_H

#include "conf/options_row.h"

/*
 * What is done with requests and responses, for options of the top level (which
 * listeners inherit), of a listener and of a route: see struct conf_rules.
 */
#define RULE_OPTIONS(SECTION, INHERITED, TYPE) \
	{ "allow", SECTION, &conf_type_networks, 0, 0, NULL, "{ }", INHERITED, \
		LIST(TYPE, rules.allow, rules.allow_count), \
		.sentence = "Clients that are served; all others are answered 403. All if unset.", \
		.tcp = true }, \
	    { "deny", SECTION, &conf_type_networks, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.deny, rules.deny_count), \
		    .sentence = "Clients that are answered 403, also of those that `allow` has.", \
		    .tcp = true }, \
	    { "limit-rate", SECTION, &conf_type_rate, 0, 0, NULL, "0", INHERITED, FIELD(TYPE, rules.limit_rate), \
		    .sentence = "Requests of one client in a second, minute or hour; 0: no limit." }, \
	    { "limit-burst", SECTION, &conf_type_number, 0, 1000000, NULL, "0", INHERITED, \
		    FIELD(TYPE, rules.limit_burst), \
		    .sentence = "Requests of one client that may come at once; 0: those of a second." }, \
	    { "request-header", SECTION, &conf_type_request_rules, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.request_headers, rules.request_header_count), \
		    .sentence = "Changes of the header fields that servers are sent, in this order.", \
		    .open_length = conf_header_rule_open }, \
	    { "response-header", SECTION, &conf_type_response_rules, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.response_headers, rules.response_header_count), \
		    .sentence = "Changes of the header fields that clients are sent, in this order." }, \
	    { "error-page", SECTION, &conf_type_error_pages, 0, 0, NULL, "{ }", INHERITED, \
		    LIST(TYPE, rules.error_pages, rules.error_page_count), \
		    .sentence = "Files that are the bodies of drover's own answers with these statuses." }, \
	    { "server-timing", SECTION, &conf_type_boolean, 0, 0, NULL, "false", INHERITED, \
		    FIELD(TYPE, rules.server_timing), \
		    .sentence = "Whether clients are told how long it took, in a Server-Timing field." }, \
	{ \
		"error-page-servers", SECTION, &conf_type_boolean, 0, 0, NULL, "false", INHERITED, \
		    FIELD(TYPE, rules.error_page_servers), \
		    .sentence = "Whether they take the place of servers' bodies with these statuses, too." \
	}

/* What begins answered 503: all, or what comes by a listener or a route or for a pool. */
#define MAINTENANCE_OPTION(SECTION, TYPE) \
	{ \
		"maintenance", SECTION, &conf_type_boolean, 0, 0, NULL, "false", false, FIELD(TYPE, maintenance), \
		    .sentence = "Whether requests are answered 503 until the method maintenance ends that.", \
		    .tcp = true \
	}

/* What is answered without a pool, for options of a listener and of a route. */
#define ANSWER_OPTIONS(SECTION, TYPE) \
	{ "redirect", SECTION, &conf_type_redirect, 0, 0, NULL, NULL, false, FIELD(TYPE, rules.redirect), \
		.sentence = "Where clients are sent instead: a status, 302 if left out, and the address." }, \
	    { "respond", SECTION, &conf_type_respond, 0, 0, NULL, NULL, false, FIELD(TYPE, rules.respond), \
		    .sentence = "What all is answered with: a status, then a text or the path of a file." }, \
	{ \
		"respond-type", SECTION, &conf_type_media, 0, 0, NULL, NULL, false, \
		    FIELD(TYPE, rules.respond_type), \
		    .sentence = "Content-Type of that; as the file is called, or plain text, if unset." \
	}

#endif
