#include "app/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"

enum { ROOM_AT_FIRST = 64 };

static const char *const kept[] = { "PATH", "HOME", "LANG", "LC_*", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR" };

/* What a service manager tells its service: see sd_notify(3), sd_listen_fds(3), systemd.exec(5). */
static const char *const drovers_own[] = { "LISTEN_*", "NOTIFY_SOCKET", "WATCHDOG_*", "FDSTORE", "MAINPID", "SYSTEMD_EXEC_PID",
	"INVOCATION_ID", "JOURNAL_STREAM", "MEMORY_PRESSURE_*", "PORT", "DROVER_APP", "DROVER_INSTANCE" };

static const char *const of_the_user[] = { "HOME", "USER", "LOGNAME", "SHELL", "MAIL" };

static size_t
name_length(const char *entry)
{
	return strcspn(entry, "=");
}

/* Whether a name of the list, or with "*" at its end all that begin so, is that of the entry. */
static bool
name_in(const char *entry, const char *const *list, size_t count)
{
	size_t length = name_length(entry), i, part;

	for (i = 0; i < count; i++) {
		part = strcspn(list[i], "*");
		if (list[i][part] == '*' ? length >= part && memcmp(entry, list[i], part) == 0 :
					   length == part && memcmp(entry, list[i], part) == 0)
			return true;
	}
	return false;
}

static char **
entry_find(const struct app_environment *environment, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < environment->count && environment->entries[i] != NULL; i++)
		if (strncmp(environment->entries[i], name, length) == 0 && environment->entries[i][length] == '=')
			return &environment->entries[i];
	return NULL;
}

static bool
room_make(struct app_environment *environment)
{
	size_t room = environment->room * 2;
	char **larger;

	if (environment->count + 1 < environment->room)
		return true;
	larger = reallocarray(environment->entries, room, sizeof *larger);
	if (larger == NULL)
		return false;
	environment->entries = larger;
	environment->room = room;
	return true;
}

/* Takes the entry over, also when it fails; NULL: there was no memory for it. */
static bool
entry_take(struct app_environment *environment, char *entry)
{
	char **there;

	if (entry == NULL || !room_make(environment)) {
		free(entry);
		return false;
	}
	there = entry_find(environment, entry, name_length(entry));
	if (there != NULL) {
		free(*there);
		*there = entry;
		return true;
	}
	environment->entries[environment->count++] = entry;
	environment->entries[environment->count] = NULL;
	return true;
}

static bool
entry_set(struct app_environment *environment, const char *name, const char *value)
{
	char *entry;

	if (value == NULL)
		return true;
	return asprintf(&entry, "%s=%s", name, value) >= 0 && entry_take(environment, entry);
}

static bool
is_inherited(const char *entry, const struct environment_facts *facts)
{
	if (entry[name_length(entry)] != '=' || name_in(entry, drovers_own, ARRAY_LENGTH(drovers_own)))
		return false;
	if (facts->other_user && name_in(entry, of_the_user, ARRAY_LENGTH(of_the_user)))
		return false;
	if (facts->conf->directory != NULL && strncmp(entry, "OLDPWD=", 7) == 0)
		return false;
	if (facts->port && strncmp(entry, "HOST=", 5) == 0) /* some shells have the machine's name there */
		return false;
	return facts->conf->environment_inherit || name_in(entry, kept, ARRAY_LENGTH(kept));
}

static bool
inherited_add(struct app_environment *environment, const struct environment_facts *facts, char *const *inherited)
{
	for (; inherited != NULL && *inherited != NULL; inherited++)
		if (is_inherited(*inherited, facts) && !entry_take(environment, strdup(*inherited)))
			return false;
	if (facts->other_user && (!entry_set(environment, "HOME", facts->home) ||
				     !entry_set(environment, "USER", facts->user) ||
				     !entry_set(environment, "LOGNAME", facts->user)))
		return false;
	return entry_set(environment, "PWD", facts->conf->directory);
}

/* What stands in the configuration. */
static bool
own_add(struct app_environment *environment, const struct environment_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->conf->environment_count; i++)
		if (!entry_take(environment, expand_text(facts->conf->environment[i], &facts->expansion)))
			return false;
	return true;
}

static bool
passed_add(struct app_environment *environment, const char *app)
{
	static const char name[] = "LISTEN_PID=";
	char *entry = calloc(1, sizeof name + LISTEN_PID_ROOM);

	if (entry == NULL)
		return false;
	memcpy(entry, name, sizeof name);
	environment->listen_pid = entry + sizeof name - 1;
	return entry_take(environment, entry) && entry_set(environment, "LISTEN_FDS", "1") &&
	       entry_set(environment, "LISTEN_FDNAMES", app);
}

/* Where it listens, and who it is. */
static bool
place_add(struct app_environment *environment, const struct environment_facts *facts)
{
	if (facts->port && !entry_set(environment, "PORT", facts->expansion.port))
		return false;
	if (facts->port && app_environment_get(environment, "HOST") == NULL && !entry_set(environment, "HOST", "127.0.0.1"))
		return false;
	if (facts->passed && !passed_add(environment, facts->app))
		return false;
	return entry_set(environment, "DROVER_APP", facts->app) &&
	       entry_set(environment, "DROVER_INSTANCE", facts->expansion.instance);
}

int
app_environment_make(struct app_environment *environment, const struct environment_facts *facts,
    char *const *inherited, struct error *err)
{
	*environment = (struct app_environment){ .room = ROOM_AT_FIRST };
	environment->entries = calloc(ROOM_AT_FIRST, sizeof *environment->entries);
	if (environment->entries == NULL)
		return error_set(err, "out of memory");
	if (inherited_add(environment, facts, inherited) && own_add(environment, facts) &&
	    place_add(environment, facts))
		return 0;
	app_environment_free(environment);
	return error_set(err, "out of memory");
}

const char *
app_environment_get(const struct app_environment *environment, const char *name)
{
	char **entry = entry_find(environment, name, strlen(name));

	return entry != NULL ? *entry + strlen(name) + 1 : NULL;
}

void
app_environment_free(struct app_environment *environment)
{
	size_t i;

	for (i = 0; i < environment->count; i++)
		free(environment->entries[i]);
	free(environment->entries);
	memset(environment, 0, sizeof *environment);
}
