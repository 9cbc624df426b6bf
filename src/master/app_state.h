/*
 * What the master holds of each app and each process of it, for the files of this
 * folder alone: apps.c (apps, verbs), instances.c (what is special to them in supervised.h),
 * instance_start.c (processes), rolls.c (replacing them). Master.
 */
#ifndef DROVER_MASTER_APP_STATE_H
#define DROVER_MASTER_APP_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/group.h"
#include "app/launch.h"
#include "app/output.h"
#include "app/place.h"
#include "app/ready.h"
#include "base/error.h"
#include "conf/conf.h"
#include "ipc/health.h"
#include "master/apps.h"
#include "master/supervised.h"
#include "net/loop.h"
#include "supervise/fleet.h"

struct master;

/* A configuration that was read later than the master's own; freed with its last user. */
struct app_source {
	unsigned users;
	struct conf *conf;
};

/* How an app is run: a pool of the master's own configuration, or of a later one. */
struct app_definition {
	const struct conf *conf;
	const struct conf_pool *pool;
	struct app_source *source; /* NULL: the master's own */
};

/* What is kept of a number from process to process. */
struct app_history {
	struct master_app_death last_death;
	unsigned restarts;
};

/* A seat: one process at a time. */
struct instance {
	uint32_t magic;
	struct app *app;
	unsigned seat, number;
	struct supervised process;
	const char *stale; /* why another one is to come in its stead; NULL: none is */
	uint64_t stale_since; /* monotonic microseconds */
	uint64_t roll; /* number of the roll-out that was running when its process was started; 0: none */
	uint64_t no_recycling_before; /* monotonic microseconds: another one in its stead did not get ready */
	struct app_definition definition; /* that its process runs by */
	struct app_place place;
	struct app_group group;
	struct app_output output;
	bool output_open;
	struct app_ready check;
	int failure; /* tells why it could not be started; -1: closed */
	struct watch failure_watch;
	char failure_text[MASTER_WORDS_MAX]; /* "": it was started */
	bool failure_lasts; /* a second start would end the same way */
	bool lacked; /* it could not be started for want of processes, memory or descriptors */
	int server; /* place on the scoreboard, -1: none */
	bool due; /* its pause is over, or it had failed and was asked for: it is started again when it is its turn */
	char fault[96 + HEALTH_CHECK_TEXT]; /* why it was killed, and what its last check said then */
	unsigned failed_starts; /* in a row */
	uint64_t age_limit; /* microseconds, 0: none; as the next, with this process' own jitter */
	uint64_t request_limit;
	struct app_usage usage; /* as it was looked at last */
	uint64_t usage_at; /* monotonic microseconds, 0: not yet */
	double cpu; /* percent of one processor */
	unsigned over_memory; /* looks in a row */
	uint64_t check_seen; /* wall clock, microseconds: the last check that was looked at */
	uint32_t run_seen; /* how many were alike until then */
	unsigned silences; /* checks in a row that got no answer */
	bool deaf; /* it was ready, and nobody listens at its place any more */
};

#define INSTANCE_MAGIC 0x696e7374u

struct app {
	struct master *master;
	unsigned pool; /* index in conf.pools */
	struct app_definition definition; /* by which instances are started */
	struct app_definition before; /* of a roll-out with another one: what it goes back to; pool NULL: nothing */
	unsigned desired;
	bool told; /* that so many are ready */
	struct instance **seats;
	struct fleet_seat *view; /* what fleet_next is told of each; as much room */
	unsigned seat_count, seat_room;
	bool starved; /* one is wanted that there was no memory for */
	struct app_history *histories; /* by number */
	unsigned history_count;
	struct app_journal *journal;
	struct master_roll roll;
	struct later adjust;
};

struct apps {
	struct app *all;
	size_t count;
	struct app_places places;
	struct launch_origin origin;
	struct later reap; /* of those that have died, the rest */
	struct timer tick;
	size_t tick_app; /* where the last tick ended */
	unsigned tick_seat;
	bool stopping;
	bool hurried; /* and at once */
};

