/* ctl/render, ctl/table, ctl/follow: results and events as text. */
#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/object.h"
#include "ctl/digest.h"
#include "ctl/follow.h"
#include "ctl/logs.h"
#include "ctl/printable.h"
#include "ctl/render.h"
#include "run.h"

static json_t *
parse(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

static char *
rendered(const char *text, size_t width, bool colour)
{
	struct style style = { .width = width, .colour = colour, .utf8 = true };
	json_t *json = parse(text);
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	render(to, json, &style);
	fclose(to);
	json_decref(json);
	return out;
}

static const struct {
	const char *json, *text;
} results[] = {
	{ "{\"name\":\"drover\",\"uptime-ms\":1500}", "name:    drover\nuptime:  1.5 s\n" },
	{ "{\"workers\":{\"desired\":8,\"ready\":4}}", "workers.desired:  8\nworkers.ready:    4\n" },
	{ "{\"servers\":[{\"pool\":\"a\",\"load\":1,\"down-for-ms\":0},{\"pool\":\"bcd\",\"load\":100,\"down-for-ms\":1500}]}",
	    "pool  load  down-for\na        1      0 ms\nbcd    100     1.5 s\n" },
	{ "{\"ready\":1,\"workers\":[{\"worker\":0,\"loop\":{\"p50-ms\":1},\"last\":null},"
	  "{\"worker\":1,\"loop\":{\"p50-ms\":2},\"last\":{\"pid\":7}}]}",
	    "ready:  1\n\nworkers:\n  worker  loop.p50  last.pid\n       0      1 ms         -\n"
	    "       1      2 ms         7\n" },
	{ "{\"rows\":[{\"a\":1,\"last\":null,\"b\":2},{\"a\":3,\"last\":{\"pid\":7,\"text\":\"x\"},\"b\":4}]}",
	    "a  last.pid  last.text  b\n1         -  -          2\n3         7  x          4\n" },
	{ "{\"last\":[{\"worker\":0,\"last\":null}]}", "worker  last\n     0     -\n" },
	{ "{\"servers\":[]}", "servers:  -\n" },
	{ "{\"totals\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4},\"z\":null}",
	    "z:  -\n\ntotals:\n  a:  1\n  b:  2\n  c:  3\n  d:  4\n" },
	{ "{\"pool\":[{\"name\":\"web\",\"server\":[{\"address\":\"x\"}]}]}",
	    "pool 1:\n  name:  web\n\n  server:\n    address\n    x\n" },
	{ "{\"text\":\"one\\ntwo\\u001b\\n\"}", "one\ntwo\\x1b\n" },
	{ "{\"format\":\"text\",\"text\":\"one\\n\\ttwo\\n\"}", "format:  text\n\ntext:\n  one\n          two\n" },
	{ "{}", "{}\n" },
	{ "[]", "-\n" },
	{ "[1,2]", "1, 2\n" },
	{ "\"word\"", "word\n" },
	{ "null", "-\n" },
	{ "{\"counters\":[{\"name\":\"x\",\"value\":2000,\"unit\":\"bytes\"}]}",
	    "name   value  unit\nx     2.0 kB  bytes\n" },
	{ "{\"a\\u001b\":\"\\u009b\",\"b\":[{\"c\\u0007\":1}]}", "a\\x1b:  \\u009b\n\nb:\n  c\\x07\n      1\n" },
};

START_TEST(result)
{
	char *text = rendered(results[_i].json, 0, false);

	ck_assert_str_eq(text, results[_i].text);
	free(text);
}
END_TEST

static const char apps_reply[] =
    "{\"apps\":[{\"app\":\"web\",\"instances\":{\"desired\":2,\"configured\":3,\"ready\":1,\"starting\":1,\"draining\":1,"
    "\"failed\":0},\"roll\":{\"state\":\"running\",\"replaced\":1,\"total\":2},\"listen\":\"port\",\"command\":\"node x\"},"
    "{\"app\":\"a\",\"instances\":{\"desired\":1,\"configured\":1,\"ready\":0,\"failed\":1},\"roll\":{\"state\":\"never\"},"
    "\"listen\":\"unix\",\"command\":\"y\"}],\"instances\":["
    "{\"app\":\"web\",\"instance\":1,\"state\":\"backoff\",\"pid\":null,\"age-ms\":null,\"address\":null,\"in-flight\":0,"
    "\"requests\":0,\"restarts\":2,\"cpu-percent\":null,\"memory-bytes\":null,\"next-start-ms\":1500,\"lines-lost\":3,"
    "\"last-death\":{\"text\":\"exited\"}},"
    "{\"app\":\"web\",\"instance\":0,\"state\":\"ready\",\"pid\":7,\"age-ms\":1500,\"address\":\"127.0.0.1:81\",\"in-flight\":1,"
    "\"requests\":9,\"restarts\":0,\"cpu-percent\":6.5,\"memory-bytes\":1500000,\"next-start-ms\":null,"
    "\"last-death\":{\"text\":\"killed\",\"asked-for\":true,\"lived-ms\":9300},"
    "\"being-replaced\":true},"
    "{\"app\":\"a\",\"instance\":0,\"state\":\"failed\",\"address\":\"unix:/run/x-apps/a/0.sock\",\"reason\":\"no\",\"last-death\":{\"text\":\"x\"}}],"
    "\"failed-instances\":[{\"app\":\"a\",\"instance\":0,\"reason\":\"no\",\"output\":[{\"time\":\"-\",\"stream\":\"stderr\","
    "\"text\":\"oops\\u001b\"}]}]}";

START_TEST(apps_in_short)
{
	json_t *reply = parse(apps_reply), *shorter = digest("apps", reply);
	char *all = json_dumps(shorter, 0), *text = rendered(all, 0, false);

	ck_assert_str_eq(text,
	    "apps:\n"
	    "  app  instances                                           roll             listen  command\n"
	    "  web  1 of 2 ready, 1 starting, 1 draining, 3 configured  running, 1 of 2  port    node x\n"
	    "  a    0 of 1 ready, 1 failed                              -                unix    y\n"
	    "\ninstances:\n"
	    "  instance  state    pid    age  address       in-flight  requests  restarts  cpu-%  memory  note\n"
	    "  web/0     ready      7  1.5 s  :81                   1         9         0    6.5  1.5 MB  being replaced; stopped as asked after 9.3 s\n"
	    "  web/1     backoff    -      -  -                     0         0         2      -  -       "
	    "again in 1.5 s; 3 lines lost; exited\n"
	    "  a/0       failed     -      -  .../a/0.sock          -         -         -      -  -       no\n"
	    "\na/0:\n  no\n  -  stderr: oops\\x1b\n");
	free(text);
	free(all);
	json_decref(shorter);
	json_decref(reply);
	ck_assert_ptr_null(digest("status", NULL));
	reply = parse("{\"instances\":3}");
	ck_assert_ptr_null(digest("apps", reply));
	json_decref(reply);
}
END_TEST

START_TEST(colours)
{
	char *text = rendered("{\"servers\":[{\"state\":\"up\"},{\"state\":\"down\"},{\"state\":\"else\"}]}", 0, true);

	ck_assert_str_eq(text, "\033[1mstate\033[0m\n\033[32mup\033[0m\n\033[31mdown\033[0m\nelse\n");
	free(text);
}
END_TEST

/* What does not fit is left out: columns without values first, then the last ones. */
START_TEST(narrow)
{
	static const char rows[] = "{\"r\":[{\"name\":\"abcdef\",\"nothing\":null,\"number\":1,\"text\":"
				   "\"a long text that goes on and on and on\"}]}";
	char *text;

	text = rendered(rows, 0, false);
	ck_assert_str_eq(text, "name    nothing  number  text\nabcdef        -       1  "
			       "a long text that goes on and on and on\n");
	free(text);
	text = rendered(rows, 40, false);
	ck_assert_str_eq(text, "name    number  text\nabcdef       1  a long text that goes o\342\200\246\n");
	free(text);
	text = rendered(rows, 20, false);
	ck_assert_str_eq(text, "name    number\nabcdef       1\n(too narrow for: text)\n");
	free(text);
	text = rendered(rows, 3, false);
	ck_assert_str_eq(text, "name\nabcdef\n(too narrow for: number, text)\n");
	free(text);
}
END_TEST

/* Deep and odd values are shown somehow, and end. */
START_TEST(deep)
{
	enum { DEPTH = 400 };
	char *json = calloc(1, DEPTH * 8 + 8), *text;
	size_t i;

	for (i = 0; i < DEPTH; i++)
		memcpy(json + strlen(json), "{\"a\":[", 7);
	for (i = 0; i < DEPTH; i++)
		memcpy(json + strlen(json), "]}", 3);
	text = rendered(json, 0, false);
	ck_assert(strlen(text) > 0);
	free(text);
	free(json);
}
END_TEST

static const struct {
	const char *json, *text;
} events[] = {
	{ "{\"method\":\"event\",\"params\":{\"number\":12,\"time\":\"2026-01-31T09:30:00.125Z\",\"event\":\"worker-died\","
	  "\"worker\":3,\"pid\":123,\"text\":\"killed by signal 9\"}}",
	    "2026-01-31 09:30:00  worker-died worker 3 pid 123: killed by signal 9" },
	{ "{\"method\":\"event\",\"params\":{\"event\":\"scaled\",\"from\":1,\"to\":2,\"by\":{\"uid\":0,\"pid\":9}}}",
	    "-                    scaled from 1 to 2 by uid 0 pid 9" },
	{ "{\"method\":\"lost\",\"params\":{\"from\":5,\"to\":90,\"count\":86}}",
	    "-                    lost from 5 to 90 count 86" },
	{ "{\"method\":\"event\",\"params\":{\"event\":\"\\u001b[2J\",\"text\":\"\\u0007\",\"pool\":\"\\n\"}}",
	    "-                    \\x1b[2J pool \\x0a: \\x07" },
	{ "{\"method\":7}", "-                    ?" },
};

START_TEST(event)
{
	struct style style = { .utf8 = true };
	json_t *json = parse(events[_i].json);
	char *line;

	setenv("TZ", "UTC", 1);
	tzset();
	line = follow_line(json, &style);
	ck_assert_str_eq(line, events[_i].text);
	free(line);
	json_decref(json);
}
END_TEST

static const struct {
	const char *json, *text;
} output[] = {
	{ "{\"method\":\"line\",\"params\":{\"number\":1,\"time\":\"2026-01-31T09:30:00.125Z\",\"instance\":3,\"pid\":12,"
	  "\"stream\":\"stderr\",\"part\":false,\"text\":\"it\\u0001s \\u001b[2J\",\"app\":\"web\"}}",
	    "2026-01-31 09:30:00  web/3 stderr: it\\x01s \\x1b[2J" },
	{ "{\"method\":\"line\",\"params\":{\"instance\":0,\"stream\":\"stdout\",\"part\":true,\"text\":\"a\",\"app\":\"b\"}}",
	    "-                    b/0 stdout: a..." },
	{ "{\"method\":\"lost\",\"params\":{\"from\":5,\"to\":90,\"count\":86}}", "-- 86 lines are not kept any more" },
	{ "{\"method\":\"lost\",\"params\":{\"count\":1}}", "-- 1 line is not kept any more" },
	{ "{\"method\":7}", "-                    -/0 -: -" },
};

START_TEST(output_of_apps)
{
	struct style style = { .utf8 = true };
	json_t *json = parse(output[_i].json);
	char *line;

	setenv("TZ", "UTC", 1);
	tzset();
	line = logs_line(json, &style);
	ck_assert_str_eq(line, output[_i].text);
	free(line);
	json_decref(json);
}
END_TEST

/* JSON as it came: numbers keep their digits, and nothing steers the terminal. */
START_TEST(json)
{
	json_t *value = parse("{\"z\":0.512,\"a\":[1,\"\\u0007\\u009b\\u007f\\u00e9\"]}");
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	render_json(to, value);
	fclose(to);
	ck_assert_str_eq(out, "{\"z\":0.512,\"a\":[1,\"\\u0007\\u009b\\u007f\303\251\"]}\n");
	free(out);
	json_decref(value);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("render");

	setlocale(LC_CTYPE, "C.UTF-8");
	tcase_add_loop_test(tc, result, 0, ARRAY_LENGTH(results));
	tcase_add_test(tc, apps_in_short);
	tcase_add_test(tc, colours);
	tcase_add_test(tc, narrow);
	tcase_add_test(tc, deep);
	tcase_add_loop_test(tc, event, 0, ARRAY_LENGTH(events));
	tcase_add_loop_test(tc, output_of_apps, 0, ARRAY_LENGTH(output));
	tcase_add_test(tc, json);
	return run_case(tc);
}
