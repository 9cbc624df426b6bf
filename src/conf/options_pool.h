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

/* How a server is chosen: said by each pool and app for itself. */
#define CHOICE_OPTIONS(SECTION) \
	{ "balance", SECTION, &conf_type_balance, 0, 0, NULL, "round-robin", false, FIELD(conf_pool, balance), \
		.sentence = "How requests are spread over the servers." }, \
	    { "send-proxy", SECTION, &conf_type_choice, 0, 0, NULL, "off", false, FIELD(conf_pool, send_proxy), \
		    .sentence = \
			"Whether servers are told the client's address by the PROXY protocol, of which version.", \
		    .words = send_proxy_words }, \
	    { "hash-key", SECTION, &conf_type_hash_key, 0, 0, NULL, "address", false, \
		    FIELD(conf_pool, hash_key), \
		    .sentence = "What requests have in common that go to the same server: address, path, uri, " \
				"header NAME or cookie NAME.", \
		    .condition = &for_hash }, \
	    { "hash-load", SECTION, &conf_type_number, 101, 65535, "0", "125", false, \
		    FIELD(conf_pool, hash_load), \
		    .sentence = "Percent of its share of what is in flight from which a server's keys go to the " \
				"next; 0: never.", \
		    .condition = &for_hash }, \
	    { "sticky", SECTION, &conf_type_sticky, 0, 0, "off", "off", false, FIELD(conf_pool, sticky), \
		    .sentence = "By what requests are told that stay with one server while it is there: cookie, " \
				"address, header:NAME, or off." }, \
	{ \
		"sticky-cookie", SECTION, &conf_type_token, 0, 0, NULL, NULL, false, \
		    FIELD(conf_pool, sticky_cookie), .sentence = "The name of that cookie; drover-POOL if unset.", \
		    .condition = &for_cookie \
	}

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
