/*
 * Questions about client connections, which only their workers know: the master
 * asks over the channel, the worker answers a few rows at a time, so that
 * neither waits for the other. Master and workers.
 */
#ifndef DROVER_IPC_QUERY_H
#define DROVER_IPC_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

enum query_kind {
	QUERY_SESSIONS, /* show them */
	QUERY_CLOSE, /* close them; `matched` of the answers tells how many */
	QUERY_CANCEL /* no more answers to the query of this id */
};

enum { QUERY_ROWS = 8, QUERY_TARGET_MAX = 96, QUERY_HOST_MAX = 64, QUERIES_PER_WORKER = 4 };

/* Which sessions are meant: those to which all fits. */
struct query_filter {
	uint64_t session; /* its number, 0: any */
	bool by_client; /* by `client` */
	struct address_range client;
	int32_t listener; /* index in conf.listeners, -1: any */
	int32_t pool; /* with a request in progress in this pool (index); -1: any */
	int32_t server; /* the same, by place on the scoreboard; -1: any */
	bool active; /* with a request in progress */
	uint64_t min_age; /* microseconds */
};

struct query {
	uint32_t id; /* the master's number for it; the answers carry it */
	uint16_t kind; /* enum query_kind */
	bool graceful; /* QUERY_CLOSE: after the request in progress */
	uint32_t limit; /* rows, or sessions to close */
	struct query_filter filter;
};

enum query_state {
	QUERY_STATE_NEW, /* no request yet */
	QUERY_STATE_IDLE, /* between two requests */
	QUERY_STATE_READING, /* the head of a request is coming in */
	QUERY_STATE_ACTIVE, /* a request in progress */
	QUERY_STATE_TUNNEL, /* upgraded: WebSocket and the like */
	QUERY_STATE_CLOSING, /* all is said; waiting for the client's end */
	QUERY_STATES
};

extern const char *const query_state_names[]; /* by enum query_state, NULL at the end */

/* One session. Texts are cut to their room, with a NUL. */
struct query_row {
	uint64_t number; /* of the session: the same over all workers that it comes to */
	uint64_t age; /* microseconds since it was accepted */
	uint64_t bytes_in, bytes_out; /* from and to the client, since the worker got it */
	uint64_t request_age; /* microseconds, of the request in progress */
	uint32_t requests; /* begun, the one in progress included */
	int32_t server; /* place on the scoreboard, of the request in progress; -1: none */
	int32_t pool; /* index, of the request in progress; -1: none */
	uint16_t listener;
	uint16_t state; /* enum query_state */
	uint16_t family, port; /* of the client, as in struct channel_connection */
	uint8_t address[16];
	char method[16];
	char host[QUERY_HOST_MAX];
	char target[QUERY_TARGET_MAX];
};

struct query_answer {
	uint32_t id;
	uint16_t count; /* of rows */
	bool last; /* nothing follows */
	uint32_t matched; /* sessions that fitted so far */
	struct query_row rows[QUERY_ROWS];
};

#endif
