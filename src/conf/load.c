#include "conf/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	conf = conf_build(cfg, report);
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

struct conf *
conf_load_bytes(const char *text, size_t length, const char *name, struct conf_report *report)
{
	struct conf_scan scan;
	struct conf *conf;

	conf_scan_text(&scan, text, length, report);
	if (scan.text == NULL)
		return NULL;
	conf = scanned_load(&scan, name, report);
	free(scan.text);
	return conf;
}

/* Reads up to FILE_SIZE_MAX bytes. NULL: reported. */
static char *
descriptor_read(int fd, size_t *length, struct conf_report *report)
{
	size_t size = 64 << 10, used = 0;
	char *bytes = malloc(size), *larger;
	ssize_t n = 1;

	while (bytes != NULL && n > 0) {
		if (used == size) {
			larger = realloc(bytes, size *= 2);
			if (larger == NULL)
				break;
			bytes = larger;
		}
		n = read(fd, bytes + used, size - used);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			used += (size_t)n;
		if (used > FILE_SIZE_MAX)
			break;
	}
	*length = used;
	if (n == 0)
		return bytes;
	if (n < 0)
		conf_report_add(report, 0, "cannot read the file: %s", strerror(errno));
	else if (used > FILE_SIZE_MAX)
		conf_report_add(report, 0, "the file is larger than %d MiB", FILE_SIZE_MAX >> 20);
	else
		conf_report_memory(report);
	free(bytes);
	return NULL;
}

static char *
file_read(const char *file, size_t *length, struct conf_report *report)
{
	struct stat status;
	char *bytes = NULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		conf_report_add(report, 0, "cannot open the file: %s", strerror(errno));
		return NULL;
	}
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		conf_report_add(report, 0, "this is a directory, not a file");
	else
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
