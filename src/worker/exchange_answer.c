/* drover's own answers, and the step that writes them. Runs in workers. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "worker/additions.h"
#include "worker/edits.h"
#include "worker/exchange.h"
#include "worker/pool.h"
#include "worker/relay.h"
#include "worker/session_tcp.h"
#include "worker/upstream.h"
#include "worker/variables.h"

enum {
	REPLY_COPY = 1024, /* bytes of a body that is written together with its head */
	TYPE_LINE = 300 /* Content-Type and Date */
};

/* Whether a response with that status has a body at all (RFC 9110 6.4.1). */
static bool
status_has_body(unsigned status)
{
	return status != 204 && status != 304;
}

static void reply_add(struct block *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
reply_add(struct block *to, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(to->bytes + to->end, block_room(to), format, ap);
	va_end(ap);
	INVARIANT(n >= 0 && (uint32_t)n < block_room(to));
	to->end += (uint32_t)n;
}

/* The fields that say what the answer is, and since when it is (RFC 9110 6.6.1). Their length. */
static size_t
reply_lines(struct exchange *x, const struct answer *answer, char *to, size_t room)
{
	bool typed = answer->type != NULL && status_has_body(answer->status);
	struct text more = additions_to_answer(x), date;
	char time[VARIABLES_TIME];
	int n;

	date = variables_time(x, time);
	n = snprintf(to, room, "Date: %.*s\r\n%s%s%s%s%.*s", (int)date.length, date.bytes, typed ? "Content-Type: " : "",
	    typed ? answer->type : "", typed ? "\r\n" : "", answer->fields != NULL ? answer->fields : "",
	    (int)more.length, more.bytes);
	INVARIANT(n >= 0 && (size_t)n < room);
	return (size_t)n;
}

/* The same as the rules leave them. */
static void
reply_fields(struct exchange *x, const struct answer *answer, const struct edits *edits)
{
	char lines[ANSWER_FIELDS + ANSWER_MORE + TYPE_LINE];
	struct block *to = &x->reply;
	ptrdiff_t used;

	if (edits == NULL) {
		to->end += (uint32_t)reply_lines(x, answer, to->bytes + to->end, block_room(to));
		return;
	}
	used = edits_rewrite(edits, (struct text){ lines, reply_lines(x, answer, lines, sizeof lines) },
	    to->bytes + to->end, block_room(to));
	INVARIANT(used >= 0);
	to->end += (uint32_t)used;
}

/* Writes the head, and the body behind it when that is short. */
static void
reply_format(struct exchange *x, const struct answer *answer, const struct edits *edits)
{
	const char *connection = !x->keep_alive ? "Connection: close\r\n" : x->minor == 0 ? "Connection: keep-alive\r\n" : "";
	struct block *to = &x->reply;

	reply_add(to, "HTTP/1.1 %u %s\r\n", answer->status, h1_status_phrase(answer->status));
	reply_fields(x, answer, edits);
	if (status_has_body(answer->status))
		reply_add(to, "Content-Length: %zu\r\n", answer->body.length);
	reply_add(to, "%s\r\n", connection);
	if (x->method == H1_METHOD_HEAD || !status_has_body(answer->status))
		return;
	if (answer->body.length > REPLY_COPY) {
		x->reply_body = answer->body;
		return;
	}
	INVARIANT(answer->body.length <= block_room(to));
	if (answer->body.length > 0)
		memcpy(to->bytes + to->end, answer->body.bytes, answer->body.length);
	to->end += (uint32_t)answer->body.length;
	x->response.bytes = answer->body.length;
}

/* A block for the head: what rules add may be more than a small one holds. false: no memory. */
static bool
reply_reserve(struct exchange *x, const struct edits *edits)
{
	struct block_pool *pool = &x->worker->buffers;

	if (edits != NULL)
		block_enlarge(&x->reply, pool);
	if (x->reply.bytes == NULL && !block_reserve(&x->reply, pool))
		return false;
	return edits == NULL || x->reply.size > ANSWER_FIELDS + ANSWER_MORE + TYPE_LINE + EDITS_TEXT + 2 * REPLY_COPY;
}

/* After a refusal nothing else is believed that comes on the connection; when only the server failed, it goes on. */
static bool
reply_is_final(unsigned status)
{
	return status != 404 && (status < 502 || status > 504);
}

/* What rules about responses need of the request, when that is still there. As edits_note. */
static unsigned
answer_note(struct exchange *x)
{
	return x->head_length > 0 && x->request.held > 0 ? edits_note(x) : 0;
}

const struct conf_page *
exchange_error_page(const struct exchange *exchange, unsigned status)
{
	const struct conf_rules *first = session_policy(exchange->session)->rules.conf;
	const struct conf_rules *second = exchange->route != NULL ? exchange->route->rules.conf : NULL;
	const struct conf_page *page = NULL;

	if (second != NULL)
		page = conf_error_page_find(second->error_pages, second->error_page_count, status);
	if (page == NULL)
		page = conf_error_page_find(first->error_pages, first->error_page_count, status);
	return page;
}

/* The answer with the body that the rules have for it. */
static struct answer
answer_with_page(const struct exchange *x, const struct answer *answer)
{
	const struct conf_page *page =
	    answer->status >= 400 && !answer->fixed ? exchange_error_page(x, answer->status) : NULL;
	struct answer with = *answer;

	if (page != NULL) {
		with.type = page->type;
		with.body = (struct text){ page->bytes, page->length };
	}
	return with;
}

enum step_result
exchange_answer(struct exchange *exchange, const struct answer *answer, const char *reason)
{
	struct session *session = exchange->session;
	struct answer with;
	unsigned refused;
	const struct edits *edits;

	if (exchange->tcp)
		return session_tcp_refuse(exchange, answer->status, reason);
	refused = answer_note(exchange);
	with = answer_with_page(exchange, answer);
	if (refused != 0 && answer->keeps)
		return exchange_reply(exchange, refused, "response-header");
	upstream_detach(exchange, false);
	pool_leave(exchange);
	exchange->status = (uint16_t)answer->status;
	exchange->reason = reason;
	exchange->step = step_reply;
	if (exchange->request.body.done) {
		relay_discard(&exchange->request, exchange->worker, &session->in);
		exchange->request.broken = true;
	} else {
		exchange->keep_alive = false;
	}
	if (session->closing || (!answer->keeps && reply_is_final(answer->status)))
		exchange->keep_alive = false;
	edits = edits_of_response(exchange, answer->status);
	if (reply_reserve(exchange, edits))
		reply_format(exchange, &with, edits);
	else
		exchange->keep_alive = false; /* no memory for an answer: the connection just ends */
	return STEP_NEXT;
}

enum step_result
exchange_reply(struct exchange *exchange, unsigned status, const char *reason)
{
	char text[80];
	struct answer answer = { .status = status, .type = "text/plain", .body.bytes = text };

	answer.body.length = (size_t)snprintf(text, sizeof text, "%u %s\n", status, h1_status_phrase(status));
	return exchange_answer(exchange, &answer, reason);
}

/* Writes what is left of head and body. -1 with errno. */
static ssize_t
reply_write(struct exchange *x, struct stream *client)
{
	struct iovec iov[] = { { block_first(&x->reply), block_length(&x->reply) },
		{ (void *)(uintptr_t)x->reply_body.bytes, x->reply_body.length } };
	ssize_t n = client->writable ? stream_write(client, iov, x->reply_body.length > 0 ? 2 : 1) : (errno = EAGAIN, -1);
	size_t head = block_length(&x->reply);

	if (n <= 0)
		return n;
	head = head < (size_t)n ? head : (size_t)n;
	x->reply.start += (uint32_t)head;
	x->reply_body.bytes += (size_t)n - head;
	x->reply_body.length -= (size_t)n - head;
	x->response.bytes += (size_t)n - head;
	return n;
}

enum step_result
step_reply(struct exchange *exchange)
{
	while (block_length(&exchange->reply) + exchange->reply_body.length > 0) {
		ssize_t n = reply_write(exchange, &exchange->session->stream);

		if (n < 0 && errno != EAGAIN)
			return exchange_client_gone(exchange);
		if (n < 0)
			return exchange_wait(exchange);
		exchange->answered = true;
		exchange->moved |= MOVED_CLIENT_OUT;
		count(exchange->worker, CLIENT_BYTES_OUT, n);
	}
	exchange->step = step_finish;
	return STEP_NEXT;
}
