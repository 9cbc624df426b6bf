/*
 * droverctl: the control socket for people. Reads the command line, asks drover
 * which methods there are, and shows what it answers.
 */
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/digest.h"
#include "ctl/follow.h"
#include "ctl/help.h"
#include "ctl/logs.h"
#include "ctl/memory.h"
#include "ctl/methods.h"
#include "ctl/render.h"
#include "ctl/style.h"
#include "ctl/top.h"

enum { TIMEOUT_STANDARD = 35 }; /* seconds: longer than what waits in drover, which answers after 30 */
static const uint64_t answer_time = 5 * CLOCK_SECOND;

static const char help_text[] =
    "usage: droverctl [-j] [-S SOCKET] [-t SECONDS] METHOD [NAME=VALUE ...]\n"
    "       droverctl [-j] [-S SOCKET] logs APP[/INSTANCE] [-f] [-n LINES]\n"
    "       droverctl [-S SOCKET] top\n"
    "       droverctl [-S SOCKET] -w\n"
    "       droverctl -V | -h\n"
    "\n"
    "  -S SOCKET   the control socket, else DROVER_CONTROL of the environment, else\n"
    "              " DROVER_RUNDIR "/control.sock\n"
    "  -j          print results as JSON, a line each\n"
    "  -t SECONDS  how long to wait for an answer (35)\n"
    "  -f          logs: go on with what comes\n"
    "  -n LINES    logs: how many of the last lines (100)\n"
    "  -i INSTANCE logs APP: of this instance alone\n"
    "  -w          print the words that a shell completes\n"
    "  -V          print the version; so does --version\n"
    "  -h          print this; so does --help\n"
    "\n"
    "`droverctl help` lists the methods, `droverctl help METHOD` tells about one,\n"
    "`droverctl watch` follows events, `droverctl logs APP -f` the output of an app,\n"
    "`droverctl top` shows everything live.\n"
    "droverctl(8) and drover-control(7) tell the rest.\n";

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* ---- the command line */

static int
usage_error(const char *what, const char *detail)
{
	return complain(EXIT_USAGE, "%s%s (`droverctl -h` shows the options)", what, detail);
}

/* Seconds, or a duration with its unit. */
static int
timeout_read(struct options *o, const char *text)
{
	uint64_t seconds;

	o->timed = true;
	if (text_to_number(text, &seconds) && seconds > 0 && seconds < 1000000) {
		o->timeout = seconds * CLOCK_SECOND;
		return -1;
	}
	if (text_to_duration(text, &o->timeout) && o->timeout > 0 && o->timeout < 1000000 * CLOCK_SECOND)
		return -1;
	return usage_error("-t wants seconds, or a time such as 500ms or 2m, not ", text);
}

/* What a line of options asks for besides a method. */
struct wanted {
	bool words;
	struct logs_options logs;
};

/* -1: go on. Else the status to end with. */
static int
option_read(struct options *o, struct wanted *wanted, int option, const char *last)
{
	char letter[] = { '-', (char)optopt, '\0' };

	switch (option) {
	case 'S':
		o->path = optarg;
		return -1;
	case 'j':
		o->json = true;
		return -1;
	case 't':
		return timeout_read(o, optarg);
	case 'w':
		wanted->words = true;
		return -1;
	case 'f':
		wanted->logs.follow = true;
		return -1;
	case 'n':
		wanted->logs.lines = optarg;
		return -1;
	case 'i':
		wanted->logs.instance = optarg;
		return -1;
	case 'V':
		puts("droverctl " PACKAGE_VERSION);
		return EXIT_DONE;
	case 'h':
		fputs(help_text, stdout);
		return EXIT_DONE;
	case ':':
		return usage_error("an option lacks its argument: ", letter);
	default:
		return usage_error("there is no such option: ", strncmp(last, "--", 2) == 0 ? last : letter);
	}
}

static int
options_read(struct options *o, struct wanted *wanted, int argc, char **argv)
{
	int option, end = -1;

	opterr = 0;
	while (end < 0 && (option = getopt_long(argc, argv, ":S:jt:wfn:i:Vh", long_options, NULL)) != -1)
		end = option_read(o, wanted, option, argv[optind > 0 ? optind - 1 : 0]);
	o->path = client_path(o->path);
	if (end < 0 && !wanted->words && optind == argc)
		return usage_error("a method is missing", "");
	return end;
}

/* ---- carrying it out */

