#include "conf/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/build.h"
#include "conf/check.h"
#include "conf/scan.h"
#include "conf/syntax.h"

enum { FILE_SIZE_MAX = 8 << 20 };

/* Builds and checks what was scanned. NULL when anything is wrong, all of which is then reported. */
static struct conf *
scanned_load(const struct conf_scan *scan, const char *name, struct conf_report *report)
{
	struct conf *conf;
	cfg_t *cfg = conf_syntax_parse(scan, report);

	if (cfg == NULL)
		return NULL;
	conf = conf_build(cfg, scan->whole, report);
	cfg_free(cfg);
	if (conf == NULL)
		return NULL;
	if (scan->complete && !report->no_memory)
		conf_check(conf, report);
	if (name != NULL && (conf->file = strdup(name)) == NULL)
		conf_report_memory(report);
	if (!report->failed)
		return conf;
	conf_free(conf);
	return NULL;
}

/* Whether what p points at is a character that text may have: no control character but tabs and ends of lines. */
static bool
character_allowed(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;

	return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' ||
	       (c == '\r' && p + 1 < end && p[1] == '\n');
}

/* false: the bytes are not text, which is reported. */
static bool
bytes_check(const char *text, size_t length, struct conf_report *report)
{
	const char *p, *end = text + length;
	size_t character;
	int line = 1;

	for (p = text; p < end; p += character) {
		character = text_utf8_length(p, (size_t)(end - p));
		line += *p == '\n';
		if (character > 0 && character_allowed(p, end))
			continue;
		conf_report_add(
		    report, line, "this is not UTF-8 text: there is a byte 0x%02x", (unsigned char)*p);
		return false;
	}
	return true;
}

/* Without the byte order mark that some editors put first. */
static const char *
text_begin(const char *text, size_t length)
{
	return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
}

struct conf *
conf_load_bytes(const char *text, size_t length, const char *name, struct conf_report *report)
{
	struct conf_scan scan;
	const char *begin = text_begin(text, length);
	struct conf *conf;

	if (!bytes_check(text, length, report))
		return NULL;
	conf_scan_text(&scan, begin, length - (size_t)(begin - text), report);
	if (scan.text == NULL)
		return NULL;
	conf = scanned_load(&scan, name, report);
	free(scan.text);
	return conf;
}

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
descriptor_read(int fd, size_t *length, struct conf_report *report)
{
	char *bytes = malloc(FILE_SIZE_MAX + 1);
	ssize_t n;

	if (bytes == NULL) {
		conf_report_memory(report);
		return NULL;
	}
	n = bytes_read(fd, bytes, FILE_SIZE_MAX);
	if (n >= 0 && n <= FILE_SIZE_MAX) {
		*length = (size_t)n;
		return bytes;
	}
	if (n < 0)
		conf_report_add(report, 0, "cannot read the file: %s", strerror(errno));
	else
		conf_report_add(report, 0, "the file is larger than %d MiB", FILE_SIZE_MAX >> 20);
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

static char *
file_read(const char *file, size_t *length, struct conf_report *report)
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
	bytes = descriptor_read(fd, length, report);
	close(fd);
	return bytes;
}

struct conf *
conf_load(const char *file, struct conf_errors *errors)
{
	struct conf_report report = { .file = file };
	struct conf *conf = NULL;
	size_t length = 0;
	char *bytes = file_read(file, &length, &report);

	if (bytes != NULL)
		conf = conf_load_bytes(bytes, length, file, &report);
	free(bytes);
	conf_report_finish(&report, errors);
	return conf;
}

struct conf *
conf_load_text(const char *text, const char *name, struct conf_errors *errors)
{
	struct conf_report report = { .file = name };
	struct conf *conf = conf_load_bytes(text, strlen(text), name, &report);

	conf_report_finish(&report, errors);
	return conf;
}
