/*
 * Typed values: text of the configuration to a field of struct conf and back.
 * Master only.
 */
#ifndef DROVER_CONF_VALUE_H
#define DROVER_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "conf/options.h"

enum { CONF_VALUE_MAX = 128, CONF_RANGE_MAX = 256 };

struct conf_type {
	const char *name; /* in `drover -L options` */
	bool list; /* read() adds an element each time */
	bool quoted; /* written between quotes */

	/*
	 * Sets the field of `base`, the struct that the section fills. -1: refused, with a
	 * sentence of its own in *err or none, which stands for "NAME is RANGE, not TEXT".
	 */
	int (*read)(const struct conf_option *option, void *base, const char *text, struct error *err);

	/* The i-th value (0 but for lists) as text, in `space` or borrowed; NULL: unset, or no such element. */
	const char *(*write)(
	    const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX]);

	/* What is allowed, for people: "a number from 1 to 256". */
	void (*describe)(const struct conf_option *option, char *to, size_t size);
};

extern const struct conf_type conf_type_number, conf_type_time, conf_type_size, conf_type_boolean,
    conf_type_choice, conf_type_workers, conf_type_balance, conf_type_hash_key, conf_type_name, conf_type_file, conf_type_log,
    conf_type_mode, conf_type_user, conf_type_group, conf_type_owner, conf_type_owner_group,
    conf_type_networks, conf_type_resolvers, conf_type_rate, conf_type_hosts, conf_type_paths, conf_type_people,
    conf_type_token, conf_type_request_rules, conf_type_response_rules, conf_type_redirect,
    conf_type_respond, conf_type_error_pages, conf_type_prefix, conf_type_replacement, conf_type_media,
    conf_type_realm, conf_type_field, conf_type_fields, conf_type_methods, conf_type_ask,
    conf_type_origins, conf_type_switch, conf_type_field_name, conf_type_sticky;

/* The usable cores of this machine, 1 .. CONF_WORKERS_MAX; what `auto` stands for. */
uint32_t conf_usable_cores(void);

/* Writes "a, b or c". */
void conf_words_describe(const char *const *words, char *to, size_t size);

/* Refuses a text that is none of the words: always -1, with a sentence when one is near enough to be meant. */
int conf_words_refuse(
    const struct conf_option *option, const char *const *words, const char *text, struct error *err);

/* How many bytes of a value, as its type writes it, can be shown: all, or with `hide` what is not secret. */
size_t conf_value_shown(const struct conf_option *option, const char *text, bool hide);

/* What stands for the rest. */
#define CONF_VALUE_HIDDEN "***"

/* Sets the field of an option from text. -1 with a sentence that begins with the name of the option. */
int conf_value_read(const struct conf_option *option, void *base, const char *text, struct error *err);

/* Sets the field to its default, if it has one. */
int conf_value_default(const struct conf_option *option, void *base, struct error *err);

#endif
