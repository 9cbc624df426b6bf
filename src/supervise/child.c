#include "supervise/child.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"

static const uint64_t backoff_maximum = 30 * CLOCK_SECOND;
const uint64_t child_short_life = CLOCK_SECOND;
static const uint64_t life_is_long = 10 * CLOCK_SECOND;

const char *const child_state_names[CHILD_STATES] = {
	[CHILD_EMPTY] = "empty",
	[CHILD_STARTING] = "starting",
	[CHILD_READY] = "ready",
	[CHILD_DRAINING] = "draining",
	[CHILD_STOPPING] = "stopping",
	[CHILD_BACKOFF] = "backoff",
	[CHILD_FAILED] = "failed",
};

/* A cell whose event means nothing in its state. */
#define STAY(state) \
	{ \
		CHILD_##state, CHILD_ACTION_NONE \
	}
#define STEP(next, action) \
	{ \
		CHILD_##next, CHILD_ACTION_##action \
	}

const struct child_step child_table[CHILD_STATES][CHILD_EVENTS] = {
	[CHILD_EMPTY] = {
		[CHILD_EVENT_START] = STEP(STARTING, SPAWN),
		[CHILD_EVENT_SPAWN_FAILED] = STAY(EMPTY),
		[CHILD_EVENT_READY] = STAY(EMPTY),
		[CHILD_EVENT_EXITED] = STAY(EMPTY),
		[CHILD_EVENT_EXITED_WRONG] = STAY(EMPTY),
		[CHILD_EVENT_HUNG] = STAY(EMPTY),
		[CHILD_EVENT_START_TIMEOUT] = STAY(EMPTY),
		[CHILD_EVENT_BACKOFF_OVER] = STAY(EMPTY),
		[CHILD_EVENT_DRAIN] = STAY(EMPTY),
		[CHILD_EVENT_STOP] = STAY(EMPTY),
		[CHILD_EVENT_KILL_TIMEOUT] = STAY(EMPTY),
		[CHILD_EVENT_RESET] = STAY(EMPTY),
	},
	[CHILD_STARTING] = {
		[CHILD_EVENT_START] = STAY(STARTING),
		[CHILD_EVENT_SPAWN_FAILED] = STEP(BACKOFF, BACK_OFF),
		[CHILD_EVENT_READY] = STEP(READY, USE),
		[CHILD_EVENT_EXITED] = STEP(BACKOFF, BACK_OFF),
		[CHILD_EVENT_EXITED_WRONG] = STEP(FAILED, GIVE_UP),
		[CHILD_EVENT_HUNG] = STEP(STARTING, KILL), /* its death tells the rest */
		[CHILD_EVENT_START_TIMEOUT] = STEP(STARTING, KILL),
		[CHILD_EVENT_BACKOFF_OVER] = STAY(STARTING),
		[CHILD_EVENT_DRAIN] = STEP(STOPPING, TERMINATE), /* it has nothing to finish */
		[CHILD_EVENT_STOP] = STEP(STOPPING, TERMINATE),
		[CHILD_EVENT_KILL_TIMEOUT] = STAY(STARTING),
		[CHILD_EVENT_RESET] = STAY(STARTING),
	},
	[CHILD_READY] = {
		[CHILD_EVENT_START] = STAY(READY),
		[CHILD_EVENT_SPAWN_FAILED] = STAY(READY),
		[CHILD_EVENT_READY] = STAY(READY),
		[CHILD_EVENT_EXITED] = STEP(BACKOFF, BACK_OFF),
		[CHILD_EVENT_EXITED_WRONG] = STEP(FAILED, GIVE_UP),
		[CHILD_EVENT_HUNG] = STEP(READY, KILL),
		[CHILD_EVENT_START_TIMEOUT] = STAY(READY),
		[CHILD_EVENT_BACKOFF_OVER] = STAY(READY),
		[CHILD_EVENT_DRAIN] = STEP(DRAINING, DRAIN),
		[CHILD_EVENT_STOP] = STEP(STOPPING, TERMINATE),
		[CHILD_EVENT_KILL_TIMEOUT] = STAY(READY),
		[CHILD_EVENT_RESET] = STAY(READY),
	},
	[CHILD_DRAINING] = {
		[CHILD_EVENT_START] = STAY(DRAINING), /* it cannot go back: another place is taken */
		[CHILD_EVENT_SPAWN_FAILED] = STAY(DRAINING),
		[CHILD_EVENT_READY] = STAY(DRAINING),
		[CHILD_EVENT_EXITED] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_EXITED_WRONG] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_HUNG] = STEP(STOPPING, KILL),
		[CHILD_EVENT_START_TIMEOUT] = STAY(DRAINING),
		[CHILD_EVENT_BACKOFF_OVER] = STAY(DRAINING),
		[CHILD_EVENT_DRAIN] = STAY(DRAINING),
		[CHILD_EVENT_STOP] = STEP(STOPPING, TERMINATE),
		[CHILD_EVENT_KILL_TIMEOUT] = STEP(STOPPING, TERMINATE), /* it closes its books itself */
		[CHILD_EVENT_RESET] = STAY(DRAINING),
	},
	[CHILD_STOPPING] = {
		[CHILD_EVENT_START] = STAY(STOPPING),
		[CHILD_EVENT_SPAWN_FAILED] = STAY(STOPPING),
		[CHILD_EVENT_READY] = STAY(STOPPING),
		[CHILD_EVENT_EXITED] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_EXITED_WRONG] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_HUNG] = STEP(STOPPING, KILL),
		[CHILD_EVENT_START_TIMEOUT] = STAY(STOPPING),
		[CHILD_EVENT_BACKOFF_OVER] = STAY(STOPPING),
		[CHILD_EVENT_DRAIN] = STAY(STOPPING),
		[CHILD_EVENT_STOP] = STAY(STOPPING),
		[CHILD_EVENT_KILL_TIMEOUT] = STEP(STOPPING, KILL),
		[CHILD_EVENT_RESET] = STAY(STOPPING),
	},
	[CHILD_BACKOFF] = {
		[CHILD_EVENT_START] = STAY(BACKOFF), /* one start for each pause, whoever asks */
		[CHILD_EVENT_SPAWN_FAILED] = STAY(BACKOFF),
		[CHILD_EVENT_READY] = STAY(BACKOFF),
		[CHILD_EVENT_EXITED] = STAY(BACKOFF),
		[CHILD_EVENT_EXITED_WRONG] = STAY(BACKOFF),
		[CHILD_EVENT_HUNG] = STAY(BACKOFF),
		[CHILD_EVENT_START_TIMEOUT] = STAY(BACKOFF),
		[CHILD_EVENT_BACKOFF_OVER] = STEP(STARTING, SPAWN),
		[CHILD_EVENT_DRAIN] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_STOP] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_KILL_TIMEOUT] = STAY(BACKOFF),
		[CHILD_EVENT_RESET] = STAY(BACKOFF),
	},
	[CHILD_FAILED] = {
		[CHILD_EVENT_START] = STAY(FAILED),
		[CHILD_EVENT_SPAWN_FAILED] = STAY(FAILED),
		[CHILD_EVENT_READY] = STAY(FAILED),
		[CHILD_EVENT_EXITED] = STAY(FAILED),
		[CHILD_EVENT_EXITED_WRONG] = STAY(FAILED),
		[CHILD_EVENT_HUNG] = STAY(FAILED),
		[CHILD_EVENT_START_TIMEOUT] = STAY(FAILED),
		[CHILD_EVENT_BACKOFF_OVER] = STAY(FAILED),
		[CHILD_EVENT_DRAIN] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_STOP] = STEP(EMPTY, RELEASE),
		[CHILD_EVENT_KILL_TIMEOUT] = STAY(FAILED),
		[CHILD_EVENT_RESET] = STEP(STARTING, SPAWN),
	},
};

