/* Rows about how clients are treated. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_CLIENT_H
#define DROVER_CONF_OPTIONS_CLIENT_H

#include "conf/options_row.h"

/* How clients are treated: set for all at the top level, and again in a listen section. */
#define CLIENT_OPTIONS(SECTION, INHERITED, TYPE) \
	{ "header-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "20s", INHERITED, \
		FIELD(TYPE, client.header_timeout), \
		.sentence = "Time for a client to send the whole head of a request." }, \
	    { "body-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "60s", INHERITED, \
		    FIELD(TYPE, client.body_timeout), \
		    .sentence = "Longest pause of a client within the body of a request." }, \
	    { "keepalive-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "75s", INHERITED, \
		    FIELD(TYPE, client.keepalive_timeout), \
		    .sentence = "How long a client's connection may idle between requests." }, \
	    { "send-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, DAY, NULL, "60s", INHERITED, \
		    FIELD(TYPE, client.send_timeout), \
		    .sentence = "How long a client may take in nothing of a response." }, \
	    { "tunnel-timeout", SECTION, &conf_type_time, CLOCK_MILLISECOND, 30 * DAY, NULL, "1h", \
		    INHERITED, FIELD(TYPE, client.tunnel_timeout), \
		    .sentence = \
			"How long an upgraded connection, such as a WebSocket, may be silent both ways.", \
		    .tcp = true }, \
	    { "body-limit", SECTION, &conf_type_size, 0, UINT64_C(1) << 60, NULL, "0", INHERITED, \
		    FIELD(TYPE, client.body_limit), .sentence = "Largest body of a request; 0: no limit." }, \
	    { "body-rate-min", SECTION, &conf_type_size, 0, UINT64_C(64) << 20, NULL, "0", INHERITED, \
		    FIELD(TYPE, client.body_rate), \
		    .sentence = \
			"Bytes a second below which body-timeout is for all of a request's body; 0: never." }, \
	    { "trace", SECTION, &conf_type_choice, 0, 0, NULL, "refuse", INHERITED, \
		    FIELD(TYPE, client.trace), .sentence = "What becomes of TRACE requests.", \
		    .words = trace_words }, \
	    { "limit-connections", SECTION, &conf_type_number, 0, 1000000, NULL, "0", INHERITED, \
		    FIELD(TYPE, client.connections), \
		    .sentence = "Connections that one client may have open; 0: no limit.", .tcp = true }, \
	{ \
		"requests-per-connection", SECTION, &conf_type_number, 0, UINT32_MAX, NULL, "0", INHERITED, \
		    FIELD(TYPE, client.requests), \
		    .sentence = "Requests after which a client's connection is closed; 0: no limit." \
	}

#endif
