/*
 * The command line: arguments to a configuration to a running master. The only
 * file that knows all folders; it hands the main functions of workers and prober to the
 * master and the control socket to the loop. Master.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balance/balance.h"
#include "base/object.h"
#include "conf/conf.h"
#include "control/control.h"
#include "control/tables.h"
#include "ipc/counters.h"
#include "master/events.h"
#include "master/master.h"
#include "master/privileges.h"
#include "master/signals.h"
#include "prober/prober.h"
#include "worker/worker.h"

enum { ARGUMENTS_MAX = 256 };

enum what { WHAT_RUN, WHAT_CHECK, WHAT_SHOW };

struct arguments {
	enum what what;
	const char *file; /* NULL: not given */
	const char *control;
	const char *listeners[ARGUMENTS_MAX];
	size_t listener_count;
	const char *servers[ARGUMENTS_MAX];
	size_t server_count;
	const char *instances;
	const char *const *command; /* what stands behind "--" */
	size_t command_count;
	bool separator; /* "--" was there */
	bool daemonize;
};

/* ---- -h, -V, -L */

static const char help_text[] =
    "usage: drover [-dtT] [-c FILE]\n"
    "       drover [-dtT] -l ADDRESS ... -b SERVER ... [-S PATH]\n"
    "       drover [-dtT] -l ADDRESS ... [-n N] [-S PATH] -- COMMAND ...\n"
    "       drover -L TABLE | -V | -h\n"
    "\n"
    "  -c FILE     configuration file (" DROVER_CONF ")\n"
    "  -t          check the configuration and end\n"
    "  -T          print the effective configuration and end\n"
    "  -d          go into the background once the service is up\n"
    "  -l ADDRESS  without a file: accept clients here, such as :8080\n"
    "  -b SERVER   without a file: send their requests here, such as 127.0.0.1:3000\n"
    "  -- COMMAND  without a file: run it, send requests to it; it is told where to\n"
    "              listen by PORT in its environment, or by {port} or {socket}\n"
    "  -n N        so many instances of COMMAND (1); auto: one for each usable core\n"
    "  -S PATH     without a file: control socket\n"
    "  -L TABLE    print a table: options, commands, parameters, errors, states,\n"
    "              counters, algorithms, signals or events\n"
    "  -V          print the version; so does --version\n"
    "  -h          print this; so does --help\n"
    "\n"
    "drover(8) and drover.conf(5) tell the rest.\n";

static int
usage_error(const char *what, const char *detail)
{
	fprintf(stderr, "drover: %s%s\n(`drover -h` shows the options)\n", what, detail);
	return 1;
}

static void
list_algorithms(FILE *to)
{
	const struct balance_algorithm *const *a;

	for (a = balance_algorithms; *a != NULL; a++)
		fprintf(to, "%s\t%s\n", (*a)->name, (*a)->summary);
}

static void
list_counters(FILE *to)
{
	size_t i;

	for (i = 0; i < COUNTER_COUNT; i++)
		fprintf(to, "%s\t%s\t%s\t%s\n", counter_table[i].name,
		    counter_table[i].kind == COUNTER_GAUGE ? "gauge" : "monotonic", counter_table[i].unit,
		    counter_table[i].sentence);
}

static int
list_table(const char *name)
{
	static const struct {
		const char *name;
		void (*list)(FILE *to);
	} tables[] = {
		{ "options", conf_list_options },
		{ "commands", control_list_commands },
		{ "parameters", control_list_parameters },
		{ "errors", control_list_errors },
		{ "states", control_list_states },
		{ "counters", list_counters },
		{ "algorithms", list_algorithms },
		{ "signals", signals_list },
		{ "events", events_list },
	};
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(tables); i++) {
		if (strcmp(tables[i].name, name) != 0)
			continue;
		tables[i].list(stdout);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	return usage_error("there is no table of that name: -L ", name);
}

/* ---- arguments */

static int
list_add(const char **list, size_t *count, const char *text)
{
	if (*count == ARGUMENTS_MAX)
		return usage_error("too many arguments: use a configuration file", "");
	list[(*count)++] = text;
	return 0;
}

/* Of -n and "--": 0, or the exit status to end with. */
static int
command_check(const struct arguments *a)
{
	if (a->separator && a->command_count == 0)
		return usage_error("there is no command behind --: drover -l :8080 -- node server.js", "");
	if (a->separator && a->server_count > 0)
		return usage_error("-b and -- exclude each other: servers that run already, or a command to run", "");
	if (!a->separator && a->instances != NULL)
		return usage_error(
		    "-n is how often a command is run: drover -l :8080 -n 4 -- node server.js", "");
	return 0;
}

/* 0, or the exit status to end with. */
static int
arguments_check(const struct arguments *a)
{
	bool from_arguments = a->listener_count > 0 || a->server_count > 0 || a->separator;

	if (command_check(a) > 0)
		return 1;
	if (from_arguments && a->file != NULL)
		return usage_error("-c stands alone, without -l, -b and --", "");
	if (from_arguments && (a->listener_count == 0 || (a->server_count == 0 && !a->separator)))
		return usage_error("-l and -b, or -l and --, go together: where to listen, and what to front", "");
	if (!from_arguments && a->control != NULL)
		return usage_error("-S goes with -l; a configuration file has `control`", "");
	return 0;
}

/* `last` is the argument that was read. */
static int
option_error(int option, const char *last)
{
	char letter[] = { '-', (char)optopt, '\0' };

	if (option == ':')
		return usage_error("an option lacks its argument: ", letter);
	return usage_error("there is no such option: ", strncmp(last, "--", 2) == 0 ? last : letter);
}

