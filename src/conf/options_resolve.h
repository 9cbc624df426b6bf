/* Rows about names of servers that are looked up. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_RESOLVE_H
#define DROVER_CONF_OPTIONS_RESOLVE_H

#include "conf/options_row.h"

enum { RESOLVERS_MAX = 8 };

/* How names are looked up: at the top level. */
#define RESOLVE_OPTIONS \
	{ "resolvers", TOP, &conf_type_resolvers, 0, RESOLVERS_MAX, NULL, "{ }", false, \
		LIST(conf, resolve.servers, resolve.server_count), \
		.sentence = "DNS servers that names of servers are looked up with; those of the system if unset." }, \
	    { "resolve-interval-min", TOP, &conf_type_time, 100 * CLOCK_MILLISECOND, DAY, NULL, "1s", false, \
		    FIELD(conf, resolve.interval_min), \
		    .sentence = "The least time after which a name is looked up again, however short its ttl." }, \
	    { "resolve-interval-max", TOP, &conf_type_time, 100 * CLOCK_MILLISECOND, DAY, NULL, "60s", \
		    false, FIELD(conf, resolve.interval_max), \
		    .sentence = \
			"The time after which a name is looked up again at the latest, however long its ttl." }, \
	{ \
		"resolve-timeout", TOP, &conf_type_time, 100 * CLOCK_MILLISECOND, MINUTE, NULL, "5s", false, \
		    FIELD(conf, resolve.timeout), .sentence = "Time for a name to be looked up." \
	}

/* Which addresses of a name are servers: in a server section. */
#define NAME_OPTIONS \
	{ "family", SERVER, &conf_type_choice, 0, 0, NULL, "any", false, FIELD(conf_server, family), \
		.sentence = "Which addresses of the name are taken: any, ipv4 or ipv6.", \
		.words = family_words, .condition = &for_names }, \
	{ \
		"addresses", SERVER, &conf_type_choice, 0, 0, NULL, "all", false, \
		    FIELD(conf_server, addresses), \
		    .sentence = "Whether all of them are servers, or the first alone.", \
		    .words = addresses_words, .condition = &for_names \
	}

#endif
