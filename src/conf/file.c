#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads until the end, or until one byte more than `most`. The bytes read; -1: errno says why not all. */
static ssize_t
bytes_read(int fd, char *bytes, size_t most)
{
	size_t used = 0;
	ssize_t n = 1;

	while (n > 0 && used <= most) {
		n = read(fd, bytes + used, most + 1 - used);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			used += (size_t)n;
	}
	return n < 0 ? -1 : (ssize_t)used;
}

/* NULL: reported. Memory that is not written to costs nothing, so there is room for the largest file. */
static char *
descriptor_read(int fd, size_t most, size_t *length, struct conf_report *report)
{
	char *bytes = malloc(most + 1);
	ssize_t n;

	if (bytes == NULL) {
		conf_report_memory(report);
		return NULL;
	}
	n = bytes_read(fd, bytes, most);
	if (n >= 0 && (size_t)n <= most) {
		*length = (size_t)n;
		return bytes;
	}
	if (n < 0)
		conf_report_add(report, 0, "cannot read the file: %s", strerror(errno));
	else
		conf_report_add(report, 0, "the file is larger than %zu MiB", most >> 20);
	free(bytes);
	return NULL;
}

/* Whether it may be opened: to open or read anything else may block, or do something. false: reported. */
static bool
is_file(const char *file, struct conf_report *report)
{
	struct stat status;

	if (stat(file, &status) < 0)
		conf_report_add(report, 0, "cannot open the file: %s", strerror(errno));
	else if (S_ISDIR(status.st_mode))
		conf_report_add(report, 0, "this is a directory, not a file");
	else if (!S_ISREG(status.st_mode))
		conf_report_add(report, 0, "this is %s, not a file",
		    S_ISFIFO(status.st_mode)   ? "a pipe"
		    : S_ISSOCK(status.st_mode) ? "a socket"
					       : "a device");
	else
		return true;
	return false;
}

char *
conf_file_read(const char *file, size_t most, size_t *length, struct conf_report *report)
{
	char *bytes;
	int fd;

	if (!is_file(file, report))
		return NULL;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		conf_report_add(report, 0, "cannot open the file: %s", strerror(errno));
		return NULL;
	}
	bytes = descriptor_read(fd, most, length, report);
	close(fd);
	return bytes;
}
