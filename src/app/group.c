#include "app/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/process.h"

enum {
	PATH_ROOM = 320, /* of a file in a cgroup */
	PROCESSES_MAX = 64, /* that one call looks at */
	KILL_ROUNDS = 8, /* where the kernel cannot end a cgroup at once: forks in between need another round */
	NAMES_TRIED = 16,
	SWEEP_NAMES = 5000, /* that are looked at: 5 ms */
	LEFTOVER_ROUNDS = 20,
	LEFTOVER_PAUSE_MS = 5
};

/* A cgroup that could not be removed yet. */
struct leftover {
	struct leftover *next;
	char path[];
};

static struct {
	char directory[160]; /* of drover's own cgroup; "": none can be made in it */
	pid_t owner; /* the master */
	struct leftover *leftovers;
} groups;

/* ---- where they are made */

/* Cuts the next word, at a blank or the end of the line, off *text. NULL: the line is at its end. */
static char *
word_next(char **text)
{
	char *word = *text, *end;

	if (word == NULL || *word == '\0' || *word == '\n')
		return NULL;
	end = word + strcspn(word, " \n");
	*text = *end == ' ' ? end + 1 : NULL;
	*end = '\0';
	return word;
}

/*
 * proc(5), mountinfo: "36 35 98:0 ROOT POINT OPTIONS ... - TYPE SOURCE". true when it is a mount of
 * cgroup version 2.
 */
static bool
mount_read(char *line, const char **root, const char **point)
{
	char *word;
	unsigned i;

	*root = *point = NULL;
	for (i = 0; (word = word_next(&line)) != NULL && strcmp(word, "-") != 0; i++) {
		if (i == 3)
			*root = word;
		else if (i == 4)
			*point = word;
	}
	word = word_next(&line);
	return word != NULL && *point != NULL && strcmp(word, "cgroup2") == 0;
}

/* Writes the path in the file system of the cgroup that is called `own` in /proc/self/cgroup. */
static bool
directory_compose(const char *root, const char *point, const char *own)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	/* a path with a backslash has a blank in it, one with ".." lies outside of what can be seen here */
	if (strncmp(own, root, length) != 0 || strchr(point, '\\') != NULL || strstr(own, "/..") != NULL)
		return false;
	own += length;
	if (strcmp(own, "/") == 0)
		own = "";
	return (size_t)snprintf(groups.directory, sizeof groups.directory, "%s%s", point, own) < sizeof groups.directory;
}

