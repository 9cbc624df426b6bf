#include "master/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/log.h"

enum { DESCRIPTORS_OF_ITS_OWN = 32 }; /* of a worker: logs, channel, epoll */

/* Three of four descriptors are for clients; the rest is for the servers that some of them are waiting for. */
static void
limits_cap_connections(struct conf *conf, rlim_t files, bool tell)
{
	rlim_t room = files > DESCRIPTORS_OF_ITS_OWN ? (files - DESCRIPTORS_OF_ITS_OWN) / 4 * 3 : 0;

	if (room == 0)
		room = 1;
	if (conf->worker_connections == 0) {
		conf->worker_connections = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
		return;
	}
	if (conf->worker_connections <= room)
		return;
	if (tell)
		log_warn("worker-connections is %llu, not %u: a process may only open %llu files (open-files)",
		    (unsigned long long)room, conf->worker_connections, (unsigned long long)files);
	conf->worker_connections = (uint32_t)room;
}

int
limits_raise(struct conf *conf, struct error *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_errno(err, "cannot read the limit of open files");
	limit.rlim_cur = conf->open_files != 0 ? conf->open_files : limit.rlim_max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_max = limit.rlim_cur; /* only root may */
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_errno(err, "cannot raise the limit of open files to %llu (open-files)",
		    (unsigned long long)limit.rlim_cur);
	limits_cap_connections(conf, limit.rlim_cur, true);
	return 0;
}

void
limits_foresee(struct conf *conf)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		limits_cap_connections(conf, conf->open_files != 0 ? conf->open_files : limit.rlim_max, false);
}
