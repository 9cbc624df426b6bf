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

/* Whether requests may go to it at time `now` (monotonic microseconds). */
bool health_is_up(const struct scoreboard_server *server, uint64_t now);

/* A failure: connect error, time-out, broken response. true when this one took the server down. */
bool health_failed(struct scoreboard_server *server, uint64_t now, uint32_t max_fails, uint64_t fail_timeout);

/* It answered: failures are forgotten. true when the server had been down and is up again. */
bool health_worked(struct scoreboard_server *server);

#endif
