/*
 * Objects of one size from a free list: no malloc on the data path once it is
 * warm. Not shared between threads. All processes.
 */
#ifndef DROVER_BASE_FREELIST_H
#define DROVER_BASE_FREELIST_H

#include <stddef.h>

struct freelist {
	size_t size;	 /* of one object, >= sizeof(void *) */
	size_t keep;	 /* how many free ones are kept; more go back to malloc */
	size_t free;	 /* on the list now */
	size_t used;	 /* given out now */
	void *first;
};

#define FREELIST(object_size, keep_count) { .size = (object_size), .keep = (keep_count) }

/* An object with undefined content, or NULL: no memory. */
void *freelist_get(struct freelist *list);

/* The same, zeroed. */
void *freelist_get_zeroed(struct freelist *list);

/* Gives it back; NULL is allowed. */
void freelist_put(struct freelist *list, void *object);

/* Frees what is kept. What is given out stays out. */
void freelist_clear(struct freelist *list);

#endif
