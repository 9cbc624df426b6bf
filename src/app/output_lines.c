#include "app/output_lines.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Where a line that is too long is cut: between two characters, if it is UTF-8. */
static size_t
cut_length(const char *text)
{
	size_t n = APP_LINE_MAX;

	while (n > APP_LINE_MAX - 3 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return ((unsigned char)text[n] & 0xc0) == 0x80 ? APP_LINE_MAX : n;
}

/* The next line in the buffer, or part of one, and how many bytes it takes there. false: it is not all there yet. */
static bool
pipe_next(const struct app_pipe *p, struct app_line *line, size_t *taken)
{
	const char *text = p->bytes + p->start, *end;
	size_t there = p->end - p->start, longest = APP_LINE_MAX + 2; /* with CR LF */

	end = memchr(text, '\n', smaller(there, longest));
	if (end == NULL && there < longest)
		return false;
	line->text = text;
	line->length = end == NULL ? longest : (size_t)(end - text);
	line->part = false;
	*taken = line->length + 1;
	if (end != NULL && line->length > 0 && end[-1] == '\r')
		line->length--;
	if (line->length > APP_LINE_MAX) {
		line->length = *taken = cut_length(text);
		line->part = true;
	}
	return true;
}

/* "web/0 stdout: text"; what goes on a line that was begun is "web/0 stdout+: text". Whether all of it was logged. */
static bool
line_log(const struct app_pipe *p, const struct app_line *line)
{
	const struct app_output *o = p->output;
	struct text rest = { .bytes = line->text, .length = line->length };
	bool written = true, goes_on = p->part;
	char source[128];

	do {
		snprintf(source, sizeof source, "%.64s/%u %s%s", app_journal_app(o->journal), o->instance,
		    app_stream_names[p->stream], goes_on ? "+" : "");
		written = log_foreign(source, &rest) && written;
		goes_on = true;
	} while (rest.length > 0);
	return written;
}

static void
pipe_emit(struct app_pipe *p, struct app_line *line)
{
	struct app_output *o = p->output;

	line->instance = o->instance;
	line->pid = o->pid;
	line->stream = p->stream;
	if (!line_log(p, line))
		o->unlogged++;
	app_journal_add(o->journal, line);
	p->part = line->part;
	o->next = p->stream == APP_STREAM_OUT; /* the other one */
	o->credit -= o->credit < CLOCK_SECOND ? o->credit : CLOCK_SECOND;
}

static void
lines_lost(struct app_output *o, uint64_t count)
{
	o->lost += count;
	o->untold += count;
}

void
pipe_lose(struct app_pipe *p, const char *bytes, size_t length)
{
	size_t i, lines = 0;

	if (length == 0)
		return;
	for (i = 0; i < length; i++)
		lines += bytes[i] == '\n';
	lines_lost(p->output, lines);
	p->skipping = bytes[length - 1] != '\n';
	p->part = false;
}

void
pipe_throw(struct app_pipe *p)
{
	pipe_lose(p, p->bytes + p->start, p->end - p->start);
	p->start = p->end = 0;
}

/* Throws away the rest of a line whose beginning was. false: more of it is to come. */
static bool
pipe_skip(struct app_pipe *p)
{
	const char *from = p->bytes + p->start, *end = memchr(from, '\n', p->end - p->start);

	if (end == NULL) {
		p->start = p->end = 0;
		return false;
	}
	pipe_lose(p, from, (size_t)(end - from) + 1);
	p->start += (size_t)(end - from) + 1;
	return true;
}

enum stop
pipe_lines(struct app_pipe *p, unsigned *room)
{
	struct app_line line;
	size_t taken;

	if (p->skipping && !pipe_skip(p))
		return STOP_EMPTY;
	while (pipe_next(p, &line, &taken)) {
		if (*room == 0)
			return STOP_ROOM;
		if (p->output->credit < CLOCK_SECOND)
			return STOP_RATE;
		pipe_emit(p, &line);
		p->start += taken;
		--*room;
	}
	return STOP_EMPTY;
}

ssize_t
pipe_read(struct app_pipe *p)
{
	ssize_t n;

	p->end -= p->start;
	memmove(p->bytes, p->bytes + p->start, p->end);
	p->start = 0;
	n = read(p->fd, p->bytes + p->end, sizeof p->bytes - p->end);
	if (n > 0)
		p->end += (size_t)n;
	return n;
}

void
pipe_finish(struct app_pipe *p)
{
	struct app_line line;

	if (p->skipping)
		lines_lost(p->output, 1);
	while (!p->skipping && p->start < p->end) {
		line.text = p->bytes + p->start;
		line.length = smaller(p->end - p->start, APP_LINE_MAX);
		p->start += line.length;
		line.part = p->start < p->end;
		pipe_emit(p, &line);
	}
}
