/*
 * Goes into the background. The process that the admin started waits until the
 * service is up, so that its exit status and its error output tell the truth. Master.
 */
#ifndef DROVER_MASTER_DAEMON_H
#define DROVER_MASTER_DAEMON_H

#include <stdbool.h>

#include "base/error.h"

struct daemon {
	int pipe; /* to the waiting process; -1: nobody waits */
};

/* Whether the process that was started still waits to hear. */
bool daemon_waits(const struct daemon *daemon);

/* Forks. Returns in the new process alone. -1 with a sentence. */
int daemon_start(struct daemon *daemon, struct error *err);

/* The service is up: the waiting process ends with status 0, and the terminal is let go of. */
void daemon_ready(struct daemon *daemon);

/* Nobody is told: the waiting process ends with status 1. */
void daemon_close(struct daemon *daemon);

/* In a forked child: gives up its copies, and the terminal at once if the master is about to. */
void daemon_close_copies(struct daemon *daemon);

#endif
