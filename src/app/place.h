/*
 * Where one instance listens: a free port, the path of a unix socket, or a listening
 * socket that drover holds from one process of the instance to the next. Master.
 */
#ifndef DROVER_APP_PLACE_H
#define DROVER_APP_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/directory.h"
#include "base/address.h"
#include "base/error.h"
#include "conf/conf.h"

struct app_place {
	enum conf_app_listen kind;
	struct address address; /* that workers connect to */
	char name[CONF_SERVER_NAME_MAX + 1]; /* the same as text: "127.0.0.1:20007", "unix:/run/drover/app.x/web.0" */
	uint16_t port; /* 0: a unix socket */
	uid_t owner; /* of a unix socket that the instance makes */
	int fd; /* the listening socket of an activation, close-on-exec; -1: the instance makes its own */
	int claim; /* keeps the port from other drovers until the instance listens there; -1: there is none */
	dev_t device; /* of the path of that, as the next */
	ino_t inode;
};

enum { APP_PORTS_REMEMBERED = 256 };

/* What places are taken from. All zero: nothing yet. */
struct app_places {
	struct app_directory directory; /* of unix sockets */
	struct app_ports {
		uint16_t first, last; /* among which ports are chosen; 0: not looked at yet */
		bool by_kernel; /* there is no room besides those for outgoing connections */
		uint16_t given[APP_PORTS_REMEMBERED]; /* the last ones: the instance may not listen yet */
		unsigned next;
	} ports;
};

/*
 * Finds a place for the next process of an instance. A port is one that nobody listens on, that no other drover has
 * just given to an instance, and that the kernel gives to no outgoing connection; it is another one each time. A unix
 * socket keeps its path, and what is left there is removed. What an activation has opened stays open
 * and is used again, unless the process before has spoilt it. `seat` makes paths differ among the instances of an app. -1 with a sentence.
 */
int app_place_find(struct app_place *place, const struct conf *conf, const struct conf_pool *app, unsigned seat,
    struct app_places *from, struct error *err);

/*
 * A unix socket that the instance has made: lets the user of workers connect to it, whatever its umask was. 0 for all
 * others. -1 with a sentence; also when it is not the instance's: then nothing is changed.
 */
int app_place_admit(const struct app_place *place, const struct conf *conf, struct error *err);

/* The instance listens there, or never will: another drover sees by itself whether the port is free. */
void app_place_listens(struct app_place *place);

/*
 * Ends connections that wait in a held socket whose process is gone: what they ask for may be had
 * elsewhere now. A hundred at most; nothing happens to other kinds of places.
 */
void app_place_turn_away(const struct app_place *place);

/* Closes what is held, and removes the socket's path. */
void app_place_close(struct app_place *place);

/* In a process forked off: closes what is held, which goes on to be the master's. */
void app_place_close_copies(const struct app_place *place);

/* An empty place. */
void app_place_init(struct app_place *place);

#endif
