/*
 * What people want to see first of a reply that has much more: the apps and their
 * instances, a short line each. All of it is in the reply itself (-j). droverctl.
 */
#ifndef DROVER_CTL_DIGEST_H
#define DROVER_CTL_DIGEST_H

#include <jansson.h>

/* Of a reply of `method`: owned by the caller. NULL: it is shown as it is. */
json_t *digest(const char *method, json_t *result);

#endif
