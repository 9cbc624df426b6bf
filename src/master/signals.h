/* Signals, delivered in the loop. One table says what each does. Master. */
#ifndef DROVER_MASTER_SIGNALS_H
#define DROVER_MASTER_SIGNALS_H

#include <signal.h>
#include <stdio.h>

#include "base/error.h"
#include "net/loop.h"

struct master;

enum { SIGNALS_COUNT = 6 };

struct signals {
	struct signal_row {
		struct signal_watch watch;
		struct master *master;
	} rows[SIGNALS_COUNT];
};

/* A write that fails, as to a pipe without a reader or a file at its limit, is an error and no death. */
void signals_ignore_write_errors(void);

int signals_open(struct master *master, struct error *err);
void signals_close(struct master *master);

/*
 * While files are made and removed, before the loop and after it, signals wait:
 * one of them would end the process and leave a pid file and sockets behind.
 */
void signals_hold(void);
void signals_admit(void);

/* Around fork: no signal may reach the child before it has forgotten the master's handlers. */
void signals_block(sigset_t *before);
void signals_unblock(const sigset_t *before);

/* In a forked child, signals blocked: default handlers, what is for the master ignored; then unblocked. */
void signals_reset(void);

/* Prints the table, a line each: name TAB sentence. */
void signals_list(FILE *to);

#endif
