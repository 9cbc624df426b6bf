#include "app/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/launch_child.h"

/* ---- before the fork */

/* What {port}, {socket} and {instance} are; the numbers are written to `texts`. */
static struct expansion
expansion_of(const struct launch *launch, char port[8], char number[12])
{
	const struct app_place *place = launch->place;
	struct expansion expansion = { .instance = number };

	snprintf(number, 12, "%u", launch->number);
	snprintf(port, 8, "%u", place->port);
	if (place->port != 0)
		expansion.port = port;
	else if (place->address.length > 0)
		expansion.socket = place->address.socket.un.sun_path;
	return expansion;
}

static int
environment_plan(struct launch_plan *plan, const struct expansion *expansion, struct error *err)
{
	const struct launch *launch = plan->launch;
	const struct conf_account *account = &launch->app->app.account;
	struct environment_facts facts = {
		.conf = &launch->app->app,
		.app = launch->app->name,
		.expansion = *expansion,
		.port = launch->place->kind == CONF_APP_PORT,
		.passed = launch->place->fd >= 0,
		.user = account->name,
		.home = account->home,
		.other_user = plan->changes_user && plan->who.uid != geteuid(),
	};

	return app_environment_make(&plan->environment, &facts, environ, err);
}

static void
user_plan(struct launch_plan *plan)
{
	const struct conf_app *app = &plan->launch->app->app;

	plan->who = who_is_app(plan->launch->conf, app);
	plan->changes_user = geteuid() == 0 && who_is_named(plan->launch->conf, app);
	plan->groups = app->account.group_count > 0 ? app->account.groups : &plan->who.gid;
	plan->group_count = app->account.group_count > 0 ? app->account.group_count : 1;
}

static int
plan_make(struct launch_plan *plan, const struct launch *launch, struct error *err)
{
	struct expansion expansion;
	char port[8], number[12];

	memset(plan, 0, sizeof *plan);
	plan->launch = launch;
	plan->parent = getpid();
	plan->report = -1;
	expansion = expansion_of(launch, port, number);
	user_plan(plan);
	if (environment_plan(plan, &expansion, err) < 0)
		return -1;
	if (app_command_make(&plan->command, &launch->app->app, &expansion,
		app_environment_get(&plan->environment, "PATH"), err) == 0)
		return 0;
	app_environment_free(&plan->environment);
	return -1;
}

static void
plan_free(struct launch_plan *plan)
{
	app_command_free(&plan->command);
	app_environment_free(&plan->environment);
	if (plan->report >= 0)
		close(plan->report);
}

/* ---- the fork */

/* In the child no signal is handled before it has forgotten the handlers. */
static pid_t
launch_fork(const struct launch_plan *plan)
{
	sigset_t all, before;
	pid_t pid;
	int saved;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0)
		launch_child(plan);
	saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}

pid_t
launch_start(const struct launch *launch, int *failure, struct error *err)
{
	struct launch_plan plan;
	int ends[2];
	pid_t pid;

	if (plan_make(&plan, launch, err) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		error_errno(err, "cannot make a pipe");
		plan_free(&plan);
		return -1;
	}
	plan.report = ends[1];
	pid = launch_fork(&plan);
	if (pid < 0)
		error_errno(err, "cannot fork");
	else
		app_group_started(launch->group, pid);
	plan_free(&plan);
	if (pid < 0)
		close(ends[0]);
	else
		*failure = ends[0];
	return pid;
}

/* ---- what went wrong */

static void
run_describe(const struct launch_report *report, struct error *err)
{
	error_set(err, "cannot run %s: %s%s", report->subject, strerror(report->number),
	    report->number == ENOENT && strchr(report->subject, '/') == NULL ? "; is it in PATH?" :
	    report->number == EACCES ? "; is it a program, and may its user run it?" :
	    report->number == ENOEXEC ? "; a script begins with #! and the path of its interpreter" : "");
}

/* A command of which a folder of PATH may have a file. */
static void
hidden_describe(const struct launch_report *report, struct error *err)
{
	const char *slash = strrchr(report->subject, '/');

	error_set(err, "cannot run %s: it is not in PATH, as far as its user can see, who may not look into %.*s",
	    slash != NULL ? slash + 1 : report->subject, slash != NULL ? (int)(slash - report->subject) : 1,
	    slash != NULL ? report->subject : ".");
}

static void
report_describe(const struct launch_report *report, struct error *err)
{
	static const char *const sentences[LAUNCH_STAGES] = {
		[LAUNCH_GROUP] = "cannot make a process group",
		[LAUNCH_DESCRIPTORS] = "cannot set up stdin, stdout and stderr",
		[LAUNCH_LIMITS] = "cannot set the limit of open files",
		[LAUNCH_GROUPS] = "cannot set the groups of the user",
		[LAUNCH_BECOME_GROUP] = "cannot become group ",
		[LAUNCH_BECOME_USER] = "cannot become user ",
		[LAUNCH_DIRECTORY] = "cannot enter the directory ",
	};

	if (report->stage == LAUNCH_RUN)
		run_describe(report, err);
	else if (report->stage == LAUNCH_HIDDEN)
		hidden_describe(report, err);
	else if (report->stage == LAUNCH_INTERPRETER)
		error_set(err, "cannot run %s: the interpreter that its first line names, or a library, is not there", report->subject);
	else
		error_set(err, "%s%s: %s", sentences[report->stage], report->subject, strerror(report->number));
}

bool
launch_is_lack(int number)
{
	return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE;
}

int
launch_failure(int failure, struct error *err)
{
	struct launch_report report;
	ssize_t count = read(failure, &report, sizeof report);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return -1;
	if (count != sizeof report || report.stage >= LAUNCH_STAGES)
		return 0;
	report.subject[sizeof report.subject - 1] = '\0';
	report_describe(&report, err);
	if (launch_is_lack(report.number))
		return 3;
	return report.number == ETXTBSY ? 2 : 1;
}
