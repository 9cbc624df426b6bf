/* Rows about how servers are checked. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_HEALTH_H
#define DROVER_CONF_OPTIONS_HEALTH_H

#include "conf/health.h"
#include "conf/options_row.h"

/* In a pool and in an app; STATUS: what is good unless it is said. */
#define HEALTH_OPTIONS(SECTION, STATUS) \
	{ "type", SECTION, &conf_type_choice, 0, 0, NULL, NULL, false, FIELD(conf_health, type), \
		.sentence = "Whether a server only has to take a connection, or has to answer a request; " \
			    "unset: http if there is a path.", \
		.words = health_type_words }, \
	    { "path", SECTION, &conf_type_check_path, 0, 0, NULL, NULL, false, FIELD(conf_health, path), \
		    .sentence = "What is asked for; / if unset.", .condition = &conf_health_for_http }, \
	    { "host", SECTION, &conf_type_check_host, 0, 0, NULL, NULL, false, FIELD(conf_health, host), \
		    .sentence = "The Host field; the server's address if unset.", \
		    .condition = &conf_health_for_http }, \
	    { "method", SECTION, &conf_type_choice, 0, 0, NULL, "GET", false, FIELD(conf_health, method), \
		    .sentence = "How it is asked for.", .words = health_method_words, \
		    .condition = &conf_health_for_http }, \
	    { "status", SECTION, &conf_type_statuses, 0, 0, NULL, STATUS, false, \
		    LIST(conf_health, statuses, status_count), \
		    .sentence = "Status codes, and ranges of them, that are good.", \
		    .condition = &conf_health_for_http }, \
	    { "body", SECTION, &conf_type_check_body, 0, 0, NULL, NULL, false, FIELD(conf_health, body), \
		    .sentence = "Text that stands somewhere in the first 64 KB of the answer's body.", \
		    .condition = &conf_health_for_http }, \
	    { "header", SECTION, &conf_type_check_fields, 0, 0, NULL, "{ }", false, \
		    LIST(conf_health, fields, field_count), \
		    .sentence = "Further fields of the request, each \"NAME: VALUE\".", \
		    .condition = &conf_health_for_http, .open_length = conf_health_field_open }, \
	    { "interval", SECTION, &conf_type_time, 10 * CLOCK_MILLISECOND, DAY, NULL, "2s", false, \
		    FIELD(conf_health, interval), \
		    .sentence = "From the beginning of one check to that of the next." }, \
	    { "fast-interval", SECTION, &conf_type_time, 10 * CLOCK_MILLISECOND, DAY, NULL, NULL, false, \
		    FIELD(conf_health, fast_interval), \
		    .sentence = "The same while results differ from the state; the interval if unset." }, \
	    { "jitter", SECTION, &conf_type_number, 0, 100, NULL, "10", false, FIELD(conf_health, jitter), \
		    .sentence = "By how many percent, more or less, each interval differs at random." }, \
	    { "timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, HOUR, NULL, "1s", false, \
		    FIELD(conf_health, timeout), .sentence = "Time for a check, connection and answer." }, \
	    { "rise", SECTION, &conf_type_number, 1, 1000, NULL, "2", false, FIELD(conf_health, rise), \
		    .sentence = "Good checks in a row after which a server that was down is up." }, \
	    { "fall", SECTION, &conf_type_number, 1, 1000, NULL, "3", false, FIELD(conf_health, fall), \
		    .sentence = "Failed checks in a row after which a server that was up is down." }, \
	    { "close-tunnels", SECTION, &conf_type_boolean, 0, 0, NULL, "false", false, \
		    FIELD(conf_health, cut_tunnels), \
		    .sentence = "Whether tunnels to a server that is down are closed." }, \
	{ \
		"port", SECTION, &conf_type_number, 1, 65535, "auto", "auto", false, FIELD(conf_health, port), \
		    .sentence = "Port that is checked; auto: that of the server." \
	}

#endif
