#include "net/port_owner.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

const char *
port_owner_name(pid_t pid, char text[PORT_OWNER_TEXT_MAX])
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (f != NULL) {
		if (fgets(name, sizeof name, f) == NULL)
			name[0] = '\0';
		fclose(f);
	}
	name[strcspn(name, "\n")] = '\0';
	if (name[0] != '\0')
		snprintf(text, PORT_OWNER_TEXT_MAX, "%s (pid %d)", name, (int)pid);
	else
		snprintf(text, PORT_OWNER_TEXT_MAX, "pid %d", (int)pid);
	return text;
}

/*
 * Whether two local addresses of /proc/net/tcp (hexadecimal, as the kernel
 * prints them) exclude each other: the same, or one of them stands for any.
 */
static bool
hosts_collide(const char *host, const char *wanted)
{
	bool any = host[strspn(host, "0")] == '\0' || wanted[strspn(wanted, "0")] == '\0';

	return any || strcmp(host, wanted) == 0;
}

/* The address as /proc/net/tcp prints it: 32-bit words in the byte order of the machine. */
static void
host_to_hex(const struct address *address, char hex[33])
{
	const uint8_t *bytes = (const uint8_t *)&address->socket.in6.sin6_addr;
	size_t words = 4, i;
	uint32_t word;

	if (address->socket.any.sa_family == AF_INET) {
		bytes = (const uint8_t *)&address->socket.in.sin_addr;
		words = 1;
	}
	for (i = 0; i < words; i++) {
		memcpy(&word, bytes + 4 * i, sizeof word);
		snprintf(hex + 8 * i, 9, "%08X", word);
	}
}

/*
 * The inode of a line of the kernel's table, if it is that of a listening socket
 * in the way of host and port ("0100007F:1F90"): "sl local remote state ... inode"
 */
static bool
line_matches(char *line, const char *host, const char *port, uint64_t *inode)
{
	enum { LOCAL = 1, STATE = 3, INODE = 9, COLUMNS };
	char *column[COLUMNS], *rest = line, *colon;
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		column[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
		if (column[i] == NULL)
			return false;
	}
	colon = strchr(column[LOCAL], ':');
	if (colon == NULL || strcmp(column[STATE], "0A") != 0 || strcmp(colon + 1, port) != 0)
		return false;
	*colon = '\0';
	return hosts_collide(column[LOCAL], host) && text_to_number(column[INODE], inode);
}

/* The inode of the socket that listens, or 0. */
static uint64_t
table_find(const char *table, const char *host, const char *port)
{
	char line[512];
	uint64_t inode;
	FILE *f = fopen(table, "re");

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL) {
		if (line_matches(line, host, port, &inode)) {
			fclose(f);
			return inode;
		}
	}
	fclose(f);
	return 0;
}

/* Whether a process has the socket open. */
static bool
process_holds(const char *pid, const char *link_wanted)
{
	char path[300], link[64];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		n = readlinkat(dirfd(dir), entry->d_name, link, sizeof link - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		found = strcmp(link, link_wanted) == 0;
	}
	closedir(dir);
	return found;
}

/* The lowest-numbered holder, which of a master and its workers is most often the master. 0: none to be seen. */
static pid_t
holder_find(uint64_t inode)
{
	char wanted[64];
	struct dirent *entry;
	pid_t best = 0;
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		return 0;
	snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
	while ((entry = readdir(dir)) != NULL) {
		uint64_t pid;

		if (text_to_number(entry->d_name, &pid) && (best == 0 || (pid_t)pid < best) &&
		    process_holds(entry->d_name, wanted))
			best = (pid_t)pid;
	}
	closedir(dir);
	return best;
}

bool
port_owner_find(const struct address *address, char text[PORT_OWNER_TEXT_MAX])
{
	char host[33], port[8];
	uint64_t inode;
	pid_t pid;

	if (address->socket.any.sa_family != AF_INET && address->socket.any.sa_family != AF_INET6)
		return false;
	host_to_hex(address, host);
	snprintf(port, sizeof port, "%04X", address_port(address));
	inode = table_find("/proc/net/tcp", host, port);
	if (inode == 0)
		inode = table_find("/proc/net/tcp6", host, port);
	pid = inode != 0 ? holder_find(inode) : 0;
	if (pid == 0)
		return false;
	port_owner_name(pid, text);
	return true;
}
