/*
 * Passive health of a server, on the scoreboard: after max_fails failures
 * within fail_timeout it is down for fail_timeout, for all workers; then the
 * next request tries it again. Workers write, anybody reads.
 */
#ifndef DROVER_IPC_HEALTH_H
#define DROVER_IPC_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/scoreboard.h"

/* X(symbol, word): what a server did wrong, as the access log and the events say it */
#define HEALTH_REASON_TABLE(X) \
	X(OTHER, "failure")

enum health_reason {
#define HEALTH_REASON_ENUM(symbol, word) HEALTH_REASON_##symbol,
	HEALTH_REASON_TABLE(HEALTH_REASON_ENUM)
#undef HEALTH_REASON_ENUM
	    HEALTH_REASONS
};

/* The word for a reason; any number is allowed. */
const char *health_reason_word(uint32_t reason);

/* Whether requests may go to it at time `now` (monotonic microseconds). */
bool health_is_up(const struct scoreboard_server *server, uint64_t now);

/* A failure: connect error, time-out, broken response. true when this one took the server down. */
bool health_failed(struct scoreboard_server *server, uint64_t now, uint32_t max_fails, uint64_t fail_timeout);

/* It answered: failures are forgotten. true when the server had been down and is up again. */
bool health_worked(struct scoreboard_server *server);

#endif
