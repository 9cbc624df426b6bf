#include "app/who.h"

#include <unistd.h>

struct who
who_is_worker(const struct conf *conf)
{
	struct who who = { .uid = conf->uid, .gid = conf->gid };

	if (who.uid == (uid_t)-1)
		who.uid = geteuid();
	if (who.gid == (gid_t)-1)
		who.gid = getegid();
	return who;
}

struct who
who_is_app(const struct conf *conf, const struct conf_app *app)
{
	struct who who = who_is_worker(conf);

	if (app->uid != (uid_t)-1)
		who.uid = app->uid;
	if (app->gid != (gid_t)-1)
		who.gid = app->gid;
	return who;
}

bool
who_is_named(const struct conf *conf, const struct conf_app *app)
{
	return app->uid != (uid_t)-1 || app->gid != (gid_t)-1 || conf->uid != (uid_t)-1 || conf->gid != (gid_t)-1;
}
