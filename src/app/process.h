/* What the kernel tells of one process in /proc. Master. */
#ifndef DROVER_APP_PROCESS_H
#define DROVER_APP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a small file of the kernel whole, as far as it fits, and puts a NUL behind it. Its
 * length, or -1 with errno.
 */
ssize_t process_read_file(const char *path, char *to, size_t size);

struct process_figures {
	uint64_t own, shared; /* resident memory, bytes: what is its alone, and what others may have as well */
	uint64_t cpu; /* microseconds, with that of the children that it has waited for */
};

/*
 * The word of a text that stands behind `skip` others, blanks between them, as a number. false: there is none.
 */
bool process_number(const char *text, unsigned skip, uint64_t *number);

/* false: there is no such process any more. */
bool process_figures(pid_t pid, struct process_figures *figures);

/* Adds the children of a process to the list of `room`, of which `count` are taken. The new count. */
size_t process_children(pid_t pid, pid_t *list, size_t count, size_t room);

/* Adds the numbers in a text with one a line, as in cgroup.procs, or with blanks between. The new count. */
size_t process_list_read(const char *text, pid_t *list, size_t count, size_t room);

#endif
