/*
 * The effective configuration as text piece by piece, for who may not take long
 * over it; conf_writer_all puts the pieces together. Master only.
 */
#ifndef DROVER_CONF_WRITER_H
#define DROVER_CONF_WRITER_H

#include <stdio.h>

#include "base/text.h"
#include "conf/walk.h"

/*
 * As in the file; or JSON, for the control socket: options by their names, sections as arrays, numbers
 * and booleans as such, all else as text of the file ("30s"), null for what is unset.
 */
enum conf_form { CONF_FORM_TEXT, CONF_FORM_JSON };

struct conf_writer;

/* Where it is written, and whether only what everybody may see. */
struct conf_output {
	FILE *to;
	bool hide;
};

/*
 * `conf` is to stay as it is until conf_writer_free. With `hide` it shows the names of secrets, and
 * "***" for their values. NULL: no memory.
 */
struct conf_writer *conf_writer_new(const struct conf *conf, enum conf_form form, bool hide);

/*
 * The next piece, a section's options at most, in whole characters: borrowed until the next call.
 * 1: there it is; 0: that was all; -1: no memory.
 */
int conf_writer_next(struct conf_writer *writer, struct text *piece);

/* NULL is allowed. */
void conf_writer_free(struct conf_writer *writer);

/* All of it, nothing hidden, malloc'ed; NULL: no memory. */
char *conf_writer_all(const struct conf *conf, enum conf_form form);

/* ---- the two forms: what they write at an event of the walk, and at its begin */

void conf_text_begin(const struct conf_output *out, struct conf_walk *walk);
void conf_text_event(const struct conf_output *out, struct conf_walk *walk, enum conf_walk_event event);
void conf_json_begin(const struct conf_output *out, struct conf_walk *walk);
void conf_json_event(const struct conf_output *out, struct conf_walk *walk, enum conf_walk_event event);

#endif
