#include "conf/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/build.h"
#include "conf/check.h"
#include "conf/file.h"
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

struct conf *
conf_load(const char *file, struct conf_errors *errors)
{
	struct conf_report report = { .file = file, .files = true };
	struct conf *conf = NULL;
	size_t length = 0;
	char *bytes = conf_file_read(file, FILE_SIZE_MAX, &length, &report);

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
