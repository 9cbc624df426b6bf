#include "ctl/style.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_UNKNOWN = 80 };

static const struct {
	const char *word;
	enum paint paint;
} paints[] = {
	{ "ready", PAINT_GOOD },
	{ "up", PAINT_GOOD },
	{ "listening", PAINT_GOOD },
	{ "worker-ready", PAINT_GOOD },
	{ "prober-ready", PAINT_GOOD },
	{ "instance-ready", PAINT_GOOD },
	{ "roll-done", PAINT_GOOD },
	{ "done", PAINT_GOOD },
	{ "server-up", PAINT_GOOD },
	{ "errors-normal", PAINT_GOOD },
	{ "starting", PAINT_WAITING },
	{ "drain", PAINT_WAITING },
	{ "draining", PAINT_WAITING },
	{ "backoff", PAINT_WAITING },
	{ "maintenance", PAINT_WAITING },
	{ "leaving", PAINT_WAITING },
	{ "paused", PAINT_WAITING },
	{ "worker-draining", PAINT_WAITING },
	{ "instance-draining", PAINT_WAITING },
	{ "running", PAINT_WAITING },
	{ "superseded", PAINT_WAITING },
	{ "limit", PAINT_WAITING },
	{ "queue-full", PAINT_WAITING },
	{ "lost", PAINT_WAITING },
	{ "stopping", PAINT_WAITING },
	{ "down", PAINT_BAD },
	{ "failed", PAINT_BAD },
	{ "cut", PAINT_BAD },
	{ "worker-died", PAINT_BAD },
	{ "worker-failed", PAINT_BAD },
	{ "prober-died", PAINT_BAD },
	{ "prober-failed", PAINT_BAD },
	{ "instance-died", PAINT_BAD },
	{ "instance-failed", PAINT_BAD },
	{ "rolled-back", PAINT_BAD },
	{ "reload-failed", PAINT_BAD },
	{ "server-down", PAINT_BAD },
	{ "errors-high", PAINT_BAD },
	{ NULL, PAINT_PLAIN },
};

enum paint
paint_of_word(const char *word)
{
	size_t i;

	for (i = 0; paints[i].word != NULL && strcmp(paints[i].word, word) != 0; i++)
		;
	return paints[i].paint;
}

/* As the environment has it. */
static bool
colour_is_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

void
style_read(struct style *s, int fd)
{
	struct winsize size = { 0 };

	memset(s, 0, sizeof *s);
	s->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!isatty(fd))
		return;
	s->width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
	s->colour = colour_is_wanted();
}

const char *
style_begin(const struct style *s, enum paint paint)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "",
		[PAINT_HEADING] = "\033[1m",
		[PAINT_GOOD] = "\033[32m",
		[PAINT_WAITING] = "\033[33m",
		[PAINT_BAD] = "\033[31m",
	};

	return s->colour ? codes[paint] : "";
}

const char *
style_end(const struct style *s, enum paint paint)
{
	return s->colour && paint != PAINT_PLAIN ? "\033[0m" : "";
}
