/*
 * The configuration file: whatever the bytes are, they make a configuration
 * that is shown in a form that loads again as the same, or at least one error,
 * which says something.
 */
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/object.h"
#include "conf/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of the one of the C library: no fuzzer asks the network for names. */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	(void)name;
	(void)service;
	(void)hints;
	(void)result;
	return EAI_NONAME;
}

static struct conf *
load(const char *text, size_t length)
{
	struct conf_report report = { .file = "fuzz.conf" };
	struct conf_errors errors;
	struct conf *conf = conf_load_bytes(text, length, "fuzz.conf", &report);
	size_t i;

	conf_report_finish(&report, &errors);
	INVARIANT((conf == NULL) == (errors.count > 0));
	for (i = 0; i < errors.count; i++)
		INVARIANT(strlen(errors.lines[i]) > strlen("fuzz.conf: "));
	conf_errors_free(&errors);
	return conf;
}

static void
check_same(const struct conf *a, const struct conf *b)
{
	json_t *a_json = conf_show_json(a), *b_json = conf_show_json(b);

	INVARIANT(json_object_size(a_json) > 30 && json_equal(a_json, b_json));
	json_decref(a_json);
	json_decref(b_json);
}

static void
check_round_trip(const struct conf *conf)
{
	char *shown = conf_show(conf), *again_shown;
	struct conf *again;

	INVARIANT(shown != NULL);
	again = load(shown, strlen(shown));
	INVARIANT(again != NULL);
	again_shown = conf_show(again);
	INVARIANT(again_shown != NULL && strcmp(shown, again_shown) == 0);
	check_same(conf, again);
	free(again_shown);
	free(shown);
	conf_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = load((const char *)data, size);

	if (conf == NULL)
		return 0;
	INVARIANT(conf->listener_count > 0 && conf->pool_count > 0 && conf->server_count >= conf->pool_count);
	check_round_trip(conf);
	conf_free(conf);
	return 0;
}
