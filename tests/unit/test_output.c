/* app/output: real pipes, and children that write as programs do. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/output.h"
#include "base/clock.h"
#include "base/log.h"
#include "run.h"
#include "waiting.h"

enum { INSTANCE = 7, PID = 4711 };

static struct loop *loop;
static struct app_journal *journal;
static struct app_output output;
static int ends[2], log_file;
static uint64_t *written; /* lines that a child has written, shared with it */

/* ---- waiting */

/* What was written before has come by now. */
static bool
pipes_are_read(void)
{
	return waited > 20 && !output.flood;
}

/* ---- what was taken */

static struct app_line
line(uint64_t number)
{
	struct app_line l;

	ck_assert_msg(app_journal_line(journal, number, &l), "there is no line %d", (int)number);
	return l;
}

static void
must_be(uint64_t number, enum app_stream stream, const char *text)
{
	struct app_line l = line(number);

	ck_assert_int_eq(l.stream, stream);
	ck_assert_uint_eq(l.instance, INSTANCE);
	ck_assert_int_eq(l.pid, PID);
	ck_assert_uint_eq(l.length, strlen(text));
	ck_assert_mem_eq(l.text, text, l.length);
}

static const char *
log_text(void)
{
	static char text[4 * 1024 * 1024];
	ssize_t n = pread(log_file, text, sizeof text - 1, 0);

	ck_assert_int_ge((int)n, 0);
	text[n] = '\0';
	return text;
}

static void
log_must_have(const char *words)
{
	ck_assert_msg(strstr(log_text(), words) != NULL, "the log lacks: %s\n%.2000s", words, log_text());
}

static unsigned
times(const char *text, const char *words)
{
	size_t length = strlen(words);
	unsigned n = 0;

	/* strstr looks at all of the text each time when it is sanitized */
	for (; *text != '\0'; text++)
		n += *text == words[0] && strncmp(text, words, length) == 0;
	return n;
}

/* ---- the writing end */

static void
put_bytes(int end, const char *bytes, size_t length)
{
	ck_assert_int_eq((int)write(ends[end], bytes, length), (int)length);
}

static void
put(int end, const char *text)
{
	put_bytes(end, text, strlen(text));
}

static void
close_ends(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	ends[0] = ends[1] = -1;
}

static void
begin(uint32_t rate)
{
	struct error err;

	ck_assert_msg(app_output_open(&output, loop, journal, INSTANCE, rate, ends, &err) == 0, "%s", err.text);
	app_output_begin(&output, PID);
	/* a program that writes waits, as with a file; the master never does */
	ck_assert_int_eq((fcntl(ends[0], F_GETFL) | fcntl(ends[1], F_GETFL)) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(output.pipes[0].fd, F_GETFL) & fcntl(output.pipes[1].fd, F_GETFL) & O_NONBLOCK, 0);
}

/* A child that is the only one to hold the writing ends. */
static pid_t
child_start(void (*writes)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		app_output_close_copies(&output);
		writes();
		_exit(0);
	}
	close_ends();
	return pid;
}

