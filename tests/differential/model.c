#include "model.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http/body.h"
#include "http/forward.h"
#include "http/h1.h"
#include "mutate.h"

static const struct h1_limits limits = { .head = 16384, .target = 8192, .fields = 100 }; /* the defaults */
static struct h1_request request;
static struct forward forward;

uint32_t
crc_add(uint32_t crc, const char *data, size_t length)
{
	static uint32_t table[256];
	unsigned i, bit;

	if (table[1] == 0)
		for (i = 0; i < 256; i++)
			for (table[i] = i, bit = 0; bit < 8; bit++)
				table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	for (crc = ~crc; length > 0; length--)
		crc = crc >> 8 ^ table[(crc ^ (unsigned char)*data++) & 0xff];
	return ~crc;
}

/* Fields that are the same on both sides: neither dropped nor written anew. */
static bool
field_is_kept(const struct h1_field *field)
{
	switch (field->name) {
	case H1_NAME_HOST:
	case H1_NAME_X_FORWARDED_FOR:
	case H1_NAME_X_FORWARDED_PROTO:
	case H1_NAME_X_FORWARDED_HOST:
	case H1_NAME_FORWARDED:
	case H1_NAME_MAX_FORWARDS:
		return false;
	default:
		return !field->hop;
	}
}

uint32_t
crc_add_field(uint32_t crc, const char *head, const struct h1_field *field)
{
	char name[256];
	size_t n;

	for (n = 0; n < field->name_length && n < sizeof name; n++) {
		char byte = head[field->line + n];

		name[n] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
	}
	crc = crc_add(crc, name, n);
	crc = crc_add(crc, ":", 1);
	crc = crc_add(crc, head + field->value, field->value_length);
	return crc_add(crc, "\n", 1);
}

static uint32_t
fields_crc(unsigned *count)
{
	uint32_t crc = 0;
	unsigned i;

	for (*count = 0, i = 0; i < request.field_count; i++) {
		if (!field_is_kept(&request.fields[i]))
			continue;
		crc = crc_add_field(crc, request.head, &request.fields[i]);
		++*count;
	}
	return crc;
}

static void
expect_span(struct bytes *to, struct h1_span span, const char *otherwise)
{
	if (span.length > 0)
		bytes_add(to, request.head + span.offset, span.length);
	else
		bytes_add(to, otherwise, strlen(otherwise));
	bytes_add(to, " ", 1);
}

/* METHOD TARGET HOST BODY-LENGTH BODY-CRC FIELDS FIELDS-CRC */
static void
expect_add(struct bytes *to, uint64_t body_length, uint32_t body_crc)
{
	unsigned count;
	uint32_t crc = fields_crc(&count);
	char figures[80];

	expect_span(to, request.method_text, "");
	expect_span(to, request.path, request.method == H1_METHOD_OPTIONS ? "*" : "/");
	expect_span(to, request.authority, "localhost");
	bytes_add(to, figures, (size_t)snprintf(figures, sizeof figures, "%" PRIu64 " %08" PRIx32 " %u %08" PRIx32 "\n",
				   body_length, body_crc, count, crc));
}

static void
head_forward(struct bytes *to)
{
	static const struct forward_request_policy policy = {
		.client = "192.0.2.1", .scheme = "http", .fallback_host = "localhost", .x_forwarded = true
	};
	int i;

	forward_request(&forward, &request, &policy);
	for (i = 0; i < forward.count; i++)
		bytes_add(to, forward.pieces[i].iov_base, forward.pieces[i].iov_len);
}

uint32_t
data_crc(enum h1_framing framing, const char *bytes, size_t length, uint64_t *data_length)
{
	struct h1_chunked chunked = { 0 };
	uint32_t crc = 0;
	bool done = false;

	if (framing != H1_FRAMING_CHUNKED) {
		*data_length = length;
		return crc_add(0, bytes, length);
	}
	for (*data_length = 0; length > 0 && !done;) {
		size_t run;
		const char *data;
		ptrdiff_t n = h1_chunked_decode(&chunked, bytes, length, &data, &run, &done);

		if (n <= 0)
			return 0;
		crc = run > 0 ? crc_add(crc, data, run) : crc;
		*data_length += run;
		bytes += n;
		length -= (size_t)n;
	}
	return crc;
}

/* Passes the body on, piece by piece. Returns its length, or -1: it is malformed or not all there. */
static ptrdiff_t
body_forward(struct model *model, struct bytes *to, const char *bytes, size_t length, uint64_t *state)
{
	size_t used = 0;
	struct body body;

	body_begin(&body, (enum h1_framing)request.framing, request.content_length, false);
	while (!body.done && used < length) {
		size_t piece = 1 + random_next(state) % (random_next(state) % 8 == 0 ? 3 : 4096), skip, ready;

		piece = piece < length - used ? piece : length - used;
		if (body_accept(&body, bytes + used, piece, &skip, &ready) < 0) {
			model->flags |= MODEL_REFUSED;
			return -1;
		}
		if (to != NULL)
			bytes_add(to, bytes + used, ready);
		used += ready;
	}
	return body.done ? (ptrdiff_t)used : -1;
}

/* What worker/method.c answers itself. Returns whether the connection goes on behind it. */
static bool
method_is_local(struct model *model, bool *goes_on)
{
	bool trace = request.method == H1_METHOD_TRACE, connect = request.method == H1_METHOD_CONNECT;

	*goes_on = !trace && !connect;
	if (!trace && !connect && request.max_forwards != 0)
		return false;
	model->flags |= MODEL_LOCAL;
	return true;
}

/* One request. Returns how many bytes it has, or 0: nothing behind it is looked at. */
static size_t
request_run(struct model *model, const char *bytes, size_t length, bool *upgraded, uint64_t *state)
{
	struct h1_scan scan = { 0 };
	enum h1_result result = h1_request_parse(&request, &scan, bytes, length, &limits);
	struct bytes *to = *upgraded ? NULL : &model->stream;
	size_t head = scan.start + (size_t)request.length;
	bool local, goes_on = true;
	uint64_t data_length;
	ptrdiff_t body;
	uint32_t crc;

	if (result != H1_DONE) {
		model->flags |= result == H1_ERROR ? MODEL_REFUSED : 0;
		return 0;
	}
	local = method_is_local(model, &goes_on);
	to = local ? NULL : to;
	if (to != NULL)
		head_forward(to);
	body = body_forward(model, to, bytes + head, length - head, state);
	if (body < 0) {
		model->flags |= to != NULL ? MODEL_CUT : 0;
		return 0;
	}
	if (!local) {
		crc = data_crc((enum h1_framing)request.framing, bytes + head, (size_t)body, &data_length);
		expect_add(&model->expected, data_length, crc);
		model->requests++;
		model->stream_requests += !*upgraded;
		*upgraded = *upgraded || request.upgrade;
	}
	return goes_on && request.keep_alive ? head + (size_t)body : 0;
}

void
model_run(struct model *model, const struct bytes *raw, uint64_t seed)
{
	size_t used = 0, n;
	bool upgraded = false;

	model->flags = model->requests = model->stream_requests = 0;
	model->stream.length = model->expected.length = 0;
	while (used < raw->length && (n = request_run(model, raw->data + used, raw->length - used, &upgraded, &seed)) > 0)
		used += n;
}
