#include "base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static int
unix_parse(struct address *a, const char *path, struct error *err)
{
	size_t length = strlen(path);

	if (path[0] != '/')
		return error_set(err, "the path of a unix socket begins with \"/\": \"unix:/run/app.sock\"");
	if (length >= sizeof a->socket.un.sun_path)
		return error_set(err, "the path of a unix socket has at most %zu bytes; this one has %zu",
		    sizeof a->socket.un.sun_path - 1, length);
	a->socket.un.sun_family = AF_UNIX;
	memcpy(a->socket.un.sun_path, path, length + 1);
	a->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
	return 0;
}

/* What people bring along from a URL. */
static int
url_error(const char *text, struct error *err)
{
	const char *colons = strstr(text, "://"), *host = colons != NULL ? colons + 3 : text;
	int length = (int)strcspn(host, "/");

	if (memchr(host, ':', (size_t)length) != NULL)
		return error_set(
		    err, "an address has no http:// and no path; did you mean \"%.*s\"?", length, host);
	return error_set(err, "an address has no http:// and no path, but a port: \"127.0.0.1:3000\"");
}

/* Splits "host:port" or "[host]:port"; host is a copy without brackets. -1 with a sentence. */
static int
host_split(
    const char *text, enum address_use use, char *host, size_t size, const char **port, struct error *err)
{
	bool bracket = text[0] == '[';
	const char *end = bracket ? strchr(text, ']') : strrchr(text, ':');
	uint64_t number;
	size_t length;

	if (bracket && (end == NULL || end[1] != ':'))
		return error_set(err, "an IPv6 address with a port is written \"[::1]:80\"");
	if (text[0] != '/' && strchr(text, '/') != NULL)
		return url_error(text, err);
	if (end == NULL && text_to_number(text, &number) && use != ADDRESS_LISTEN)
		return error_set(err, "a server needs a host: \"127.0.0.1:%s\"", text);
	if (end == NULL && text_to_number(text, &number))
		return error_set(err, "a port alone is written \":%s\"", text);
	if (end == NULL)
		return error_set(err, "the port is missing: \"ADDRESS:PORT\" or \"unix:/PATH\"");
	if (!bracket && memchr(text, ':', (size_t)(end - text)) != NULL)
		return error_set(err, "an IPv6 address is written in brackets: \"[::1]:80\"");
	if (bracket)
		text++;
	length = (size_t)(end - text);
	if (length >= size)
		return error_set(err, "the host name is too long");
	memcpy(host, text, length);
	host[length] = '\0';
	*port = end + (bracket ? 2 : 1);
	return 0;
}

static int
port_parse(const char *text, enum address_use use, in_port_t *port, struct error *err)
{
	uint64_t number;

	if (!text_to_number(text, &number) || number > 65535)
		return error_set(err, "the port is a number from %d to 65535", use == ADDRESS_LISTEN ? 0 : 1);
	if (number == 0 && use != ADDRESS_LISTEN)
		return error_set(err, "port 0 cannot be connected to");
	*port = htons((uint16_t)number);
	return 0;
}

static void
address_set(struct address *a, const struct sockaddr *from, socklen_t length, in_port_t port)
{
	memcpy(&a->socket, from, length);
	a->length = length;
	if (from->sa_family == AF_INET)
		a->socket.in.sin_port = port;
	else
		a->socket.in6.sin6_port = port;
}

/* An IPv6 address with a scope, whose interface the system knows the number of. */
static int
scoped_parse(struct address *a, const char *host, in_port_t port, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET6, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list;
	int code = getaddrinfo(host, NULL, &hints, &list);

	if (code != 0)
		return error_set(err, "\"%s\" is not an address here: %s", host, gai_strerror(code));
	address_set(a, list->ai_addr, list->ai_addrlen, port);
	freeaddrinfo(list);
	return 0;
}

static int
host6_parse(struct address *a, const char *host, in_port_t port, struct error *err)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
		address_set(a, (const struct sockaddr *)&in6, sizeof in6, port);
		return 0;
	}
	if (strchr(host, '%') != NULL && strchr(host, ':') != NULL)
		return scoped_parse(a, host, port, err);
	return error_set(err, "\"%s\" is not an IPv6 address", host);
}

