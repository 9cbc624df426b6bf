#include "supervise/fleet.h"

/* What there is of one number. */
struct holding {
	bool fresh, fresh_ready, stale;
	size_t stale_seat;
};

/* What there is of all of them. */
struct fleet {
	const struct fleet_wish *wish;
	struct holding numbers[FLEET_NUMBERS];
	unsigned ready, given_up; /* seats */
	unsigned replacing; /* numbers that have both */
};

static void
fleet_take(struct fleet *fleet, const struct fleet_seat *seat, size_t i)
{
	struct holding *holding = &fleet->numbers[seat->number];

	fleet->given_up += seat->state == CHILD_FAILED && !seat->stale;
	if (seat->stale) {
		holding->stale = true;
		holding->stale_seat = i;
	} else {
		holding->fresh = true;
		holding->fresh_ready |= seat->state == CHILD_READY;
	}
}

static struct fleet_step
start(unsigned number)
{
	return (struct fleet_step){ .action = FLEET_START, .number = number };
}

static struct fleet_step
drain(const struct fleet_seat *seats, size_t seat)
{
	return (struct fleet_step){ .action = FLEET_DRAIN, .number = seats[seat].number, .seat = seat };
}

/* Whether one may go now: it serves nobody, or enough others do. None is waited for that was given up. */
static bool
may_go(const struct fleet *fleet, const struct fleet_seat *stale)
{
	return stale->state != CHILD_READY ||
	    fleet->ready + fleet->given_up + fleet->wish->max_unavailable > fleet->wish->instances;
}

/* Whether one whose number is not wanted any more may go now: those that stay may not all be ready yet. */
static bool
is_too_many(const struct fleet *fleet, const struct fleet_seat *seat)
{
	return seat->state != CHILD_READY || fleet->ready + fleet->given_up > fleet->wish->instances;
}

/*
 * Of those that nobody replaces yet, one that may go now, or any: who has waited longest, lest the ones of low numbers
 * are replaced again and again while the others wait. NULL: there is none.
 */
static const struct holding *
longest_stale(const struct fleet *fleet, const struct fleet_seat *seats, bool to_go)
{
	const struct holding *found = NULL;
	unsigned number;

	for (number = 0; number < fleet->wish->instances; number++) {
		const struct holding *holding = &fleet->numbers[number];

		if (!holding->stale || holding->fresh || (to_go && !may_go(fleet, &seats[holding->stale_seat])))
			continue;
		if (found == NULL || seats[holding->stale_seat].since < seats[found->stale_seat].since)
			found = holding;
	}
	return found;
}

struct fleet_step
fleet_next(const struct fleet_wish *wish, const struct fleet_seat *seats, size_t count)
{
	struct fleet fleet = { .wish = wish };
	const struct holding *holding;
	unsigned number;
	size_t i;

	for (i = 0; i < count; i++) {
		fleet.ready += seats[i].state == CHILD_READY;
		if (child_is_kept(seats[i].state) && seats[i].number < wish->instances)
			fleet_take(&fleet, &seats[i], i);
	}
	for (i = 0; i < count; i++)
		if (child_is_kept(seats[i].state) && seats[i].number >= wish->instances && is_too_many(&fleet, &seats[i]))
			return drain(seats, i);
	for (number = 0; number < wish->instances; number++) {
		holding = &fleet.numbers[number];
		if (holding->stale && holding->fresh_ready && may_go(&fleet, &seats[holding->stale_seat]))
			return drain(seats, holding->stale_seat);
		if (!holding->stale && !holding->fresh)
			return start(number);
		fleet.replacing += holding->stale && holding->fresh;
	}
	if ((holding = longest_stale(&fleet, seats, true)) != NULL)
		return drain(seats, holding->stale_seat);
	if (fleet.replacing < wish->surge && (holding = longest_stale(&fleet, seats, false)) != NULL)
		return start(seats[holding->stale_seat].number);
	return (struct fleet_step){ .action = FLEET_NOTHING };
}
