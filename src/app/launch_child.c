#include "app/launch_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum {
	EXIT_NOT_RUN = 127, /* as shells say it */
	PASSED_FIRST = 3, /* sd_listen_fds(3) */
	OUT_OF_THE_WAY = 16
};

/* ---- telling of a failure */

static void __attribute__((noreturn))
give_up(int pipe, enum launch_stage stage, const char *subject)
{
	struct launch_report report = { .stage = stage, .number = errno };
	size_t length = strlen(subject);

	if (length >= sizeof report.subject)
		length = sizeof report.subject - 1;
	memcpy(report.subject, subject, length);
	if (write(pipe, &report, sizeof report) < 0)
		_exit(EXIT_NOT_RUN); /* the master is gone, and with it who would like to know */
	_exit(EXIT_NOT_RUN);
}

static void __attribute__((noreturn))
give_up_number(int pipe, enum launch_stage stage, uint64_t number)
{
	char text[24];

	give_up(pipe, stage, text_from_number(number, text, sizeof text));
}

/* ---- a clean slate */

static void
signals_forget(void)
{
	int number;

	for (number = 1; number <= SIGRTMAX; number++)
		signal(number, SIG_DFL); /* of some it cannot be changed, and need not be */
}

static void
signals_unblock_all(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts a descriptor where it is to be; in between it lies above all that are. */
static bool
descriptors_lift(int *fds, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
		if (fds[i] < 0)
			return false;
	}
	return true;
}

/* 0, 1, 2, a passed socket, and the pipe, which exec closes: that returned. All others are closed. */
static int
descriptors_settle(const struct launch_plan *plan)
{
	const struct launch *launch = plan->launch;
	int fds[] = { open("/dev/null", O_RDONLY | O_CLOEXEC), launch->output, launch->errors, plan->report, launch->place->fd };
	size_t count = plan->environment.listen_pid != NULL ? 5 : 4, i;
	int pipe = count == 5 ? PASSED_FIRST + 1 : PASSED_FIRST;

	if (fds[0] < 0 || !descriptors_lift(fds, count))
		give_up(plan->report, LAUNCH_DESCRIPTORS, "");
	for (i = 0; i < 3; i++)
		if (dup2(fds[i], (int)i) < 0)
			give_up(fds[3], LAUNCH_DESCRIPTORS, "");
	if ((count == 5 && dup2(fds[4], PASSED_FIRST) < 0) || dup3(fds[3], pipe, O_CLOEXEC) < 0)
		give_up(fds[3], LAUNCH_DESCRIPTORS, "");
	/* an old kernel cannot; then those are left that drover was started with and knows nothing of */
	close_range((unsigned)pipe + 1, ~0U, 0);
	return pipe;
}

/* As drover was started. */
static void
limits_restore(int pipe, const struct launch_origin *origin)
{
	struct sched_param param = { .sched_priority = 0 };

	if (setrlimit(RLIMIT_NOFILE, &origin->open_files) < 0)
		give_up(pipe, LAUNCH_LIMITS, "");
	if (sched_getscheduler(0) != origin->policy)
		sched_setscheduler(0, origin->policy, &param); /* its share of time is the same */
}

static void
become(int pipe, const struct launch_plan *plan)
{
	if (!plan->changes_user)
		return;
	if (setgroups(plan->group_count, plan->groups) < 0)
		give_up(pipe, LAUNCH_GROUPS, "");
	if (setresgid(plan->who.gid, plan->who.gid, plan->who.gid) < 0)
		give_up_number(pipe, LAUNCH_BECOME_GROUP, plan->who.gid);
	if (setresuid(plan->who.uid, plan->who.uid, plan->who.uid) < 0)
		give_up_number(pipe, LAUNCH_BECOME_USER, plan->who.uid);
}

/* What drover was given as another user than root, such as to bind port 80, is not for apps. */
static void
capabilities_forget(void)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* an old kernel has none */
}

/* A change of the user has undone it: so it comes behind that. */
static void
die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_NOT_RUN);
}

/* ---- exec */

/* Whether a search goes on with the next folder; as execvp(3). */
static bool
is_not_there(int number)
{
	return number == ENOENT || number == ENOTDIR || number == EACCES || number == ESTALE || number == ENODEV ||
	       number == ETIMEDOUT;
}

/* Nothing could be run: `denied` is there and may not be, `hidden` lies where its user may not look. */
static void __attribute__((noreturn))
give_up_search(int pipe, const char *name, const char *denied, const char *hidden)
{
	errno = EACCES;
	if (denied != NULL)
		give_up(pipe, LAUNCH_RUN, denied);
	if (hidden != NULL)
		give_up(pipe, LAUNCH_HIDDEN, hidden);
	errno = ENOENT;
	give_up(pipe, LAUNCH_RUN, name);
}

static void __attribute__((noreturn))
run(int pipe, const struct launch_plan *plan)
{
	const char *name = plan->command.arguments[0], *denied = NULL, *hidden = NULL;
	bool searched = strchr(name, '/') == NULL, there;
	char *const *file;
	int number;

	for (file = plan->command.files; *file != NULL; file++) {
		execve(*file, plan->command.arguments, plan->environment.entries);
		number = errno;
		there = access(*file, F_OK) == 0;
		errno = number;
		if (number == ENOENT && there)
			give_up(pipe, LAUNCH_INTERPRETER, *file);
		if (!searched || !is_not_there(number))
			give_up(pipe, LAUNCH_RUN, *file);
		if (number == EACCES && there && denied == NULL)
			denied = *file;
		if (number == EACCES && !there && hidden == NULL)
			hidden = *file;
	}
	give_up_search(pipe, name, denied, hidden);
}

void
launch_child(const struct launch_plan *plan)
{
	const struct conf_app *app = &plan->launch->app->app;
	int pipe;

	signals_forget();
	pipe = descriptors_settle(plan);
	if (app_group_enter(plan->launch->group) < 0)
		give_up(pipe, LAUNCH_GROUP, "");
	limits_restore(pipe, plan->launch->origin);
	become(pipe, plan);
	capabilities_forget();
	die_with(plan->parent);
	if (app->umask != (mode_t)-1)
		umask(app->umask);
	if (app->directory != NULL && chdir(app->directory) < 0)
		give_up(pipe, LAUNCH_DIRECTORY, app->directory);
	if (plan->environment.listen_pid != NULL)
		text_from_number((uint64_t)getpid(), plan->environment.listen_pid, LISTEN_PID_ROOM);
	signals_unblock_all();
	run(pipe, plan);
}