bool
child_is_kept(enum child_state state)
{
	return state == CHILD_STARTING || state == CHILD_READY || state == CHILD_BACKOFF || state == CHILD_FAILED;
}

enum child_event
child_event_of_time(enum child_state state)
{
	switch (state) {
	case CHILD_STARTING:
		return CHILD_EVENT_START_TIMEOUT;
	case CHILD_BACKOFF:
		return CHILD_EVENT_BACKOFF_OVER;
	default:
		return CHILD_EVENT_KILL_TIMEOUT;
	}
}

/* The one setter of a state. */
static void
child_set_state(struct child *child, enum child_state state)
{
	child->state = state;
	if (child->shown != NULL)
		atomic_store_explicit(child->shown, (uint32_t)state, memory_order_relaxed);
}

enum child_action
child_event(struct child *child, enum child_event event)
{
	const struct child_step *step = &child_table[child->state][event];

	child_set_state(child, step->next);
	return step->action;
}

/* 1, 2, 4 ... seconds for the 1st, 2nd, 3rd ... pause. */
static uint64_t
backoff_pause(unsigned number)
{
	uint64_t pause = CLOCK_SECOND;

	while (--number > 0 && pause < backoff_maximum)
		pause *= 2;
	return pause < backoff_maximum ? pause : backoff_maximum;
}

/* A fifth more or less, so that many children do not start at the same moment. */
static uint64_t
with_jitter(uint64_t pause, uint32_t random)
{
	return pause / 1000 * (800 + random % 401);
}

uint64_t
child_backoff(struct child *child, uint64_t worked, bool was_ready, uint32_t random)
{
	bool first = child->quick_deaths == 0 || worked >= life_is_long;
	bool of_use = was_ready && (first || !child->ready_is_little || worked >= child_short_life);

	if (of_use) {
		child->quick_deaths = 1;
		return first ? 0 : with_jitter(backoff_pause(1), random);
	}
	if (child->quick_deaths == 0)
		child->quick_deaths = 1; /* a failed start has no pause of nothing */
	return with_jitter(backoff_pause(child->quick_deaths++), random);
}

void
child_forget_deaths(struct child *child)
{
	child->quick_deaths = 0;
}

bool
child_exited_wrong(int wait_status)
{
	return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == CHILD_EXIT_WRONG;
}

static double
in_seconds(uint64_t microseconds)
{
	return (double)microseconds / (double)CLOCK_SECOND;
}

const char *
child_describe_pause(uint64_t pause, char *text, size_t size)
{
	if (pause == 0)
		snprintf(text, size, "restarting at once");
	else
		snprintf(text, size, "restarting in %.1f s", in_seconds(pause));
	return text;
}

static const char *
child_describe_exit(int wait_status, char *text, size_t size)
{
	if (WIFSIGNALED(wait_status))
		snprintf(text, size, "killed by signal %d (%s)%s", WTERMSIG(wait_status),
		    strsignal(WTERMSIG(wait_status)), WCOREDUMP(wait_status) ? ", core dumped" : "");
	else
		snprintf(text, size, "exited with status %d", WEXITSTATUS(wait_status));
	return text;
}

const char *
child_describe_end(int wait_status, uint64_t lived, const char *why, char *text, size_t size)
{
	char how[80];

	snprintf(text, size, "%s after %.1f s%s%s", child_describe_exit(wait_status, how, sizeof how), in_seconds(lived),
	    why != NULL ? ": " : "", why != NULL ? why : "");
	return text;
}
