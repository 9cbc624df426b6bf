#include "conf/server.h"

#include <string.h>

#include "base/text.h"
#include "conf/conf.h"

/* "_http._tcp.app.internal": two words that begin with "_", and a name. */
static bool
is_service(const char *name)
{
	const char *second = strchr(name, '.'), *third = second == NULL ? NULL : strchr(second + 1, '.');

	return name[0] == '_' && name[1] != '.' && third != NULL && second[1] == '_' && third > second + 2 &&
	    third[1] != '\0' && dns_name_is_valid(name);
}

static int
service_read(struct dns_question *question, const char *name, struct error *err)
{
	if (strchr(name, ':') != NULL)
		return error_set(err, "the ports of a service are in DNS: leave \"%.20s\" out", strchr(name, ':'));
	if (!is_service(name))
		return error_set(err, "a service is written \"_http._tcp.example.org\"");
	question->service = true;
	memcpy(question->name, name, strlen(name) + 1);
	return 0;
}

static int
host_read(struct dns_question *question, const char *host, uint16_t port, struct error *err)
{
	if (!dns_name_is_valid(host))
		return error_set(err, "\"%.100s\" is neither an address nor the name of a host", host);
	question->port = port;
	memcpy(question->name, host, strlen(host) + 1);
	return 0;
}

int
conf_server_read(
    struct address *address, struct dns_question *question, const char *name, struct error *err)
{
	size_t length = strlen(name);
	char host[ADDRESS_HOST_MAX];
	uint16_t port;

	memset(address, 0, sizeof *address);
	if (question != NULL)
		memset(question, 0, sizeof *question);
	if (length > CONF_SERVER_NAME_MAX)
		return error_set(err, "the address of a server has at most %d bytes; this one has %zu",
		    CONF_SERVER_NAME_MAX, length);
	if (question != NULL && name[0] == '_')
		return service_read(question, name, err);
	if (question != NULL && address_has_name(name, host, &port))
		return host_read(question, host, port, err);
	return address_parse(address, name, ADDRESS_CONNECT, err);
}

uint16_t
conf_family_number(enum conf_family family)
{
	return family == CONF_FAMILY_IPV4 ? AF_INET : family == CONF_FAMILY_IPV6 ? AF_INET6 : AF_UNSPEC;
}

/* The first byte that no configuration could hold; NULL: there is none. */
static const char *
foreign_byte(const char *text)
{
	const char *p, *end = text + strlen(text);
	size_t character;

	for (p = text; p < end; p += character) {
		character = text_utf8_length(p, (size_t)(end - p));
		if (character == 0 || (unsigned char)*p < 0x20 || *p == 0x7f)
			return p;
	}
	return NULL;
}

int
conf_server_from_text(
    struct address *address, struct dns_question *question, const char *name, struct error *err)
{
	const char *foreign = foreign_byte(name);

	if (foreign != NULL)
		return error_set(err, "there is a byte 0x%02x in the address", (unsigned char)*foreign);
	return conf_server_read(address, question, name, err);
}
