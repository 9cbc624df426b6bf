#include "ctl/digest.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/human.h"
#include "ctl/memory.h"

static const char *
text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static json_int_t
number_of(json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Takes `more`, which goes behind what is there, with `between`. */
static void
text_add(char **text, const char *between, char *more)
{
	char *longer = memory_print("%s%s%s", *text, **text != '\0' ? between : "", more);

	free(*text);
	free(more);
	*text = longer;
}

/* As JSON; takes the text. "" becomes null. */
static json_t *
text_value(char *text)
{
	json_t *value = memory_need(*text != '\0' ? json_string(text) : json_null());

	free(text);
	return value;
}

static void
copy_as(json_t *to, const char *as, json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	memory_need(json_object_set(to, as, value != NULL ? value : json_null()) < 0 ? NULL : to);
}

static void
copy(json_t *to, json_t *from, const char *name)
{
	copy_as(to, name, from, name);
}

static void
set(json_t *to, const char *name, json_t *value)
{
	memory_need(json_object_set_new(to, name, value) < 0 ? NULL : to);
}

/* ---- apps */

/* "3 of 4 ready, 1 failed". */
static json_t *
instances_counted(json_t *counts)
{
	static const char *const others[] = { "starting", "draining", "failed", NULL };
	json_int_t desired = number_of(counts, "desired"), configured = number_of(counts, "configured");
	char *text = memory_print("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " ready", number_of(counts, "ready"), desired);
	const char *const *other;

	for (other = others; *other != NULL; other++)
		if (number_of(counts, *other) > 0)
			text_add(&text, ", ", memory_print("%" JSON_INTEGER_FORMAT " %s", number_of(counts, *other), *other));
	if (configured != desired)
		text_add(&text, ", ", memory_print("%" JSON_INTEGER_FORMAT " configured", configured));
	return text_value(text);
}

/* "running, 2 of 4": of a roll-out. Nothing when there was none. */
static json_t *
roll_told(json_t *roll)
{
	const char *state = text_of(roll, "state");

	if (strcmp(state, "running") == 0)
		return text_value(memory_print("running, %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT,
		    number_of(roll, "replaced"), number_of(roll, "total")));
	return text_value(memory_copy(strcmp(state, "never") == 0 ? "" : state));
}

static json_t *
app_row(json_t *app)
{
	json_t *row = memory_need(json_object());

	copy(row, app, "app");
	set(row, "instances", instances_counted(json_object_get(app, "instances")));
	set(row, "roll", roll_told(json_object_get(app, "roll")));
	copy(row, app, "listen");
	copy(row, app, "command");
	return row;
}

/* ---- instances */

static char *
instance_name(json_t *instance)
{
	return memory_print("%s/%" JSON_INTEGER_FORMAT, text_of(instance, "app"), number_of(instance, "instance"));
}

/* How the process before it ended, if any did. */
static char *
last_death(json_t *instance)
{
	json_t *death = json_object_get(instance, "last-death");
	char duration[HUMAN_MAX];

	if (json_is_true(json_object_get(death, "asked-for")))
		return memory_print("stopped as asked after %s",
		    human_duration(json_number_value(json_object_get(death, "lived-ms")), duration));
	return memory_copy(text_of(death, "text"));
}

/* What is not as usual, and how the last process ended. */
static json_t *
instance_note(json_t *instance)
{
	json_t *next = json_object_get(instance, "next-start-ms");
	char *text = memory_copy(""), duration[HUMAN_MAX];

	if (json_is_true(json_object_get(instance, "being-replaced")))
		text_add(&text, "; ", memory_copy("being replaced"));
	if (json_is_number(next))
		text_add(&text, "; ", memory_print("again in %s", human_duration(json_number_value(next), duration)));
	if (number_of(instance, "lines-lost") > 0)
		text_add(&text, "; ", memory_print("%" JSON_INTEGER_FORMAT " lines lost", number_of(instance, "lines-lost")));
	if (*text_of(instance, "reason") != '\0')
		text_add(&text, "; ", memory_copy(text_of(instance, "reason")));
	else if (json_is_object(json_object_get(instance, "last-death")))
		text_add(&text, "; ", last_death(instance));
	return text_value(text);
}

/* All are on this machine, and sockets in one folder: ":20297" and ".../web/0.sock" are enough. */
static json_t *
instance_address(json_t *instance)
{
	const char *address = text_of(instance, "address"), *at = address + strlen(address);
	unsigned names = 0;

	if (strncmp(address, "127.0.0.1:", 10) == 0)
		return text_value(memory_copy(address + 9));
	while (at > address && names < 2)
		names += *--at == '/';
	return text_value(memory_print("%s%s", at > address ? "..." : "", at));
}

static json_t *
instance_row(json_t *instance)
{
	json_t *row = memory_need(json_object()), *memory = json_object_get(instance, "memory-bytes");
	char bytes[HUMAN_MAX] = "";

	if (json_is_number(memory))
		human_bytes(json_number_value(memory), bytes);
	set(row, "instance", text_value(instance_name(instance)));
	copy(row, instance, "state");
	copy(row, instance, "pid");
	copy(row, instance, "age-ms");
	set(row, "address", instance_address(instance));
	copy(row, instance, "in-flight");
	copy(row, instance, "requests");
	copy(row, instance, "restarts");
	copy_as(row, "cpu-%", instance, "cpu-percent");
	set(row, "memory", text_value(memory_copy(bytes)));
	set(row, "note", instance_note(instance));
	return row;
}

/* ---- output of those that have failed */

static json_t *
output_told(json_t *failed)
{
	char *text = memory_print("%s", text_of(failed, "reason")), when[HUMAN_MAX];
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(failed, "output"), i, line)
		text_add(&text, "\n",
		    memory_print("%s  %s: %s", human_time(text_of(line, "time"), when) ? when : "-", text_of(line, "stream"),
			text_of(line, "text")));
	text_add(&text, "\n", memory_copy("")); /* a text of several lines stands below its name */
	return text_value(text);
}

/* ---- */

static json_t *
app_rows(json_t *apps)
{
	json_t *to = memory_need(json_array()), *app;
	size_t i;

	json_array_foreach(apps, i, app)
		memory_need(json_array_append_new(to, app_row(app)) < 0 ? NULL : to);
	return to;
}

/* Those of an app by their numbers: drover has them in the order of its places. */
static json_t *
instance_rows(json_t *instances)
{
	json_t *sorted = memory_need(json_array()), *to = memory_need(json_array()), *instance, *before;
	size_t i, at;

	json_array_foreach(instances, i, instance) {
		for (at = i; at > 0; at--) {
			before = json_array_get(sorted, at - 1);
			if (strcmp(text_of(before, "app"), text_of(instance, "app")) != 0 ||
			    number_of(before, "instance") <= number_of(instance, "instance"))
				break;
		}
		memory_need(json_array_insert(sorted, at, instance) < 0 ? NULL : sorted);
	}
	json_array_foreach(sorted, i, instance)
		memory_need(json_array_append_new(to, instance_row(instance)) < 0 ? NULL : to);
	json_decref(sorted);
	return to;
}

static json_t *
digest_apps(json_t *result)
{
	json_t *to = memory_need(json_object()), *failed;
	char *name;
	size_t i;

	set(to, "apps", app_rows(json_object_get(result, "apps")));
	set(to, "instances", instance_rows(json_object_get(result, "instances")));
	json_array_foreach(json_object_get(result, "failed-instances"), i, failed) {
		name = instance_name(failed);
		set(to, name, output_told(failed));
		free(name);
	}
	return to;
}

json_t *
digest(const char *method, json_t *result)
{
	if (strcmp(method, "apps") == 0 && json_is_array(json_object_get(result, "instances")))
		return digest_apps(result);
	return NULL;
}