static int
run_call(const struct options *o, struct client *c, const char *method, json_t *params, const struct style *style)
{
	json_t *result, *shorter;
	int end = ask(o, c, method, params, &result);

	if (end != 0)
		return end;
	shorter = o->json ? NULL : digest(method, result);
	if (o->json)
		render_json(stdout, result);
	else
		render(stdout, shorter != NULL ? shorter : result, style);
	json_decref(shorter);
	end = json_is_false(json_object_get(result, "succeeded")) ? EXIT_REFUSED : EXIT_DONE;
	json_decref(result);
	return end;
}

/* `droverctl help scale` is `help method=scale` to drover. `name` is NULL or an argument. */
static int
run_help(const struct options *o, struct client *c, json_t *methods, const char *name, const struct style *style)
{
	struct error err;
	json_t *method = NULL, *params;
	int end;

	if (name != NULL) {
		name = strncmp(name, "method=", 7) == 0 ? name + 7 : name;
		method = methods_find(methods, name, &err);
		if (method == NULL)
			return complain(EXIT_USAGE, "%s", err.text);
	}
	if (o->json) {
		params = name == NULL ? json_object() : json_pack("{s:s}", "method", name);
		end = run_call(o, c, "help", memory_need(params), style);
		json_decref(params);
		return end;
	}
	if (method != NULL)
		help_one(stdout, method, style);
	else
		help_all(stdout, methods, style);
	return EXIT_DONE;
}

/* The same question, with as much time as it asks drover to wait for. */
static int
run_call_patiently(const struct options *o, struct client *c, json_t *method, json_t *params, const struct style *style)
{
	struct options patient = *o;
	uint64_t wait = methods_wait(method, params);

	if (!o->timed && wait + answer_time > o->timeout)
		patient.timeout = wait + answer_time;
	return run_call(&patient, c, json_string_value(json_object_get(method, "method")), params, style);
}

static bool
is_logs(const char *method)
{
	return method != NULL && strcmp(method, "logs") == 0;
}

/* The parameters of a method, from its arguments and options. NULL with a sentence. */
static json_t *
params_read(const struct wanted *wanted, json_t *method, char *const *arguments, struct error *err)
{
	char **all;
	json_t *params;
	int count = 0;

	while (arguments[count] != NULL)
		count++;
	all = logs_arguments(&wanted->logs, arguments, &count);
	params = methods_params(method, count, all, err);
	logs_arguments_free(all);
	return params;
}

static int
run_method(const struct options *o, const struct wanted *wanted, struct client *c, json_t *methods, char *const *arguments)
{
	struct error err;
	struct style style;
	json_t *method, *params;
	int count = 0, end;

	style_read(&style, STDOUT_FILENO);
	while (arguments[count] != NULL)
		count++;
	if (strcmp(arguments[0], "help") == 0 && count <= 2)
		return run_help(o, c, methods, arguments[1], &style);
	method = methods_find(methods, arguments[0], &err);
	params = method == NULL ? NULL : params_read(wanted, method, arguments + 1, &err);
	if (params == NULL)
		return complain(EXIT_USAGE, "%s", err.text);
	if (strcmp(arguments[0], "watch") == 0 || is_logs(arguments[0])) {
		end = is_logs(arguments[0]) ? logs(o, c, params, &style) : follow(o, c, &follow_watch, params, &style);
		c->fd = -1;
		c->bytes = NULL;
	} else {
		end = run_call_patiently(o, c, method, params, &style);
	}
	json_decref(params);
	return end;
}

static int
run(const struct options *o, const struct wanted *wanted, char *const *arguments)
{
	struct client c;
	json_t *methods;
	int end;

	if (logs_options_are_given(&wanted->logs) && !is_logs(arguments[0]))
		return usage_error("-f, -n and -i are options of logs alone", "");
	if (!wanted->words && strcmp(arguments[0], "top") == 0) {
		if (arguments[1] != NULL)
			return usage_error("top takes no parameters, such as ", arguments[1]);
		return top(o);
	}
	end = ask_open(o, &c);
	if (end != 0)
		return end;
	end = ask_methods(o, &c, &methods);
	if (end == 0) {
		if (wanted->words)
			help_words(stdout, o, &c, methods);
		else
			end = run_method(o, wanted, &c, methods, arguments);
		json_decref(methods);
	}
	client_close(&c);
	return end;
}

/* Or the connection would take the number of a stream that is closed, and get what is printed. Writing there fails. */
static void
standard_streams_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct options o = { .timeout = TIMEOUT_STANDARD * CLOCK_SECOND };
	struct wanted wanted = { 0 };
	int end;

	standard_streams_open();
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	end = options_read(&o, &wanted, argc, argv);
	if (end < 0)
		end = run(&o, &wanted, argv + optind);
	return output_end(end);
}
