#include "conf/writer.h"

#include <stdlib.h>

struct conf_writer {
	struct conf_walk walk;
	enum conf_form form;
	bool begun, over;
	struct conf_output out; /* over `bytes`: one piece at a time */
	char *bytes;
	size_t length;
};

struct conf_writer *
conf_writer_new(const struct conf *conf, enum conf_form form, bool hide)
{
	struct conf_writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->form = form;
	w->out = (struct conf_output){ open_memstream(&w->bytes, &w->length), hide };
	if (w->out.to == NULL) {
		free(w);
		return NULL;
	}
	conf_walk_begin(&w->walk, conf);
	return w;
}

static void
writer_write(struct conf_writer *w)
{
	bool json = w->form == CONF_FORM_JSON;
	enum conf_walk_event event;

	if (!w->begun) {
		(json ? conf_json_begin : conf_text_begin)(&w->out, &w->walk);
		w->begun = true;
		return;
	}
	event = conf_walk_next(&w->walk);
	(json ? conf_json_event : conf_text_event)(&w->out, &w->walk, event);
	w->over = event == CONF_WALK_OVER;
}

int
conf_writer_next(struct conf_writer *w, struct text *piece)
{
	if (w->over)
		return 0;
	rewind(w->out.to);
	writer_write(w);
	if (fflush(w->out.to) != 0 || ferror(w->out.to))
		return -1;
	*piece = (struct text){ w->bytes, w->length };
	return 1;
}

void
conf_writer_free(struct conf_writer *w)
{
	if (w == NULL)
		return;
	fclose(w->out.to);
	free(w->bytes);
	free(w);
}

char *
conf_writer_all(const struct conf *conf, enum conf_form form)
{
	struct conf_writer *w = conf_writer_new(conf, form, false);
	char *text = NULL;
	size_t length = 0;
	FILE *to = w == NULL ? NULL : open_memstream(&text, &length);
	struct text piece;
	int got = -1;

	while (to != NULL && (got = conf_writer_next(w, &piece)) > 0)
		fwrite(piece.bytes, 1, piece.length, to);
	conf_writer_free(w);
	if (to != NULL && fclose(to) == 0 && got == 0)
		return text;
	free(text);
	return NULL;
}
