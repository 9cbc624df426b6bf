#include "http/body.h"

#include <string.h>

void
body_begin(struct body *body, enum h1_framing framing, uint64_t length, bool dechunk)
{
	memset(body, 0, sizeof *body);
	switch (framing) {
	case H1_FRAMING_NONE:
		body->kind = BODY_NONE;
		body->done = true;
		break;
	case H1_FRAMING_LENGTH:
		body->kind = BODY_LENGTH;
		body->left = length;
		body->done = length == 0;
		break;
	case H1_FRAMING_CHUNKED:
		body->kind = dechunk ? BODY_DECHUNKED : BODY_CHUNKED;
		break;
	case H1_FRAMING_CLOSE:
	case H1_FRAMING_TUNNEL:
		body->kind = BODY_UNTIL_END;
		break;
	}
}

static int
body_accept_chunked(struct body *body, const char *bytes, size_t length, size_t *ready)
{
	ptrdiff_t n = h1_chunked_accept(&body->chunked, bytes, length, &body->done);

	if (n < 0)
		return -1;
	body->data = body->chunked.data;
	*ready = (size_t)n;
	return 0;
}

/* Skips framing until there is data, or nothing more to look at. */
static int
body_accept_dechunked(struct body *body, const char *bytes, size_t length, size_t *skip, size_t *ready)
{
	while (*skip < length && !body->done) {
		const char *data;
		size_t data_length;
		ptrdiff_t n = h1_chunked_decode(&body->chunked, bytes + *skip, length - *skip, &data,
		    &data_length, &body->done);

		if (n < 0)
			return -1;
		body->data = body->chunked.data;
		if (data_length > 0) {
			*skip = (size_t)(data - bytes);
			*ready = data_length;
			return 0;
		}
		*skip += (size_t)n;
	}
	return 0;
}

int
body_accept(struct body *body, const char *bytes, size_t length, size_t *skip, size_t *ready)
{
	*skip = *ready = 0;
	if (body->done || length == 0)
		return 0;
	switch (body->kind) {
	case BODY_LENGTH:
		*ready = length < body->left ? length : (size_t)body->left;
		body->left -= *ready;
		body->data += *ready;
		body->done = body->left == 0;
		return 0;
	case BODY_CHUNKED:
		return body_accept_chunked(body, bytes, length, ready);
	case BODY_DECHUNKED:
		return body_accept_dechunked(body, bytes, length, skip, ready);
	default:
		*ready = length;
		body->data += length;
		return 0;
	}
}

uint64_t
body_plain(const struct body *body)
{
	if (body->done)
		return 0;
	switch (body->kind) {
	case BODY_LENGTH:
		return body->left;
	case BODY_CHUNKED:
	case BODY_DECHUNKED:
		return h1_chunked_data_ahead(&body->chunked);
	default:
		return UINT64_MAX;
	}
}

void
body_skip(struct body *body, uint64_t length)
{
	if (body->kind == BODY_LENGTH) {
		body->left -= length;
		body->done = body->left == 0;
	}
	if (body->kind == BODY_CHUNKED || body->kind == BODY_DECHUNKED)
		h1_chunked_skip_data(&body->chunked, length);
	body->data += length;
}

bool
body_end(struct body *body)
{
	if (body->kind == BODY_UNTIL_END)
		body->done = true;
	return body->done;
}
