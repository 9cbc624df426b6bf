/* app/journal: which lines are kept, in what order, and that none is another's. */
#include <check.h>
#include <string.h>

#include "app/journal.h"
#include "run.h"

static struct app_journal *journal;
static unsigned calls;

static void
setup(void)
{
	calls = 0;
	journal = app_journal_new("web");
	ck_assert_ptr_nonnull(journal);
}

static void
teardown(void)
{
	app_journal_free(journal);
}

/* The text that line `number` has in these tests. */
static size_t
text_of(uint64_t number, char text[APP_LINE_MAX])
{
	size_t length = (size_t)(number * 7919 % (APP_LINE_MAX + 1));

	if (number % 5 == 0)
		length = 0;
	memset(text, (int)('a' + number % 26), length);
	return length;
}

static void
add(const char *text, size_t length)
{
	struct app_line line = { .instance = 3, .pid = 77, .stream = APP_STREAM_ERR, .part = true, .length = length, .text = text };

	app_journal_add(journal, &line);
}

static void
called(void *arg)
{
	ck_assert_ptr_eq(arg, journal);
	calls++;
}

START_TEST(a_new_one_has_no_lines)
{
	struct app_line line;

	ck_assert_str_eq(app_journal_app(journal), "web");
	ck_assert_uint_eq(app_journal_newest(journal), 0);
	ck_assert_uint_eq(app_journal_oldest(journal), 1);
	ck_assert(!app_journal_line(journal, 0, &line) && !app_journal_line(journal, 1, &line));
}
END_TEST

START_TEST(a_line_is_found_as_it_was_added)
{
	struct app_line line;

	add("a\0b", 3);
	app_journal_say(journal, 4, 78, "started");
	ck_assert(app_journal_line(journal, 1, &line));
	ck_assert(line.number == 1 && line.instance == 3 && line.pid == 77 && line.stream == APP_STREAM_ERR && line.part);
	ck_assert(line.length == 3 && memcmp(line.text, "a\0b", 3) == 0);
	ck_assert(line.when > UINT64_C(1600000000000000));
	ck_assert(app_journal_line(journal, 2, &line));
	ck_assert(line.instance == 4 && line.pid == 78 && line.stream == APP_STREAM_DROVER && !line.part);
	ck_assert_str_eq(line.text, "started");
}
END_TEST

START_TEST(lines_of_all_lengths_are_kept_in_order)
{
	char text[APP_LINE_MAX];
	struct app_line line;
	uint64_t number, n;
	size_t bytes;

	for (number = 1; number <= 20000; number++) {
		add(text, text_of(number, text));
		if (number % 97 != 0)
			continue;
		bytes = 0;
		for (n = app_journal_oldest(journal); app_journal_line(journal, n, &line); n++) {
			ck_assert_uint_eq(line.length, text_of(n, text));
			ck_assert_mem_eq(line.text, text, line.length);
			bytes += line.length;
		}
		ck_assert_uint_eq(n, number + 1);
		ck_assert_uint_le(number + 1 - app_journal_oldest(journal), APP_LINES_KEPT);
		ck_assert(number < 1000 || bytes > 200 * 1024);
	}
}
END_TEST

START_TEST(short_lines_are_kept_up_to_a_number)
{
	struct app_line line;
	int i;

	for (i = 0; i < 3 * APP_LINES_KEPT; i++)
		add("", 0);
	ck_assert_uint_eq(app_journal_newest(journal), 3 * APP_LINES_KEPT);
	ck_assert_uint_eq(app_journal_oldest(journal), 2 * APP_LINES_KEPT + 1);
	ck_assert(!app_journal_line(journal, 2 * APP_LINES_KEPT, &line));
	ck_assert(app_journal_line(journal, 2 * APP_LINES_KEPT + 1, &line));
	ck_assert(!app_journal_line(journal, 3 * APP_LINES_KEPT + 1, &line));
}
END_TEST

START_TEST(too_long_a_line_is_cut)
{
	char text[APP_LINE_MAX + 2];
	struct app_line line;

	memset(text, 'x', sizeof text);
	text[APP_LINE_MAX + 1] = '\0';
	app_journal_say(journal, 0, 0, text);
	ck_assert(app_journal_line(journal, 1, &line));
	ck_assert_uint_eq(line.length, APP_LINE_MAX);
}
END_TEST

START_TEST(it_tells_of_several_lines_at_once)
{
	app_journal_listen(journal, called, journal);
	app_journal_tell(journal);
	ck_assert_uint_eq(calls, 0);
	add("a", 1);
	add("b", 1);
	ck_assert_uint_eq(calls, 0);
	app_journal_tell(journal);
	app_journal_tell(journal);
	ck_assert_uint_eq(calls, 1);
	app_journal_say(journal, 0, 0, "ended");
	ck_assert_uint_eq(calls, 2);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("journal");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_new_one_has_no_lines);
	tcase_add_test(tests, a_line_is_found_as_it_was_added);
	tcase_add_test(tests, lines_of_all_lengths_are_kept_in_order);
	tcase_add_test(tests, short_lines_are_kept_up_to_a_number);
	tcase_add_test(tests, too_long_a_line_is_cut);
	tcase_add_test(tests, it_tells_of_several_lines_at_once);
	return run_case(tests);
}
