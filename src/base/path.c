#include "base/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/object.h"

/* Directories that a service manager makes for a service that asks for them. */
static const struct {
	const char *parent;
	const char *setting;
} managed[] = {
	{ "/run/", "RuntimeDirectory" },
	{ "/var/log/", "LogsDirectory" },
};

bool
path_directory_missing(const char *path, char sentence[PATH_SENTENCE_MAX])
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_SENTENCE_MAX / 3];
	struct stat st;
	size_t i, used;

	if (slash == NULL || (size_t)(slash - path) >= sizeof directory)
		return false;
	snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	if (slash == path || stat(directory, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return false;
	used = (size_t)snprintf(
	    sentence, PATH_SENTENCE_MAX, "the directory %s does not exist; create it", directory);
	for (i = 0; i < ARRAY_LENGTH(managed); i++)
		if (strncmp(directory, managed[i].parent, strlen(managed[i].parent)) == 0)
			snprintf(sentence + used, PATH_SENTENCE_MAX - used, " (systemd: %s=%s)",
			    managed[i].setting, directory + strlen(managed[i].parent));
	return true;
}

/* The next part of a path that means anything, and its length; 0: there is none. */
static const char *
part_next(const char *path, size_t *length)
{
	for (;; path++) {
		path += strspn(path, "/");
		*length = strcspn(path, "/");
		if (*length != 1 || path[0] != '.')
			return path;
	}
}

bool
path_equal(const char *a, const char *b)
{
	size_t a_length, b_length;

	do {
		a = part_next(a, &a_length);
		b = part_next(b, &b_length);
		if (a_length != b_length || memcmp(a, b, a_length) != 0)
			return false;
		a += a_length;
		b += b_length;
	} while (a_length > 0);
	return true;
}
