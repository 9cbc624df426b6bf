#include "master/schedule.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

static bool changed;

static int
schedule_set(int policy)
{
	struct sched_param param = { .sched_priority = 0 };

	return sched_setscheduler(0, policy, &param);
}

void
schedule_as_master(void)
{
	if (sched_getscheduler(0) != SCHED_OTHER)
		return;
	changed = schedule_set(SCHED_BATCH) == 0;
	if (!changed)
		log_debug("cannot be scheduled as a batch process: %s", strerror(errno));
}

void
schedule_as_started(void)
{
	if (changed && schedule_set(SCHED_OTHER) < 0)
		log_warn("cannot be scheduled as drover was started: %s", strerror(errno));
	changed = false;
}
