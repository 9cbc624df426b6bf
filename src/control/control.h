/*
 * The control socket: JSON-RPC 2.0, one object per line, over unix sockets. Owns
 * the sockets, their files and all connections to them, and shares out the
 * master's time among those. It calls the master's verbs; the master does not
 * know it. Master.
 */
#ifndef DROVER_CONTROL_CONTROL_H
#define DROVER_CONTROL_CONTROL_H

#include "base/error.h"
#include "master/master.h"

enum {
	CONTROL_CONNECTIONS_MAX = 64,
	CONTROL_CONNECTIONS_RESERVED = 8 /* of them, for those who are privileged */
};

struct control;

/*
 * Listens on every control socket of the master's configuration; there may be
 * none. NULL with a sentence: nothing is left open.
 */
struct control *control_open(struct master *master, struct error *err);

/*
 * Answers what still waits, closes everything and removes the files. After
 * master_run and before master_free. NULL is allowed.
 */
void control_close(struct control *control);

/*
 * In a forked child (a master_child_fn): closes the descriptors and leaves the
 * files, the memory and the parent's loop alone.
 */
void control_child(void *control);

#endif
