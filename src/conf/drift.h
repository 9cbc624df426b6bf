/* What differs between two configurations (conf/compare.h), as JSON. Pure. Master only. */
#ifndef DROVER_CONF_DRIFT_H
#define DROVER_CONF_DRIFT_H

#include <jansson.h>
#include <stdbool.h>

struct conf;
struct conf_drift;

/* Both are to stay as they are until conf_drift_free; `hide` as in conf_writer_new. NULL: no memory. */
struct conf_drift *conf_drift_new(const struct conf *from, const struct conf *to, bool hide);

enum conf_drift_step {
	CONF_DRIFT_MORE, /* not over yet */
	CONF_DRIFT_OVER,
	CONF_DRIFT_FAILED /* no memory */
};

/*
 * Looks at one section, and adds what differs to the array `found`: {"what":"pool web
 * balance","from":"round-robin","to":"random"}. A whole section that came or went is its
 * object, against null.
 */
enum conf_drift_step conf_drift_continue(struct conf_drift *drift, json_t *found);

/* NULL is allowed. */
void conf_drift_free(struct conf_drift *drift);

#endif
