#include "app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/output_lines.h"
#include "base/clock.h"
#include "base/log.h"

enum {
	LINES_A_TURN = 128, /* of one app in a turn of the loop: some 0.4 ms */
	LINES_AT_LEAST = 4, /* of each pipe all the same */
	LINES_AT_END = 256, /* of a pipe whose process is gone */
	LAST_WORDS = 64, /* lines, of a process that wrote too much before it died */
	SCRATCH_SIZE = 64 * 1024,
	FLOOD_CAPACITY = 256 * 1024
};

static const uint64_t flood_pause = 10 * CLOCK_MILLISECOND, flood_pause_least = CLOCK_MILLISECOND;

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- how much may be taken */

static void
credit_fill(struct app_output *o)
{
	uint64_t now = loop_now(o->loop), elapsed = now - o->filled, most = o->rate * CLOCK_SECOND;

	o->credit += (elapsed < CLOCK_SECOND ? elapsed : CLOCK_SECOND) * o->rate;
	if (o->credit > most)
		o->credit = most;
	o->filled = now;
}

/* Lines that a pipe may take in this turn of the loop. */
static unsigned
turn_room(struct app_output *o)
{
	struct app_turns *turns = app_journal_turns(o->journal);

	if (turns->turn != loop_turn(o->loop)) {
		turns->turn = loop_turn(o->loop);
		turns->taken = 0;
	}
	return turns->taken + LINES_AT_LEAST < LINES_A_TURN ? LINES_A_TURN - turns->taken : LINES_AT_LEAST;
}

/* ---- a pipe */

/* Reads and throws away, `left` bytes at most, which is lowered. As the last read(2). */
static ssize_t
pipe_drain(struct app_pipe *p, size_t *left)
{
	char scratch[SCRATCH_SIZE];
	ssize_t n;

	do {
		n = read(p->fd, scratch, smaller(*left, sizeof scratch));
		if (n > 0) {
			pipe_lose(p, scratch, (size_t)n);
			*left -= (size_t)n;
		}
	} while (n == (ssize_t)sizeof scratch && *left > 0);
	return n;
}

static void
pipe_close(struct app_pipe *p)
{
	if (p->fd < 0)
		return;
	pipe_finish(p);
	loop_later_cancel(p->output->loop, &p->later);
	watch_close(&p->watch);
	close(p->fd);
	p->fd = -1;
}

/* ---- what was lost is told, once a second */

static void
say_lost(struct app_output *o)
{
	const char *why = o->rate < APP_OUTPUT_RATE_MAX ? "output-rate" : "can be logged";
	char text[96];

	snprintf(text, sizeof text, "%llu line%s lost: more than %s", (unsigned long long)o->untold,
	    o->untold == 1 ? "" : "s", why);
	log_record("%s/%u: %s", app_journal_app(o->journal), o->instance, text);
	app_journal_say(o->journal, o->instance, o->pid, text);
}

static void
say_unlogged(struct app_output *o)
{
	char text[96];

	snprintf(text, sizeof text, "%llu line%s missing in the error log, which takes none",
	    (unsigned long long)o->unlogged, o->unlogged == 1 ? " is" : "s are");
	app_journal_say(o->journal, o->instance, o->pid, text);
}

static void
output_tell(struct app_output *o)
{
	if (o->untold > 0)
		say_lost(o);
	if (o->unlogged > 0)
		say_unlogged(o);
	o->untold = o->unlogged = 0;
	o->told = loop_now(o->loop);
}

/* A second begins, at the end of which it is told what was lost in it. */
static void
second_begin(struct app_output *o)
{
	if (loop_now(o->loop) - o->told >= CLOCK_SECOND)
		o->told = loop_now(o->loop);
}

static void
output_tell_later(struct app_output *o)
{
	if ((o->untold == 0 && o->unlogged == 0) || timer_is_set(&o->timer))
		return;
	second_begin(o);
	timer_set(&o->timer, o->told + CLOCK_SECOND - loop_now(o->loop));
}

/* ---- a flood: instead of a wake-up for each write, a look now and then */

static void
pipe_grow(struct app_pipe *p)
{
	int size = fcntl(p->fd, F_SETPIPE_SZ, FLOOD_CAPACITY); /* fails when the user has too much in pipes already */

	if (size > 0)
		p->capacity = (size_t)size;
}

static void
flood_begin(struct app_output *o)
{
	size_t i;

	o->flood = true;
	app_journal_turns(o->journal)->floods++;
	for (i = 0; i < 2; i++) {
		if (o->pipes[i].fd < 0)
			continue;
		loop_later_cancel(o->loop, &o->pipes[i].later);
		watch_pause(&o->pipes[i].watch);
		pipe_grow(&o->pipes[i]);
	}
	second_begin(o);
	timer_set(&o->timer, flood_pause);
}

