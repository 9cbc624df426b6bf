#include "app/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { JOURNAL_SIZE = 256 * 1024, ROW_SIZE = 24, TEXTS_SIZE = JOURNAL_SIZE - APP_LINES_KEPT * ROW_SIZE - 128 };

const char *const app_stream_names[] = { "stdout", "stderr", "drover" };

struct row {
	uint64_t when;
	uint32_t at; /* of its text, which a NUL follows */
	uint32_t instance;
	pid_t pid;
	uint16_t length;
	uint8_t stream;
	bool part;
};

struct app_journal {
	char *app;
	app_journal_fn *listener;
	void *arg;
	uint64_t oldest, newest, told;
	size_t end; /* where the next text goes */
	struct app_turns turns;
	struct row rows[APP_LINES_KEPT]; /* by number */
	char texts[TEXTS_SIZE];
};

_Static_assert(sizeof(struct row) == ROW_SIZE, "the block is as big as it is said to be");
_Static_assert(sizeof(struct app_journal) <= JOURNAL_SIZE, "the block is as big as it is said to be");

struct app_journal *
app_journal_new(const char *app)
{
	struct app_journal *j = calloc(1, sizeof *j);

	if (j == NULL)
		return NULL;
	j->app = strdup(app);
	if (j->app == NULL) {
		free(j);
		return NULL;
	}
	j->oldest = 1;
	return j;
}

void
app_journal_free(struct app_journal *j)
{
	if (j == NULL)
		return;
	free(j->app);
	free(j);
}

const char *
app_journal_app(const struct app_journal *j)
{
	return j->app;
}

void
app_journal_listen(struct app_journal *j, app_journal_fn *listener, void *arg)
{
	j->listener = listener;
	j->arg = arg;
}

uint64_t
app_journal_newest(const struct app_journal *j)
{
	return j->newest;
}

uint64_t
app_journal_oldest(const struct app_journal *j)
{
	return j->oldest;
}

struct app_turns *
app_journal_turns(struct app_journal *j)
{
	return &j->turns;
}

bool
app_journal_line(const struct app_journal *j, uint64_t number, struct app_line *line)
{
	const struct row *row = &j->rows[number % APP_LINES_KEPT];

	if (number < j->oldest || number > j->newest)
		return false;
	*line = (struct app_line){ .number = number, .when = row->when, .instance = row->instance, .pid = row->pid,
		.stream = row->stream, .part = row->part, .length = row->length, .text = j->texts + row->at };
	return true;
}

static const struct row *
oldest_row(const struct app_journal *j)
{
	return j->oldest <= j->newest ? &j->rows[j->oldest % APP_LINES_KEPT] : NULL;
}

/* Forgets the oldest lines whose texts begin in [from, to): those of the round before. */
static void
make_room(struct app_journal *j, size_t from, size_t to)
{
	const struct row *row;

	while ((row = oldest_row(j)) != NULL && row->at >= from && row->at < to)
		j->oldest++;
}

/* Where a text of so many bytes goes. */
static size_t
place_text(struct app_journal *j, size_t size)
{
	size_t at = j->end;

	if (size > TEXTS_SIZE - at) {
		make_room(j, at, TEXTS_SIZE);
		at = 0;
	}
	make_room(j, at, at + size);
	j->end = at + size;
	return at;
}

void
app_journal_add(struct app_journal *j, const struct app_line *line)
{
	size_t length = line->length < APP_LINE_MAX ? line->length : APP_LINE_MAX;
	size_t at = place_text(j, length + 1);

	if (j->newest - j->oldest + 1 == APP_LINES_KEPT)
		j->oldest++;
	j->newest++;
	memcpy(j->texts + at, line->text, length);
	j->texts[at + length] = '\0';
	j->rows[j->newest % APP_LINES_KEPT] = (struct row){ .when = clock_wall(), .at = (uint32_t)at,
		.instance = line->instance, .pid = line->pid, .length = (uint16_t)length, .stream = (uint8_t)line->stream,
		.part = line->part };
}

void
app_journal_tell(struct app_journal *j)
{
	if (j->told == j->newest)
		return;
	j->told = j->newest;
	if (j->listener != NULL)
		j->listener(j->arg);
}

void
app_journal_say(struct app_journal *j, unsigned instance, pid_t pid, const char *text)
{
	struct app_line line = { .instance = instance, .pid = pid, .stream = APP_STREAM_DROVER,
		.length = strlen(text), .text = text };

	app_journal_add(j, &line);
	app_journal_tell(j);
}
