/*
 * Health of a server, on the scoreboard. Passive: after max_fails failures
 * within fail_timeout it is down for fail_timeout, for all workers; then the
 * next request tries it again. Active: the prober's checks call it down, until
 * they succeed again or have been silent for too long. Workers and the prober
 * write, anybody reads.
 */
#ifndef DROVER_IPC_HEALTH_H
#define DROVER_IPC_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/scoreboard.h"

/* X(symbol, word): what a server did wrong, as the access log and the events say it; the last three are of checks alone */
#define HEALTH_REASON_TABLE(X) \
	X(BAD_RESPONSE, "bad-response") \
	X(CONNECT_REFUSED, "connect-refused") \
	X(CONNECT_TIMEOUT, "connect-timeout") \
	X(CONNECT_FAILED, "connect-failed") \
	X(UNREACHABLE, "unreachable") \
	X(NO_SUCH_SOCKET, "no-such-socket") \
	X(RESET_BY_SERVER, "reset-by-server") \
	X(CLOSED_BY_SERVER, "closed-by-server") \
	X(RESPONSE_TIMEOUT, "response-timeout") \
	X(SEND_TIMEOUT, "server-send-timeout") \
	X(SEND_FAILED, "send-failed") \
	X(RECEIVE_FAILED, "receive-failed") \
	X(TRUNCATED_RESPONSE, "truncated-response") \
	X(STATUS, "status") \
	X(BODY_MISMATCH, "body-mismatch") \
	X(OK, "ok")

enum health_reason {
#define HEALTH_REASON_ENUM(symbol, word) HEALTH_REASON_##symbol,
	HEALTH_REASON_TABLE(HEALTH_REASON_ENUM)
#undef HEALTH_REASON_ENUM
	    HEALTH_REASONS
};

/* By word; all others are responses that break HTTP. */
enum health_reason health_reason_find(const char *word);

/* What an error of a call on a connection to a server means; `otherwise` when it says nothing. */
enum health_reason health_reason_of_errno(int error, enum health_reason otherwise);

/* The word for a reason; any number is allowed. */
const char *health_reason_word(uint32_t reason);

/* Whether requests may go to it at time `now` (monotonic microseconds). */
bool health_is_up(const struct scoreboard_server *server, uint64_t now);

/*
 * Whether checks have taken it out: then it is not even tried when all others are
 * down. One that is down after failures of requests alone may be.
 */
bool health_is_refused(const struct scoreboard_server *server, uint64_t now);

/* When it is up again (monotonic microseconds) if nothing is written meanwhile; in the past: it is. */
uint64_t health_down_until(const struct scoreboard_server *server);

/*
 * To be called behind each change of a server's health: what was worked out from it is
 * out of date. Time alone, past health_down_until, changes health as well and no version.
 */
void health_changed(struct scoreboard *board);

/* ---- checks */

enum health_verdict { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN, HEALTH_VERDICTS };

extern const char *const health_verdict_names[]; /* NULL at the end */

/* A copy of what checks say of a server: struct scoreboard_check. */
struct health_check {
	enum health_verdict verdict;
	enum health_reason result;
	uint32_t status, run, downs;
	uint64_t checked, took, changed;
};

/* Reads it. Without one of this server all is 0, and false. */
bool health_check_get(const struct scoreboard *board, unsigned server, struct health_check *check);

/*
 * What made the verdict `verdict` when it was given last: result, status and run of that check, which
 * others may have followed since. The rest is 0.
 */
void health_check_decided(
    const struct scoreboard *board, unsigned server, enum health_verdict verdict, struct health_check *check);

/*
 * The prober writes it, of the server with that id, and workers go by it. When it is down, that
 * holds until then (monotonic microseconds).
 */
void health_check_set(struct scoreboard *board, unsigned server, uint32_t id, const struct health_check *check,
    uint64_t until);

/* The master forgets it. */
void health_check_clear(struct scoreboard *board, unsigned server);

enum { HEALTH_CHECK_TEXT = 64 };

/* Its last result for people: "ok", "connect-refused", "status 503". Returns `text`. */
const char *health_check_text(const struct health_check *check, char text[HEALTH_CHECK_TEXT]);

/* ---- failures of requests */

/*
 * A server that was down for its time is not up yet: one request tries it, and those
 * that come meanwhile go elsewhere. Whether it is down or on trial; from when on it may
 * be tried (monotonic microseconds); whether the caller is the one whose request does.
 */
bool health_is_on_trial(const struct scoreboard_server *server);
uint64_t health_trial_at(const struct scoreboard_server *server);
bool health_try(struct scoreboard_server *server, uint64_t now);

/* It takes requests from now on, and did not before: with slow_start its weight grows from now. */
void health_came_back(struct scoreboard_server *server, uint64_t now);

/* How much of its weight counts: 1..100 percent. */
unsigned health_warmth(const struct scoreboard_server *server, uint64_t now);

/* A failure. true when this one took the server down. */
bool health_failed(struct scoreboard_server *server, uint64_t now, uint32_t max_fails, uint64_t fail_timeout,
    enum health_reason reason);

/* It answered: failures are forgotten. true when the server had been down and is up again. */
bool health_worked(struct scoreboard_server *server);

#endif
