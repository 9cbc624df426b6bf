/*
 * Rows of figures that change: what a reply listed, with the rates and percentiles of the
 * time since the reply before. Pure. droverctl top.
 */
#ifndef DROVER_CTL_SHEET_H
#define DROVER_CTL_SHEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { SHEET_COLUMNS = 12, SHEET_KEYS = 3, SHEET_CELL_MAX = 512 };

enum cell {
	CELL_TEXT,
	CELL_STATE, /* a text with a colour; a server that is "ready" but not up is "down" */
	CELL_REQUEST, /* method, host and target */
	CELL_NUMBER,
	CELL_BYTES,
	CELL_DURATION, /* milliseconds */
	CELL_RATE, /* of a counter: a second, since the sheet before */
	CELL_BYTE_RATE,
	CELL_P50, /* of a histogram: milliseconds, of what was counted since the sheet before */
	CELL_P99
};

struct column {
	const char *title; /* NULL ends the list */
	const char *path; /* of the member, with dots; of CELL_P50 and CELL_P99: what stands there without a histogram */
	enum cell cell;
};

struct sheet_kind {
	const char *name;
	const char *of; /* what the member "of" of its histograms says; NULL: it has none */
	const char *keys[SHEET_KEYS + 1]; /* members that tell which row is which */
	struct column columns[SHEET_COLUMNS + 1];
};

struct sheet_value {
	char *text; /* NULL: it has none */
	double number; /* what is shown and sorted by; NAN: not known */
	double counter; /* of CELL_RATE: what was counted so far */
};

struct sheet_row {
	char *key;
	size_t place; /* among the rows as they came */
	json_t *buckets; /* of its histogram, or NULL */
	struct sheet_value values[SHEET_COLUMNS];
};

struct sheet {
	const struct sheet_kind *kind;
	struct sheet_row *rows;
	size_t count;
	struct sheet_row **by_key; /* all rows, for sheet_find */
};

/*
 * Fills a new sheet from an array of JSON objects. `histograms` (may be NULL) are rows with
 * the same keys and "buckets"; `before` is the sheet of `seconds` ago, or NULL. What has
 * become less since then was begun anew and has no rate yet.
 */
void sheet_read(struct sheet *s, const struct sheet_kind *kind, json_t *rows, json_t *histograms,
    const struct sheet *before, double seconds);
void sheet_free(struct sheet *s);

struct sheet_row *sheet_find(const struct sheet *s, const char *key);

size_t sheet_columns(const struct sheet_kind *kind);

/* Sorts by a column: texts from A, numbers from the largest, unless turned. -1: as they came. */
void sheet_sort(struct sheet *s, int column, bool turned);

/* The text of a cell. Returns `to`. */
const char *sheet_cell(const struct sheet *s, const struct sheet_row *row, size_t column, bool utf8, char to[SHEET_CELL_MAX]);

/* Whether a column's texts stand to the right. */
bool sheet_is_number(const struct column *column);

/*
 * The share (0.5, 0.99) of what was counted in `now` and not yet in `before`, which
 * may be NULL: both [[upper bound, count], ...]. NAN: nothing was, or counting began anew.
 */
double buckets_percentile(json_t *now, json_t *before, double share);

#endif
