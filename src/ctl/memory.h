/*
 * Memory for droverctl, which has nothing better to do without it than to say so
 * and end. droverctl.
 */
#ifndef DROVER_CTL_MEMORY_H
#define DROVER_CTL_MEMORY_H

#include <stddef.h>

/* Ends the program with a sentence when p is NULL; else returns p. */
void *memory_need(void *p);

/* As calloc, realloc for an array, and strdup; they never return NULL. */
void *memory_zeroed(size_t count, size_t size);
void *memory_grow(void *p, size_t count, size_t size);
char *memory_copy(const char *text);

/* As asprintf: the text, never NULL. */
char *memory_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
