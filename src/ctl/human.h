/*
 * Single values as people read them: durations and sizes with units, times of the
 * place, nothing as "-". What a number is, its member's name tells, as drover-control(7)
 * promises: "uptime-ms", "client-bytes-in". Pure but for the time zone. droverctl.
 */
#ifndef DROVER_CTL_HUMAN_H
#define DROVER_CTL_HUMAN_H

#include <jansson.h>
#include <stdbool.h>

enum { HUMAN_MAX = 64 }; /* room for each of these, with its NUL */

/* "0.512 ms", "12 ms", "1.2 s", "3 min 12 s", "3 h 4 min", "3 d 4 h". Returns `to`. */
const char *human_duration(double ms, char to[HUMAN_MAX]);

/* "999 B", "12.3 MB": powers of 1000. Returns `to`. */
const char *human_bytes(double bytes, char to[HUMAN_MAX]);

/* "873", "12.3k", "4.1M": powers of 1000. Returns `to`. */
const char *human_count(double count, char to[HUMAN_MAX]);

/* A time as RFC 3339 has it in UTC becomes "2026-01-31 10:30:00" of the place; false: it is none. */
bool human_time(const char *text, char to[HUMAN_MAX]);

/* A member's name for people: without "-ms", which the value says itself. Owned by the caller. */
char *human_name(const char *name, bool utf8);

/*
 * The text of a member's value, owned by the caller. `unit` is NULL, or what a
 * member "unit" beside it says. Objects and arrays become JSON, arrays of plain
 * values a list with commas.
 */
char *human_value(const char *name, const char *unit, json_t *value, bool utf8);

#endif
