/*
 * Figures as the control socket shows them, the same in every result. Each
 * returns a new reference, or NULL: no memory. Master.
 */
#ifndef DROVER_CONTROL_VALUES_H
#define DROVER_CONTROL_VALUES_H

#include <jansson.h>
#include <stdint.h>

#include "conf/conf.h"
#include "ipc/scoreboard.h"

/* A text; bytes of it that are no UTF-8, as of a character that was cut off, become '?'. */
json_t *value_text(const char *text);

/* The same of bytes, which NUL does not end. */
json_t *value_bytes(const char *bytes, size_t length);

/* A name as above; JSON's null for NULL. */
json_t *value_text_or_null(const char *text);

/* All that is wrong with a file, a line each. */
json_t *value_errors(const struct conf_errors *errors);

/* A pool's name by its index, or null: there is none of that index. */
json_t *value_pool(const struct conf *conf, uint32_t pool);

/* A server's name and address. What stands on the scoreboard may be nonsense, but not what is shown. */
json_t *value_server_name(const struct scoreboard_server *server);
json_t *value_address(const struct address *address);

/* A name of servers as a section of the configuration, as `config` has it; or a server by its address. */
struct master_name;
json_t *value_name_options(const struct master_name *name);

/* A duration: whole milliseconds. */
json_t *value_ms(uint64_t microseconds);

/* A point in time, from microseconds since 1970: "2026-01-31T09:30:00.125Z". */
json_t *value_time(uint64_t wall);

/* "signal 9 (Killed)", "exit status 1": why a process died. */
json_t *value_cause(const struct scoreboard_death *death);

/* How and when a worker, or the prober, died. */
json_t *value_death(const struct scoreboard_death *death);

/*
 * What a histogram holds, from sums[HISTOGRAM_BUCKETS]: how many, and p50, p90,
 * p99, p99.9 and the longest, in milliseconds with three decimals; null when there was nothing.
 */
json_t *value_percentiles(const uint64_t *sums);

/* The same of how long a worker's loop turns took. */
json_t *value_lag(const struct scoreboard_worker *worker);

#endif
