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
#include "conf/show_json.h"
#include "conf/writer.h"

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

/* The tree and the text say the same. Returns the tree. */
static json_t *
show_json(const struct conf *conf)
{
	json_t *tree = conf_section_json(&conf_section_top, conf, false), *read;
	char *text = conf_writer_all(conf, CONF_FORM_JSON);

	INVARIANT(text != NULL);
	read = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	INVARIANT(read != NULL && json_equal(tree, read));
	json_decref(read);
	free(text);
	return tree;
}

static void
check_same(const struct conf *a, const struct conf *b)
{
	json_t *a_json = show_json(a), *b_json = show_json(b);

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

/* A server could have been added while drover runs, with the same meaning. */
static void
check_servers(const struct conf_pool *pool)
{
	struct dns_question question;
	struct address address;
	struct error err;
	size_t i;

	for (i = 0; i < pool->server_count; i++) {
		const struct conf_server *server = &pool->servers[i];

		INVARIANT(conf_server_from_text(&address, &question, server->name, &err) == 0);
		INVARIANT(address_equal(&address, &server->address));
		INVARIANT((address.length == 0) == (question.name[0] != '\0'));
		INVARIANT(strcmp(question.name, server->question.name) == 0);
	}
}

/* A list that has a user gives its permission. */
static void
check_people(const struct conf_control *control)
{
	const struct conf_people *admins = &control->people[CONF_PERMISSION_ADMIN];
	size_t i;

	for (i = 0; i < admins->uid_count; i++)
		INVARIANT(
		    conf_control_permission(control, admins->uids[i], 7, NULL, 0) == CONF_PERMISSION_ADMIN);
	for (i = 0; i < admins->gid_count; i++)
		INVARIANT(
		    conf_control_permission(control, 7, 7, &admins->gids[i], 1) == CONF_PERMISSION_ADMIN);
}

/* It can be run, and replaced. */
static void
check_app(const struct conf_app *app)
{
	INVARIANT(app->wanted && app->command_count > 0 && app->command[0][0] != '\0');
	INVARIANT(app->listen != CONF_APP_AUTO && app->instances <= CONF_INSTANCES_MAX);
	INVARIANT(app->surge + app->max_unavailable > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = load((const char *)data, size);
	size_t i;

	if (conf == NULL)
		return 0;
	INVARIANT(conf->listener_count > 0 && conf->server_count >= conf->first_app);
	check_round_trip(conf);
	for (i = 0; i < conf->pool_count; i++)
		check_servers(&conf->pools[i]);
	for (i = conf->first_app; i < conf->pool_count; i++)
		check_app(&conf->pools[i].app);
	for (i = 0; i < conf->control_count; i++)
		check_people(&conf->controls[i]);
	conf_free(conf);
	return 0;
}
