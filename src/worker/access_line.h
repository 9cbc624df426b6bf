/*
 * A line of the access log: what an exchange was and what became of it. Runs in
 * workers.
 */
#ifndef DROVER_WORKER_ACCESS_LINE_H
#define DROVER_WORKER_ACCESS_LINE_H

#include <time.h>

#include "base/line.h"
#include "worker/internal.h"

/* The parts of a request, one behind the other. */
struct log_record {
	uint16_t method, target, host, referer, agent; /* lengths */
	uint8_t minor;
	char bytes[];
};

/* The time as it stands in lines: made once a second. */
struct access_line_time {
	bool json; /* the form of the lines */
	time_t second; /* that the text stands for */
	char text[40];
};

/* Writes the line of an exchange, which has a record. `wall` is now, in microseconds since 1970. */
void access_line_write(struct line *line, struct access_line_time *time, const struct exchange *exchange, uint64_t wall);

#endif
