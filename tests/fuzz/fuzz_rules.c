/*
 * Rules about header fields and paths, and the request that they are carried out on: what goes
 * to the server must be one request, with the same body, whatever both say. The input is rules,
 * a line each, an empty line, and the head of a request.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "conf/header_rule.h"
#include "http/forward.h"
#include "worker/variables.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { RULES = 8, INPUT_MAX = 8192, OUTPUT_MAX = 128 * 1024 };

static const struct h1_limits limits = { .head = 8192, .target = 4096, .fields = 64 };
static const struct h1_limits output_limits = { .head = OUTPUT_MAX, .target = OUTPUT_MAX, .fields = 200 };
static struct conf_header_rule rules[RULES];
static struct h1_request request, again;
static struct edits edits;
static struct forward forward;
static char output[OUTPUT_MAX];

static char listener_name[] = "*:80", pool_name[] = "web";
static struct conf_listener listener = { .name = listener_name };
static struct conf_pool conf_pool = { .name = pool_name };
static struct pool pool = { .conf = &conf_pool };
static struct policy policy = { .listener = &listener };
static struct worker worker = { .policies = &policy };
static struct session session = { .worker = &worker };
static struct exchange exchange = { .worker = &worker, .session = &session, .pool = &pool };

/* Reads the rules. Returns what is behind them. */
static const char *
rules_read(const char *text, size_t *count)
{
	char line[512];
	struct error err;
	size_t length;

	for (*count = 0; *text != '\0' && *text != '\n'; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		if (*count == RULES || length >= sizeof line)
			continue;
		memcpy(line, text, length);
		line[length] = '\0';
		if (conf_header_rule_read(&rules[*count], line, TEMPLATE_IN_REQUEST, &err) == 0)
			++*count;
	}
	return *text == '\n' ? text + 1 : text;
}

/* false: the request is to be refused. */
static bool
edits_make(size_t count)
{
	struct variables from = { .exchange = &exchange, .request = &request };
	size_t i, room;

	edits_begin(&edits);
	for (i = 0; i < count; i++) {
		struct edit *edit = edits_open(
		    &edits, (enum edit_action)rules[i].action, rules[i].name, rules[i].name_length, rules[i].prefix);
		ptrdiff_t length;
		char *to;

		if (edit == NULL)
			return false;
		if (rules[i].action == CONF_HEADER_REMOVE)
			continue;
		to = edits_end(&edits, &room);
		length = variables_fill(&from, &rules[i].value, to, room);
		if (length < 0 || edits_close(&edits, edit, (size_t)length) < 0)
			return false;
	}
	return edits_host_is_valid(&edits);
}

static size_t
flatten(void)
{
	size_t n = 0;
	int i;

	for (i = 0; i < forward.count; i++) {
		INVARIANT(n + forward.pieces[i].iov_len <= sizeof output);
		memcpy(output + n, forward.pieces[i].iov_base, forward.pieces[i].iov_len);
		n += forward.pieces[i].iov_len;
	}
	INVARIANT(n == forward.length);
	return n;
}

/* What goes out is read back as one request that asks for the same. */
static void
output_check(size_t length)
{
	struct h1_scan scan = { 0 };

	INVARIANT(h1_request_parse(&again, &scan, output, length, &output_limits) == H1_DONE);
	INVARIANT(scan.start == 0 && again.length == length);
	INVARIANT(again.method == request.method && again.framing == request.framing);
	INVARIANT(again.content_length == request.content_length && again.path.length == again.target.length);
	INVARIANT(again.expect_continue == request.expect_continue && again.upgrade == request.upgrade);
}

static void
request_check(size_t rule_count)
{
	static const struct rewrite rewrite = { { "/a", 2 }, { "/b", 2 }, { "/c", 2 } };
	struct forward_request_policy how = { .client = "192.0.2.1", .scheme = "http", .fallback_host = "app:1",
		.x_forwarded = true, .forwarded = true, .via = "drover", .request_id = "id", .edits = &edits };
	const struct text path = { request.head + request.path.offset, request.path.length };
	struct rewritten to;

	if (request.method == H1_METHOD_CONNECT || !edits_make(rule_count))
		return;
	forward_request(&forward, &request, &how);
	output_check(flatten());
	if (request.path.length == 0 || !rewrite_path(&rewrite, path, &to))
		return;
	how.path = &to;
	forward_request(&forward, &request, &how);
	output_check(flatten());
	INVARIANT(output[again.path.offset] == '/' && output[again.path.offset + 1] == 'c');
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static char text[INPUT_MAX + 1];
	struct h1_scan scan = { 0 };
	size_t count, i;
	const char *head;

	if (size > INPUT_MAX)
		return 0;
	memcpy(text, input, size);
	text[size] = '\0';
	head = rules_read(text, &count);
	if (h1_request_parse(&request, &scan, head, (size_t)(text + size - head), &limits) == H1_DONE)
		request_check(count);
	for (i = 0; i < count; i++)
		conf_header_rule_clear(&rules[i]);
	return 0;
}
