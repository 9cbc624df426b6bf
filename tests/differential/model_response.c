#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http/body.h"
#include "http/forward.h"
#include "model.h"
#include "mutate.h"

static const struct h1_limits limits = { .head = 16384, .target = 8192, .fields = 100 }; /* the defaults */
static struct h1_response response;
static struct forward forward;

static bool
field_is_kept(const struct h1_field *field)
{
	return !field->hop && field->name != H1_NAME_CONTENT_LENGTH && field->name != H1_NAME_VIA;
}

/* STATUS BODY-LENGTH BODY-CRC FIELDS FIELDS-CRC */
static void
expect_add(struct model *model, uint64_t body_length, uint32_t body_crc)
{
	unsigned count = 0, i;
	uint32_t crc = 0;
	char line[80];

	for (i = 0; i < response.field_count; i++) {
		if (!field_is_kept(&response.fields[i]))
			continue;
		crc = crc_add_field(crc, response.head, &response.fields[i]);
		count++;
	}
	bytes_add(&model->expected, line,
	    (size_t)snprintf(line, sizeof line, "%u %" PRIu64 " %08" PRIx32 " %u %08" PRIx32 "\n", response.status,
		body_length, body_crc, count, crc));
	model->requests++;
	model->stream_requests++;
}

static void
head_forward(struct bytes *to, const struct forward_response_policy *policy)
{
	int i;

	forward_response(&forward, &response, policy);
	for (i = 0; i < forward.count; i++)
		bytes_add(to, forward.pieces[i].iov_base, forward.pieces[i].iov_len);
}

/* What drover says next on that connection: to a reader who has lost his place it is something else. */
static void
next_add(struct model *model)
{
	static const char next[] = "HTTP/1.1 299 next\r\nContent-Length: 4\r\n\r\nnext";
	char line[80];

	bytes_add(&model->stream, next, sizeof next - 1);
	bytes_add(&model->expected, line,
	    (size_t)snprintf(line, sizeof line, "299 4 %08" PRIx32 " 0 00000000\n", crc_add(0, "next", 4)));
	model->stream_requests++;
}

static void
piece_add(struct bytes *to, const char *bytes, size_t length, bool enchunk)
{
	char size[24];

	if (length == 0)
		return;
	if (enchunk)
		bytes_add(to, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", length));
	bytes_add(to, bytes, length);
	if (enchunk)
		bytes_add(to, "\r\n", 2);
}

/* Passes the body on in pieces, until the server's end. Returns its length there, or -1: malformed or not whole. */
static ptrdiff_t
body_forward(struct bytes *to, const char *bytes, size_t length, bool old, uint64_t *state)
{
	bool enchunk = !old && response.framing == H1_FRAMING_CLOSE;
	size_t used = 0, piece, skip, ready;
	struct body body;

	body_begin(&body, (enum h1_framing)response.framing, response.content_length, old);
	while (!body.done && used < length) {
		piece = 1 + random_next(state) % (random_next(state) % 8 == 0 ? 3 : 4096);
		piece = piece < length - used ? piece : length - used;
		if (body_accept(&body, bytes + used, piece, &skip, &ready) < 0)
			return -1;
		piece_add(to, bytes + used + skip, ready, enchunk);
		used += skip + ready;
	}
	if (!body_end(&body))
		return -1;
	if (enchunk)
		bytes_add(to, "0\r\n\r\n", 5);
	return (ptrdiff_t)used;
}

static void
interim_forward(struct model *model)
{
	static const struct forward_response_policy policy = { .keep_alive = true };

	if ((model->flags & MODEL_OLD) != 0)
		return;
	head_forward(&model->stream, &policy);
	expect_add(model, 0, 0);
}

/* Returns whether the connection goes on. */
static bool
final_forward(struct model *model, const char *bytes, size_t length, uint64_t *state)
{
	bool old = (model->flags & MODEL_OLD) != 0, chunked = response.framing == H1_FRAMING_CHUNKED;
	bool until_end = response.framing == H1_FRAMING_CLOSE;
	const struct forward_response_policy policy = {
		.keep_alive = random_next(state) % 4 != 0 && !(old && (chunked || until_end)),
		.client_is_10 = old,
		.chunked = !old && (chunked || until_end),
		.keep_length = true,
	};
	size_t head = model->stream.length;
	uint64_t data_length;
	ptrdiff_t body;
	uint32_t crc;

	head_forward(&model->stream, &policy);
	body = body_forward(&model->stream, bytes, length, old, state);
	if (body < 0 && old)
		model->stream.length = head; /* that client's connection is reset */
	if (body < 0) {
		model->flags |= MODEL_CUT;
		return false;
	}
	crc = data_crc((enum h1_framing)response.framing, bytes, (size_t)body, &data_length);
	expect_add(model, data_length, crc);
	return policy.keep_alive;
}

void
model_run_response(struct model *model, const struct bytes *raw, uint64_t seed)
{
	uint64_t state = seed ^ UINT64_C(0x5851f42d4c957f2d);
	enum h1_result result = H1_MORE;
	enum h1_method method = random_next(&state) % 6 == 0 ? H1_METHOD_HEAD : H1_METHOD_GET;
	size_t used = 0;
	bool goes_on = true;

	model->flags = (method == H1_METHOD_HEAD ? MODEL_HEAD : 0) | (random_next(&state) % 6 == 0 ? MODEL_OLD : 0);
	model->requests = model->stream_requests = 0;
	model->stream.length = model->expected.length = 0;
	for (;;) {
		struct h1_scan scan = { 0 };

		result = h1_response_parse(&response, &scan, raw->data + used, raw->length - used, &limits, method);
		if (result != H1_DONE)
			break;
		used += response.length;
		if (response.status >= 200 || response.status == 101)
			break;
		interim_forward(model);
	}
	if (result != H1_DONE || response.status == 101) /* drover's 502 */
		model->flags |= MODEL_REFUSED;
	else
		goes_on = final_forward(model, raw->data + used, raw->length - used, &state);
	if ((model->flags & MODEL_REFUSED) != 0)
		model->flags &= ~(unsigned)MODEL_HEAD;
	if (goes_on && model->stream.length > 0)
		next_add(model);
}
