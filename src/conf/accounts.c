#include "conf/accounts.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NEAR_MAX = 64, LOOKED_AT_MAX = 1000, /* a directory in the network may have any number of accounts */
	GROUPS_MAX = 65536 /* of one user: the kernel's limit */ };

/* The largest id is (uid_t)-1, which means none. */
static bool
id_parse(const char *text, uint32_t *id)
{
	uint64_t number;

	if (!text_to_number(text, &number) || number >= UINT32_MAX)
		return false;
	*id = (uint32_t)number;
	return true;
}

/* Keeps the candidate in `near` if it is nearer to the word than what is there; "": nothing yet. */
static void
near_keep(char near[NEAR_MAX], const char *word, const char *candidate)
{
	const char *both[] = { near, candidate, NULL };

	if (text_nearest(word, near[0] == '\0' ? both + 1 : both) == candidate)
		snprintf(near, NEAR_MAX, "%s", candidate);
}

/* Says that there is no such account. Always -1. */
static int
account_refuse(struct error *err, const char *what, const char *text, const char *near)
{
	if (near[0] == '\0')
		return error_set(err, "there is no %s \"%.100s\" on this machine", what, text);
	return error_set(
	    err, "there is no %s \"%.100s\" on this machine; did you mean \"%s\"?", what, text, near);
}

static int
user_refuse(const char *text, struct error *err)
{
	char near[NEAR_MAX] = "";
	const struct passwd *entry;
	unsigned i;

	setpwent();
	for (i = 0; i < LOOKED_AT_MAX && (entry = getpwent()) != NULL; i++)
		near_keep(near, text, entry->pw_name);
	endpwent();
	return account_refuse(err, "user", text, near);
}

static int
group_refuse(const char *text, struct error *err)
{
	char near[NEAR_MAX] = "";
	const struct group *entry;
	unsigned i;

	setgrent();
	for (i = 0; i < LOOKED_AT_MAX && (entry = getgrent()) != NULL; i++)
		near_keep(near, text, entry->gr_name);
	endgrent();
	return account_refuse(err, "group", text, near);
}

int
conf_user_find(const char *text, uid_t *uid, struct error *err)
{
	const struct passwd *entry;

	if (id_parse(text, uid))
		return 0;
	entry = getpwnam(text);
	if (entry == NULL)
		return user_refuse(text, err);
	*uid = entry->pw_uid;
	return 0;
}

int
conf_group_find(const char *text, gid_t *gid, struct error *err)
{
	const struct group *entry;

	if (id_parse(text, gid))
		return 0;
	entry = getgrnam(text);
	if (entry == NULL)
		return group_refuse(text, err);
	*gid = entry->gr_gid;
	return 0;
}

/* Those of getgrouplist(3), which says how many there are when there is no room. false: no memory. */
static bool
groups_read(struct conf_account *account, gid_t gid)
{
	int count = 32, room;
	gid_t *larger;

	do {
		room = count;
		larger = reallocarray(account->groups, (size_t)room, sizeof *larger);
		if (larger == NULL)
			return false;
		account->groups = larger;
	} while (getgrouplist(account->name, gid, account->groups, &count) < 0 && count > room && count <= GROUPS_MAX);
	account->group_count = (size_t)(count <= room ? count : room);
	return true;
}

int
conf_account_read(struct conf_account *account, uid_t uid, gid_t gid)
{
	const struct passwd *entry = getpwuid(uid);

	memset(account, 0, sizeof *account);
	if (entry == NULL)
		return 0;
	account->name = strdup(entry->pw_name);
	account->home = strdup(entry->pw_dir);
	if (account->name != NULL && account->home != NULL && groups_read(account, gid))
		return 0;
	conf_account_clear(account);
	return -1;
}

void
conf_account_clear(struct conf_account *account)
{
	free(account->name);
	free(account->home);
	free(account->groups);
	memset(account, 0, sizeof *account);
}
