/*
 * Who is at the other end of a connection to the control socket, as the kernel
 * says, and what the configuration lets him do. Master.
 */
#ifndef DROVER_CONTROL_PEER_H
#define DROVER_CONTROL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"

struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	bool privileged; /* root, the user that drover runs as, or in the list `admin` */
	enum conf_permission permission; /* the most that it may do */
	const char *socket; /* the path of the control socket that it came to; borrowed */
};

/* What to do about a permission that is wanting; %s: peer.socket. */
#define PEER_HINT \
	"Who may do what is set in control \"%.160s\" of drover.conf: permission, read, operate, admin."

/* -1: the kernel does not say (errno is set). */
int peer_read(struct peer *peer, int fd, const struct conf_control *control);

#endif