/* Of the line "0::PATH" of /proc/self/cgroup. false: this system has no cgroups of version 2. */
static bool
own_cgroup_read(char *to, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[512];
	bool found = false;

	while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		found = (size_t)snprintf(to, size, "%s", line + 3) < size;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static bool
directory_find(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char own[256], line[1024];
	const char *root, *point;
	bool found = false;

	if (file == NULL)
		return false;
	if (own_cgroup_read(own, sizeof own))
		while (!found && fgets(line, sizeof line, file) != NULL)
			found = mount_read(line, &root, &point) && directory_compose(root, point, own);
	fclose(file);
	return found;
}

/* Whether a process may be put into a new cgroup there: writing to both lists of processes is needed. */
static bool
directory_is_ours(void)
{
	char path[PATH_ROOM];
	bool ours;

	snprintf(path, sizeof path, "%s/cgroup.procs", groups.directory);
	if (access(path, W_OK) < 0)
		return false;
	snprintf(path, sizeof path, "%s/drover-%d-try", groups.directory, (int)groups.owner);
	if (mkdir(path, 0755) < 0)
		return false;
	ours = rmdir(path) == 0;
	return ours;
}

/* ---- leaving nothing behind */

/* The master that has made "drover-PID-...", or 0: it is something else. */
static pid_t
owner_of(const char *name)
{
	static const char prefix[] = "drover-";

	if (strncmp(name, prefix, sizeof prefix - 1) != 0)
		return 0;
	return (pid_t)strtol(name + sizeof prefix - 1, NULL, 10);
}

static void
leftover_keep(const char *path)
{
	struct leftover *leftover = malloc(sizeof *leftover + strlen(path) + 1);

	if (leftover == NULL)
		return; /* app_groups_close finds it */
	memcpy(leftover->path, path, strlen(path) + 1);
	leftover->next = groups.leftovers;
	groups.leftovers = leftover;
}

/* Removes the empty cgroups of `owner`, or with 0 those of masters that are gone; theirs may still be ending. */
static void
directory_sweep(pid_t owner)
{
	DIR *directory = opendir(groups.directory);
	unsigned looked = 0;
	const struct dirent *entry;
	char path[PATH_ROOM + sizeof entry->d_name];
	pid_t pid;

	if (directory == NULL)
		return;
	while (looked++ < SWEEP_NAMES && (entry = readdir(directory)) != NULL) {
		pid = owner_of(entry->d_name);
		if (pid <= 0)
			continue;
		if (owner != 0 ? pid != owner : (kill(pid, 0) == 0 || errno != ESRCH))
			continue;
		snprintf(path, sizeof path, "%s/%s", groups.directory, entry->d_name);
		if (rmdir(path) < 0 && errno == EBUSY && owner == 0)
			leftover_keep(path);
	}
	closedir(directory);
}

static void
leftovers_remove(void)
{
	struct leftover **at = &groups.leftovers, *leftover;

	while ((leftover = *at) != NULL) {
		if (rmdir(leftover->path) < 0 && errno == EBUSY) {
			at = &leftover->next;
			continue;
		}
		*at = leftover->next;
		free(leftover);
	}
}

void
app_groups_open(void)
{
	groups.owner = getpid();
	if (!directory_find() || !directory_is_ours()) {
		groups.directory[0] = '\0';
		return;
	}
	directory_sweep(0);
}

/* What was killed a moment ago may still be ending. */
static void
leftovers_wait(void)
{
	unsigned i;

	leftovers_remove();
	for (i = 0; i < LEFTOVER_ROUNDS && groups.leftovers != NULL; i++) {
		poll(NULL, 0, LEFTOVER_PAUSE_MS);
		leftovers_remove();
	}
}

void
app_groups_close(void)
{
	struct leftover *leftover;

	leftovers_wait();
	while ((leftover = groups.leftovers) != NULL) {
		groups.leftovers = leftover->next;
		free(leftover);
	}
	if (groups.directory[0] != '\0')
		directory_sweep(groups.owner);
	groups.directory[0] = '\0';
}

const char *
app_groups_directory(void)
{
	return groups.directory[0] != '\0' ? groups.directory : NULL;
}

/* ---- one of them */

/* false: another name must be tried. */
static bool
cgroup_make(struct app_group *group, const char *app, unsigned seat, unsigned try)
{
	int length = snprintf(group->cgroup, sizeof group->cgroup, try == 0 ? "%s/drover-%d-%s-%u" : "%s/drover-%d-%s-%u.%u",
	    groups.directory, (int)groups.owner, app, seat, try);

	if ((size_t)length < sizeof group->cgroup && mkdir(group->cgroup, 0755) == 0)
		return true;
	group->cgroup[0] = '\0';
	return errno != EEXIST;
}

void
app_group_begin(struct app_group *group, const char *app, unsigned seat)
{
	unsigned try;

	memset(group, 0, sizeof *group);
	leftovers_remove();
	if (groups.directory[0] == '\0' || strchr(app, '/') != NULL)
		return;
	/* processes of the one before may take a while to end */
	for (try = 0; try < NAMES_TRIED && !cgroup_make(group, app, seat, try); try++)
		;
}

/* Writes to a file of the cgroup. -1: errno. */
static int
cgroup_write(const struct app_group *group, const char *name, const char *text)
{
	char path[PATH_ROOM];
	int fd, saved;
	bool written;

	snprintf(path, sizeof path, "%s/%s", group->cgroup, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text)) >= 0;
	saved = errno;
	close(fd);
	errno = saved;
	return written ? 0 : -1;
}

