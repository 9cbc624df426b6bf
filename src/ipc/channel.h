/*
 * The channel: a SOCK_SEQPACKET pair between the master and one child, that
 * carries messages and descriptors. Master and children.
 */
#ifndef DROVER_IPC_CHANNEL_H
#define DROVER_IPC_CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "ipc/names.h"
#include "ipc/query.h"

enum { CHANNEL_BATCH = 64 }; /* descriptors in one message */

enum channel_type {
	/* master to worker */
	CHANNEL_CONNECTIONS = 1, /* `count` client connections, one descriptor each */
	CHANNEL_DRAIN,		 /* take no more, give idle connections back, finish the rest, then exit */
	CHANNEL_STOP,		 /* the same, but close idle connections: nobody is left to take them */
	CHANNEL_QUIT,		 /* exit at once, whatever is in progress */
	CHANNEL_LOGS,		 /* new log files: `logs` bits tell which; one descriptor for each */
	CHANNEL_SERVERS,	 /* servers_version has changed: look at the scoreboard now */
	CHANNEL_QUERY,		 /* `query` */
	CHANNEL_WAKERS,		 /* `count` descriptors that wake the workers of slots `first` and those behind it */
	CHANNEL_USERS, /* files of users, read anew: a descriptor of memory for each, in the order of the configuration */
	/* worker to master */
	CHANNEL_READY,	 /* configured and in its loop */
	CHANNEL_RETURNED, /* `count` idle client connections back, for another worker */
	CHANNEL_NEWS, /* a server went down or came up: look at the scoreboard now */
	CHANNEL_ANSWER, /* `answer` to a query */
	/* master to prober */
	CHANNEL_NAME, /* `name`: to be looked up */
	/* prober to master */
	CHANNEL_NAME_PART /* `name_part` of what it stands for */
};

enum { CHANNEL_LOG_ERROR = 1, CHANNEL_LOG_ACCESS = 2 };

/* Who is at the other end, so that a worker needs no getpeername. */
struct channel_connection {
	uint64_t number;   /* of the session: given at accept, kept wherever the connection goes; from 1 */
	uint64_t accepted; /* monotonic microseconds */
	uint16_t listener; /* index in conf.listeners */
	uint16_t family;   /* AF_INET, AF_INET6 or AF_UNIX; an IPv4 peer of an IPv6 socket is AF_INET */
	uint16_t port;	   /* host order */
	uint16_t served;   /* requests this connection has had, when it was returned */
	uint8_t address[16];
};

struct channel_message {
	uint16_t type; /* enum channel_type */
	uint16_t count;
	union {
		uint32_t logs;
		uint32_t first;
	};
	union {
		struct channel_connection connections[CHANNEL_BATCH];
		struct query query;
		struct query_answer answer;
		struct names_wish name;
		struct names_part name_part;
	};
	int fds[CHANNEL_BATCH]; /* not sent as bytes: they travel beside the message */
	int fd_count;
};

/* Non-blocking, close-on-exec. fds[0] is the master's end. */
int channel_pair(int fds[2], struct error *err);

/*
 * Sends one message with its descriptors, which stay the caller's. 0, or -1 with errno:
 * EAGAIN when the channel is full and ETOOMANYREFS when too many descriptors
 * are in flight: both mean "later", not "broken".
 */
int channel_send(int fd, const struct channel_message *message);

/*
 * Receives one message; its descriptors become the caller's (close-on-exec). When
 * the process is out of descriptors, fd_count is less than was sent: the first
 * fd_count of them came through, the kernel has closed the others.
 * 1: there was one. 0: the other end is gone. -1 with errno: EAGAIN none now,
 * EBADMSG nonsense (its descriptors are closed).
 */
int channel_receive(int fd, struct channel_message *message);

/* Closes all descriptors that the message holds. */
void channel_close_fds(struct channel_message *message);

#endif