static void
flood_end(struct app_output *o)
{
	size_t i;

	o->flood = false;
	app_journal_turns(o->journal)->floods--;
	for (i = 0; i < 2; i++)
		if (o->pipes[i].fd >= 0)
			watch_resume(&o->pipes[i].watch);
}

/* What became of a pipe in a turn of a flood. */
enum sifted { SIFTED_CALM, SIFTED_THROWN, SIFTED_MORE /* there is more already */ };

/* Takes what may be taken, and throws away the rest: as much as a pipe holds. */
static enum sifted
pipe_sift(struct app_pipe *p)
{
	unsigned room = turn_room(p->output), given = room;
	size_t left = p->capacity;
	enum sifted sifted;
	enum stop stop;
	ssize_t n;

	do {
		stop = pipe_lines(p, &room);
		n = stop == STOP_EMPTY ? pipe_read(p) : -1;
		left -= n > 0 ? smaller((size_t)n, left) : 0;
	} while (n > 0 && left > 0);
	app_journal_turns(p->output->journal)->taken += given - room;
	if (stop == STOP_ROOM || left == 0)
		return SIFTED_MORE;
	sifted = p->skipping && left < p->capacity ? SIFTED_THROWN : SIFTED_CALM; /* of a line that has no end yet */
	if (stop == STOP_RATE) {
		pipe_throw(p);
		n = pipe_drain(p, &left);
		sifted = left < p->capacity / 4 ? SIFTED_MORE : SIFTED_THROWN;
	}
	if (n == 0)
		pipe_close(p);
	return sifted;
}

static void
flood_turn(struct app_output *o)
{
	uint64_t begun = clock_monotonic(), rest;
	enum sifted sifted = SIFTED_CALM, one;
	unsigned i, first = o->next;

	credit_fill(o);
	for (i = 0; i < 2; i++) {
		if (o->pipes[first ^ i].fd < 0)
			continue;
		one = pipe_sift(&o->pipes[first ^ i]);
		sifted = one > sifted ? one : sifted;
	}
	app_journal_tell(o->journal);
	if (sifted == SIFTED_CALM) {
		flood_end(o);
		return;
	}
	/* what it costs stays a small share of the time, with all instances of the app together */
	rest = (clock_monotonic() - begun) * 8 * app_journal_turns(o->journal)->floods;
	if (rest < flood_pause_least)
		rest = flood_pause_least;
	timer_set(&o->timer, sifted == SIFTED_MORE || rest > flood_pause ? rest : flood_pause);
}

static void
output_timer_cb(struct timer *timer)
{
	struct app_output *o = CONTAINER_OF(timer, struct app_output, timer);

	if (o->flood)
		flood_turn(o);
	if (loop_now(o->loop) - o->told >= CLOCK_SECOND)
		output_tell(o);
	output_tell_later(o);
}

/* ---- the ordinary turn */

static void
pipe_later_cb(struct later *later);

static void
pipe_take(struct app_pipe *p)
{
	struct app_output *o = p->output;
	unsigned room = turn_room(o), given = room;
	ssize_t n = 1;
	enum stop stop;

	credit_fill(o);
	stop = pipe_lines(p, &room);
	if (stop == STOP_EMPTY) {
		n = pipe_read(p);
		stop = pipe_lines(p, &room);
	}
	app_journal_turns(o->journal)->taken += given - room;
	if (stop == STOP_RATE || (p->skipping && n > 0)) /* what is thrown away has no end of line: it costs no credit */
		flood_begin(o);
	else if (stop == STOP_ROOM)
		loop_later(o->loop, &p->later, pipe_later_cb);
	else if (n == 0)
		pipe_close(p);
	app_journal_tell(o->journal);
	output_tell_later(o);
}

static void
pipe_later_cb(struct later *later)
{
	pipe_take(CONTAINER_OF(later, struct app_pipe, later));
}

static void
pipe_watch_cb(struct watch *watch, unsigned events)
{
	(void)events;
	pipe_take(CONTAINER_OF(watch, struct app_pipe, watch));
}

/* ---- the end */

