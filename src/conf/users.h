/*
 * Users and the hashes of their passwords, as `auth-users` names a file of them:
 * lines NAME:HASH, as htpasswd(1) writes them. The table is one run of bytes
 * without pointers, so that a new one can be handed to processes that run. Made in the
 * master, used in workers.
 */
#ifndef DROVER_CONF_USERS_H
#define DROVER_CONF_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

enum {
	CONF_USERS_MAX = 2000, /* in one file: to read them takes about a millisecond */
	CONF_USERS_FILES_MAX = 64,
	CONF_USER_NAME_MAX = 128 /* bytes */
};

struct conf_users;

/* Reads a file. NULL with all that is wrong, "FILE:LINE: sentence" each; *errors is filled anew. The table is for free(). */
struct conf_users *conf_users_load(const char *file, struct conf_errors *errors);

/* The same from text, for tests and fuzzing. */
struct conf_users *conf_users_load_text(const char *text, size_t length, const char *name, struct conf_errors *errors);

size_t conf_users_count(const struct conf_users *users);

/* All of its bytes, to be handed on. */
size_t conf_users_size(const struct conf_users *users);

/* Whether `size` bytes are such a table, as far as its beginning tells. */
bool conf_users_are_whole(const struct conf_users *users, size_t size);

/* The hash of a user, borrowed; NULL: there is none of that name. */
const char *conf_users_find(const struct conf_users *users, const char *name, size_t length);

/*
 * The hash of some user, always the same for the same `seed`: to spend as much time
 * on a name that is not there as on one that is. NULL: there are no users.
 */
const char *conf_users_decoy(const struct conf_users *users, uint64_t seed);

/* How one table differs from another. */
struct conf_users_change {
	size_t users; /* now */
	size_t added, removed, changed;
};

void conf_users_compare(
    const struct conf_users *before, const struct conf_users *now, struct conf_users_change *change);

/* Whether everybody on the machine may read the file, which is told in a sentence. */
bool conf_users_are_public(const char *file, char *sentence, size_t size);

#endif
