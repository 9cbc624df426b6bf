/*
 * Apps and their instances as results show them, and what an admin names of them in a
 * parameter. Master.
 */
#ifndef DROVER_CONTROL_APP_VALUES_H
#define DROVER_CONTROL_APP_VALUES_H

#include <jansson.h>

#include "control/command.h"
#include "master/apps.h"

enum { APP_FAILED_SHOWN = 8 }; /* failed instances in a reply that is about something else */

/* The index of the pool of the app of that name. -1: there is none, and the call has failed. */
int app_named(struct call *call, const char *name);

/*
 * The number in the parameter `instance`, -1: it was left out. false: the app has no
 * such instance, and the call has failed.
 */
bool instance_named(struct call *call, unsigned pool, int *number);

/* How many instances there are in each state. */
json_t *value_app_instances(const struct master_app *app);

/* The last roll-out. */
json_t *value_roll(const struct master_roll *roll);

/* How an instance of that pool stands. */
json_t *value_instance(const struct conf_pool *app, const struct master_instance *instance);

/* The failed instances of an app and why, APP_FAILED_SHOWN at most. */
json_t *value_failed_instances(const struct master *master, const struct master_app *app);

/* One that has failed, why, and its last lines of output. */
json_t *value_failed_instance(
    const struct master *master, unsigned pool, const struct master_instance *instance);

#endif