/* Adds bytes to a buffer that holds the last ones alone. */
static void
pipe_keep(struct app_pipe *p, const char *bytes, size_t length)
{
	size_t there = p->end - p->start, over = there + length, lost;

	over = over > sizeof p->bytes ? over - sizeof p->bytes : 0;
	lost = smaller(over, there);
	pipe_lose(p, p->bytes + p->start, lost);
	memmove(p->bytes, p->bytes + p->start + lost, there - lost);
	pipe_lose(p, bytes, over - lost);
	memcpy(p->bytes + there - lost, bytes + over - lost, length - (over - lost));
	p->start = 0;
	p->end = there + length - over;
}

/* Throws away what the buffer holds but for its last lines. */
static void
pipe_trim(struct app_pipe *p)
{
	const char *from = p->bytes + p->start, *at = p->bytes + p->end;
	unsigned i;

	for (i = 0; i <= LAST_WORDS && at != NULL; i++)
		at = memrchr(from, '\n', (size_t)(at - from));
	if (at == NULL)
		return;
	pipe_lose(p, from, (size_t)(at - from) + 1);
	p->start += (size_t)(at - from) + 1;
}

/* Of a pipe that holds more than may be taken: what was written last, which tells why the process died. */
static void
pipe_last_words(struct app_pipe *p, size_t left)
{
	char scratch[SCRATCH_SIZE];
	unsigned room = LAST_WORDS + 1;
	ssize_t n;

	while (left > 0 && (n = read(p->fd, scratch, smaller(left, sizeof scratch))) > 0) {
		pipe_keep(p, scratch, (size_t)n);
		left -= (size_t)n;
	}
	pipe_trim(p);
	p->output->credit = room * CLOCK_SECOND;
	(void)pipe_lines(p, &room);
}

static void
pipe_take_rest(struct app_pipe *p)
{
	size_t left = p->capacity; /* somebody else may still write */
	unsigned room = LINES_AT_END;
	enum stop stop;
	ssize_t n;

	do {
		stop = pipe_lines(p, &room);
		n = stop == STOP_EMPTY && left > 0 ? pipe_read(p) : -1;
		left -= n > 0 ? smaller((size_t)n, left) : 0;
	} while (n > 0);
	if (stop != STOP_EMPTY)
		pipe_last_words(p, left);
}

void
app_output_close(struct app_output *o)
{
	size_t i;

	credit_fill(o);
	for (i = 0; i < 2; i++) {
		if (o->pipes[i].fd >= 0)
			pipe_take_rest(&o->pipes[i]);
		pipe_close(&o->pipes[i]);
	}
	if (o->flood)
		flood_end(o);
	timer_clear(&o->timer);
	output_tell(o);
	app_journal_tell(o->journal);
}

/* ---- the beginning */

static int
pipe_open(struct app_pipe *p, int *end)
{
	int ends[2], size, saved;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	/* the other end stays as a program expects it: it waits */
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ||
	    watch_open_level(&p->watch, p->output->loop, ends[0], pipe_watch_cb) < 0) {
		saved = errno;
		close(ends[0]);
		close(ends[1]);
		errno = saved;
		return -1;
	}
	size = fcntl(ends[0], F_GETPIPE_SZ);
	p->capacity = size > 0 ? (size_t)size : SCRATCH_SIZE;
	p->fd = ends[0];
	*end = ends[1];
	return 0;
}

int
app_output_open(struct app_output *o, struct loop *loop, struct app_journal *journal, unsigned instance, uint32_t rate,
    int ends[2], struct error *err)
{
	size_t i;

	memset(o, 0, sizeof *o);
	o->loop = loop;
	o->journal = journal;
	o->instance = instance;
	o->rate = rate == 0 || rate > APP_OUTPUT_RATE_MAX ? APP_OUTPUT_RATE_MAX : rate;
	o->credit = o->rate * CLOCK_SECOND;
	o->filled = loop_now(loop);
	timer_init(&o->timer, loop, output_timer_cb);
	for (i = 0; i < 2; i++) {
		o->pipes[i] = (struct app_pipe){ .output = o, .stream = i == 0 ? APP_STREAM_OUT : APP_STREAM_ERR, .fd = -1 };
		ends[i] = -1;
	}
	if (pipe_open(&o->pipes[0], &ends[0]) == 0 && pipe_open(&o->pipes[1], &ends[1]) == 0)
		return 0;
	error_errno(err, "cannot make a pipe for the output of an instance");
	if (ends[0] >= 0)
		close(ends[0]);
	ends[0] = -1;
	pipe_close(&o->pipes[0]);
	return -1;
}

void
app_output_begin(struct app_output *o, pid_t pid)
{
	o->pid = pid;
}

void
app_output_close_copies(struct app_output *o)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (o->pipes[i].fd >= 0)
			close(o->pipes[i].fd);
		o->pipes[i].fd = -1;
	}
}
