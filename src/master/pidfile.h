/* The pid file: never half written, held by a lock for as long as the master lives. Master. */
#ifndef DROVER_MASTER_PIDFILE_H
#define DROVER_MASTER_PIDFILE_H

#include "base/error.h"

struct pidfile {
	const char *path; /* borrowed; NULL: none */
	int fd;
};

/* Writes it. -1 with a sentence, as when another drover that lives holds it. */
int pidfile_open(struct pidfile *pidfile, const char *path, struct error *err);

/* Removes it. */
void pidfile_close(struct pidfile *pidfile);

/* In a forked child: its copy, which would keep the lock. */
void pidfile_close_copy(struct pidfile *pidfile);

#endif
