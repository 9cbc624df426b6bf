/*
 * Lines out of what was read from one pipe of an instance: cut, logged and kept, or thrown
 * away and counted. A part of app/output.c. Master.
 */
#ifndef DROVER_APP_OUTPUT_LINES_H
#define DROVER_APP_OUTPUT_LINES_H

#include "app/output.h"

/* Why no more lines were taken out of a buffer. */
enum stop {
	STOP_EMPTY, /* no whole line is there: there is room to read */
	STOP_ROOM, /* others' turn */
	STOP_RATE /* no credit */
};

/* Takes lines out of the buffer: `room` of them at most, which is lowered. */
enum stop pipe_lines(struct app_pipe *pipe, unsigned *room);

/* Reads what there is room for in a buffer without a whole line. As read(2). */
ssize_t pipe_read(struct app_pipe *pipe);

/* Bytes of this pipe are thrown away: those that come next in it. */
void pipe_lose(struct app_pipe *pipe, const char *bytes, size_t length);

/* Throws away what the buffer holds. */
void pipe_throw(struct app_pipe *pipe);

/* There is no end of line any more: what the buffer holds is the last line. */
void pipe_finish(struct app_pipe *pipe);

#endif