static ssize_t
cgroup_read(const struct app_group *group, const char *name, char *to, size_t size)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof path, "%s/%s", group->cgroup, name);
	return process_read_file(path, to, size);
}

/* Those in the cgroup itself. How many, PROCESSES_MAX at most. */
static size_t
cgroup_processes(const struct app_group *group, pid_t list[PROCESSES_MAX])
{
	char text[PROCESSES_MAX * 12];

	if (group->cgroup[0] == '\0' || cgroup_read(group, "cgroup.procs", text, sizeof text) <= 0)
		return 0;
	return process_list_read(text, list, 0, PROCESSES_MAX);
}

int
app_group_enter(const struct app_group *group)
{
	if (group->cgroup[0] != '\0')
		cgroup_write(group, "cgroup.procs", "0");
	return setpgid(0, 0);
}

void
app_group_started(struct app_group *group, pid_t pid)
{
	group->leader = pid;
	setpgid(pid, pid); /* as the child does: whoever comes first, it is done when either goes on */
}

static void
cgroup_kill(const struct app_group *group)
{
	pid_t list[PROCESSES_MAX];
	size_t count, i;
	unsigned round;

	if (cgroup_write(group, "cgroup.kill", "1") == 0)
		return;
	for (round = 0; round < KILL_ROUNDS && (count = cgroup_processes(group, list)) > 0; round++)
		for (i = 0; i < count; i++)
			kill(list[i], SIGKILL);
}

void
app_group_signal(const struct app_group *group, int number)
{
	if (group->leader > 0)
		kill(-group->leader, number);
	if (group->leader > 0 && getpgid(group->leader) != group->leader)
		kill(group->leader, number); /* it has left its own group: it may join any other of the session */
	if (number == SIGKILL && group->cgroup[0] != '\0')
		cgroup_kill(group);
}

void
app_group_end(struct app_group *group)
{
	app_group_signal(group, SIGKILL);
	group->leader = 0;
	if (group->cgroup[0] != '\0' && rmdir(group->cgroup) < 0 && errno == EBUSY)
		leftover_keep(group->cgroup);
	group->cgroup[0] = '\0';
}

/* ---- what they use */

/* Those that come from the leader. */
static size_t
tree_processes(pid_t leader, pid_t list[PROCESSES_MAX])
{
	size_t count = 1, i;

	list[0] = leader;
	for (i = 0; i < count; i++)
		count = process_children(list[i], list, count, PROCESSES_MAX);
	return count;
}

/* With that of processes that are gone. false: it cannot be told. */
static bool
cgroup_cpu(const struct app_group *group, uint64_t *cpu)
{
	char text[1024];

	return cgroup_read(group, "cpu.stat", text, sizeof text) > 0 &&
	       strncmp(text, "usage_usec ", 11) == 0 && process_number(text, 1, cpu);
}

bool
app_group_usage(const struct app_group *group, struct app_usage *usage)
{
	struct process_figures figures;
	pid_t list[PROCESSES_MAX];
	size_t count = cgroup_processes(group, list), i;
	bool in_cgroup = count > 0;
	uint64_t shared = 0;

	memset(usage, 0, sizeof *usage);
	if (!in_cgroup && group->leader > 0)
		count = tree_processes(group->leader, list);
	for (i = 0; i < count; i++) {
		if (!process_figures(list[i], &figures))
			continue;
		usage->processes++;
		usage->memory += figures.own;
		usage->cpu += figures.cpu;
		if (figures.shared > shared)
			shared = figures.shared;
	}
	usage->memory += shared;
	if (in_cgroup)
		cgroup_cpu(group, &usage->cpu);
	return usage->processes > 0;
}
