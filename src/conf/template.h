/*
 * Texts with variables: "https://$host$uri". Taken apart once, when the
 * configuration is read; workers put the values in (worker/variables.h).
 */
#ifndef DROVER_CONF_TEMPLATE_H
#define DROVER_CONF_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What a part stands for. Rows of template_variables, which says what each is. */
enum template_variable {
	TEMPLATE_TEXT, /* the text of the part itself */
	TEMPLATE_CLIENT,
	TEMPLATE_CLIENT_PORT,
	TEMPLATE_HOST,
	TEMPLATE_AUTHORITY,
	TEMPLATE_PATH,
	TEMPLATE_QUERY,
	TEMPLATE_URI,
	TEMPLATE_METHOD,
	TEMPLATE_SCHEME,
	TEMPLATE_REQUEST_ID,
	TEMPLATE_LISTENER,
	TEMPLATE_POOL,
	TEMPLATE_SERVER,
	TEMPLATE_WORKER,
	TEMPLATE_STATUS,
	TEMPLATE_TIME,
	TEMPLATE_HEADER, /* the part's text is the name of the field */
	TEMPLATE_VARIABLES
};

/* Where a template is used: what has a value there differs. */
enum template_use { TEMPLATE_IN_REQUEST = 1, TEMPLATE_IN_RESPONSE = 2, TEMPLATE_IN_REDIRECT = 4 };

/* One row a variable, by enum template_variable. */
extern const struct template_row {
	const char *name; /* without the "$"; that of a field is "header", then "." and its name */
	unsigned uses; /* set of enum template_use: where it may stand */
	uint16_t most; /* bytes of its value; 0: as many as the request has */
	bool request; /* it is taken from the request's head */
} template_variables[TEMPLATE_VARIABLES];

struct template_part {
	uint8_t variable; /* enum template_variable */
	uint16_t length;
	const char *text; /* NUL-terminated nowhere: `length` bytes */
};

struct template {
	struct template_part *parts;
	size_t count;
	char *bytes; /* what the parts point into */
	size_t most; /* bytes that it comes to, those not counted that are taken from the request */
	bool request; /* a part is taken from the request's head */
};

enum { TEMPLATE_PARTS_MAX = 64, TEMPLATE_LENGTH_MAX = 8192 };

/*
 * Takes the text apart. "$$" is a dollar sign, "$header.NAME" a field of the request.
 * -1 with a sentence that begins after the name of an option ("has no variable
 * $hots; did you mean $host?"); then there is nothing to clear.
 */
int template_compile(struct template *template, const char *text, enum template_use use, struct error *err);

/* Frees what belongs to it. */
void template_clear(struct template *template);

#endif
