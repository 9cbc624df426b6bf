/*
 * The main() of a fuzz target in builds without libFuzzer: runs every file of
 * its corpus once. fuzz_thing reads $SRCDIR/tests/fuzz/corpus/thing, or the files
 * and folders that it is given. One TAP case: a crash leaves it unfinished.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static unsigned replayed;

static void __attribute__((noreturn))
give_up(const char *what, const char *path)
{
	printf("Bail out! %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static void
replay_file(const char *path, size_t length)
{
	uint8_t *bytes = malloc(length > 0 ? length : 1); /* exact: the sanitizer sees a byte read too many */
	FILE *file = fopen(path, "rb");

	if (bytes == NULL || file == NULL || fread(bytes, 1, length, file) != length)
		give_up("cannot read", path);
	fclose(file);
	fprintf(stderr, "%s\n", path); /* the last one in the log is the one that crashed */
	LLVMFuzzerTestOneInput(bytes, length);
	free(bytes);
	replayed++;
}

static void
replay(const char *path)
{
	struct stat st;
	struct dirent **entries;
	char child[4096];
	int count;

	if (stat(path, &st) < 0)
		give_up("cannot read", path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		give_up("cannot list", path);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
			replay(child);
		}
		free(entries[i]);
	}
	free(entries);
}

/* The folder of the program's name: .../fuzz_thing -> thing. */
static void
replay_corpus(const char *program)
{
	const char *name = strrchr(program, '/');
	const char *top = getenv("SRCDIR");
	char path[4096];

	name = name != NULL ? name + 1 : program;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", name);
	replay(path);
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..1\n");
	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1)
		replay_corpus(argv[0]);
	printf("%s 1 - %u inputs replayed\n", replayed > 0 ? "ok" : "not ok", replayed);
	return replayed > 0 ? 0 : 1;
}
