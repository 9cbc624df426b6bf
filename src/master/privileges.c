#include "master/privileges.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool
changes_user(const struct conf *conf)
{
	return conf->uid != (uid_t)-1 && conf->uid != geteuid();
}

static bool
changes_group(const struct conf *conf)
{
	return conf->gid != (gid_t)-1 && conf->gid != getegid();
}

/* Those of workers are told of for themselves. */
static int
app_check(const struct conf *conf, const struct conf_pool *pool, struct error *err)
{
	const struct conf_app *app = &pool->app;

	if (app->uid != (uid_t)-1 && app->uid != geteuid())
		return error_set(err, "%s:%d: app \"%s\": user = %s needs drover to be started by root",
		    conf->file != NULL ? conf->file : "-", app->user_line, pool->name, app->user);
	if (app->gid != (gid_t)-1 && app->gid != getegid())
		return error_set(err, "%s:%d: app \"%s\": group = %s needs drover to be started by root",
		    conf->file != NULL ? conf->file : "-", app->user_line, pool->name,
		    app->group != NULL ? app->group : "(that of the user)");
	return 0;
}

int
privileges_check(const struct conf *conf, struct error *err)
{
	size_t i;

	if (geteuid() == 0)
		return 0;
	if (changes_user(conf))
		return error_set(err, "user = %s needs drover to be started by root", conf->user);
	if (changes_group(conf))
		return error_set(err, "group = %s needs drover to be started by root",
		    conf->group != NULL ? conf->group : "(that of the user)");
	for (i = conf->first_app; i < conf->pool_count; i++)
		if (app_check(conf, &conf->pools[i], err) < 0)
			return -1;
	return 0;
}

/* The groups of the user; of a process that only changes its group: that one. */
static int
groups_set(const struct conf *conf)
{
	if (conf->user != NULL && conf->gid != (gid_t)-1)
		return initgroups(conf->user, conf->gid);
	if (conf->gid != (gid_t)-1)
		return setgroups(1, &conf->gid);
	return setgroups(0, NULL);
}

int
privileges_drop(const struct conf *conf, struct error *err)
{
	/* a worker that is taken over gains nothing by running a program of another user */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot give up new privileges");
	if (geteuid() != 0 || (conf->uid == (uid_t)-1 && conf->gid == (gid_t)-1))
		return 0;
	if (groups_set(conf) < 0)
		return error_errno(err, "cannot set the groups of the worker");
	if (conf->gid != (gid_t)-1 && setresgid(conf->gid, conf->gid, conf->gid) < 0)
		return error_errno(err, "cannot become group %u", (unsigned)conf->gid);
	if (conf->uid != (uid_t)-1 && setresuid(conf->uid, conf->uid, conf->uid) < 0)
		return error_errno(err, "cannot become user %u", (unsigned)conf->uid);
	if (conf->uid != (uid_t)-1 && conf->uid != 0 && setuid(0) == 0)
		return error_set(err, "user %u can become root again", (unsigned)conf->uid);
	return 0;
}