/* -1: go on. Else the exit status to end with. */
static int
arguments_one(struct arguments *a, int option, const char *last)
{
	switch (option) {
	case 'c':
		a->file = optarg;
		return -1;
	case 'd':
		a->daemonize = true;
		return -1;
	case 't':
		a->what = WHAT_CHECK;
		return -1;
	case 'T':
		a->what = WHAT_SHOW;
		return -1;
	case 'l':
		return list_add(a->listeners, &a->listener_count, optarg) == 0 ? -1 : 1;
	case 'b':
		return list_add(a->servers, &a->server_count, optarg) == 0 ? -1 : 1;
	case 'n':
		a->instances = optarg;
		return -1;
	case 'S':
		a->control = optarg;
		return -1;
	case 'L':
		return list_table(optarg);
	case 'V':
		return printf("drover " PACKAGE_VERSION "\n") < 0;
	case 'h':
		return fputs(help_text, stdout) < 0;
	default:
		return option_error(option, last);
	}
}

/* -1: go on. Else the exit status to end with. */
static int
arguments_read(struct arguments *a, int argc, char **argv)
{
	/* What everybody tries first. */
	static const struct option words[] = { { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	int option, status, taken = 1; /* getopt goes past "--" when it ends there */

	while ((option = getopt_long(argc, argv, "+:c:dtTl:b:n:S:L:Vh", words, NULL)) != -1) {
		status = arguments_one(a, option, argv[optind - 1]);
		if (status >= 0)
			return status;
		taken = optind;
	}
	a->separator = optind > taken;
	a->command = (const char *const *)argv + optind;
	a->command_count = (size_t)(argc - optind);
	if (optind < argc && !a->separator)
		return usage_error("a command to run stands behind --, as in -- node server.js; this is no option: ", argv[optind]);
	status = arguments_check(a);
	return status == 0 ? -1 : status;
}

/* ---- the rest */

static struct conf *
configuration_get(const struct arguments *a, struct conf_errors *errors)
{
	const struct conf_arguments given = { .listeners = a->listeners, .listener_count = a->listener_count,
		.servers = a->servers, .server_count = a->server_count, .command = a->command,
		.command_count = a->command_count, .instances = a->instances, .control = a->control };

	if (a->listener_count > 0)
		return conf_from_arguments(&given, errors);
	return conf_load(a->file != NULL ? a->file : DROVER_CONF, errors);
}

static int
configuration_show(const struct conf *conf)
{
	char *text = conf_show(conf);
	int status = text != NULL && fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;

	free(text);
	return status;
}

static void
errors_print(const struct conf_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->count; i++)
		fprintf(stderr, "drover: %s\n", errors->lines[i]);
}

/* For who runs it without arguments and has no file yet. */
static void
hint_print(const struct arguments *a)
{
	if (a->file == NULL && a->listener_count == 0 && access(DROVER_CONF, F_OK) < 0)
		fprintf(stderr,
		    "(without a file: drover -l :8080 -b 127.0.0.1:3000, or drover -l :8080 -- node server.js;\n"
		    "`drover -h` shows the options)\n");
}

/* Says what could not be found: drover starts all the same. */
static void
names_look_up(struct conf *conf)
{
	struct conf_errors warnings;

	conf_look_up(conf, &warnings);
	errors_print(&warnings);
	conf_errors_free(&warnings);
}

/* What the start would end with, in its words: but the file may be meant for one by root. */
static void
privileges_warn(const struct conf *conf)
{
	struct error err;

	if (privileges_check(conf, &err) < 0)
		fprintf(stderr, "drover: warning: %s\n", err.text);
}

static int
configuration_praise(const struct arguments *a, struct conf *conf)
{
	struct conf_errors warnings;

	conf_check_directories(conf, &warnings);
	errors_print(&warnings);
	conf_errors_free(&warnings);
	privileges_warn(conf);
	names_look_up(conf);
	if (a->listener_count > 0)
		return printf("drover: the arguments are good\n") < 0;
	return printf("drover: %s is good\n", a->file != NULL ? a->file : DROVER_CONF) < 0;
}

/* Takes over conf. */
static int
run(const struct arguments *a, struct conf *conf, int argc, char **argv)
{
	struct master_options options = {
		.worker_main = worker_main,
		.prober_main = prober_main,
		.daemonize = a->daemonize,
		.argc = argc,
		.argv = argv,
	};
	struct error err;
	struct master *master = master_new(conf, &options, &err);
	struct control *control;
	int status;

	if (master == NULL) {
		conf_free(conf);
		fprintf(stderr, "drover: %s\n", err.text);
		return 1;
	}
	control = control_open(master, &err);
	if (control == NULL) {
		master_free(master);
		fprintf(stderr, "drover: %s\n", err.text);
		return 1;
	}
	master_on_child(master, control_child, control);
	status = master_run(master);
	control_close(control);
	master_free(master);
	return status;
}

/* Or the first sockets would take the numbers 0 to 2 and get what is written to stderr. */
static void
standard_streams_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct arguments a = { .what = WHAT_RUN };
	struct conf_errors errors;
	struct conf *conf;
	int status;

	standard_streams_open();
	status = arguments_read(&a, argc, argv);
	if (status >= 0)
		return status;
	conf = configuration_get(&a, &errors);
	errors_print(&errors);
	conf_errors_free(&errors);
	if (conf == NULL) {
		hint_print(&a);
		return 1;
	}
	if (a.what == WHAT_RUN) {
		names_look_up(conf);
		return run(&a, conf, argc, argv);
	}
	status = a.what == WHAT_SHOW ? configuration_show(conf) : configuration_praise(&a, conf);
	conf_free(conf);
	return status;
}
