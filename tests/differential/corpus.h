/* The cases that are written by hand, and the byte strings that everything here works with. */
#ifndef DROVER_TESTS_CORPUS_H
#define DROVER_TESTS_CORPUS_H

#include <stddef.h>

enum { CORPUS_MAX = 1024 };

struct bytes {
	char *data;
	size_t length, room;
};

/* Adds to the end. No memory: the program ends. */
void bytes_add(struct bytes *to, const char *data, size_t length);

struct corpus_case {
	struct bytes bytes;
	unsigned class;
};

struct corpus {
	struct corpus_case cases[CORPUS_MAX];
	char *classes[CORPUS_MAX]; /* their names */
	unsigned count, class_count;
};

/* Reads the file; README says how it is written. -1: said on standard error. */
int corpus_read(struct corpus *corpus, const char *file);
void corpus_free(struct corpus *corpus);

#endif
