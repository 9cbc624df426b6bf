/* What tests of configurations have in common: texts that must load, and be shown so that they load again. */
#ifndef DROVER_TESTS_CONF_MUST_H
#define DROVER_TESTS_CONF_MUST_H

#include <jansson.h>

#include "conf/conf.h"

/* The configuration that the text makes. */
struct conf *conf_must_load(const char *text);

/* The JSON of a configuration: the tree and the text say the same. */
json_t *conf_must_show_json(const struct conf *conf);

/* What is shown loads again as the same, and is then shown the same. Returns what is shown. */
char *conf_must_round_trip(const char *text);

#endif
