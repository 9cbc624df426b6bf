#include "conf/server.h"

#include <string.h>

#include "base/text.h"
#include "conf/conf.h"

int
conf_server_read_name(struct address *address, const char *name, enum address_use use, struct error *err)
{
	size_t length = strlen(name);

	if (length > CONF_SERVER_NAME_MAX)
		return error_set(err, "the address of a server has at most %d bytes; this one has %zu",
		    CONF_SERVER_NAME_MAX, length);
	return address_parse(address, name, use, err);
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
conf_server_from_text(struct address *address, const char *name, struct error *err)
{
	const char *foreign = foreign_byte(name);

	if (foreign != NULL)
		return error_set(err, "there is a byte 0x%02x in the address", (unsigned char)*foreign);
	return conf_server_read_name(address, name, ADDRESS_NUMERIC, err);
}
