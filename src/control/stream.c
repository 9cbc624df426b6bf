#include "control/stream.h"

#include "base/clock.h"
#include "control/command.h"
#include "control/reply.h"
#include "control/shared_text.h"

enum { TEXT_PIECE = 16 * 1024 /* bytes a step */ };

bool
stream_is_open(const struct stream *stream)
{
	return stream->next != NULL || stream->make != NULL;
}

static int
stream_begin_rows(struct stream *stream, struct buffer *out)
{
	if (reply_text(out, "{") < 0 || reply_members(out, stream->head) < 0 ||
	    reply_text(out, json_object_size(stream->head) > 0 ? ",\"" : "\"") < 0 ||
	    reply_text(out, stream->name) < 0 || reply_text(out, "\":[") < 0)
		return -1;
	return 0;
}

int
stream_begin(struct stream *stream, struct buffer *out, const json_t *id)
{
	size_t before = buffer_length(out);

	if (reply_begin(out, id) == 0 && (stream->next == NULL || stream_begin_rows(stream, out) == 0))
		return 0;
	buffer_cut(out, before);
	return -1;
}

/* Behind the last row: `tail` is an object or NULL. */
static enum stream_step
stream_end_rows(struct buffer *out, const json_t *tail)
{
	if (reply_text(out, json_object_size(tail) > 0 ? "]," : "]") < 0 || reply_members(out, tail) < 0 ||
	    reply_text(out, "}}") < 0)
		return STREAM_FAILED;
	return STREAM_OVER;
}

static enum stream_step
stream_add_row(struct stream *stream, struct buffer *out, const json_t *row)
{
	if (row == NULL || (stream->has_rows && reply_text(out, ",") < 0) || reply_value(out, row) < 0)
		return STREAM_FAILED;
	stream->has_rows = true;
	return STREAM_MORE;
}

/* Another list. */
static enum stream_step
stream_next_list(struct stream *stream, struct buffer *out, const json_t *name)
{
	if (name == NULL || reply_text(out, "],") < 0 || reply_value(out, name) < 0 || reply_text(out, ":[") < 0)
		return STREAM_FAILED;
	stream->has_rows = false;
	return STREAM_MORE;
}

static enum stream_step
stream_next(struct call *call, struct buffer *out)
{
	enum stream_step step = STREAM_WAITS;
	json_t *row = NULL;

	switch (call->stream.next(call, &row)) {
	case STREAM_ROW:
		step = stream_add_row(&call->stream, out, row);
		break;
	case STREAM_LIST:
		step = stream_next_list(&call->stream, out, row);
		break;
	case STREAM_LAST:
		step = stream_end_rows(out, row);
		break;
	case STREAM_BUSY:
		step = STREAM_MORE;
		break;
	case STREAM_LATER:
		break;
	}
	json_decref(row);
	return step;
}

static enum stream_step
stream_make(struct call *call)
{
	switch (call->stream.make(call, &call->stream.text)) {
	case STREAM_ROW:
		return call->stream.text == NULL ? STREAM_FAILED : STREAM_MORE;
	case STREAM_BUSY:
		return STREAM_MORE;
	default:
		return STREAM_WAITS;
	}
}

static enum stream_step
stream_copy(struct stream *stream, struct buffer *out)
{
	size_t left = stream->text->length - stream->copied;
	size_t piece = left < TEXT_PIECE ? left : TEXT_PIECE;

	if (buffer_append(out, stream->text->bytes + stream->copied, piece) < 0)
		return STREAM_FAILED;
	stream->copied += piece;
	if (stream->copied < stream->text->length)
		return STREAM_MORE;
	return reply_text(out, "}") < 0 ? STREAM_FAILED : STREAM_OVER;
}

enum stream_step
stream_continue(struct call *call, struct buffer *out)
{
	uint64_t begin = clock_monotonic();
	enum stream_step step;

	if (call->stream.text != NULL)
		return stream_copy(&call->stream, out);
	if (call->stream.make != NULL)
		return stream_make(call);
	do
		step = stream_next(call, out);
	while (step == STREAM_MORE && clock_monotonic() - begin < STREAM_STEP_TIME);
	return step;
}

void
stream_free(struct stream *stream)
{
	json_decref(stream->head);
	shared_text_unref(stream->text);
	*stream = (struct stream){ 0 };
}
