/*
 * The app that test_launch and test_launch_failures start. Its program is the test again,
 * which with `show` prints what it sees, a line each.
 */
#ifndef DROVER_TESTS_LAUNCHED_H
#define DROVER_TESTS_LAUNCHED_H

#include <stdbool.h>
#include <sys/types.h>

#include "app/launch.h"

enum { SOMEBODY = 12345, SOME_GROUP = 12346, PATIENCE_MS = 20000, TEXT_MAX_LENGTH = 65536 };

extern struct conf conf;
extern struct conf_pool app;
extern struct app_place place;
extern struct launch_origin origin;
extern char self[4096]; /* the path of this program */
extern char seen[TEXT_MAX_LENGTH]; /* what the process has printed */

/* At the beginning of main: true when this is the program that was started; then main returns *status. */
bool launched_main(int argc, char **argv, int *status);

/* The fixture: an app on port 20007 with the environment of a service; its command shows. */
void set_up(void);

void command_set(const char *first, ...) __attribute__((sentinel));

/* Starts it with a pipe as stdout, the read end of which is returned; stderr goes to `errors`. */
int start(int errors, pid_t *pid, int *failure);

/* Waits until the pipe of failures says something: as launch_failure. */
int outcome(int failure, struct error *err);

/* All that comes until its end, and closes it. */
void read_all(int fd, char *to);

/* Starts it and reads all that it prints into `seen`. Its pid, which is gone. */
pid_t run_shown(void);

/* Whether such a line is in `seen`. */
bool saw(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define MUST_SEE(...) ck_assert_msg(saw(__VA_ARGS__), "not in what was seen:\n%s", seen)

#endif
