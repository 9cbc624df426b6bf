#include "control/peer.h"

#include <sys/socket.h>
#include <unistd.h>

enum { PEER_GROUPS_MAX = 1024 };

/* The supplementary groups: how many, or -1 when they cannot be told, or are more: a list may take rights away. */
static int
peer_groups(int fd, gid_t groups[PEER_GROUPS_MAX])
{
	socklen_t length = PEER_GROUPS_MAX * sizeof groups[0];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0)
		return -1;
	return (int)(length / sizeof groups[0]);
}

int
peer_read(struct peer *peer, int fd, const struct conf_control *control)
{
	struct ucred credentials;
	socklen_t length = sizeof credentials;
	gid_t groups[PEER_GROUPS_MAX];
	int count = peer_groups(fd, groups);

	if (count < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		return -1;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	peer->pid = credentials.pid;
	peer->privileged = credentials.uid == 0 || credentials.uid == geteuid() ||
			   conf_people_have(&control->people[CONF_PERMISSION_ADMIN], peer->uid, peer->gid,
			       groups, (size_t)count);
	peer->permission = conf_control_permission(control, peer->uid, peer->gid, groups, (size_t)count);
	peer->socket = control->path;
	return 0;
}
