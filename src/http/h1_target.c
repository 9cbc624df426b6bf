/* Request targets (RFC 9112 3.2) and authorities (RFC 3986 3.2.2, 3.2.3). */
#include "http/h1_internal.h"

#include <arpa/inet.h>
#include <string.h>

enum { PORT_DIGITS = 5, PORT_MAX = 65535 };

/* ":" and digits; none of them is legal too (RFC 3986 3.2.3), unless the port is not optional. */
static bool
port_valid(const char *p, const char *end, bool required)
{
	unsigned port = 0;

	if (p == end)
		return !required;
	if (*p++ != ':' || end - p > PORT_DIGITS || (required && p == end))
		return false;
	for (; p < end; p++) {
		if (!h1_is_digit(*p))
			return false;
		port = port * 10 + (unsigned)(*p - '0');
	}
	return port <= PORT_MAX;
}

/* Returns the byte behind "]", or NULL. Of IP literals there is only IPv6; zones are not for the wire. */
static const char *
ip_literal_end(const char *p, const char *end)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	const char *close = memchr(p, ']', (size_t)(end - p));
	size_t length;

	if (close == NULL)
		return NULL;
	length = (size_t)(close - p - 1);
	if (length >= sizeof text)
		return NULL;
	memcpy(text, p + 1, length);
	text[length] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 ? close + 1 : NULL;
}

/* Returns the first byte that is not part of the name; `p` itself when there is no name. */
static const char *
reg_name_end(const char *p, const char *end)
{
	for (;; p += 3) {
		while (p < end && h1_is(*p, H1_HOST))
			p++;
		if (end - p < 3 || *p != '%' || !h1_is(p[1], H1_HEX) || !h1_is(p[2], H1_HEX))
			return p;
	}
}

bool
h1_authority_valid(const char *bytes, size_t length, bool with_port)
{
	const char *end = bytes + length, *p;

	if (length == 0)
		return false;
	p = *bytes == '[' ? ip_literal_end(bytes, end) : reg_name_end(bytes, end);
	return p != NULL && p != bytes && port_valid(p, end, with_port);
}

/* The host within an authority, with its brackets. */
static struct h1_span
authority_host(const char *head, struct h1_span authority)
{
	uint32_t n = authority.length;

	while (n > 0 && h1_is_digit(head[authority.offset + n - 1]))
		n--;
	if (n > 0 && head[authority.offset + n - 1] == ':')
		authority.length = n - 1;
	return authority;
}

static unsigned
authority_port(const char *head, struct h1_span authority, unsigned otherwise)
{
	struct h1_span host = authority_host(head, authority);
	const char *p = head + host.offset + host.length + 1, *end = head + authority.offset + authority.length;
	unsigned port = 0;

	if (p >= end)
		return otherwise;
	for (; p < end; p++)
		port = port * 10 + (unsigned)(*p - '0');
	return port;
}

bool
h1_authority_same(const char *head, struct h1_span a, struct h1_span b, unsigned port)
{
	struct h1_span one = authority_host(head, a), two = authority_host(head, b);
	uint32_t i;

	if (one.length != two.length || authority_port(head, a, port) != authority_port(head, b, port))
		return false;
	for (i = 0; i < one.length; i++)
		if (h1_lower(head[one.offset + i]) != h1_lower(head[two.offset + i]))
			return false;
	return true;
}

/* Length of "http://" or "https://" at the target's start, or 0. */
static size_t
scheme_length(const char *target, size_t length)
{
	if (length >= 7 && h1_spells(target, 7, "http://"))
		return 7;
	return length >= 8 && h1_spells(target, 8, "https://") ? 8 : 0;
}

static enum h1_result
absolute_split(struct h1_head *head, struct h1_request *request, size_t scheme)
{
	const char *target = head->start + request->target.offset, *end = target + request->target.length;
	const char *authority = target + scheme, *p = authority;

	while (p < end && *p != '/' && *p != '?')
		p++;
	if (memchr(authority, '@', (size_t)(p - authority)) != NULL)
		return h1_refuse(head, 400, "a request target with user information");
	if (!h1_authority_valid(authority, (size_t)(p - authority), false))
		return h1_refuse(head, 400, "a request target with an invalid authority");
	if (p < end && *p == '?')
		return h1_refuse(head, 400, "a request target with a query but without a path");
	request->authority.offset = (uint32_t)(authority - head->start);
	request->authority.length = (uint32_t)(p - authority);
	request->path.offset = (uint32_t)(p - head->start);
	request->path.length = (uint32_t)(end - p);
	return H1_DONE;
}

enum h1_result
h1_target_split(struct h1_head *head, struct h1_request *request)
{
	const char *target = head->start + request->target.offset;
	size_t length = request->target.length;
	size_t scheme;

	request->authority = (struct h1_span){ 0 };
	request->path = request->target;
	if (request->method == H1_METHOD_CONNECT) {
		if (!h1_authority_valid(target, length, true))
			return h1_refuse(head, 400, "CONNECT to what is not host:port");
		request->authority = request->target;
		request->path.length = 0;
		return H1_DONE;
	}
	if (*target == '/')
		return H1_DONE;
	if (length == 1 && *target == '*' && request->method == H1_METHOD_OPTIONS)
		return H1_DONE;
	scheme = scheme_length(target, length);
	if (scheme == 0)
		return h1_refuse(head, 400, "a request target that is neither a path nor an http URI");
	return absolute_split(head, request, scheme);
}
