#include "ctl/top.h"

#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/object.h"
#include "ctl/feed.h"
#include "ctl/follow.h"
#include "ctl/printable.h"
#include "ctl/screen.h"

enum { KEY_END_OF_FILE = 4, KEY_ESCAPE = 27, KEY_TABULATOR = 9 };
enum { TURN_STEPS = 200 }; /* of the feed, before keys are looked at again */

static const uint64_t intervals[] = { CLOCK_SECOND / 4, CLOCK_SECOND / 2, CLOCK_SECOND, 2 * CLOCK_SECOND,
	5 * CLOCK_SECOND, 10 * CLOCK_SECOND };
static const uint64_t slow = 3 * CLOCK_SECOND;

struct top {
	struct view view;
	struct feed feed;
	size_t pace; /* index in intervals */
	uint64_t next; /* monotonic microseconds: when a round is due */
	bool dirty; /* to be drawn */
	bool more; /* the feed has more to take in */
	bool quit;
};

/* ---- signals: noted here, looked at in the loop, blocked but while it waits */

static volatile sig_atomic_t told_to_end, told_of_size;

static void
note_signal(int number)
{
	if (number == SIGWINCH)
		told_of_size = 1;
	else
		told_to_end = number;
}

static void
signals_begin(sigset_t *waiting)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };
	struct sigaction action = { .sa_handler = note_signal };
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_LENGTH(numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&blocked, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
}

/* ---- events */

static void
event_add(struct view *v, json_t *event)
{
	struct style plain = { .utf8 = v->style.utf8 };
	const char *name = json_string_value(json_object_get(json_object_get(event, "params"), "event"));
	struct event_line line = { follow_line(event, &plain), name != NULL ? paint_of_word(name) : PAINT_PLAIN };

	if (v->event_count == SCREEN_EVENTS) {
		free(v->events[0].text);
		memmove(v->events, v->events + 1, (SCREEN_EVENTS - 1) * sizeof v->events[0]);
		v->event_count--;
	}
	v->events[v->event_count++] = line;
}

static void
events_clear(struct view *v)
{
	while (v->event_count > 0)
		free(v->events[--v->event_count].text);
}

/* ---- drover */

static void
banner_set(struct top *t, const char *text)
{
	char *safe = printable(text, strlen(text), t->view.style.utf8);

	t->dirty = t->dirty || strcmp(t->view.banner, safe) != 0;
	snprintf(t->view.banner, sizeof t->view.banner, "%s", safe);
	free(safe);
}

static void
round_begin(struct top *t, uint64_t now)
{
	bool wanted[QUESTIONS] = { [QUESTION_STATUS] = true, [QUESTION_WORKERS] = true, [QUESTION_POOLS] = true,
		[QUESTION_SERVERS] = true, [QUESTION_HISTOGRAMS] = true, [QUESTION_APPS] = true };

	wanted[QUESTION_SESSIONS] = t->view.alone && t->view.focus == LIST_SESSIONS;
	feed_ask(&t->feed, wanted, t->view.figures.lists[LIST_SERVERS].count <= FIGURES_SERVERS_MAX, now);
	t->next = now + t->view.interval;
}

static void
feed_take(struct top *t, uint64_t now)
{
	enum feed_news news;
	json_t *event;
	unsigned steps;

	for (steps = 0; steps < TURN_STEPS && (news = feed_step(&t->feed, &event, now)) != FEED_NOTHING; steps++) {
		if (event != NULL)
			event_add(&t->view, event);
		json_decref(event);
		if (news == FEED_ROUND)
			figures_update(&t->view.figures, t->feed.replies, now);
		if (news == FEED_LOST)
			events_clear(&t->view); /* the next connection brings those that are kept */
		t->dirty = true;
	}
	t->more = steps == TURN_STEPS;
}

static void
feed_turn(struct top *t)
{
	uint64_t now = clock_monotonic();
	char text[SCREEN_BANNER];

	feed_take(t, now);
	if (!t->feed.connected) {
		snprintf(text, sizeof text, "no drover: %s Trying again.", t->feed.trouble.text);
		banner_set(t, text);
	} else if (feed_is_asking(&t->feed) && now > t->feed.begun + slow) {
		banner_set(t, "drover is slow to answer");
	} else if (!feed_is_asking(&t->feed)) {
		banner_set(t, "");
		if (now >= t->next && !t->view.paused)
			round_begin(t, now);
	}
}

/* ---- keys */

static void
scroll_by(struct top *t, long rows)
{
	struct part *p = &t->view.parts[t->view.focus];
	size_t all = view_rows(&t->view, t->view.focus), last = all > p->room ? all - p->room : 0;

	if (rows < 0)
		p->scroll = p->scroll > (size_t)-rows ? p->scroll - (size_t)-rows : 0;
	else
		p->scroll = p->scroll + (size_t)rows < last ? p->scroll + (size_t)rows : last;
}

/* To the next column, or the one before; in between no order but that of drover. */
static void
sort_by(struct top *t, int step)
{
	struct part *p = &t->view.parts[t->view.focus];
	int columns;

	if (t->view.focus == SHOW_EVENTS)
		return;
	columns = (int)sheet_columns(&list_kinds[t->view.focus]);
	p->column += step;
	if (p->column < -1)
		p->column = columns - 1;
	if (p->column == columns)
		p->column = -1;
}

static void
show_alone(struct top *t, int part)
{
	t->view.alone = true;
	t->view.focus = part;
	t->next = 0;
}

