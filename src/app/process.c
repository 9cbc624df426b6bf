#include "app/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 64, THREADS_MAX = 64 /* that are looked at for children */ };

ssize_t
process_read_file(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t count;

	if (fd < 0)
		return -1;
	count = read(fd, to, size - 1);
	saved = errno;
	close(fd);
	errno = saved;
	if (count >= 0)
		to[count] = '\0';
	return count;
}

static bool
memory_read(pid_t pid, struct process_figures *figures)
{
	char path[PATH_ROOM], text[256];
	uint64_t resident, shared, page = (uint64_t)sysconf(_SC_PAGESIZE);

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if (process_read_file(path, text, sizeof text) <= 0 ||
	    sscanf(text, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2)
		return false;
	figures->shared = shared * page;
	figures->own = resident > shared ? (resident - shared) * page : 0;
	return true;
}

static bool
cpu_read(pid_t pid, struct process_figures *figures)
{
	char path[PATH_ROOM], text[1024];
	uint64_t user, system, children_user, children_system;
	const char *at;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (process_read_file(path, text, sizeof text) <= 0)
		return false;
	/* the second field is a name that may have blanks and brackets in it; from 14 on: utime stime cutime cstime */
	at = strrchr(text, ')');
	if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64
			      " %" SCNu64, &user, &system, &children_user, &children_system) != 4)
		return false;
	figures->cpu = (user + system + children_user + children_system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	return true;
}

bool
process_figures(pid_t pid, struct process_figures *figures)
{
	return memory_read(pid, figures) && cpu_read(pid, figures);
}

size_t
process_list_read(const char *text, pid_t *list, size_t count, size_t room)
{
	char *end;
	long number;

	for (; count < room; text = end) {
		number = strtol(text, &end, 10);
		if (end == text)
			break;
		/* 0: a process that cannot be seen from here, in another namespace */
		if (number > 0 && *end != '\0')
			list[count++] = (pid_t)number;
	}
	return count;
}

static size_t
thread_children(pid_t pid, const char *thread, pid_t *list, size_t count, size_t room)
{
	char path[PATH_ROOM], text[1024];

	snprintf(path, sizeof path, "/proc/%d/task/%.10s/children", (int)pid, thread);
	if (process_read_file(path, text, sizeof text) <= 0)
		return count;
	return process_list_read(text, list, count, room);
}

size_t
process_children(pid_t pid, pid_t *list, size_t count, size_t room)
{
	char path[PATH_ROOM];
	const struct dirent *entry;
	unsigned threads = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (tasks == NULL)
		return count;
	while (count < room && threads < THREADS_MAX && (entry = readdir(tasks)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		count = thread_children(pid, entry->d_name, list, count, room);
		threads++;
	}
	closedir(tasks);
	return count;
}