/* Of names, the one that can be known without asking. */
static int
local_parse(struct address *a, const char *host, in_port_t port, struct error *err)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (strcasecmp(host, "localhost") != 0)
		return error_set(err, "\"%s\" is neither an address nor a name", host);
	address_set(a, (const struct sockaddr *)&in, sizeof in, port);
	return 0;
}

static int
host_parse(struct address *a, const char *host, enum address_use use, in_port_t port, struct error *err)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (host[0] == '\0' || strcmp(host, "*") == 0) {
		if (use != ADDRESS_LISTEN)
			return error_set(err, "a server needs a host: \"127.0.0.1:%u\"", ntohs(port));
		return host6_parse(a, "::", port, err);
	}
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
		address_set(a, (const struct sockaddr *)&in, sizeof in, port);
		return 0;
	}
	if (host[strspn(host, "0123456789.")] == '\0')
		return error_set(err, "\"%s\" is not an IPv4 address", host);
	if (use == ADDRESS_LISTEN)
		return error_set(err,
		    "names cannot be listened on; write an address, such as \"127.0.0.1:%u\"", ntohs(port));
	return local_parse(a, host, port, err);
}

int
address_parse(struct address *a, const char *text, enum address_use use, struct error *err)
{
	char host[ADDRESS_HOST_MAX];
	const char *port_text = "";
	in_port_t port = 0;

	memset(a, 0, sizeof *a);
	if (strncmp(text, "unix:", 5) == 0)
		return unix_parse(a, text + 5, err);
	if (text[0] == '/')
		return error_set(err, "a unix socket is written \"unix:%.200s\"", text);
	if (host_split(text, use, host, sizeof host, &port_text, err) < 0 ||
	    port_parse(port_text, use, &port, err) < 0)
		return -1;
	if (text[0] == '[')
		return host6_parse(a, host, port, err);
	return host_parse(a, host, use, port, err);
}

bool
address_has_name(const char *text, char host[ADDRESS_HOST_MAX], uint16_t *port)
{
	const char *port_text;
	in_port_t number;

	if (text[0] == '[' || text[0] == '/' || strncmp(text, "unix:", 5) == 0 ||
	    host_split(text, ADDRESS_CONNECT, host, ADDRESS_HOST_MAX, &port_text, NULL) < 0 ||
	    port_parse(port_text, ADDRESS_CONNECT, &number, NULL) < 0)
		return false;
	*port = ntohs(number);
	return host[strspn(host, "0123456789.*")] != '\0' && strcasecmp(host, "localhost") != 0;
}

const char *
address_format(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "", scope[16] = "";
	size_t path_offset = offsetof(struct sockaddr_un, sun_path);

	text[0] = '\0';
	if (a->length == 0)
		return text;
	if (a->socket.any.sa_family == AF_UNIX) {
		snprintf(text, ADDRESS_TEXT_MAX, "unix:%.*s",
		    a->length > path_offset ? (int)(a->length - path_offset) : 0, a->socket.un.sun_path);
	} else if (a->socket.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->socket.in.sin_addr, host, sizeof host);
		snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, address_port(a));
	} else if (a->socket.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->socket.in6.sin6_addr)) {
		snprintf(text, ADDRESS_TEXT_MAX, "*:%u", address_port(a));
	} else if (a->socket.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->socket.in6.sin6_addr, host, sizeof host);
		if (a->socket.in6.sin6_scope_id != 0)
			snprintf(scope, sizeof scope, "%%%u", (unsigned)a->socket.in6.sin6_scope_id);
		snprintf(text, ADDRESS_TEXT_MAX, "[%s%s]:%u", host, scope, address_port(a));
	}
	return text;
}

