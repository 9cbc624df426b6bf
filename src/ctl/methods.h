/*
 * The table of methods as drover itself tells it (`help`), and what a person
 * typed read by it: which method is meant, and "workers=8" as a parameter of its
 * type. Pure but for the question. droverctl.
 */
#ifndef DROVER_CTL_METHODS_H
#define DROVER_CTL_METHODS_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

/* The row of a method (borrowed), or NULL with a sentence that names the nearest. */
json_t *methods_find(json_t *methods, const char *name, struct error *err);

/*
 * Reads "name=value" arguments by the row of their method: an object that the
 * caller owns, or NULL with a sentence. A boolean may stand alone: "wait". Names
 * in "-ms" take values with a unit ("for-ms=30s"), and then may lack the "-ms".
 * Values may stand without their names as one of the method's short forms says: "web 8". What takes
 * an app and an instance of it takes both as "web/0", in the place of the app.
 */
json_t *methods_params(json_t *method, int count, char *const *arguments, struct error *err);

/* The parameter `instance` of a method that takes an app, too (borrowed); else NULL. */
json_t *methods_instance(json_t *method);

/* How long drover is asked to wait, in microseconds: the parameter timeout-ms of a method that has one and `wait`; 0: not so. */
uint64_t methods_wait(json_t *method, json_t *params);

/* How the value of a parameter is written: "INTEGER", "yes|no", "graceful|now", "TEXT". Owned by the caller. */
char *methods_value_form(json_t *param);

#endif
