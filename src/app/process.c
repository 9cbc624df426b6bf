#include "app/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

bool
process_number(const char *text, unsigned skip, uint64_t *number)
{
	char *end;

	text += strspn(text, " ");
	for (; skip > 0; skip--) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0;
}

static bool
memory_read(pid_t pid, struct process_figures *figures)
{
	char path[PATH_ROOM], text[256];
	uint64_t resident, shared, page = (uint64_t)sysconf(_SC_PAGESIZE);

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if (process_read_file(path, text, sizeof text) <= 0 || !process_number(text, 1, &resident) ||
	    !process_number(text, 2, &shared))
		return false;
	figures->shared = shared * page;
	figures->own = resident > shared ? (resident - shared) * page : 0;
	return true;
}

static bool
cpu_read(pid_t pid, struct process_figures *figures)
{
	char path[PATH_ROOM], text[1024];
	uint64_t ticks, sum = 0;
	const char *at;
	unsigned i;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (process_read_file(path, text, sizeof text) <= 0)
		return false;
	/* the second field is a name that may have blanks and brackets in it; behind it 11 until utime stime cutime cstime */
	at = strrchr(text, ')');
	for (i = 0; i < 4; i++) {
		if (at == NULL || !process_number(at + 1, 11 + i, &ticks))
			return false;
		sum += ticks;
	}
	figures->cpu = sum * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
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
