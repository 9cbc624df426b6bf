#include "launched.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/object.h"

/* ---- the program that is started */

static void
show_descriptors(void)
{
	int fd;

	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd %d\n", fd);
}

static void
show_status(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[4096];

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "Groups", 6) == 0)
			printf("%s", line);
		else if (strncmp(line, "SigIgn:", 7) == 0)
			/* 32 and 33 are the C library's own, and whoever started the test may have them ignored */
			printf("ignored %llx\n", strtoull(line + 7, NULL, 16) & ~0x180000000ULL);
	if (file != NULL)
		fclose(file);
}

static int
show(int argc, char **argv)
{
	struct rlimit files;
	char directory[4096], null[64];
	mode_t mask = umask(0);
	int i, death = 0;

	show_descriptors();
	show_status();
	getrlimit(RLIMIT_NOFILE, &files);
	printf("files %llu %llu\n", (unsigned long long)files.rlim_cur, (unsigned long long)files.rlim_max);
	printf("policy %d\n", sched_getscheduler(0));
	printf("umask %03o\n", (unsigned)mask);
	printf("ids %u %u %u %u\n", getuid(), geteuid(), getgid(), getegid());
	printf("directory %s\n", getcwd(directory, sizeof directory));
	printf("leads %d\n", getpgrp() == getpid());
	prctl(PR_GET_PDEATHSIG, &death);
	printf("death %d\n", death);
	i = (int)readlink("/proc/self/fd/0", null, sizeof null - 1);
	printf("stdin %.*s\n", i, null);
	printf("pid %d\n", (int)getpid());
	for (i = 0; i < argc; i++)
		printf("argument %d %s\n", i, argv[i]);
	for (i = 0; environ[i] != NULL; i++)
		printf("environment %s\n", environ[i]);
	fprintf(stderr, "this is stderr\n");
	printf("end\n");
	return 0;
}

/* ---- the app */

char self[4096], seen[TEXT_MAX_LENGTH];
static char name[] = "web";
static char *arguments[8];
struct conf conf;
struct conf_pool app;
struct app_place place;
static struct app_group group;
struct launch_origin origin;

/* The environment of drover. */
static const char *const inherited[][2] = { { "PATH", "/usr/bin:/bin" }, { "HOME", "/root" }, { "LC_TIME", "C" },
	{ "SECRET", "1" }, { "PORT", "80" }, { "USER", "root" }, { "NOTIFY_SOCKET", "/run/notify" }, { "LISTEN_FDS", "3" },
	{ "LISTEN_PID", "1" }, { "WATCHDOG_USEC", "1" }, { "DROVER_APP", "x" }, { "HOST", "machine" } };

void
command_set(const char *first, ...)
{
	const char *next = first;
	va_list list;
	size_t count = 0, i;

	for (i = 0; i < app.app.command_count; i++)
		free(arguments[i]);
	va_start(list, first);
	for (; next != NULL; next = va_arg(list, const char *)) {
		ck_assert_uint_lt(count, ARRAY_LENGTH(arguments));
		arguments[count++] = strdup(next);
	}
	va_end(list);
	app.app.command = arguments;
	app.app.command_count = count;
}

void
set_up(void)
{
	struct error err;
	size_t i;

	memset(&conf, 0, sizeof conf);
	memset(&app, 0, sizeof app);
	memset(&group, 0, sizeof group);
	app_place_init(&place);
	conf.uid = app.app.uid = (uid_t)-1;
	conf.gid = app.app.gid = (gid_t)-1;
	app.app.umask = (mode_t)-1;
	app.app.environment_inherit = true;
	app.app.listen = CONF_APP_PORT;
	app.name = name;
	place.kind = CONF_APP_PORT;
	place.port = 20007;
	ck_assert_int_eq(address_parse(&place.address, "127.0.0.1:20007", ADDRESS_CONNECT, &err), 0);
	getrlimit(RLIMIT_NOFILE, &origin.open_files);
	origin.policy = sched_getscheduler(0);
	clearenv();
	for (i = 0; i < ARRAY_LENGTH(inherited); i++)
		setenv(inherited[i][0], inherited[i][1], 1);
	command_set(self, "show", NULL);
}

int
outcome(int failure, struct error *err)
{
	struct pollfd p = { .fd = failure, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	return launch_failure(failure, err);
}

int
start(int errors, pid_t *pid, int *failure)
{
	struct launch launch = { .conf = &conf, .app = &app, .place = &place, .origin = &origin, .number = 3, .group = &group };
	struct error err;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	launch.output = ends[1];
	launch.errors = errors;
	*pid = launch_start(&launch, failure, &err);
	ck_assert_msg(*pid > 0, "%s", err.text);
	ck_assert_int_eq(group.leader, *pid);
	close(ends[1]);
	return ends[0];
}

void
read_all(int fd, char *to)
{
	size_t length = 0;
	ssize_t count;

	while ((count = read(fd, to + length, TEXT_MAX_LENGTH - 1 - length)) > 0)
		length += (size_t)count;
	to[length] = '\0';
	close(fd);
}

pid_t
run_shown(void)
{
	struct error err;
	int failure, status, output;
	pid_t pid;

	output = start(STDERR_FILENO, &pid, &failure);
	ck_assert_msg(outcome(failure, &err) == 0, "%s", err.text);
	read_all(output, seen);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(failure);
	return pid;
}

bool
saw(const char *format, ...)
{
	char line[4096];
	const char *at = seen;
	va_list list;
	size_t length;

	va_start(list, format);
	vsnprintf(line, sizeof line, format, list);
	va_end(list);
	length = strlen(line);
	while ((at = strstr(at, line)) != NULL) {
		if ((at == seen || at[-1] == '\n') && at[length] == '\n')
			return true;
		at += length;
	}
	return false;
}

bool
launched_main(int argc, char **argv, int *status)
{
	bool shows = argc > 1 && strcmp(argv[1], "show") == 0;

	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		*status = EXIT_FAILURE;
	else if (shows)
		*status = show(argc, argv);
	return shows || self[0] == '\0';
}
