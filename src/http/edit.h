/*
 * Changes of the fields of a head: set, add, default and remove, carried out in
 * their order. What a field that is set or added says is put together here, and is
 * refused when it could end its line. Pure. Runs in workers.
 */
#ifndef DROVER_HTTP_EDIT_H
#define DROVER_HTTP_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
	EDITS_MAX = 72, /* two lists of rules, and what drover adds itself */
	EDITS_TEXT = 24576 /* their lines */
};

enum edit_action {
	EDIT_SET, /* in place of all fields of that name; with an empty value they are only removed */
	EDIT_ADD,
	EDIT_DEFAULT, /* when no field has the name by then */
	EDIT_REMOVE
};

struct edit {
	uint8_t action; /* enum edit_action */
	bool prefix; /* REMOVE: every name that begins so */
	struct text name; /* borrowed */
	struct text line; /* "Name: value" and CRLF, inside edits.text; empty: nothing is added */
};

struct edits {
	unsigned count;
	struct edit list[EDITS_MAX];
	size_t used;
	char text[EDITS_TEXT];
};

void edits_begin(struct edits *edits);

/* Adds one; `name` has to last. NULL: no room. Its value follows: bytes written at edits_end, then edits_close. */
struct edit *edits_open(struct edits *edits, enum edit_action action, const char *name, size_t length, bool prefix);

/* Where the value goes, and how much of it there may be, CRLF not counted. */
char *edits_end(struct edits *edits, size_t *room);

/* The value has `length` bytes. -1: it has a byte that no field value may have. */
int edits_close(struct edits *edits, struct edit *edit, size_t length);

/* The same for a value that is there. -1: as above, or there is no room. */
int edits_add(struct edits *edits, enum edit_action action, const char *name, struct text value);

/*
 * Whether a field of this name, one that was there at first, is taken out. As behind CGI, "_" and "."
 * in it are as good as a "-": a field that is set cannot be told in another way.
 */
bool edits_drop(const struct edits *edits, const char *name, size_t length);

/* The line that an edit adds in the end; empty: none. `there` tells whether a field of its name was there at first. */
struct text edits_line(const struct edits *edits, const struct edit *edit, bool there);

/* Takes the next line that is not taken out off *lines, whole lines that were there at first. false: there is none. */
bool edits_next_line(const struct edits *edits, struct text *lines, struct text *line);

/* Whether one of the lines has the name. */
bool edits_lines_have(struct text lines, struct text name);

/*
 * Changes a head of whole lines "Name: value" CRLF: writes those that stay, then those that come.
 * Returns the bytes, or -1: they are more than `room`.
 */
ptrdiff_t edits_rewrite(const struct edits *edits, struct text lines, char *to, size_t room);

/* Host of a request, when an edit sets it: the value; else empty. */
struct text edits_host(const struct edits *edits);

/* Whether an edit that sets Host says something that a Host may be (RFC 9110 7.2). True when none does. */
bool edits_host_is_valid(const struct edits *edits);

#endif
