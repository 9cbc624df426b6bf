/*
 * What is asked of a server by a check of HTTP, and how its answer is read: as strictly
 * as workers read, without growing, whatever comes. Pure: no sockets, no clock. Runs
 * in the prober.
 */
#ifndef DROVER_PROBER_ANSWER_H
#define DROVER_PROBER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "http/h1.h"
#include "ipc/health.h"

enum {
	ANSWER_REQUEST_MAX = 8192, /* any request of a check fits */
	ANSWER_BODY_SEEN = 64 * 1024 /* bytes of a body that a text is looked for in */
};

/* Writes the request, for a server whose address is written `authority`. Returns its length. */
size_t answer_ask(char to[ANSWER_REQUEST_MAX], const struct conf_health *conf, const char *authority);

enum { ANSWER_GREETING_MAX = 16 };

/*
 * Writes what a server whose pool has send-proxy is told first: that the connection is
 * for nobody else (PROXY protocol: "UNKNOWN" of version 1, LOCAL of version 2). Returns its length.
 */
size_t answer_greet(char to[ANSWER_GREETING_MAX], enum conf_send_proxy version);

struct answer_reader;

/* NULL: no memory. */
struct answer_reader *answer_new(const struct conf_health *conf, const struct h1_limits *limits);
void answer_free(struct answer_reader *answer);

/* Where the next bytes go, and how many at most, which is never 0 before it is decided. */
char *answer_space(struct answer_reader *answer, size_t *size);

/* The result of the check: HEALTH_REASON_OK or what was wrong; `status` is set when the status itself was. */
struct answer_result {
	enum health_reason reason;
	unsigned status;
};

/* So many bytes have come. Whether that decides; if so it is not to be called again. */
bool answer_read(struct answer_reader *answer, size_t length, struct answer_result *result);

/* The server has ended its side, which decides. */
void answer_end(struct answer_reader *answer, struct answer_result *result);

#endif
