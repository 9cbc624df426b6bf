/*
 * Questions about client connections, which only their workers know: the master
 * asks over the channel, the worker answers a few rows at a time, so that
 * neither waits for the other. It sends QUERY_WINDOW answers, and then one for
 * each that was taken (QUERY_MORE): nothing piles up when the one who asked is
 * slow. Master and workers.
 */
#ifndef DROVER_IPC_QUERY_H
#define DROVER_IPC_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum query_kind {
	QUERY_SESSIONS, /* show them */
	QUERY_CLOSE, /* close them; there is one answer, whose `matched` tells how many */
	QUERY_MORE, /* `answers` more may come to the query of this id, with `limit` rows in all to come */
	QUERY_CANCEL /* no more answers to the query of this id */
};

enum { QUERY_ROWS = 8, QUERY_METHOD_MAX = 16, QUERY_TARGET_MAX = 96, QUERY_HOST_MAX = 64 };
enum { QUERY_WINDOW = 4 }; /* answers of one worker to one query that are not taken, at most */
enum { QUERIES_MAX = 16 }; /* at a time: the master asks no more */

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
	uint8_t answers; /* QUERY_MORE */
	uint32_t limit; /* rows; beyond, sessions are only counted */
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

/* What a request asks for: texts cut to their room, with a NUL; empty when it could not be read. */
struct query_request {
	char method[QUERY_METHOD_MAX];
	char host[QUERY_HOST_MAX];
	char target[QUERY_TARGET_MAX];
};

/* One session. */
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
	struct query_request request; /* in progress */
};

struct query_answer {
	uint32_t id;
	uint16_t count; /* of rows */
	uint16_t last; /* not 0: nothing follows */
	uint32_t matched; /* sessions that fitted so far */
	struct query_row rows[QUERY_ROWS];
};

/* The bytes of an answer up to its last row. */
size_t query_answer_length(const struct query_answer *answer);

/* Whether an answer can be worked with, whatever sent it: counts and states are in range, texts end, what is by index is in a table of so many. */
bool query_answer_is_sound(const struct query_answer *answer, size_t listeners, size_t pools, size_t servers);

#endif
