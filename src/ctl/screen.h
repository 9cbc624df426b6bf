/*
 * The screen of `droverctl top`: what is drawn, and the terminal before and after. The
 * only user of ncurses but for the keys. droverctl top.
 */
#ifndef DROVER_CTL_SCREEN_H
#define DROVER_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ctl/figures.h"
#include "ctl/style.h"

enum { SCREEN_EVENTS = 200, SCREEN_BANNER = 600 };

/* What is shown: all lists one under another, or one of them; LISTS stands for the events. */
enum { SHOW_EVENTS = LISTS, PARTS = LISTS + 1 };

struct part {
	int column; /* that it is sorted by, -1: as it came */
	bool turned;
	size_t scroll; /* rows above the first that is shown */
	size_t room; /* rows that were shown last; set by screen_draw */
};

struct event_line {
	char *text;
	enum paint paint;
};

struct view {
	struct style style; /* utf8 and colour */
	struct figures figures;
	struct event_line events[SCREEN_EVENTS]; /* the oldest first */
	size_t event_count;
	struct part parts[PARTS];
	int focus; /* the part that keys are meant for */
	bool alone; /* it is the only one shown */
	bool paused, helping;
	uint64_t interval; /* microseconds */
	char banner[SCREEN_BANNER]; /* what is wrong; "": nothing */
};

/* Takes the terminal over. -1 with a sentence. */
int screen_open(struct view *v, struct error *err);

/* Gives the terminal back as it was. To be called at any time, more than once. */
void screen_close(void);

/* The terminal has another size. */
void screen_resized(void);

/* Draws all. Sorts the lists and corrects what was scrolled too far. */
void screen_draw(struct view *v);

/* A key, or -1: none is waiting. */
int screen_key(void);

/* Whether a part is in the overview: sessions never are, instances of apps when there are any. */
bool view_has(const struct view *v, int part);

/* How many rows a part has. */
size_t view_rows(const struct view *v, int part);

/*
 * Shares `room` lines out over parts that would like wanted[...]: each gets what it wants or as
 * much as the others. Pure.
 */
void screen_share(size_t room, const size_t *wanted, size_t *got, size_t count);

#endif
