#include "control/peer.h"

#include <sys/socket.h>
#include <unistd.h>

enum { PEER_GROUPS_MAX = 1024 /* of those beyond nobody asks: see peer_groups */ };

/*
 * The supplementary groups. Who has more than fit is taken to have none: that
 * can only give less than the lists say.
 */
static size_t
peer_groups(int fd, gid_t groups[PEER_GROUPS_MAX])
{
	socklen_t length = PEER_GROUPS_MAX * sizeof groups[0];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0)
		return 0;
	return length / sizeof groups[0];
}

int
peer_read(struct peer *peer, int fd, const struct conf_control *control)
{
	struct ucred credentials;
	socklen_t length = sizeof credentials;
	gid_t groups[PEER_GROUPS_MAX];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		return -1;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	peer->pid = credentials.pid;
	peer->privileged = credentials.uid == 0 || credentials.uid == geteuid();
	peer->permission = conf_control_permission(
	    control, peer->uid, peer->gid, groups, peer_groups(fd, groups));
	peer->socket = control->path;
	return 0;
}