static void
child_end(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool
all_is_closed(void)
{
	return output.pipes[0].fd < 0 && output.pipes[1].fd < 0;
}

static void
setup(void)
{
	char path[] = "/tmp/drover-output-XXXXXX";
	struct error err;

	log_file = mkstemp(path);
	ck_assert_int_ge(log_file, 0);
	ck_assert_int_eq(log_open(path, LOG_LEVEL_ERROR, &err), 0);
	unlink(path);
	signal(SIGPIPE, SIG_IGN);
	loop = loop_new(&err);
	journal = app_journal_new("web");
	ck_assert(loop != NULL && journal != NULL);
	written = mmap(NULL, sizeof *written, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(written, MAP_FAILED);
}

static void
teardown(void)
{
	close_ends();
	app_journal_free(journal);
	loop_free(loop);
	munmap(written, sizeof *written);
	close(log_file);
}

/* ---- lines */

static bool
five_lines(void)
{
	return app_journal_newest(journal) >= 5;
}

START_TEST(lines_come_as_they_were_written)
{
	begin(1000);
	put(0, "one\ntwo\r\n\nthr");
	put(1, "error\n");
	wait_until(loop, pipes_are_read);
	put(0, "ee\n");
	wait_until(loop, five_lines);
	must_be(1, APP_STREAM_OUT, "one");
	must_be(2, APP_STREAM_OUT, "two");
	must_be(3, APP_STREAM_OUT, "");
	must_be(4, APP_STREAM_ERR, "error");
	must_be(5, APP_STREAM_OUT, "three");
	log_must_have(": web/7 stdout: one\n");
	log_must_have(": web/7 stdout: two\n");
	log_must_have(": web/7 stdout: \n");
	log_must_have(": web/7 stderr: error\n");
	log_must_have(": web/7 stdout: three\n");
	app_output_close(&output);
	ck_assert_uint_eq(output.lost, 0);
}
END_TEST

START_TEST(no_byte_forges_a_line)
{
	static const char bytes[] = "a\0b\033[2Jc\rd \xc3\xa4 \xff \xc2\x9b \xf0\x9f\x90\x91 web/1 stdout: x\n";
	struct app_line l;

	begin(1000);
	put_bytes(0, bytes, sizeof bytes - 1);
	app_output_close(&output);
	l = line(1);
	ck_assert_uint_eq(l.length, sizeof bytes - 2);
	ck_assert_mem_eq(l.text, bytes, l.length);
	log_must_have(": web/7 stdout: a\\x00b\\x1b[2Jc\\x0dd \xc3\xa4 \\xff \\xc2\\x9b \xf0\x9f\x90\x91 web/1 stdout: x\n");
	ck_assert_uint_eq(times(log_text(), "\n"), 1);
}
END_TEST

START_TEST(binary_lines_are_logged_whole)
{
	char bytes[APP_LINE_MAX + 1];

	memset(bytes, 1, APP_LINE_MAX);
	bytes[APP_LINE_MAX] = '\n';
	begin(1000);
	put_bytes(0, bytes, sizeof bytes);
	app_output_close(&output);
	ck_assert_uint_eq(app_journal_newest(journal), 1);
	ck_assert_uint_eq(times(log_text(), "\\x01"), APP_LINE_MAX);
	ck_assert_uint_eq(times(log_text(), "web/7 stdout: "), 1);
	ck_assert_uint_gt(times(log_text(), "web/7 stdout+: "), 0);
}
END_TEST

/* Lines of about the longest length, with LF or CR LF, are one line or one and the rest. */
START_TEST(a_line_of_the_longest_length_is_one)
{
	char bytes[APP_LINE_MAX + 4];
	size_t extra;

	for (extra = 0; extra < 2; extra++) {
		memset(bytes, 'y', sizeof bytes);
		memcpy(bytes + APP_LINE_MAX + extra, "\r\n", 3);
		begin(1000);
		put(1, bytes);
		app_output_close(&output);
		close_ends();
	}
	ck_assert_uint_eq(app_journal_newest(journal), 3);
	ck_assert(line(1).length == APP_LINE_MAX && !line(1).part);
	ck_assert(line(2).length == APP_LINE_MAX && line(2).part);
	ck_assert(line(3).length == 1 && !line(3).part);
}
END_TEST

/* In a child: who is stopped in the middle of a write has written a part. */
static void
write_all(int end, const char *bytes, size_t length)
{
	ssize_t n;

	for (; length > 0; bytes += n, length -= (size_t)n)
		if ((n = write(ends[end], bytes, length)) <= 0)
			_exit(1);
}

static void
write_a_megabyte(void)
{
	char bytes[4096];
	int i;

	for (i = 0; i < (int)sizeof bytes; i++)
		bytes[i] = "\xe2\x82\xac"[i % 3];
	for (i = 0; i < 256; i++)
		write_all(0, bytes, 4095);
}

START_TEST(a_megabyte_without_an_end_is_parts)
{
	const char *text;
	pid_t pid;

	begin(0);
	pid = child_start(write_a_megabyte);
	wait_until(loop, all_is_closed);
	child_end(pid);
	app_output_close(&output);
	ck_assert_uint_eq(output.lost, 0);
	/* 1023 bytes are characters of three bytes, 1024 are not */
	ck_assert_uint_eq(app_journal_newest(journal), (256 * 4095 + 1022) / 1023);
	ck_assert(line(app_journal_newest(journal) - 1).part && line(app_journal_newest(journal) - 1).length == 1023);
	ck_assert(!line(app_journal_newest(journal)).part);
	text = log_text();
	ck_assert_uint_eq(times(text, "\xe2\x82\xac"), 256 * 4095 / 3);
	ck_assert_uint_eq(times(text, "web/7 stdout: "), 1);
	ck_assert_uint_eq(times(text, "web/7 stdout+: "), app_journal_newest(journal) - 1);
}
END_TEST

START_TEST(one_stream_may_be_closed)
{
	begin(1000);
	put(1, "bye");
	close(ends[1]);
	ends[1] = -1;
	put(0, "one\n");
	wait_until(loop, pipes_are_read);
	must_be(1, APP_STREAM_OUT, "one");
	must_be(2, APP_STREAM_ERR, "bye");
	ck_assert_int_lt(output.pipes[1].fd, 0);
	ck_assert_int_ge(output.pipes[0].fd, 0);
	put(0, "two\n");
	app_output_close(&output);
	must_be(3, APP_STREAM_OUT, "two");
}
END_TEST

/* ---- more than is taken */

static bool
loss_is_told(void)
{
	return strstr(log_text(), " lost: ") != NULL;
}

static void
put_numbers(int end, int from, int to)
{
	char text[32];

	for (; from < to; from++) {
		snprintf(text, sizeof text, "line %d\n", from);
		put(end, text);
	}
}

START_TEST(what_is_over_the_rate_is_lost_and_told)
{
	begin(10);
	put_numbers(0, 0, 100);
	wait_until(loop, loss_is_told);
	ck_assert_uint_ge(output.lost, 80); /* some came in the meantime */
	ck_assert_uint_eq(times(log_text(), "web/7 stdout: line"), 100 - output.lost);
	must_be(1, APP_STREAM_OUT, "line 0");
	must_be(10, APP_STREAM_OUT, "line 9");
	ck_assert_int_eq(line(app_journal_newest(journal)).stream, APP_STREAM_DROVER);
	log_must_have(" lines lost: more than output-rate\n");
	wait_until(loop, pipes_are_read);
	app_output_close(&output);
}
END_TEST

static bool
later_ones_are_there(void)
{
	return strstr(log_text(), "stdout: line 2") != NULL;
}

START_TEST(what_is_lost_ends_at_an_end_of_line)
{
	uint64_t number;
	struct app_line l;

	begin(5);
	put_numbers(0, 100, 140);
	put(0, "the beginning");
	wait_until(loop, loss_is_told);
	put(0, " of a long one\n");
	put_numbers(0, 200, 300);
	wait_until(loop, later_ones_are_there);
	app_output_close(&output);
	for (number = 1; app_journal_line(journal, number, &l); number++)
		if (l.stream == APP_STREAM_OUT)
			ck_assert(l.length == 8 && memcmp(l.text, "line ", 5) == 0);
}
END_TEST

/* The sum of all lines that tell of a loss. */
static uint64_t
told_as_lost(void)
{
	static const char before[] = "web/7: ", behind[] = " lost: ";
	uint64_t sum = 0;
	const char *at;
	char *end;

	for (at = log_text(); (at = strstr(at, before)) != NULL; at = end) {
		sum += strtoull(at + sizeof before - 1, &end, 10);
		ck_assert(strncmp(end, " line", 5) == 0 && strncmp(strchr(end + 1, ' '), behind, sizeof behind - 1) == 0);
	}
	return sum;
}

/* For a second; on a machine that has none to spare until it was a flood all the same. */
static void
write_for_a_second(void)
{
	uint64_t end = clock_monotonic() + CLOCK_SECOND;
	char text[8192];
	size_t i, n = 0;

	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "line %d of a flood that never ends, or so it seems\n", (int)i);
	while (clock_monotonic() < end || *written < 20000) {
		write_all(0, text, n);
		write_all(1, text, n);
		*written += 200;
	}
}

START_TEST(a_flood_is_counted_to_the_line)
{
	uint64_t number, said = 0;
	struct app_line l;
	pid_t pid;

	begin(500);
	pid = child_start(write_for_a_second);
	wait_until(loop, all_is_closed);
	child_end(pid);
	app_output_close(&output);
	ck_assert_uint_gt(*written, 10000);
	for (number = 1; number <= app_journal_newest(journal); number++)
		said += app_journal_line(journal, number, &l) && l.stream == APP_STREAM_DROVER;
	ck_assert_uint_gt(said, 0);
	ck_assert_uint_eq(times(log_text(), ": line "), *written - output.lost);
	ck_assert_uint_eq(told_as_lost(), output.lost);
	ck_assert_uint_ge(times(log_text(), "stdout: line "), 200);
	ck_assert_uint_ge(times(log_text(), "stderr: line "), 50);
	ck_assert_uint_gt(waited, 20); /* others had their turns */
	ck_assert_uint_eq(app_journal_turns(journal)->floods, 0);
}
END_TEST

START_TEST(behind_a_flood_lines_are_taken_again)
{
	struct app_line l;

	begin(100);
	put_numbers(0, 0, 400);
	wait_until(loop, loss_is_told);
	put(1, "after\n");
	do {
		wait_until(loop, pipes_are_read);
		l = line(app_journal_newest(journal));
	} while (l.stream != APP_STREAM_ERR);
	ck_assert(l.length == 5);
	app_output_close(&output);
}
END_TEST

/* ---- the end */

START_TEST(last_words_are_taken)
{
	begin(1000);
	put(1, "Traceback:\npanic");
	put_numbers(0, 0, 100);
	app_output_close(&output);
	must_be(1, APP_STREAM_OUT, "line 0");
	must_be(100, APP_STREAM_OUT, "line 99");
	must_be(101, APP_STREAM_ERR, "Traceback:");
	must_be(102, APP_STREAM_ERR, "panic");
	ck_assert_uint_eq(output.lost, 0);
	ck_assert(all_is_closed());
}
END_TEST

START_TEST(last_words_come_through_a_flood)
{
	char text[16];
	unsigned kept;

	begin(3);
	put_numbers(0, 1000, 6000);
	put(0, "out of memory");
	app_output_close(&output);
	kept = times(log_text(), "web/7 stdout: line ");
	ck_assert_uint_ge(kept, 3 + 64);
	ck_assert_uint_eq(kept + output.lost, 5000);
	must_be(kept + 1, APP_STREAM_OUT, "out of memory");
	snprintf(text, sizeof text, "line %d", 5999);
	must_be(kept, APP_STREAM_OUT, text);
	snprintf(text, sizeof text, "%u lines lost: ", (unsigned)output.lost);
	log_must_have(text);
}
END_TEST

START_TEST(who_still_writes_does_not_keep_it_open)
{
	begin(1000);
	put(0, "one\n");
	app_output_close(&output);
	must_be(1, APP_STREAM_OUT, "one");
	ck_assert_int_eq((int)write(ends[0], "two\n", 4), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* ---- a log that takes nothing */

static bool
two_lines(void)
{
	return app_journal_newest(journal) >= 2;
}

START_TEST(a_log_that_stands_still_holds_up_nobody)
{
	char bytes[4096] = { 0 };
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(fds[1], bytes, sizeof bytes) > 0)
		;
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, 0), 0);
	log_take_fd(fds[1]);
	begin(1000);
	put(0, "one\n");
	wait_until(loop, two_lines);
	must_be(1, APP_STREAM_OUT, "one");
	must_be(2, APP_STREAM_DROVER, "1 line is missing in the error log, which takes none");
	app_output_close(&output);
	close(fds[0]);
}
END_TEST

