/*
 * What has happened, for those who watch: numbered events, the last of which are
 * kept. Master.
 */
#ifndef DROVER_MASTER_EVENTS_H
#define DROVER_MASTER_EVENTS_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "ipc/scoreboard.h"

enum { EVENTS_KEPT = 512, EVENT_POOL_MAX = 64, EVENT_TEXT_MAX = 256 };

/* Which fields of struct master_event a type uses. */
enum {
	EVENT_HAS_WORKER = 1, /* worker, pid; pid 0: there was no process */
	EVENT_HAS_SERVER = 2, /* pool, server */
	EVENT_HAS_BY = 4, /* uid, by_pid; by_pid 0: a signal did it, and nobody is named */
	EVENT_HAS_TEXT = 8,
	EVENT_HAS_CHANGE = 16, /* from, to */
	EVENT_HAS_RATE = 32, /* rate, threshold: a second */
	EVENT_HAS_COUNT = 64, /* count */
	EVENT_HAS_PID = 128, /* pid; 0: there was no process */
	EVENT_HAS_POOL = 256, /* pool */
	EVENT_HAS_APP = 512, /* app: its name is in `pool` */
	EVENT_HAS_INSTANCE = 1024 /* app, instance, pid; pid 0: there was no process */
};

/* X(symbol, name, fields, sentence) */
#define EVENT_TABLE(X) \
	X(WORKER_STARTED, "worker-started", EVENT_HAS_WORKER, "A worker process was started.") \
	X(WORKER_READY, "worker-ready", EVENT_HAS_WORKER, "A worker takes connections.") \
	X(WORKER_DRAINING, "worker-draining", EVENT_HAS_WORKER | EVENT_HAS_TEXT, \
	    "A worker takes no new connections, finishes what it has and ends; text tells why.") \
	X(WORKER_DIED, "worker-died", EVENT_HAS_WORKER | EVENT_HAS_TEXT, \
	    "A worker process has ended or could not be made; text tells how, and what comes next.") \
	X(WORKER_FAILED, "worker-failed", EVENT_HAS_WORKER | EVENT_HAS_TEXT, \
	    "A worker cannot be started and is not tried again until asked.") \
	X(PROBER_STARTED, "prober-started", EVENT_HAS_PID, "The prober, which checks servers, was started.") \
	X(PROBER_READY, "prober-ready", EVENT_HAS_PID, "The prober is at work.") \
	X(PROBER_DIED, "prober-died", EVENT_HAS_PID | EVENT_HAS_TEXT, \
	    "The prober has ended or could not be made; text tells how, and what comes next.") \
	X(PROBER_FAILED, "prober-failed", EVENT_HAS_PID | EVENT_HAS_TEXT, \
	    "The prober cannot be started and is not tried again.") \
	X(SERVER_UP, "server-up", EVENT_HAS_SERVER | EVENT_HAS_TEXT, \
	    "A server that was down takes requests again; text tells why.") \
	X(SERVER_DOWN, "server-down", EVENT_HAS_SERVER | EVENT_HAS_TEXT, \
	    "A server was taken out after failures, of requests or of checks; text tells the last of them.") \
	X(SERVER_REMOVED, "server-removed", EVENT_HAS_SERVER, "The last request of a removed server has ended.") \
	X(NAME_CHANGED, "name-changed", EVENT_HAS_SERVER | EVENT_HAS_TEXT, \
	    "The addresses of a name have changed; text tells which came (+) and which went (-).") \
	X(NAME_FAILED, "name-failed", EVENT_HAS_SERVER | EVENT_HAS_TEXT, \
	    "A name could not be looked up, or not all of it; text tells why. Its servers stay.") \
	X(NAME_FOUND, "name-found", EVENT_HAS_SERVER, "A name that could not be looked up was found.") \
	X(INSTANCE_STARTED, "instance-started", EVENT_HAS_INSTANCE, "The process of an instance was started.") \
	X(INSTANCE_READY, "instance-ready", EVENT_HAS_INSTANCE, "An instance takes requests.") \
	X(INSTANCE_DRAINING, "instance-draining", EVENT_HAS_INSTANCE | EVENT_HAS_TEXT, \
	    "An instance takes no new requests, finishes what it has and is told to end; text tells why.") \
	X(INSTANCE_DIED, "instance-died", EVENT_HAS_INSTANCE | EVENT_HAS_TEXT, \
	    "The process of an instance has ended or could not be made; text tells how, and what comes next.") \
	X(INSTANCE_FAILED, "instance-failed", EVENT_HAS_INSTANCE | EVENT_HAS_TEXT, \
	    "An instance cannot be started and is not tried again until asked.") \
	X(APP_SCALED, "app-scaled", EVENT_HAS_APP | EVENT_HAS_CHANGE | EVENT_HAS_BY, \
	    "The number of instances that are wanted was changed.") \
	X(ROLL_BEGUN, "roll-begun", EVENT_HAS_APP | EVENT_HAS_TEXT | EVENT_HAS_BY, \
	    "The instances of an app are replaced one after the other; text tells why.") \
	X(ROLL_DONE, "roll-done", EVENT_HAS_APP | EVENT_HAS_TEXT, "All of them were replaced.") \
	X(ROLLED_BACK, "rolled-back", EVENT_HAS_APP | EVENT_HAS_TEXT, \
	    "A new instance did not get ready: the old ones stay; text tells why.") \
	X(RELOADED, "reloaded", EVENT_HAS_TEXT | EVENT_HAS_BY, "The file was read again; text tells what changes.") \
	X(RELOAD_FAILED, "reload-failed", EVENT_HAS_TEXT | EVENT_HAS_BY, \
	    "The file was read again and is not good: nothing changes; text tells the first mistake.") \
	X(SCALED, "scaled", EVENT_HAS_CHANGE | EVENT_HAS_BY, "The number of workers that are wanted was changed.") \
	X(CHANGED, "changed", EVENT_HAS_BY | EVENT_HAS_TEXT, \
	    "A method that changes something was carried out; text is the method and its parameters.") \
	X(LIMIT, "limit", EVENT_HAS_TEXT | EVENT_HAS_COUNT, \
	    "A limit was hit; text tells which, count how often since the last such event.") \
	X(QUEUE_FULL, "queue-full", EVENT_HAS_POOL | EVENT_HAS_COUNT, \
	    "Requests of a pool were answered 503, as many as queue-size were waiting; count how many in the last second.") \
	X(ERRORS_HIGH, "errors-high", EVENT_HAS_RATE, \
	    "More errors in a second than alert-errors: responses with 5xx.") \
	X(ERRORS_NORMAL, "errors-normal", EVENT_HAS_RATE, "Errors are below alert-errors again.") \
	X(STOPPING, "stopping", EVENT_HAS_TEXT, "drover ends.")

