/*
 * Where hello listens: as its arguments say; else on a socket that it was passed
 * (LISTEN_PID and LISTEN_FDS, as sd_listen_fds(3) has it); else on PORT of HOST.
 */
#ifndef HELLO_LISTEN_H
#define HELLO_LISTEN_H

enum { LISTEN_TEXT_MAX = 256 };

struct listen_wish {
	const char *address, *port; /* of the arguments; NULL: not said */
};

/* A socket that listens and does not wait; `text` says where, as a URL. -1: an error, shown. */
int listen_open(const struct listen_wish *wish, char text[LISTEN_TEXT_MAX]);

#endif
