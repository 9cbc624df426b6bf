#include "net/deadline.h"

/*
 * When it may expire: one that was set at the end of a slow turn has not lasted since the
 * beginning of that. Those that were set in later turns come behind it all the same.
 */
static uint64_t
deadline_due(const struct deadline *deadline, const struct deadline_queue *queue)
{
	return deadline->at + loop_lateness(queue->loop, deadline->at - queue->duration);
}

static void
deadline_timer_cb(struct timer *timer)
{
	struct deadline_queue *queue = CONTAINER_OF(timer, struct deadline_queue, timer);
	uint64_t now = loop_now(queue->loop);
	struct deadline *first;

	while ((first = TAILQ_FIRST(&queue->waiting)) != NULL && deadline_due(first, queue) <= now) {
		deadline_clear(first);
		queue->expired(first, queue);
	}
	if (first != NULL)
		timer_set(&queue->timer, deadline_due(first, queue) - now);
}

void
deadline_queue_init(struct deadline_queue *queue, struct loop *loop, uint64_t duration, deadline_fn *expired)
{
	TAILQ_INIT(&queue->waiting);
	queue->loop = loop;
	queue->duration = duration;
	queue->expired = expired;
	timer_init(&queue->timer, loop, deadline_timer_cb);
}

void
deadline_queue_clear(struct deadline_queue *queue)
{
	timer_clear(&queue->timer);
}

void
deadline_set(struct deadline *deadline, struct deadline_queue *queue)
{
	deadline_clear(deadline);
	if (queue->duration == 0)
		return;
	deadline->queue = queue;
	deadline->at = loop_now(queue->loop) + queue->duration;
	/* the timer of an empty queue may still be set, for one that was cleared: then it fires early, once */
	if (TAILQ_EMPTY(&queue->waiting) && !timer_is_set(&queue->timer))
		timer_set(&queue->timer, queue->duration);
	TAILQ_INSERT_TAIL(&queue->waiting, deadline, link);
}

void
deadline_set_at(struct deadline *deadline, struct deadline_queue *queue, uint64_t at)
{
	uint64_t now = loop_now(queue->loop);
	struct deadline *later;

	deadline_clear(deadline);
	deadline->queue = queue;
	deadline->at = at;
	TAILQ_FOREACH(later, &queue->waiting, link)
		if (later->at > at)
			break;
	if (later != NULL)
		TAILQ_INSERT_BEFORE(later, deadline, link);
	else
		TAILQ_INSERT_TAIL(&queue->waiting, deadline, link);
	if (TAILQ_FIRST(&queue->waiting) == deadline)
		timer_set(&queue->timer, at > now ? at - now : 0);
}

void
deadline_clear(struct deadline *deadline)
{
	if (deadline->queue == NULL)
		return;
	TAILQ_REMOVE(&deadline->queue->waiting, deadline, link);
	deadline->queue = NULL;
}
