#include "worker/client.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

bool
client_is_among(const struct client *client, const struct address_range *ranges, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (address_range_holds(&ranges[i], client->family, client->address))
			return true;
	return false;
}

struct client
client_of_peer(const struct channel_connection *peer)
{
	struct client client = { .family = peer->family };

	memcpy(client.address, peer->address, sizeof client.address);
	return client;
}

/* ---- addresses as proxies write them: "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80" */

static bool
client_parse(struct client *client, struct text text)
{
	char copy[INET6_ADDRSTRLEN], *colon;
	struct in6_addr ipv6;

	if (text.length > 0 && text.bytes[0] == '[') {
		const char *close = memchr(text.bytes, ']', text.length);

		if (close == NULL)
			return false;
		text = (struct text){ text.bytes + 1, (size_t)(close - text.bytes) - 1 };
	}
	if (text.length == 0 || text.length >= sizeof copy)
		return false;
	memcpy(copy, text.bytes, text.length);
	copy[text.length] = '\0';
	colon = strchr(copy, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0';
	memset(client, 0, sizeof *client);
	client->family = AF_INET;
	if (inet_pton(AF_INET, copy, client->address) == 1)
		return true;
	if (inet_pton(AF_INET6, copy, &ipv6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
		memcpy(client->address, ipv6.s6_addr + 12, 4);
		return true;
	}
	client->family = AF_INET6;
	memcpy(client->address, ipv6.s6_addr, sizeof client->address);
	return true;
}

static struct text
trimmed(struct text text)
{
	while (text.length > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
		text.bytes++;
		text.length--;
	}
	while (text.length > 0 && strchr(" \t", text.bytes[text.length - 1]) != NULL)
		text.length--;
	return text;
}

/* The value of "for" in a member of Forwarded, without its quotes; empty: there is none. */
static struct text
forwarded_for(struct text member)
{
	struct text part;
	const char *end;

	while (member.length > 0) {
		end = memchr(member.bytes, ';', member.length);
		part = (struct text){ member.bytes, end != NULL ? (size_t)(end - member.bytes) : member.length };
		member.bytes += part.length + (end != NULL);
		member.length -= part.length + (end != NULL);
		part = trimmed(part);
		if (part.length <= 4 || strncasecmp(part.bytes, "for=", 4) != 0)
			continue;
		part = (struct text){ part.bytes + 4, part.length - 4 };
		if (part.length >= 2 && part.bytes[0] == '"' && part.bytes[part.length - 1] == '"')
			part = (struct text){ part.bytes + 1, part.length - 2 };
		return part;
	}
	return (struct text){ NULL, 0 };
}

/* ---- the way back, from the last proxy to the client */

struct way {
	const struct conf *conf;
	struct client client; /* as far as is known for certain */
	bool over;	      /* that is it */
};

static void
way_step(struct way *way, struct text text)
{
	struct client before;

	if (!client_parse(&before, text)) {
		way->over = true;
		return;
	}
	way->client = before;
	way->over = !client_is_among(&before, way->conf->trusted_proxies, way->conf->trusted_proxy_count);
}

/* The members of one field, the last one first. */
static void
way_field(struct way *way, struct text value, bool forwarded)
{
	const char *comma;
	struct text member;

	while (!way->over && value.length > 0) {
		comma = memrchr(value.bytes, ',', value.length);
		member.bytes = comma != NULL ? comma + 1 : value.bytes;
		member.length = (size_t)(value.bytes + value.length - member.bytes);
		value.length -= member.length + (comma != NULL);
		member = trimmed(member);
		if (member.length > 0)
			way_step(way, forwarded ? forwarded_for(member) : member);
	}
}

static bool
way_walk(struct way *way, const struct h1_request *request, enum h1_name name)
{
	bool found = false;
	unsigned i;

	for (i = request->field_count; i > 0 && !way->over; i--) {
		const struct h1_field *field = &request->fields[i - 1];

		if (field->name != name)
			continue;
		found = true;
		way_field(way, (struct text){ request->head + field->value, field->value_length }, name == H1_NAME_FORWARDED);
	}
	return found;
}

struct client
client_of(const struct session *session, const struct h1_request *request)
{
	struct way way = { .conf = session->worker->conf, .client = client_of_peer(&session->peer) };

	if (session->trusted && !way_walk(&way, request, H1_NAME_X_FORWARDED_FOR))
		way_walk(&way, request, H1_NAME_FORWARDED);
	return way.client;
}