uint16_t
address_port(const struct address *a)
{
	if (a->length == 0)
		return 0;
	if (a->socket.any.sa_family == AF_INET)
		return ntohs(a->socket.in.sin_port);
	if (a->socket.any.sa_family == AF_INET6)
		return ntohs(a->socket.in6.sin6_port);
	return 0;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	if (a->length != b->length || (a->length > 0 && a->socket.any.sa_family != b->socket.any.sa_family))
		return false;
	if (a->length == 0)
		return true;
	if (a->socket.any.sa_family == AF_INET)
		return a->socket.in.sin_port == b->socket.in.sin_port &&
		       a->socket.in.sin_addr.s_addr == b->socket.in.sin_addr.s_addr;
	if (a->socket.any.sa_family == AF_INET6)
		return a->socket.in6.sin6_port == b->socket.in6.sin6_port &&
		       a->socket.in6.sin6_scope_id == b->socket.in6.sin6_scope_id &&
		       memcmp(&a->socket.in6.sin6_addr, &b->socket.in6.sin6_addr, sizeof(struct in6_addr)) ==
			   0;
	return memcmp(&a->socket, &b->socket, a->length) == 0;
}

/* Whether the first `bits` bits are the same. */
static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

static void
bits_clear_after(uint8_t *bytes, size_t length, unsigned bits)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned keep = bits > i * 8 ? bits - (unsigned)i * 8 : 0;

		if (keep < 8)
			bytes[i] &= (uint8_t)(0xff << (8 - keep));
	}
}

/* A range of IPv4 addresses mapped into IPv6 is kept as what it stands for. */
static void
range_unmap(struct address_range *r)
{
	if (r->family != AF_INET6 || r->bits < 96 ||
	    memcmp(r->bytes, mapped_prefix, sizeof mapped_prefix) != 0)
		return;
	memmove(r->bytes, r->bytes + 12, 4);
	memset(r->bytes + 4, 0, 12);
	r->family = AF_INET;
	r->bits = (uint8_t)(r->bits - 96);
}

static int
range_check_bits(const struct address_range *r, size_t length, struct error *err)
{
	struct address_range cleared = *r;
	char text[ADDRESS_TEXT_MAX];

	bits_clear_after(cleared.bytes, length, cleared.bits);
	if (memcmp(cleared.bytes, r->bytes, sizeof r->bytes) == 0)
		return 0;
	return error_set(err, "there are bits after the first %u; did you mean \"%s\"?", r->bits,
	    address_range_format(&cleared, text));
}

int
address_range_parse(struct address_range *r, const char *text, struct error *err)
{
	char host[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");
	uint64_t bits;
	unsigned most;

	memset(r, 0, sizeof *r);
	if (strcmp(text, "unix") == 0) {
		r->family = AF_UNIX;
		return 0;
	}
	snprintf(host, sizeof host, "%.*s", (int)(length < sizeof host ? length : 0), text);
	if (inet_pton(AF_INET, host, r->bytes) == 1)
		r->family = AF_INET;
	else if (inet_pton(AF_INET6, host, r->bytes) == 1)
		r->family = AF_INET6;
	else
		return error_set(
		    err, "a network is written \"10.0.0.0/8\", \"fd00::/8\", as one address, or \"unix\"");
	most = r->family == AF_INET ? 32 : 128;
	if (text[length] == '\0')
		bits = most;
	else if (!text_to_number(text + length + 1, &bits) || bits > most)
		return error_set(err, "the length of the prefix is a number from 0 to %u", most);
	r->bits = (uint8_t)bits;
	if (range_check_bits(r, most / 8, err) < 0)
		return -1;
	range_unmap(r);
	return 0;
}

const char *
address_range_format(const struct address_range *r, char text[ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (r->family == AF_UNIX) {
		snprintf(text, ADDRESS_TEXT_MAX, "unix");
		return text;
	}
	inet_ntop(r->family, r->bytes, host, sizeof host);
	if (r->bits == (r->family == AF_INET ? 32 : 128))
		snprintf(text, ADDRESS_TEXT_MAX, "%s", host);
	else
		snprintf(text, ADDRESS_TEXT_MAX, "%s/%u", host, r->bits);
	return text;
}

bool
address_range_holds(const struct address_range *r, int family, const uint8_t bytes[16])
{
	if (family == AF_INET6 && memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
		family = AF_INET;
		bytes += sizeof mapped_prefix;
	}
	return r->family == family && (family == AF_UNIX || bits_equal(r->bytes, bytes, r->bits));
}
