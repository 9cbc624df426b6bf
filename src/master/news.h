/*
 * What becomes an event: what happens in the master, and what workers have
 * written on the scoreboard since the last look. Master.
 */
#ifndef DROVER_MASTER_NEWS_H
#define DROVER_MASTER_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/scoreboard.h"
#include "master/events.h"
#include "net/loop.h"

struct master;
struct supervised;

/* What the scoreboard says of the server in a place. */
struct news_server {
	uint32_t id;
	uint32_t downs, checked_downs; /* times that failures of requests, or checks, took it out */
	bool down, checked_down;
	bool checked_up; /* checks have called it up, be it for the first time, and not down since */
};

struct news {
	struct news_server servers[SCOREBOARD_SERVERS]; /* as the last look found them */
	uint64_t counted[LIMITS]; /* of the limits that workers count */
	uint64_t queues_full[SCOREBOARD_POOLS]; /* as their queues counted at the last tick */
	uint64_t errors; /* responses with 5xx */

	struct {
		uint64_t told; /* monotonic microseconds, 0: never */
		uint64_t count; /* since then */
	} limits[LIMITS];
	uint64_t last_tick; /* monotonic microseconds */
	struct later look;
	bool errors_high;
	unsigned calm; /* ticks in a row that were below alert-errors */
};

/* Before the first worker is started. */
void news_init(struct master *master);
void news_close(struct master *master);

/* To be called about once a second, `now` in monotonic microseconds. */
void news_tick(struct master *master, uint64_t now);

/* A worker says that a server went down or came up: has it looked at once a turn, however many say so. */
void news_expect(struct master *master);

/* Something has happened to a worker or its last process. `text` is "" for the types that have none. */
void news_worker(struct supervised *process, enum event_type type, const char *text);

/* The same of the prober. */
void news_prober(struct supervised *process, enum event_type type, const char *text);

/* The same of an instance of an app. Its death is told between the lines of its output, too. */
void news_instance(struct supervised *process, enum event_type type, const char *text);

/* Something has happened to the server in that place; text as above. */
void news_server(struct master *master, unsigned server, enum event_type type, const char *text);

/* Something has happened to a name of servers. */
struct master_name;
void news_name(struct master *master, const struct master_name *name, enum event_type type, const char *text);

/* The same of an app; `by` whoever asks for it. */
struct app;
void news_app(const struct app *app, enum event_type type, const char *text);
void news_app_scaled(const struct app *app, unsigned from, unsigned to);

void news_scaled(struct master *master, unsigned from, unsigned to);

/* The file was read again: EVENT_RELOADED or EVENT_RELOAD_FAILED. */
void news_reload(struct master *master, enum event_type type, const char *text);
void news_stopping(struct master *master, bool graceful);

#endif
