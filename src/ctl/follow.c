#include "ctl/follow.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/human.h"
#include "ctl/memory.h"
#include "ctl/printable.h"
#include "ctl/render.h"

enum { RETRY_MS = 1000 };

struct follow {
	const struct options *options;
	const struct style *style;
	struct client client;
	const struct followed *what;
	json_t *params; /* of the method */
	char *started; /* when the drover of the last connection was started; NULL: not known */
	json_int_t last; /* number of the newest that was seen */
};

/* ---- one event */

/* " worker 3 pid 123": what the members say, in their order; the text comes last. */
static void
put_members(FILE *to, json_t *object, const struct style *style)
{
	const char *name;
	json_t *value;
	char *text;

	json_object_foreach(object, name, value) {
		if (strcmp(name, "number") == 0 || strcmp(name, "time") == 0 || strcmp(name, "event") == 0 ||
		    strcmp(name, "text") == 0)
			continue;
		text = human_name(name, style->utf8);
		fprintf(to, " %s", text);
		free(text);
		if (json_is_object(value)) {
			put_members(to, value, style);
			continue;
		}
		text = human_value(name, NULL, value, style->utf8);
		fprintf(to, " %s", text);
		free(text);
	}
}

static const char *
event_name(json_t *notification, json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "event"));

	if (name == NULL)
		name = json_string_value(json_object_get(notification, "method"));
	return name != NULL ? name : "?";
}

char *
follow_line(json_t *notification, const struct style *style)
{
	json_t *params = json_object_get(notification, "params"), *text = json_object_get(params, "text");
	const char *when = json_string_value(json_object_get(params, "time"));
	char *name, *safe, *line = NULL, place[HUMAN_MAX];
	enum paint paint;
	size_t size;
	FILE *to = memory_need(open_memstream(&line, &size));

	name = printable(event_name(notification, params), strlen(event_name(notification, params)), style->utf8);
	paint = paint_of_word(name);
	fprintf(to, "%-19s  %s%s%s", when != NULL && human_time(when, place) ? place : "-", style_begin(style, paint),
	    name, style_end(style, paint));
	put_members(to, params, style);
	if (json_is_string(text)) {
		safe = printable(json_string_value(text), json_string_length(text), style->utf8);
		fprintf(to, ": %s", safe);
		free(safe);
	}
	free(name);
	memory_need(fclose(to) == 0 ? line : NULL);
	return line;
}

const struct followed follow_watch = { .method = "watch", .line = follow_line };

static void
show(struct follow *f, json_t *notification)
{
	json_t *number = json_object_get(json_object_get(notification, "params"), "number");
	char *line;

	if (json_is_integer(number))
		f->last = json_integer_value(number);
	if (f->options->json) {
		render_json(stdout, notification);
		return;
	}
	line = f->what->line(notification, f->style);
	puts(line);
	free(line);
}

/* ---- one connection */

/* Asks when drover was started; whether it is another one than before. */
static int
identify(struct follow *f, bool *other)
{
	const char *started;
	json_t *status;
	int end = ask(f->options, &f->client, "status", NULL, &status);

	if (end != 0)
		return end;
	started = json_string_value(json_object_get(status, "started"));
	*other = f->started != NULL && started != NULL && strcmp(f->started, started) != 0;
	free(f->started);
	f->started = started != NULL ? memory_copy(started) : NULL;
	json_decref(status);
	return 0;
}

/* What the reply tells already. Behind it comes what is newer. */
static void
show_first(struct follow *f, json_t *result)
{
	json_t *first = f->what->first(result), *notification, *newest = json_object_get(result, "newest");
	size_t i;

	json_array_foreach(first, i, notification)
		show(f, notification);
	json_decref(first);
	if (json_is_integer(newest))
		f->last = json_integer_value(newest);
}

/* Begins to follow on a new connection: 0, or the status to end with. */
static int
begin(struct follow *f, bool again)
{
	bool other = false;
	json_t *result;
	int end = identify(f, &other);

	if (end != 0)
		return end;
	if (other)
		f->last = 0;
	if (again) {
		memory_need(json_object_set_new(f->params, "since", json_integer(f->last)) < 0 ? NULL : f->params);
		if (f->what->again != NULL)
			f->what->again(f->params);
		fprintf(stderr, "-- connected again%s\n", other ? ": drover was restarted" : "");
	}
	end = ask(f->options, &f->client, f->what->method, f->params, &result);
	if (end != 0)
		return end;
	if (f->what->first != NULL)
		show_first(f, result);
	json_decref(result);
	return 0;
}

/* Waits for bytes from drover; false when nobody reads the output any more. */
static bool
wait_for_more(const struct follow *f)
{
	struct pollfd p[2] = { { .fd = f->client.fd, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	if (fflush(stdout) != 0)
		return false;
	while (poll(p, 2, -1) < 0)
		;
	return (p[1].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

/* Shows events until the connection ends: true, with why; or until nobody reads: false. */
static bool
show_events(struct follow *f, struct error *err)
{
	enum client_status status;
	json_t *notification;

	for (;;) {
		status = client_receive(&f->client, &notification, 0, err);
		if (status == CLIENT_BROKEN)
			return fflush(stdout) == 0;
		if (status == CLIENT_LATE) {
			if (!wait_for_more(f))
				return false;
			continue;
		}
		if (json_object_get(notification, "method") != NULL)
			show(f, notification);
		json_decref(notification);
	}
}

/* ---- one after another */

/* Tries again, once a second, until somebody listens. false: nobody reads the output. */
static bool
reconnect(struct follow *f)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	do
		if (poll(&p, 1, RETRY_MS) > 0)
			return false;
	while (client_open(&f->client, f->options->path, 0, NULL) != CLIENT_OK);
	return true;
}

/* Goes on with a new connection: 0; or the status to end with; -1: nobody reads the output. */
static int
resume(struct follow *f)
{
	int end;

	do {
		client_close(&f->client);
		if (!reconnect(f))
			return -1;
		end = begin(f, true);
	} while (end == EXIT_UNREACHED); /* who listens may have been about to end, or not have begun */
	return end;
}

static void
interrupted(int number)
{
	(void)number;
	_exit(0);
}

int
follow(const struct options *o, struct client *c, const struct followed *what, json_t *params,
    const struct style *style)
{
	struct follow f = { .options = o, .style = style, .client = *c, .what = what };
	struct sigaction action = { .sa_handler = interrupted };
	struct error err;
	int end;

	f.params = memory_need(json_deep_copy(params));
	sigaction(SIGINT, &action, NULL);
	end = begin(&f, false);
	while (end == 0 && show_events(&f, &err)) {
		fprintf(stderr, "-- %s Waiting for it to come back.\n", err.text);
		end = resume(&f);
	}
	client_close(&f.client);
	json_decref(f.params);
	free(f.started);
	return end < 0 ? EXIT_DONE : end;
}
