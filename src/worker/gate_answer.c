/* What is answered without a pool: `redirect` and `respond`. Runs in workers. */
#include <string.h>

#include "worker/exchange.h"
#include "worker/gate.h"
#include "worker/variables.h"

enum { LOCATION_MAX = ANSWER_FIELDS - 64 };

static bool
redirect_wanted(const struct conf_rules *rules)
{
	return rules->redirect.text != NULL;
}

/* Whether a URI has the byte as it is (RFC 3986 2); a "%" is taken to be the client's, and what follows it, too. */
static bool
uri_has(unsigned char byte)
{
	return byte > 0x20 && byte < 0x7f && strchr("\"<>\\^`{|}", byte) == NULL;
}

/* Writes it as a URI reference. The bytes, or -1: they are more than `room`. */
static ptrdiff_t
location_write(char *to, size_t room, const char *from, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t used = 0, i;

	for (i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)from[i];

		if (room - used < 3)
			return -1;
		if (uri_has(byte)) {
			to[used++] = from[i];
			continue;
		}
		to[used++] = '%';
		to[used++] = digits[byte >> 4];
		to[used++] = digits[byte & 15];
	}
	return (ptrdiff_t)used;
}

/* Whether it needs a host, which HTTP/1.0 need not have. */
static bool
needs_host(const struct template *location)
{
	size_t i;

	for (i = 0; i < location->count; i++)
		if (location->parts[i].variable == TEMPLATE_HOST || location->parts[i].variable == TEMPLATE_AUTHORITY)
			return true;
	return false;
}

/* Writes "Location: ...", CRLF and NUL. 0, or the status to refuse the request with. */
static unsigned
redirect_write(struct exchange *x, const struct template *location, const struct h1_request *request, char *to)
{
	struct variables from = { .exchange = x, .request = request };
	char raw[LOCATION_MAX], *begin = raw;
	ptrdiff_t length = variables_fill(&from, location, raw, sizeof raw), used;
	char *at = stpcpy(to, "Location: ");

	if (needs_host(location) && request->authority.length == 0)
		return 400;
	if (length < 0)
		return 414;
	/* what a client wrote must not become the name of a host */
	if (location->parts[0].variable != TEMPLATE_TEXT)
		for (; length > 1 && begin[0] == '/' && begin[1] == '/'; length--)
			begin++;
	used = location_write(at, LOCATION_MAX, begin, (size_t)length);
	if (used < 0)
		return 414;
	memcpy(at + used, "\r\n", sizeof "\r\n");
	return 0;
}

static enum gate_result
redirect_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	char fields[ANSWER_FIELDS];
	unsigned refused = redirect_write(exchange, &rules->redirect.location, request, fields);
	struct answer answer = { .status = rules->redirect.status, .fields = fields, .keeps = true };

	if (refused != 0)
		exchange_reply(exchange, refused, "redirect");
	else
		exchange_answer(exchange, &answer, "redirect");
	return GATE_ANSWERED;
}

static bool
respond_wanted(const struct conf_rules *rules)
{
	return rules->respond.text != NULL;
}

static enum gate_result
respond_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	const struct conf_page *page = &rules->respond.page;
	struct answer answer = {
		.status = rules->respond.status,
		.type = page->length == 0 ? NULL : rules->respond_type != NULL ? rules->respond_type : page->type,
		.body = { page->bytes, page->length },
		.keeps = true,
		.fixed = true,
	};

	(void)request;
	exchange_answer(exchange, &answer, "respond");
	return GATE_ANSWERED;
}

const struct gate gate_redirect = { "redirect", redirect_wanted, redirect_enter };
const struct gate gate_respond = { "respond", respond_wanted, respond_enter };
