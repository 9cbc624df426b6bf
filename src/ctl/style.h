/*
 * What the output can take: its width, colours, characters. droverctl.
 */
#ifndef DROVER_CTL_STYLE_H
#define DROVER_CTL_STYLE_H

#include <stdbool.h>
#include <stddef.h>

struct style {
	size_t width; /* columns of the terminal; 0: no terminal, and no line is cut */
	bool colour;
	bool utf8;
};

enum paint { PAINT_PLAIN, PAINT_HEADING, PAINT_GOOD, PAINT_WAITING, PAINT_BAD };

/* As fd, the environment (NO_COLOR, TERM) and the locale have it. */
void style_read(struct style *s, int fd);

/* What to print before and after a text. */
const char *style_begin(const struct style *s, enum paint paint);
const char *style_end(const struct style *s, enum paint paint);

/* The colour of a state ("ready", "down") or of an event ("worker-died"). */
enum paint paint_of_word(const char *word);

#endif
