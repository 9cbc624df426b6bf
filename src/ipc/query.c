#include "ipc/query.h"

#include <string.h>

const char *const query_state_names[] = { "new", "idle", "reading", "active", "tunnel", "closing", NULL };

size_t
query_answer_length(const struct query_answer *answer)
{
	return offsetof(struct query_answer, rows) + answer->count * sizeof answer->rows[0];
}

/* -1 stands for none. */
static bool
index_is_sound(int32_t index, size_t count)
{
	return index == -1 || (index >= 0 && (size_t)index < count);
}

static bool
text_ends(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static bool
request_is_sound(const struct query_request *r)
{
	return text_ends(r->method, sizeof r->method) && text_ends(r->host, sizeof r->host) &&
	    text_ends(r->target, sizeof r->target);
}

bool
query_answer_is_sound(const struct query_answer *answer, size_t listeners, size_t pools, size_t servers)
{
	unsigned i;

	if (answer->count > QUERY_ROWS)
		return false;
	for (i = 0; i < answer->count; i++) {
		const struct query_row *row = &answer->rows[i];

		if (row->listener >= listeners || row->state >= QUERY_STATES || !index_is_sound(row->pool, pools) ||
		    !index_is_sound(row->server, servers) || !request_is_sound(&row->request))
			return false;
	}
	return true;
}
