/*
 * Texts from drover made fit for a terminal: the target of a request can hold
 * anything, and nothing of it may steer the terminal. Pure. droverctl.
 */
#ifndef DROVER_CTL_PRINTABLE_H
#define DROVER_CTL_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A copy of a UTF-8 text, owned by the caller. What is a control character, turns
 * the direction of writing, cannot be seen or is no UTF-8 becomes \xHH or \uHHHH;
 * what is not ASCII becomes '?' unless the terminal takes UTF-8.
 */
char *printable(const char *bytes, size_t length, bool utf8);

/* Columns that a printable text takes. */
size_t printable_width(const char *text);

/* How many bytes of a printable text fit into so many columns. */
size_t printable_fit(const char *text, size_t columns);

#endif