enum event_type {
#define EVENT_ENUM(symbol, name, fields, sentence) EVENT_##symbol,
	EVENT_TABLE(EVENT_ENUM)
#undef EVENT_ENUM
	    EVENT_TYPES
};

struct event_info {
	const char *name;
	unsigned fields;
	const char *sentence;
};

extern const struct event_info event_table[EVENT_TYPES];

/* What the type does not use is 0. */
struct master_event {
	uint64_t number; /* 1, 2, 3 ... since drover started */
	uint64_t when; /* wall clock, microseconds */
	enum event_type type;
	unsigned worker;
	unsigned instance;
	pid_t pid;
	uid_t uid;
	pid_t by_pid;
	uint64_t from, to, rate, threshold, count;
	char pool[EVENT_POOL_MAX];
	char server[SCOREBOARD_NAME];
	char text[EVENT_TEXT_MAX];
};

/* What can run out. */
enum master_limit {
	LIMIT_WORKER_CONNECTIONS,
	LIMIT_OPEN_FILES,
	LIMIT_CONTROL,
	LIMIT_CLIENT_REFUSED,
	LIMIT_NO_SERVER,
	LIMIT_LOG_LINES_LOST,
	LIMITS
};

struct master;

typedef void master_event_fn(void *arg);

struct events {
	uint64_t newest;
	master_event_fn *listener;
	void *listener_arg;
	uid_t uid; /* who asks for what is done now; by_pid 0: nobody, a signal at most */
	pid_t by_pid;
	struct master_event ring[EVENTS_KEPT]; /* that of number n is at (n - 1) % EVENTS_KEPT */
};

/* Numbers it, keeps a copy and tells who listens. number and when are filled in. */
void master_event_add(struct master *master, const struct master_event *event);

/* The newest number, 0: none yet; and the oldest that is kept. */
uint64_t master_event_newest(const struct master *master);
uint64_t master_event_oldest(const struct master *master);

/* The event of that number, or NULL: it is not kept any more, or not yet there. Valid until the next event. */
const struct master_event *master_event(const struct master *master, uint64_t number);

/* Has `listener` called behind each event that was added. One listener: the control socket. NULL ends it. */
void master_on_event(struct master *master, master_event_fn *listener, void *arg);

/* Who asks for what is done from now on, for its events; pid 0: nobody, a signal at most. */
void master_act_for(struct master *master, uid_t uid, pid_t pid);

/* A limit was hit: an event now, or within ten seconds of the last one of its kind. */
void master_limit_hit(struct master *master, enum master_limit limit);

/* Prints the table, a line each: name TAB members that the type has TAB sentence. */
void events_list(FILE *to);

#endif
