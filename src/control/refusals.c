#include "control/refusals.h"

#include "base/clock.h"
#include "base/log.h"

static const uint64_t minute = 60 * CLOCK_SECOND;

void
refusals_add(struct refusals *refusals, uint64_t now, const struct peer *peer, const char *what)
{
	if (refusals->since == 0 || now - refusals->since >= minute) {
		if (refusals->seen > REFUSALS_A_MINUTE)
			log_warn("control: %u more were refused in a minute", refusals->seen - REFUSALS_A_MINUTE);
		*refusals = (struct refusals){ .since = now };
	}
	if (++refusals->seen <= REFUSALS_A_MINUTE)
		log_warn("control: uid %u pid %d: refused: %s", (unsigned)peer->uid, (int)peer->pid, what);
}
