#include "net/dns.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

void
dns_answer_clear(struct dns_answer *answer)
{
	answer->ttl = UINT32_MAX;
	answer->fixed = answer->more = false;
	answer->why[0] = '\0';
	answer->count = 0;
}

/* Address and port. */
static bool
same_address(const struct dns_address *a, const struct dns_address *b)
{
	return a->family == b->family && a->port == b->port &&
	    memcmp(a->bytes, b->bytes, a->family == AF_INET ? 4 : 16) == 0;
}

static int
address_compare(const void *one, const void *other)
{
	const struct dns_address *a = one, *b = other;
	int order;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->family != b->family)
		return a->family == AF_INET ? -1 : 1;
	order = memcmp(a->bytes, b->bytes, a->family == AF_INET ? 4 : 16);
	return order != 0 ? order : (int)a->port - (int)b->port;
}

/* Which address is to go for another when there is no room: the last in the order. */
static struct dns_address *
answer_last(struct dns_answer *answer)
{
	struct dns_address *last = answer->addresses;
	unsigned i;

	for (i = 1; i < answer->count; i++)
		if (address_compare(&answer->addresses[i], last) > 0)
			last = &answer->addresses[i];
	return last;
}

void
dns_answer_add(struct dns_answer *answer, const struct dns_address *address)
{
	struct dns_address *last;
	unsigned i;

	for (i = 0; i < answer->count; i++)
		if (same_address(&answer->addresses[i], address))
			return;
	if (answer->count < DNS_ADDRESSES_MAX) {
		answer->addresses[answer->count++] = *address;
		return;
	}
	answer->more = true;
	last = answer_last(answer);
	if (address_compare(address, last) < 0)
		*last = *address;
}

void
dns_answer_sort(struct dns_answer *answer)
{
	qsort(answer->addresses, answer->count, sizeof answer->addresses[0], address_compare);
}

bool
dns_address_is_sound(const struct dns_address *address)
{
	return (address->family == AF_INET || address->family == AF_INET6) && address->port != 0;
}

bool
dns_why_is_sound(const char why[DNS_WHY_MAX])
{
	size_t i;

	for (i = 0; i < DNS_WHY_MAX && why[i] != '\0'; i++)
		if ((unsigned char)why[i] < 0x20 || (unsigned char)why[i] > 0x7e)
			return false;
	return i < DNS_WHY_MAX;
}

bool
dns_answer_is_sound(const struct dns_answer *answer)
{
	unsigned i;

	if (answer->count > DNS_ADDRESSES_MAX || !dns_why_is_sound(answer->why))
		return false;
	for (i = 0; i < answer->count; i++)
		if (!dns_address_is_sound(&answer->addresses[i]))
			return false;
	return true;
}

void
dns_address_get(const struct dns_address *from, struct address *to)
{
	memset(to, 0, sizeof *to);
	if (from->family == AF_INET) {
		to->length = sizeof to->socket.in;
		to->socket.in.sin_family = AF_INET;
		to->socket.in.sin_port = htons(from->port);
		memcpy(&to->socket.in.sin_addr, from->bytes, 4);
	} else {
		to->length = sizeof to->socket.in6;
		to->socket.in6.sin6_family = AF_INET6;
		to->socket.in6.sin6_port = htons(from->port);
		memcpy(&to->socket.in6.sin6_addr, from->bytes, 16);
	}
}

bool
dns_name_is_valid(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t length = strlen(text), label;

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > DNS_NAME_MAX)
		return false;
	for (;; text += label + 1, length -= label + 1) {
		label = strspn(text, allowed);
		if (label == 0 || label > 63)
			return false;
		if (label == length)
			return true;
		if (text[label] != '.')
			return false;
	}
}

/* ---- SRV records */

static int
target_compare(const void *one, const void *other)
{
	const struct dns_target *a = one, *b = other;

	return a->priority != b->priority ? (a->priority < b->priority ? -1 : 1) : 0;
}

/* 1: it is one. 0: it is something else, or names nothing. -1: nonsense. */
static int
target_read(const ns_msg *message, const ns_rr *record, struct dns_target *target)
{
	const u_char *data = ns_rr_rdata(*record);
	char name[NS_MAXDNAME];

	if (ns_rr_type(*record) != ns_t_srv || ns_rr_class(*record) != ns_c_in)
		return 0;
	if (ns_rr_rdlen(*record) < 7)
		return -1;
	target->priority = (uint16_t)ns_get16(data);
	target->weight = (uint16_t)ns_get16(data + 2);
	target->port = (uint16_t)ns_get16(data + 4);
	if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + 6, name, sizeof name) < 0)
		return -1;
	if (target->port == 0 || !dns_name_is_valid(name) || strlen(name) >= sizeof target->name)
		return 0;
	memcpy(target->name, name, strlen(name) + 1);
	return 1;
}

int
dns_targets_read(const uint8_t *bytes, size_t length, struct dns_target *targets, unsigned most, uint32_t *ttl,
    bool *more)
{
	struct dns_target target;
	unsigned count = 0;
	ns_msg message;
	ns_rr record;
	int i, got;

	*ttl = UINT32_MAX;
	*more = false;
	if (length > NS_MAXMSG || ns_initparse(bytes, (int)length, &message) < 0)
		return -1;
	for (i = 0; i < (int)ns_msg_count(message, ns_s_an); i++) {
		if (ns_parserr(&message, ns_s_an, i, &record) < 0 ||
		    (got = target_read(&message, &record, &target)) < 0)
			return -1;
		if (ns_rr_ttl(record) < *ttl)
			*ttl = ns_rr_ttl(record);
		if (got > 0 && count < most)
			targets[count++] = target;
		else if (got > 0)
			*more = true;
	}
	qsort(targets, count, sizeof *targets, target_compare);
	return (int)count;
}