/* The next part; of the overview, which does not have all. */
static void
focus_next(struct top *t)
{
	do
		t->view.focus = (t->view.focus + 1) % PARTS;
	while (!t->view.alone && !view_has(&t->view, t->view.focus));
}

static void
overview(struct top *t)
{
	t->view.alone = false;
	if (!view_has(&t->view, t->view.focus))
		t->view.focus = LIST_SERVERS;
}

static void
pace_change(struct top *t, int step)
{
	if ((step < 0 && t->pace > 0) || (step > 0 && t->pace + 1 < ARRAY_LENGTH(intervals)))
		t->pace += (size_t)step;
	t->view.interval = intervals[t->pace];
	t->next = 0;
}

static void
key_scroll(struct top *t, int key)
{
	long page = (long)t->view.parts[t->view.focus].room;

	switch (key) {
	case KEY_UP:
	case 'k':
		scroll_by(t, -1);
		break;
	case KEY_DOWN:
	case 'j':
		scroll_by(t, 1);
		break;
	case KEY_PPAGE:
		scroll_by(t, -page);
		break;
	case KEY_NPAGE:
		scroll_by(t, page);
		break;
	case KEY_HOME:
		scroll_by(t, -1000000);
		break;
	case KEY_END:
		scroll_by(t, 1000000);
		break;
	default:
		break;
	}
}

static void
key_show(struct top *t, int key)
{
	static const int parts[] = { LIST_WORKERS, LIST_POOLS, LIST_SERVERS, LIST_SESSIONS, SHOW_EVENTS, LIST_INSTANCES };

	switch (key) {
	case '0':
	case KEY_ESCAPE:
		overview(t);
		break;
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
		show_alone(t, parts[key - '1']);
		break;
	case '\r':
	case '\n':
	case KEY_ENTER:
		show_alone(t, t->view.focus);
		break;
	case KEY_TABULATOR:
		focus_next(t);
		break;
	default:
		key_scroll(t, key);
	}
}

static void
key_take(struct top *t, int key)
{
	t->dirty = true;
	if (t->view.helping && key != 'q') {
		t->view.helping = false;
		return;
	}
	switch (key) {
	case 'q':
	case KEY_END_OF_FILE:
		t->quit = true;
		break;
	case 'h':
	case '?':
		t->view.helping = true;
		break;
	case ' ':
	case 'p':
		t->view.paused = !t->view.paused;
		break;
	case '+':
	case '-':
		pace_change(t, key == '+' ? -1 : 1);
		break;
	case '<':
	case KEY_LEFT:
		sort_by(t, -1);
		break;
	case '>':
	case KEY_RIGHT:
		sort_by(t, 1);
		break;
	case 'r':
		t->view.parts[t->view.focus].turned = !t->view.parts[t->view.focus].turned;
		break;
	default:
		key_show(t, key);
	}
}

/* ---- the loop */

/* How long nothing is due. */
static struct timespec
idle_time(const struct top *t)
{
	uint64_t now = clock_monotonic(), due = now + (t->more ? 0 : CLOCK_SECOND);

	if (t->feed.connected && !feed_is_asking(&t->feed) && !t->view.paused && t->next < due)
		due = t->next;
	if (!t->feed.connected && t->feed.retry < due)
		due = t->feed.retry;
	due = due > now ? due - now : 0;
	return (struct timespec){ (time_t)(due / CLOCK_SECOND), (long)(due % CLOCK_SECOND) * 1000 };
}

static void
wait_and_take(struct top *t, const sigset_t *waiting)
{
	struct pollfd p[3] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = t->feed.asking.fd, .events = POLLIN },
		{ .fd = t->feed.watching.fd, .events = POLLIN },
	};
	struct timespec idle = idle_time(t);
	int key, count = ppoll(p, 3, &idle, waiting);

	if (told_of_size) {
		told_of_size = 0;
		screen_resized();
		t->dirty = true;
	}
	while ((key = screen_key()) >= 0)
		key_take(t, key);
	if (count > 0 && (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		t->quit = true;
}

static void
run(struct top *t, const sigset_t *waiting)
{
	while (!t->quit && told_to_end == 0) {
		feed_turn(t);
		if (t->dirty)
			screen_draw(&t->view);
		t->dirty = false;
		wait_and_take(t, waiting);
	}
}

/* A signal other than ^C ends the program as it would have without a screen. */
static void
end_by_signal(const sigset_t *waiting)
{
	if (told_to_end == 0 || told_to_end == SIGINT)
		return;
	sigprocmask(SIG_SETMASK, waiting, NULL);
	signal(told_to_end, SIG_DFL);
	raise(told_to_end);
}

int
top(const struct options *o)
{
	struct top t = { .pace = 2 };
	struct error err;
	sigset_t waiting;
	size_t i;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return complain(EXIT_USAGE, "top needs a terminal; `droverctl status` and `droverctl -j` do not.");
	style_read(&t.view.style, STDOUT_FILENO);
	t.view.interval = intervals[t.pace];
	for (i = 0; i < PARTS; i++)
		t.view.parts[i].column = -1;
	if (feed_open(&t.feed, o->path, clock_monotonic()) < 0)
		return complain(EXIT_UNREACHED, "%s", t.feed.trouble.text);
	signals_begin(&waiting);
	if (screen_open(&t.view, &err) < 0) {
		feed_close(&t.feed);
		return complain(EXIT_USAGE, "%s", err.text);
	}
	run(&t, &waiting);
	screen_close();
	feed_close(&t.feed);
	figures_free(&t.view.figures);
	events_clear(&t.view);
	end_by_signal(&waiting);
	return EXIT_DONE;
}
