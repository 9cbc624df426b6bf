#include "supervise/fleet.h"

/* What there is of one number. */
struct holding {
	bool fresh, stale, surplus;
	size_t fresh_seat, stale_seat;
	size_t surplus_seat; /* of a second fresh one */
};

/* What there is of all of them. */
struct fleet {
	const struct fleet_wish *wish;
	struct holding numbers[FLEET_NUMBERS];
	unsigned ready, given_up; /* seats */
	unsigned replacing; /* numbers that have both */
};

/*
 * There are two when a stale one had died: its next process is as good as the one that was started
 * to replace it. One that is ready stays.
 */
static void
holding_take_fresh(struct holding *holding, const struct fleet_seat *seats, size_t seat)
{
	bool better = !holding->fresh ||
	    (seats[seat].state == CHILD_READY && seats[holding->fresh_seat].state != CHILD_READY);

	if (holding->fresh) {
		holding->surplus = true;
		holding->surplus_seat = better ? holding->fresh_seat : seat;
	}
	if (better)
		holding->fresh_seat = seat;
	holding->fresh = true;
}

static void
fleet_take(struct fleet *fleet, const struct fleet_seat *seats, size_t seat)
{
	struct holding *holding = &fleet->numbers[seats[seat].number];

	fleet->given_up += seats[seat].state == CHILD_FAILED && !seats[seat].stale;
	if (seats[seat].stale) {
		holding->stale = true;
		holding->stale_seat = seat;
	} else {
		holding_take_fresh(holding, seats, seat);
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

/* Whether one that is not wanted any more may go now: those that stay may not all be ready yet. */
static bool
is_too_many(const struct fleet *fleet, const struct fleet_seat *seat)
{
	return seat->state != CHILD_READY || fleet->ready + fleet->given_up > fleet->wish->instances;
}

/* Whether there is a stale one, and another in its place is ready. */
static bool
has_successor(const struct holding *holding, const struct fleet_seat *seats)
{
	return holding->stale && holding->fresh && seats[holding->fresh_seat].state == CHILD_READY;
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
			fleet_take(&fleet, seats, i);
	}
	for (i = 0; i < count; i++)
		if (child_is_kept(seats[i].state) && seats[i].number >= wish->instances && is_too_many(&fleet, &seats[i]))
			return drain(seats, i);
	for (number = 0; number < wish->instances; number++) {
		holding = &fleet.numbers[number];
		if (holding->surplus && is_too_many(&fleet, &seats[holding->surplus_seat]))
			return drain(seats, holding->surplus_seat);
		if (has_successor(holding, seats) && may_go(&fleet, &seats[holding->stale_seat]))
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
