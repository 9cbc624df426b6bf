/*
 * Field lines that one exchange adds to a head beside those that all do: who the user
 * is, what a server that was asked has said. And the fields of clients that would say the same.
 * Runs in workers.
 */
#ifndef DROVER_WORKER_ADDITIONS_H
#define DROVER_WORKER_ADDITIONS_H

#include "worker/internal.h"

enum { ADDITIONS_MAX = 65536, ANSWER_MORE = 4096 }; /* bytes */

/* Adds a field. -1: no memory, or too much; then it is as it was. */
int addition_field(struct additions *additions, const char *name, struct text value);

/* Makes them these lines. -1: no memory. */
int additions_set(struct additions *additions, struct text lines);

void additions_clear(struct additions *additions);

/* Makes and frees the list of the fields that clients may not send by these rules. -1: no memory. */
int rules_open(struct rules *rules);
void rules_close(struct rules *rules);

/* What is changed in the request's head; NULL: nothing. Filled into `space`. */
const struct forward_changes *additions_of_request(const struct exchange *exchange, struct forward_changes *space);

/* The same for the response's. */
const struct forward_changes *additions_of_response(const struct exchange *exchange, struct forward_changes *space);

/* The lines that are added to the response, which may be drover's own; borrowed. At most ANSWER_MORE bytes. */
struct text additions_to_answer(const struct exchange *exchange);

#endif