/* ---- many */

static struct app_output many[50];

START_TEST(many_write_at_once)
{
	struct error err;
	char text[3000];
	int i, pair[2];
	uint64_t total = 0;

	memset(text, '\n', sizeof text);
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(app_output_open(&many[i], loop, journal, (unsigned)i, 100, pair, &err), 0);
		ck_assert_int_eq((int)write(pair[0], text, sizeof text), (int)sizeof text);
		close(pair[0]);
		close(pair[1]);
	}
	begin(1000); /* for the conditions */
	wait_until(loop, pipes_are_read);
	for (i = 0; i < 50; i++) {
		app_output_close(&many[i]);
		total += 3000 - many[i].lost;
		ck_assert_uint_ge(3000 - many[i].lost, 100);
	}
	ck_assert_uint_eq(times(log_text(), " stdout: \n"), total);
	app_output_close(&output);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("output");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, lines_come_as_they_were_written);
	tcase_add_test(tests, no_byte_forges_a_line);
	tcase_add_test(tests, binary_lines_are_logged_whole);
	tcase_add_test(tests, a_line_of_the_longest_length_is_one);
	tcase_add_test(tests, a_megabyte_without_an_end_is_parts);
	tcase_add_test(tests, one_stream_may_be_closed);
	tcase_add_test(tests, what_is_over_the_rate_is_lost_and_told);
	tcase_add_test(tests, what_is_lost_ends_at_an_end_of_line);
	tcase_add_test(tests, a_flood_is_counted_to_the_line);
	tcase_add_test(tests, behind_a_flood_lines_are_taken_again);
	tcase_add_test(tests, last_words_are_taken);
	tcase_add_test(tests, last_words_come_through_a_flood);
	tcase_add_test(tests, who_still_writes_does_not_keep_it_open);
	tcase_add_test(tests, a_log_that_stands_still_holds_up_nobody);
	tcase_add_test(tests, many_write_at_once);
	return run_case(tests);
}
