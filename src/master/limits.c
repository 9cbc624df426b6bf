#include "master/limits.h"

#include <sys/resource.h>

#include "base/log.h"

enum { DESCRIPTORS_BESIDE_CLIENTS = 64 };

int
limits_raise(const struct conf *conf, struct error *err)
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
	if (limit.rlim_cur < (rlim_t)conf->worker_connections + DESCRIPTORS_BESIDE_CLIENTS)
		log_warn("worker-connections = %u, but a process may only open %llu files (open-files)",
		    conf->worker_connections, (unsigned long long)limit.rlim_cur);
	return 0;
}
