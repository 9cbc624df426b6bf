/*
 * Parse results, compared and checked: what must hold for every input. Used by
 * the unit tests and the fuzz targets of the HTTP/1 parser.
 */
#ifndef DROVER_TESTS_H1_COMPARE_H
#define DROVER_TESTS_H1_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/h1.h"

/* Both parses say the same of the same head, wherever its bytes are in memory. */
bool h1_request_same(const struct h1_request *a, const struct h1_request *b);
bool h1_response_same(const struct h1_response *a, const struct h1_response *b);

/* All that a good head points at is inside it and is what it should be. NULL, or what is wrong. */
const char *h1_request_fault(const struct h1_request *request);
const char *h1_response_fault(const struct h1_response *response);

/*
 * The same parse, with the bytes coming in two pieces (cut at `cut`) or, when cut
 * is 0, one by one. Each call gets a copy of its own, so that a tool like ASan
 * sees every byte that is read behind the end.
 */
enum h1_result h1_request_parse_cut(struct h1_request *request, const char *bytes, size_t length, size_t cut,
    const struct h1_limits *limits, size_t *start);
enum h1_result h1_response_parse_cut(struct h1_response *response, const char *bytes, size_t length,
    size_t cut, const struct h1_limits *limits, enum h1_method method);

/* The copy that the last of those two functions made, which its results point into, is freed. */
void h1_parse_cut_free(void);

#endif
