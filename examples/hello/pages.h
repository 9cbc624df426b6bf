/* The pages of hello, and the requests for them that are in progress. */
#ifndef HELLO_PAGES_H
#define HELLO_PAGES_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct evhttp_request;

enum { PAGES_METHODS = 0xffff }; /* of evhttp that are answered: all */

/* Before the first request. `name` is what the instance calls itself; it is kept. */
void pages_open(struct event_base *loop, const char *name);

/* Answers a request. */
void pages_request_cb(struct evhttp_request *request, void *unused);

/* How many are being answered. */
unsigned pages_in_progress(void);

/*
 * Answers are the last of their connections from here on. When the last is sent, or nobody waits for it any more,
 * the loop ends.
 */
void pages_stop(void);

/* Behind the end of the loop and of all connections. */
void pages_close(void);

/* Digits alone. */
bool number_parse(const char *text, uint64_t *number);

#endif