/* ---- apps.c */

/* Before the limits of this process are raised. */
void apps_remember_origin(struct apps *apps);

/* Makes one for each app of the configuration. -1: no memory. */
int apps_init(struct master *master);
void apps_close(struct master *master);

/* Starts what is wanted. */
void apps_start(struct master *master);

/* Ends all instances; `graceful`: within stop-timeout. */
void apps_stop(struct master *master, bool graceful);
bool apps_are_gone(const struct master *master);

/* Has those looked at that may be too many or too few. */
void app_adjust_soon(struct app *app);

/* What workers know of an app beside its servers. */
void app_show(struct app *app);

struct app *app_at(const struct master *master, unsigned pool); /* NULL: that pool is none */

/*
 * From now on the app of that pool is run as in `to`, which is part of source->conf: its instances are replaced, and if
 * the first new ones do not get ready it is run as before. How many there are stays. `source` has one user more then. -1 with a sentence.
 */
int app_adopt(struct master *master, unsigned pool, struct app_source *source, const struct conf_pool *to, struct error *err);
struct app_source *app_source_new(struct conf *conf); /* one user; NULL: no memory, and conf stays the caller's */
void app_source_release(struct app_source *source); /* NULL is allowed */

/* ---- reload.c */

/* How many instances the file asks for, as it was read last. */
unsigned app_configured(const struct app *app);

/* ---- instances.c */

extern const struct supervised_kind instance_kind;

/* It can take requests. */
void instance_is_ready(struct instance *instance);

/* Somebody listens at its place. */
void instance_listens(struct instance *instance);

/* It is started again, behind a pause that is over or as it was asked for. */
void instance_restart(struct instance *instance);

/* The state that it is in for all who ask: one that had failed and is due is in a pause. */
enum child_state instance_state(const struct instance *instance);

/* Its process cannot be used, and is killed. */
void instance_fail(struct instance *instance, const char *why);

/* A process is gone. false: it was not that of an instance. */
bool instances_reap(struct master *master, pid_t pid);

/* Nothing is left on the server in that place, and it is free. */
void apps_server_gone(struct master *master, unsigned server);

/* One that is at work and has not answered `fall` checks in a row is killed. */
void instance_look_at_health(struct instance *instance);

/* What checks say of that server has changed. */
void apps_health_changed(struct master *master, unsigned server);

/* Requests have taken that server out, or found it still down. */
void apps_server_failed(struct master *master, unsigned server);

struct app_history *instance_history(const struct instance *instance);

/* ---- instance_start.c */

struct instance *app_free_seat(struct app *app); /* one with nobody in it; NULL: no memory */
void instance_free(struct instance *instance);

/* Makes its process and its server. -1 with a sentence. */
int instance_start(struct instance *instance, struct error *err);

/* Calls instance_listens as soon as that is so, until app_ready_end. */
void instance_look_whether_listens(struct instance *instance);

/* Reads why its process could not be started, if it says so now. */
void instance_hear_failure(struct instance *instance);

/* Its server takes no more requests, and is gone when nothing is left on it. */
void instance_leave(struct instance *instance);

/* Takes in the last words of a process that is gone. */
void instance_close_output(struct instance *instance);

/* What was open for a process that is gone, and its place. */
void instance_clear(struct instance *instance);

/* In a forked child: closes copies of what belongs to instances. */
void apps_close_copies(struct master *master);

/* ---- rolls.c */

/* Replaces all (-1) or those of a number. `why` for people. */
void roll_begin(struct app *app, int number, const char *why);

/* An instance did not get ready, or ended. true: that ended a roll-out, or a replacement, and its seat is free. */
bool roll_failed(struct instance *instance, bool given_up);

/* An instance is ready, which may be one of the new ones. */
void roll_count(const struct instance *instance);

/* To be called when instances have come or gone. */
void roll_look(struct app *app);

/* Replaces those that have lived for long enough. To be called about once a second. */
void instance_recycle(struct instance *instance, uint64_t now);

#endif
