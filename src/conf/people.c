/* Who may do what on a control socket: lists of users and groups, and what they come to. Master only. */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/accounts.h"
#include "conf/conf.h"
#include "conf/field.h"
#include "conf/list.h"
#include "conf/value.h"

/* The field of the option is the list of names, and with it the whole struct. */
_Static_assert(offsetof(struct conf_people, names) == 0, "the names come first");

/* "ops" for "@ops" is the slip that can be told from any other. */
static int
user_find(const char *text, uid_t *uid, struct error *err)
{
	if (conf_user_find(text, uid, err) == 0)
		return 0;
	if (getgrnam(text) == NULL)
		return -1;
	return error_set(err,
	    "there is no user \"%.100s\" on this machine; did you mean the group, \"@%.100s\"?", text, text);
}

static int
uid_add(struct conf_people *people, uid_t uid, struct error *err)
{
	uid_t *larger = reallocarray(people->uids, people->uid_count + 1, sizeof *larger);

	if (larger == NULL)
		return error_set(err, "out of memory");
	people->uids = larger;
	people->uids[people->uid_count++] = uid;
	return 0;
}

static int
gid_add(struct conf_people *people, gid_t gid, struct error *err)
{
	gid_t *larger = reallocarray(people->gids, people->gid_count + 1, sizeof *larger);

	if (larger == NULL)
		return error_set(err, "out of memory");
	people->gids = larger;
	people->gids[people->gid_count++] = gid;
	return 0;
}

static int
id_add(struct conf_people *people, const char *text, struct error *err)
{
	uid_t uid;
	gid_t gid;

	if (text[0] == '@')
		return conf_group_find(text + 1, &gid, err) < 0 ? -1 : gid_add(people, gid, err);
	return user_find(text, &uid, err) < 0 ? -1 : uid_add(people, uid, err);
}

static int
people_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (text[0] == '\0' || strcmp(text, "@") == 0)
		return -1;
	if (conf_list_length(option, base) == CONF_PEOPLE_MAX)
		return error_set(err, "holds at most %d users and groups", CONF_PEOPLE_MAX);
	if (id_add(conf_field(option, base), text, err) < 0)
		return error_prefix(err, "cannot hold \"%.100s\"", text);
	return conf_list_add_string(option, base, strdup(text), err);
}

static void
people_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of users, and of groups with a @ before them, by name or number");
}

const struct conf_type conf_type_people = { "list", true, true, people_read, conf_list_write_string,
	people_describe };

static bool
people_have_user(const struct conf_people *people, uid_t uid)
{
	size_t i;

	for (i = 0; i < people->uid_count; i++)
		if (people->uids[i] == uid)
			return true;
	return false;
}

static bool
people_have_group(const struct conf_people *people, gid_t gid)
{
	size_t i;

	for (i = 0; i < people->gid_count; i++)
		if (people->gids[i] == gid)
			return true;
	return false;
}

bool
conf_people_have(const struct conf_people *people, uid_t uid, gid_t gid, const gid_t *groups, size_t group_count)
{
	size_t i;

	if (people_have_user(people, uid) || people_have_group(people, gid))
		return true;
	for (i = 0; i < group_count; i++)
		if (people_have_group(people, groups[i]))
			return true;
	return false;
}

enum conf_permission
conf_control_permission(
    const struct conf_control *control, uid_t uid, gid_t gid, const gid_t *groups, size_t group_count)
{
	unsigned level;

	for (level = CONF_PERMISSION_ADMIN; level > CONF_PERMISSION_NONE; level--)
		if (conf_people_have(&control->people[level], uid, gid, groups, group_count))
			return (enum conf_permission)level;
	return control->permission;
}
