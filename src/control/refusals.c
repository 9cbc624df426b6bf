#include "control/refusals.h"

#include "base/clock.h"
#include "base/log.h"

static const uint64_t minute = 60 * CLOCK_SECOND;

/* Says what was only counted, and begins to count anew. */
static void
refusals_tell(struct refusals *refusals)
{
	if (refusals->seen > REFUSALS_A_MINUTE)
		log_warn("control: %u more were refused in a minute", refusals->seen - REFUSALS_A_MINUTE);
	refusals->seen = 0;
}

static void
refusals_minute_cb(struct timer *timer)
{
	refusals_tell(CONTAINER_OF(timer, struct refusals, minute));
}

void
refusals_open(struct refusals *refusals, struct loop *loop)
{
	refusals->seen = 0;
	timer_init(&refusals->minute, loop, refusals_minute_cb);
}

void
refusals_close(struct refusals *refusals)
{
	refusals_tell(refusals);
	timer_clear(&refusals->minute);
}

void
refusals_add(struct refusals *refusals, const struct peer *peer, const char *what)
{
	if (!timer_is_set(&refusals->minute))
		timer_set(&refusals->minute, minute);
	if (++refusals->seen <= REFUSALS_A_MINUTE)
		log_warn("control: uid %u pid %d: refused: %s", (unsigned)peer->uid, (int)peer->pid, what);
}
