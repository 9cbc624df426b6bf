#include "conf/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "conf/file.h"
#include "conf/password.h"
#include "conf/report.h"

enum { FILE_SIZE_MAX = 1 << 20, USERS_MAGIC = 0x75736572 };

/* A user, behind the places. */
struct entry {
	uint32_t line;
	uint16_t name_length, hash_length;
	char bytes[]; /* name, hash, NUL */
};

/* Places by the hash of the name, twice as many as users or more: where the entry begins, in bytes; 0: free. */
struct conf_users {
	uint32_t magic;
	uint32_t size;
	uint32_t count;
	uint32_t places; /* a power of 2 */
	uint32_t place[];
};

/* What a line says. */
struct line {
	struct text name, hash;
};

static uint32_t
name_hash(const char *name, size_t length)
{
	uint32_t hash = 2166136261u; /* FNV-1a: the names are the admin's own */

	for (; length > 0; name++, length--)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

static size_t
entry_size(const struct line *line)
{
	return (sizeof(struct entry) + line->name.length + line->hash.length + 1 + 3) & ~(size_t)3;
}

static const struct entry *
entry_at(const struct conf_users *users, uint32_t offset)
{
	return (const struct entry *)(const void *)((const char *)users + offset);
}

/* The place of a name, or the free one where it belongs. */
static uint32_t
place_find(const struct conf_users *users, const char *name, size_t length)
{
	uint32_t i = name_hash(name, length) & (users->places - 1);
	const struct entry *entry;

	for (; users->place[i] != 0; i = (i + 1) & (users->places - 1)) {
		entry = entry_at(users, users->place[i]);
		if (entry->name_length == length && memcmp(entry->bytes, name, length) == 0)
			break;
	}
	return i;
}

/* ---- reading */

struct reader {
	const char *text, *end;
	int line; /* that was read last */
	struct conf_report *report;
};

/* The next line with something in it, without what ends it. false: there is none. */
static bool
reader_line(struct reader *r, struct text *line)
{
	while (r->text < r->end) {
		const char *newline = memchr(r->text, '\n', (size_t)(r->end - r->text));
		const char *end = newline != NULL ? newline : r->end;

		*line = (struct text){ r->text, (size_t)(end - r->text) };
		r->text = newline != NULL ? newline + 1 : r->end;
		r->line++;
		if (line->length > 0 && line->bytes[line->length - 1] == '\r')
			line->length--;
		if (line->length > 0 && line->bytes[0] != '#')
			return true;
	}
	return false;
}

static bool
name_is_text(struct text name)
{
	size_t i, n;

	for (i = 0; i < name.length; i += n) {
		n = text_utf8_length(name.bytes + i, name.length - i);
		if (n == 0 || (unsigned char)name.bytes[i] < 0x20 || name.bytes[i] == 0x7f)
			return false;
	}
	return true;
}

/* false: reported. */
static bool
name_check(struct reader *r, struct text name)
{
	if (name.length == 0)
		conf_report_add(r->report, r->line, "the name of the user is missing");
	else if (name.length > CONF_USER_NAME_MAX)
		conf_report_add(r->report, r->line, "the name of a user has at most %d bytes", CONF_USER_NAME_MAX);
	else if (!name_is_text(name))
		conf_report_add(r->report, r->line, "the name of the user is not UTF-8 text");
	else
		return true;
	return false;
}

/* false: reported. */
static bool
hash_check(struct reader *r, const struct line *line)
{
	char hash[PASSWORD_HASH_MAX + 2];
	struct error err;

	if (line->hash.length > PASSWORD_HASH_MAX || memchr(line->hash.bytes, '\0', line->hash.length) != NULL) {
		error_set(&err, "is too long, or no text");
	} else {
		memcpy(hash, line->hash.bytes, line->hash.length);
		hash[line->hash.length] = '\0';
		if (password_hash_check(hash, &err) == 0)
			return true;
	}
	conf_report_add(
	    r->report, r->line, "the hash of %.*s %s", (int)line->name.length, line->name.bytes, err.text);
	return false;
}

/* Takes a line apart: NAME:HASH, and what follows another colon is a comment. false: reported. */
static bool
line_read(struct reader *r, struct text text, struct line *line)
{
	const char *colon = memchr(text.bytes, ':', text.length), *comment;

	if (colon == NULL) {
		conf_report_add(r->report, r->line, "a line is NAME:HASH, as htpasswd writes it");
		return false;
	}
	line->name = (struct text){ text.bytes, (size_t)(colon - text.bytes) };
	line->hash = (struct text){ colon + 1, text.length - line->name.length - 1 };
	comment = memchr(line->hash.bytes, ':', line->hash.length);
	if (comment != NULL)
		line->hash.length = (size_t)(comment - line->hash.bytes);
	return name_check(r, line->name);
}

/* Looks at all lines: how many users there are, and the bytes that their entries take. What is wrong is reported. */
static void
users_survey(struct reader *r, size_t *count, size_t *bytes)
{
	struct text text;
	struct line line;

	while (reader_line(r, &text) && r->report->count < CONF_REPORT_MAX) {
		if (!line_read(r, text, &line) || !hash_check(r, &line))
			continue;
		++*count;
		*bytes += entry_size(&line);
		if (*count == CONF_USERS_MAX + 1)
			conf_report_add(r->report, r->line, "there are more than %d users", CONF_USERS_MAX);
	}
}

static struct conf_users *
users_allocate(size_t count, size_t bytes, struct conf_report *report)
{
	size_t places = 2, size;
	struct conf_users *users;

	while (places < 2 * count)
		places *= 2;
	size = sizeof *users + places * sizeof users->place[0] + bytes;
	users = calloc(1, size);
	if (users == NULL) {
		conf_report_memory(report);
		return NULL;
	}
	users->magic = USERS_MAGIC;
	users->size = (uint32_t)size;
	users->count = (uint32_t)count;
	users->places = (uint32_t)places;
	return users;
}

/* Puts an entry where `at` is. Returns the bytes it takes; 0: the name is there already, which is reported. */
static size_t
users_add(struct conf_users *users, uint32_t at, const struct line *line, struct reader *r)
{
	uint32_t *place = &users->place[place_find(users, line->name.bytes, line->name.length)];
	struct entry *entry = (struct entry *)(void *)((char *)users + at);

	if (*place != 0) {
		conf_report_add(r->report, r->line, "user %.*s is there twice; the first is in line %u",
		    (int)line->name.length, line->name.bytes, entry_at(users, *place)->line);
		return 0;
	}
	entry->line = (uint32_t)r->line;
	entry->name_length = (uint16_t)line->name.length;
	entry->hash_length = (uint16_t)line->hash.length;
	memcpy(entry->bytes, line->name.bytes, line->name.length);
	memcpy(entry->bytes + line->name.length, line->hash.bytes, line->hash.length);
	*place = at;
	return entry_size(line);
}

static struct conf_users *
users_build(struct reader *r, size_t count, size_t bytes)
{
	struct conf_users *users = users_allocate(count, bytes, r->report);
	struct text text;
	struct line line;
	uint32_t at;

	if (users == NULL)
		return NULL;
	at = users->size - (uint32_t)bytes;
	while (reader_line(r, &text))
		if (line_read(r, text, &line))
			at += (uint32_t)users_add(users, at, &line, r);
	if (!r->report->failed)
		return users;
	free(users);
	return NULL;
}

static struct conf_users *
users_read(const char *text, size_t length, struct conf_report *report)
{
	struct reader reader = { text, text + length, 0, report }, again = reader;
	size_t count = 0, bytes = 0;

	users_survey(&reader, &count, &bytes);
	return report->failed ? NULL : users_build(&again, count, bytes);
}

struct conf_users *
conf_users_load_text(const char *text, size_t length, const char *name, struct conf_errors *errors)
{
	struct conf_report report = { .file = name };
	struct conf_users *users = users_read(text, length, &report);

	conf_report_finish(&report, errors);
	return users;
}

struct conf_users *
conf_users_load(const char *file, struct conf_errors *errors)
{
	struct conf_report report = { .file = file };
	struct conf_users *users = NULL;
	size_t length = 0;
	char *text = conf_file_read(file, FILE_SIZE_MAX, &length, &report);

	if (text != NULL)
		users = users_read(text, length, &report);
	if (text != NULL)
		explicit_bzero(text, length);
	free(text);
	conf_report_finish(&report, errors);
	return users;
}

/* ---- using it */

size_t
conf_users_count(const struct conf_users *users)
{
	return users->count;
}

size_t
conf_users_size(const struct conf_users *users)
{
	return users->size;
}

bool
conf_users_are_whole(const struct conf_users *users, size_t size)
{
	return size >= sizeof *users && users->magic == USERS_MAGIC && users->size == size;
}

static const char *
entry_hash(const struct entry *entry)
{
	return entry->bytes + entry->name_length;
}

const char *
conf_users_find(const struct conf_users *users, const char *name, size_t length)
{
	uint32_t at = users->place[place_find(users, name, length)];

	return at != 0 ? entry_hash(entry_at(users, at)) : NULL;
}

const char *
conf_users_decoy(const struct conf_users *users, uint64_t seed)
{
	uint32_t i = (uint32_t)seed & (users->places - 1);

	if (users->count == 0)
		return NULL;
	while (users->place[i] == 0)
		i = (i + 1) & (users->places - 1);
	return entry_hash(entry_at(users, users->place[i]));
}

void
conf_users_compare(const struct conf_users *before, const struct conf_users *now, struct conf_users_change *change)
{
	size_t kept = 0;
	uint32_t i;

	*change = (struct conf_users_change){ .users = now->count };
	for (i = 0; i < now->places; i++) {
		const struct entry *entry = now->place[i] != 0 ? entry_at(now, now->place[i]) : NULL;
		const char *old = entry != NULL ? conf_users_find(before, entry->bytes, entry->name_length) : NULL;

		kept += old != NULL;
		change->added += entry != NULL && old == NULL;
		change->changed += old != NULL && strcmp(old, entry_hash(entry)) != 0;
	}
	change->removed = before->count - kept;
}

bool
conf_users_are_public(const char *file, char *sentence, size_t size)
{
	struct stat status;

	if (stat(file, &status) < 0 || (status.st_mode & S_IROTH) == 0)
		return false;
	snprintf(sentence, size, "everybody on this machine can read the passwords' hashes in %s: chmod o-r", file);
	return true;
}
