/* Rows about how servers are treated. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_POOL_H
#define DROVER_CONF_OPTIONS_POOL_H

#include "conf/options_row.h"

/* How servers are treated: set for all pools at the top level, and again in a pool section. */
#define POOL_OPTIONS(SECTION, INHERITED, TYPE, PREFIX) \
	{ "connect-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, HOUR, NULL, "5s", INHERITED, \
		FIELD(TYPE, PREFIX connect_timeout), \
		.sentence = "Time for a server to accept a connection." }, \
	    { "response-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "60s", INHERITED, \
		    FIELD(TYPE, PREFIX response_timeout), \
		    .sentence = "Longest wait for a response to begin, and longest pause within it." }, \
	    { "server-send-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "60s", \
		    INHERITED, FIELD(TYPE, PREFIX send_timeout), \
		    .sentence = "How long a server may take in nothing of a request." }, \
	    { "idle-connections", SECTION, &conf_type_number, 0, 65535, NULL, "256", INHERITED, \
		    FIELD(TYPE, PREFIX idle_connections), \
		    .sentence = "Idle connections that each worker keeps open to each server." }, \
	    { "idle-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "4s", INHERITED, \
		    FIELD(TYPE, PREFIX idle_timeout), \
		    .sentence = \
			"How long an idle connection to a server is kept; less than the server keeps it." }, \
	    { "queue-size", SECTION, &conf_type_number, 0, 65535, NULL, "1024", INHERITED, \
		    FIELD(TYPE, PREFIX queue_size), \
		    .sentence = "Requests that wait while all servers are at max-connections; 0: none does." }, \
	    { "queue-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "5s", INHERITED, \
		    FIELD(TYPE, PREFIX queue_timeout), \
		    .sentence = "How long a request waits for a place on a server; then it is answered 503." }, \
	    { "abort-on-close", SECTION, &conf_type_boolean, 0, 0, NULL, "false", INHERITED, \
		    FIELD(TYPE, PREFIX abort_on_close), \
		    .sentence = "A client that ends its side while its request waits is taken as gone." }, \
	    { "retries", SECTION, &conf_type_number, 0, 10, NULL, "2", INHERITED, \
		    FIELD(TYPE, PREFIX retries), \
		    .sentence = "Further attempts for one request, where repeating it is safe." }, \
	    SERVER_OPTIONS(SECTION, INHERITED, TYPE, PREFIX)

/* When a server counts as down: set at the top level, in a pool section, and in a server section. */
#define SERVER_OPTIONS(SECTION, INHERITED, TYPE, PREFIX) \
	{ "max-fails", SECTION, &conf_type_number, 0, 1000000, NULL, "3", INHERITED, \
		FIELD(TYPE, PREFIX max_fails), \
		.sentence = "Failures within fail-timeout after which a server is down; 0: it never is." }, \
	    { "fail-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "10s", INHERITED, \
		    FIELD(TYPE, PREFIX fail_timeout), \
		    .sentence = \
			"The time in which failures are counted, and for which a server is then down." }, \
	{ \
		"slow-start", SECTION, &conf_type_time, 0, DAY, NULL, "0", INHERITED, \
		    FIELD(TYPE, PREFIX slow_start), \
		    .sentence = \
			"How long a server that has come back takes to get its whole share; 0: at once." \
	}

#endif
