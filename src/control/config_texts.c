#include "control/config_texts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "conf/drift.h"
#include "control/reply.h"
#include "control/values.h"

/* One text being made: {"config-file":...,"config":...,"changes":[...]}. */
struct config_making {
	enum conf_form form;
	bool hide;
	uint64_t changes;
	struct conf *now;
	struct conf_writer *writer; /* NULL: all of it is written */
	struct conf_drift *drift;
	bool has_changes;
	struct buffer out;
};

enum making_step { MAKING_MORE, MAKING_OVER, MAKING_FAILED };

static void
making_free(struct config_making *making)
{
	if (making == NULL)
		return;
	conf_writer_free(making->writer);
	conf_drift_free(making->drift);
	master_conf_now_free(making->now);
	buffer_free(&making->out);
	free(making);
}

static int
making_begin(struct config_making *making, const struct conf *file)
{
	json_t *head = json_pack("{s:o}", "config-file", value_text_or_null(file->file));
	int result = -1;

	if (head != NULL && reply_text(&making->out, "{") == 0 && reply_members(&making->out, head) == 0)
		result = reply_text(&making->out, making->form == CONF_FORM_TEXT ? ",\"config\":\"" : ",\"config\":");
	json_decref(head);
	return result;
}

static struct config_making *
making_new(const struct master *master, enum conf_form form, bool hide)
{
	struct config_making *making = calloc(1, sizeof *making);

	if (making == NULL)
		return NULL;
	making->form = form;
	making->hide = hide;
	making->changes = master_changes(master);
	making->now = master_conf_now(master);
	if (making->now == NULL)
		goto fail;
	making->writer = conf_writer_new(making->now, form, hide);
	making->drift = conf_drift_new(master_conf_now_file(making->now), making->now, hide);
	if (making->writer != NULL && making->drift != NULL && making_begin(making, master_conf(master)) == 0)
		return making;

fail:
	making_free(making);
	return NULL;
}

/* Appends a piece of text to a JSON string: an escape takes six bytes for one at most. */
static int
making_escape(struct buffer *out, const struct text *piece)
{
	size_t room = 6 * piece->length;
	char *to = buffer_reserve(out, room);

	if (to == NULL)
		return -1;
	buffer_added(out, text_escape_json(to, room, piece->bytes, piece->length));
	return 0;
}

static enum making_step
making_write(struct config_making *making)
{
	struct text piece;
	int got = conf_writer_next(making->writer, &piece), written;

	if (got > 0 && making->form == CONF_FORM_TEXT)
		written = making_escape(&making->out, &piece);
	else if (got > 0)
		written = buffer_append(&making->out, piece.bytes, piece.length);
	else
		written = reply_text(&making->out,
		    making->form == CONF_FORM_TEXT ? "\",\"changes\":[" : ",\"changes\":[");
	if (got == 0) {
		conf_writer_free(making->writer);
		making->writer = NULL;
	}
	return got < 0 || written < 0 ? MAKING_FAILED : MAKING_MORE;
}

static int
making_add_changes(struct config_making *making, const json_t *found)
{
	if (json_array_size(found) == 0)
		return 0;
	if (making->has_changes && reply_text(&making->out, ",") < 0)
		return -1;
	making->has_changes = true;
	return reply_elements(&making->out, found);
}

static enum making_step
making_compare(struct config_making *making)
{
	json_t *found = json_array();
	enum conf_drift_step step =
	    found == NULL ? CONF_DRIFT_FAILED : conf_drift_continue(making->drift, found);

	if (step != CONF_DRIFT_FAILED && making_add_changes(making, found) < 0)
		step = CONF_DRIFT_FAILED;
	json_decref(found);
	if (step == CONF_DRIFT_MORE)
		return MAKING_MORE;
	if (step == CONF_DRIFT_FAILED || buffer_append(&making->out, "]}", sizeof "]}") < 0)
		return MAKING_FAILED;
	return MAKING_OVER;
}

static enum making_step
making_continue(struct config_making *making)
{
	uint64_t begin = clock_monotonic();
	enum making_step step;

	do
		step = making->writer != NULL ? making_write(making) : making_compare(making);
	while (step == MAKING_MORE && clock_monotonic() - begin < STREAM_STEP_TIME);
	return step;
}

/* What was made takes the place of what was there. */
static void
config_texts_made(struct config_texts *texts, struct config_making *making)
{
	struct config_text *made = &texts->made[making->form][making->hide];

	shared_text_unref(made->text);
	made->text = shared_text_new(buffer_take(&making->out));
	made->changes = making->changes;
}

enum stream_row
config_texts_get(struct config_texts *texts, const struct master *master, enum conf_form form, bool hide,
    uint64_t changes, struct shared_text **text)
{
	const struct config_text *made = &texts->made[form][hide];
	enum making_step step;

	*text = NULL;
	if (made->text != NULL && made->changes >= changes) {
		*text = shared_text_ref(made->text);
		return STREAM_ROW;
	}
	if (texts->making == NULL) {
		texts->making = making_new(master, form, hide);
		return texts->making == NULL ? STREAM_ROW : STREAM_BUSY;
	}
	step = making_continue(texts->making);
	if (step == MAKING_MORE)
		return STREAM_BUSY;
	if (step == MAKING_OVER)
		config_texts_made(texts, texts->making);
	making_free(texts->making);
	texts->making = NULL;
	return step == MAKING_FAILED ? STREAM_ROW : STREAM_BUSY;
}

void
config_texts_free(struct config_texts *texts)
{
	unsigned hide;

	making_free(texts->making);
	for (hide = 0; hide < 2; hide++) {
		shared_text_unref(texts->made[CONF_FORM_TEXT][hide].text);
		shared_text_unref(texts->made[CONF_FORM_JSON][hide].text);
	}
	*texts = (struct config_texts){ 0 };
}
