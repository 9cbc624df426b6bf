#include "worker/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Both ends of a connection, of one family; else neither is told. */
struct ends {
	int family; /* AF_INET, AF_INET6, or AF_UNSPEC */
	uint8_t from[16], to[16];
	uint16_t from_port, to_port; /* host order */
};

/* The local end; a connection by IPv4 to a socket of IPv6 is one by IPv4. */
static void
ends_set_local(struct ends *ends, const struct sockaddr *local)
{
	const struct sockaddr_in *in = (const void *)local;
	const struct sockaddr_in6 *in6 = (const void *)local;
	bool mapped = local->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

	if (ends->family == AF_INET && local->sa_family == AF_INET)
		memcpy(ends->to, &in->sin_addr, 4);
	else if (ends->family == AF_INET && mapped)
		memcpy(ends->to, &in6->sin6_addr.s6_addr[12], 4);
	else if (ends->family == AF_INET6 && local->sa_family == AF_INET6)
		memcpy(ends->to, &in6->sin6_addr, 16);
	else
		ends->family = AF_UNSPEC;
	if (ends->family != AF_UNSPEC)
		ends->to_port = ntohs(local->sa_family == AF_INET ? in->sin_port : in6->sin6_port);
}

static size_t
format_text(char head[PROXY_PROTOCOL_MAX], const struct ends *ends)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int n;

	if (ends->family == AF_UNSPEC)
		n = snprintf(head, PROXY_PROTOCOL_MAX, "PROXY UNKNOWN\r\n");
	else
		n = snprintf(head, PROXY_PROTOCOL_MAX, "PROXY %s %s %s %u %u\r\n",
		    ends->family == AF_INET ? "TCP4" : "TCP6", inet_ntop(ends->family, ends->from, from, sizeof from),
		    inet_ntop(ends->family, ends->to, to, sizeof to), ends->from_port, ends->to_port);
	return (size_t)n;
}

static char *
put(char *to, const void *bytes, size_t length)
{
	memcpy(to, bytes, length);
	return to + length;
}

static size_t
format_binary(char head[PROXY_PROTOCOL_MAX], const struct ends *ends)
{
	static const char signature[] = "\r\n\r\n\0\r\nQUIT\n\x21"; /* the last: version 2, for somebody else */
	size_t length = ends->family == AF_INET ? 4 : ends->family == AF_INET6 ? 16 : 0;
	uint16_t from_port = htons(ends->from_port), to_port = htons(ends->to_port);
	uint16_t rest = htons((uint16_t)(length > 0 ? 2 * length + 4 : 0));
	char *to = put(head, signature, sizeof signature - 1);

	*to++ = ends->family == AF_INET ? 0x11 : ends->family == AF_INET6 ? 0x21 : 0;
	to = put(to, &rest, sizeof rest);
	if (length > 0) {
		to = put(to, ends->from, length);
		to = put(to, ends->to, length);
		to = put(to, &from_port, sizeof from_port);
		to = put(to, &to_port, sizeof to_port);
	}
	return (size_t)(to - head);
}

size_t
proxy_protocol_format(char head[PROXY_PROTOCOL_MAX], enum conf_send_proxy version,
    const struct channel_connection *peer, const struct sockaddr *local)
{
	struct ends ends = { .family = peer->family, .from_port = peer->port };

	memcpy(ends.from, peer->address, sizeof ends.from);
	ends_set_local(&ends, local);
	return version == CONF_SEND_PROXY_V1 ? format_text(head, &ends) : format_binary(head, &ends);
}

size_t
proxy_protocol_head(
    char head[PROXY_PROTOCOL_MAX], enum conf_send_proxy version, const struct channel_connection *peer, int fd)
{
	struct sockaddr_storage local = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof local;

	if (peer->family != AF_UNIX && getsockname(fd, (struct sockaddr *)&local, &length) < 0)
		local.ss_family = AF_UNSPEC;
	return proxy_protocol_format(head, version, peer, (const struct sockaddr *)&local);
}
