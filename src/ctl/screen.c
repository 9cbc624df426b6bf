#include "ctl/screen.h"

#include <curses.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/human.h"
#include "ctl/printable.h"

enum { ROWS_MIN = 8, COLUMNS_MIN = 40, HEAD_ROWS = 3, CELL_GAP = 2, TEXT_MIN = 12 };

static bool is_open;

/* ---- the terminal */

static void
colours_begin(struct view *v)
{
	v->style.colour = v->style.colour && has_colors() && start_color() == OK;
	if (!v->style.colour)
		return;
	use_default_colors();
	init_pair(PAINT_GOOD, COLOR_GREEN, -1);
	init_pair(PAINT_WAITING, COLOR_YELLOW, -1);
	init_pair(PAINT_BAD, COLOR_RED, -1);
}

int
screen_open(struct view *v, struct error *err)
{
	const char *term = getenv("TERM");

	if (term == NULL || *term == '\0')
		return error_set(err, "TERM is not set: it tells which kind of terminal this is.");
	if (newterm(NULL, stdout, stdin) == NULL)
		return error_set(err, "the system does not know terminals of the kind %s (TERM).", term);
	is_open = true;
	atexit(screen_close);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	colours_begin(v);
	return 0;
}

void
screen_close(void)
{
	if (is_open)
		endwin();
	is_open = false;
}

