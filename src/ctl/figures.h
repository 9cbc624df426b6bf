/*
 * Everything that `droverctl top` shows, from the replies of one round of
 * questions: the sheets and the overview. Pure. droverctl top.
 */
#ifndef DROVER_CTL_FIGURES_H
#define DROVER_CTL_FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/sheet.h"

/* The questions of a round, in the order in which they are sent. */
enum question {
	QUESTION_STATUS,
	QUESTION_WORKERS,
	QUESTION_POOLS,
	QUESTION_SERVERS,
	QUESTION_HISTOGRAMS,
	QUESTION_SESSIONS,
	QUESTION_APPS,
	QUESTIONS
};

/* The lists, in the order of the overview. */
enum list {
	LIST_WORKERS,
	LIST_INSTANCES,
	LIST_POOLS,
	LIST_SERVERS,
	LIST_SESSIONS,
	LISTS
};

/* The columns of the one row of `totals`. */
enum total {
	TOTAL_REQUESTS,
	TOTAL_ERRORS,
	TOTAL_OPEN,
	TOTAL_ACTIVE,
	TOTAL_BYTES_IN,
	TOTAL_BYTES_OUT,
	TOTALS
};

enum { FIGURES_SERVERS_MAX = 256, FIGURES_NAME = 64 }; /* with more servers only pools have percentiles of the moment */

struct figures {
	char version[FIGURES_NAME], started[FIGURES_NAME];
	double uptime; /* milliseconds, NAN: not known */
	double workers_desired, workers_ready, servers, servers_up;
	double sessions; /* that there are; the list may have fewer */
	bool stopping;
	struct sheet totals;
	struct sheet lists[LISTS];
	uint64_t when; /* monotonic microseconds of the round, 0: none yet */
};

/* Takes over what a round brought; replies[...] (borrowed) is NULL for a question that was not asked or was refused. */
void figures_update(struct figures *f, json_t *const replies[QUESTIONS], uint64_t now);

/* A figure of the totals, NAN: not known. */
double figures_total(const struct figures *f, enum total total);

void figures_free(struct figures *f);

extern const struct sheet_kind list_kinds[LISTS];

#endif