void
screen_resized(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

int
screen_key(void)
{
	int key = getch();

	return key == ERR ? -1 : key;
}

/* ---- pieces */

static void
paint_on(const struct view *v, enum paint paint)
{
	if (paint == PAINT_HEADING)
		attron(A_BOLD);
	else if (paint != PAINT_PLAIN && v->style.colour)
		attron(COLOR_PAIR(paint));
}

/* Writes printable text at the cursor, as much as fits into the line; what the cursor's column is then. */
static void
put(const struct view *v, enum paint paint, const char *text)
{
	int x = getcurx(stdscr);
	size_t fits = x < COLS ? printable_fit(text, (size_t)(COLS - x)) : 0;

	paint_on(v, paint);
	addnstr(text, (int)fits);
	attrset(A_NORMAL);
}

static void __attribute__((format(printf, 3, 4)))
putf(const struct view *v, enum paint paint, const char *format, ...)
{
	char text[SHEET_CELL_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	put(v, paint, text);
}

static void
rule(const struct view *v, int y)
{
	int x;

	move(y, 0);
	for (x = 0; x < COLS; x++)
		addstr(v->style.utf8 ? "\342\224\200" : "-"); /* a horizontal line */
}

/* ---- the head */

/* " 12.3k" after its name; "-" when it is not known. */
static void
figure(const struct view *v, const char *name, double value, bool bytes, bool alarming)
{
	char text[HUMAN_MAX] = "-";

	if (!isnan(value))
		bytes ? human_bytes(value, text) : human_count(value, text);
	putf(v, PAINT_PLAIN, "%s ", name);
	put(v, alarming && value > 0 ? PAINT_BAD : PAINT_HEADING, text);
	put(v, PAINT_PLAIN, "   ");
}

/* "workers 3/4" */
static void
figure_of(const struct view *v, const char *name, double some, double all)
{
	if (isnan(some) || isnan(all))
		return;
	putf(v, PAINT_PLAIN, "%s ", name);
	putf(v, some < all ? PAINT_WAITING : PAINT_HEADING, "%.0f/%.0f", some, all);
	put(v, PAINT_PLAIN, "   ");
}

static void
head_first(const struct view *v)
{
	const struct figures *f = &v->figures;
	char text[HUMAN_MAX] = "-";
	char *version = printable(f->version, strlen(f->version), v->style.utf8);

	move(0, 0);
	putf(v, PAINT_HEADING, "drover %s   ", version);
	free(version);
	putf(v, PAINT_PLAIN, "up %s   ", isnan(f->uptime) || f->when == 0 ? "-" : human_duration(f->uptime, text));
	figure_of(v, "workers ready", f->workers_ready, f->workers_desired);
	figure_of(v, "servers up", f->servers_up, f->servers);
	if (f->stopping)
		put(v, PAINT_BAD, "stopping");
}

static void
head_second(const struct view *v)
{
	const struct figures *f = &v->figures;

	move(1, 0);
	figure(v, "requests/s", figures_total(f, TOTAL_REQUESTS), false, false);
	figure(v, "5xx/s", figures_total(f, TOTAL_ERRORS), false, true);
	figure(v, "connections", figures_total(f, TOTAL_OPEN), false, false);
	figure(v, "active", figures_total(f, TOTAL_ACTIVE), false, false);
	figure(v, "in/s", figures_total(f, TOTAL_BYTES_IN), true, false);
	figure(v, "out/s", figures_total(f, TOTAL_BYTES_OUT), true, false);
}

static void
head(const struct view *v)
{
	char clock[16], interval[32];
	time_t now = time(NULL);
	struct tm tm;

	head_first(v);
	head_second(v);
	rule(v, 2);
	if (v->banner[0] != '\0') {
		move(2, 0);
		put(v, PAINT_BAD, v->banner);
		return;
	}
	localtime_r(&now, &tm);
	strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	text_from_duration(v->interval, interval, sizeof interval);
	move(2, 2);
	putf(v, v->paused ? PAINT_WAITING : PAINT_PLAIN, " %s, %s%s ", clock, v->paused ? "paused" : "every ",
	    v->paused ? "" : interval);
}

/* ---- lists */

struct layout {
	size_t widths[SHEET_COLUMNS];
	size_t shown; /* columns that fit */
};

/* Rates and times change their length from one moment to the next: they keep some room. */
static size_t
column_width_min(const struct column *column)
{
	size_t title = strlen(column->title) + 1; /* and the mark of sorting */
	size_t least = column->cell >= CELL_BYTES && title < 9 ? 9 : 0;

	return title > least ? title : least;
}

static void
layout_make(struct layout *l, const struct view *v, const struct sheet *s, size_t first, size_t rows)
{
	size_t columns = sheet_columns(s->kind), used = 0, least, i, k, width;
	char text[SHEET_CELL_MAX];

	l->shown = 0;
	for (i = 0; i < columns; i++) {
		l->widths[i] = column_width_min(&s->kind->columns[i]);
		for (k = first; k < first + rows && k < s->count; k++) {
			width = printable_width(sheet_cell(s, &s->rows[k], i, v->style.utf8, text));
			if (width > l->widths[i])
				l->widths[i] = width;
		}
		used += i > 0 ? CELL_GAP : 0;
		/* a text may be cut at the edge, a number never */
		least = sheet_is_number(&s->kind->columns[i]) || l->widths[i] < TEXT_MIN ? l->widths[i] : TEXT_MIN;
		if (used + least > (size_t)COLS && i > 0)
			break;
		used += l->widths[i];
		l->shown = i + 1;
	}
}

/* One cell in its place: numbers to the right. */
static void
cell(const struct view *v, int y, size_t x, size_t width, bool right, enum paint paint, const char *text)
{
	size_t taken = printable_width(text);

	move(y, (int)(right && taken < width ? x + width - taken : x));
	put(v, paint, text);
}

static void
list_head(const struct view *v, int part, const struct sheet *s, const struct layout *l, int y)
{
	const struct part *p = &v->parts[part];
	bool focused = v->focus == part && !v->alone;
	char title[64];
	size_t i, x = 0;

	for (i = 0; i < l->shown; i++) {
		snprintf(title, sizeof title, "%s%s", s->kind->columns[i].title,
		    (int)i != p->column ? "" : p->turned ? "^" : "*");
		attrset(focused ? A_REVERSE : A_NORMAL);
		paint_on(v, PAINT_HEADING);
		mvhline(y, (int)x, ' ', (int)(l->widths[i] + CELL_GAP));
		move(y, (int)(sheet_is_number(&s->kind->columns[i]) && strlen(title) < l->widths[i]
				  ? x + l->widths[i] - strlen(title)
				  : x));
		addnstr(title, COLS - getcurx(stdscr));
		attrset(A_NORMAL);
		x += l->widths[i] + CELL_GAP;
	}
}

static void
list_row(const struct view *v, const struct sheet *s, const struct sheet_row *row, const struct layout *l, int y)
{
	char text[SHEET_CELL_MAX];
	size_t i, x = 0;

	for (i = 0; i < l->shown; i++) {
		const struct column *column = &s->kind->columns[i];
		const char *shown = sheet_cell(s, row, i, v->style.utf8, text);

		cell(v, y, x, l->widths[i], sheet_is_number(column),
		    column->cell == CELL_STATE ? paint_of_word(shown) : PAINT_PLAIN, shown);
		x += l->widths[i] + CELL_GAP;
	}
}

static void
list_draw(struct view *v, int part, int y, size_t rows)
{
	struct sheet *s = &v->figures.lists[part];
	struct part *p = &v->parts[part];
	struct layout layout;
	size_t i;

	if (s->kind == NULL)
		return;
	sheet_sort(s, p->column, p->turned);
	layout_make(&layout, v, s, p->scroll, rows);
	list_head(v, part, s, &layout, y);
	for (i = 0; i < rows && p->scroll + i < s->count; i++)
		list_row(v, s, &s->rows[p->scroll + i], &layout, y + 1 + (int)i);
}

static void
events_draw(const struct view *v, int y, size_t rows)
{
	const struct part *p = &v->parts[SHOW_EVENTS];
	size_t i, last;

	attrset(v->focus == SHOW_EVENTS && !v->alone ? A_REVERSE : A_NORMAL);
	paint_on(v, PAINT_HEADING);
	mvaddstr(y, 0, "events (the newest first)");
	attrset(A_NORMAL);
	for (i = 0; i < rows && p->scroll + i < v->event_count; i++) {
		last = v->event_count - 1 - p->scroll - i;
		move(y + 1 + (int)i, 0);
		put(v, v->events[last].paint, v->events[last].text);
	}
}

/* ---- sharing the screen out */

size_t
view_rows(const struct view *v, int part)
{
	return part == SHOW_EVENTS ? v->event_count : v->figures.lists[part].count;
}

bool
view_has(const struct view *v, int part)
{
	return part != LIST_SESSIONS && (part != LIST_INSTANCES || view_rows(v, part) > 0);
}

void
screen_share(size_t room, const size_t *wanted, size_t *got, size_t count)
{
	size_t i, before;

	for (i = 0; i < count; i++)
		got[i] = 0;
	do {
		before = room;
		for (i = 0; i < count && room > 0; i++)
			if (got[i] < wanted[i]) {
				got[i]++;
				room--;
			}
	} while (room > 0 && room < before);
}

static void
part_draw(struct view *v, int part, int y, size_t rows)
{
	struct part *p = &v->parts[part];
	size_t all = view_rows(v, part);

	p->room = rows;
	if (p->scroll + rows > all)
		p->scroll = all > rows ? all - rows : 0;
	if (part == SHOW_EVENTS)
		events_draw(v, y, rows);
	else
		list_draw(v, part, y, rows);
}

/* The parts of the overview, one under another: each has a line of titles. */
static void
overview_draw(struct view *v, int y, size_t lines)
{
	size_t wanted[PARTS], got[PARTS];
	int part;

	for (part = 0; part < PARTS; part++) /* the titles, and an empty line below */
		wanted[part] = view_has(v, part) ? 2 + view_rows(v, part) : 0;
	screen_share(lines, wanted, got, PARTS);
	for (part = 0; part < PARTS; part++) {
		if (got[part] > 1)
			part_draw(v, part, y, got[part] - (got[part] == wanted[part] || got[part] > 3 ? 2 : 1));
		y += (int)got[part];
	}
}

static void
keys_draw(const struct view *v)
{
	move(LINES - 1, 0);
	put(v, PAINT_HEADING,
	    v->alone ? "q quit  0 overview  1-6 lists  < > sort  r turn  arrows scroll  space pause  + - pace  h help"
		     : "q quit  1 workers 2 pools 3 servers 4 sessions 5 events 6 apps  tab next  h help");
}

static void
help_draw(const struct view *v, int y)
{
	static const char *const lines[] = {
		"q, ^C, ^D       quit",
		"1 2 3 4 5 6     workers, pools, servers, sessions, events, apps alone",
		"0, escape       all but sessions, one under another",
		"tab, enter      the next list; the list alone",
		"< >             sort by the column to the left or right; * marks it",
		"r               turn the order around",
		"arrows, j k     scroll; page up and down, home, end too",
		"space, p        pause, go on",
		"+ -             look more or less often",
		"h, ?            this; any key ends it",
		"",
		"Rates and percentiles are of the time since the last look.",
		NULL,
	};
	int i;

	for (i = 0; lines[i] != NULL && y + i < LINES; i++) {
		move(y + i, 2);
		put(v, PAINT_PLAIN, lines[i]);
	}
}

void
screen_draw(struct view *v)
{
	size_t lines = LINES > HEAD_ROWS + 1 ? (size_t)(LINES - HEAD_ROWS - 1) : 0;

	erase();
	if (LINES < ROWS_MIN || COLS < COLUMNS_MIN) {
		move(0, 0);
		putf(v, PAINT_PLAIN, "too small (%d x %d)", COLS, LINES);
		refresh();
		return;
	}
	head(v);
	if (v->helping)
		help_draw(v, HEAD_ROWS);
	else if (v->alone)
		part_draw(v, v->focus, HEAD_ROWS, lines - 1);
	else
		overview_draw(v, HEAD_ROWS, lines);
	keys_draw(v);
	refresh();
}
