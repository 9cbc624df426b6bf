/* Rules about header fields: "set X-Client $client". Read in the master; workers carry them out. */
#ifndef DROVER_CONF_HEADER_RULE_H
#define DROVER_CONF_HEADER_RULE_H

#include "conf/template.h"

enum conf_header_action {
	CONF_HEADER_SET, /* in place of all fields of that name */
	CONF_HEADER_ADD, /* beside them */
	CONF_HEADER_DEFAULT, /* when there is none */
	CONF_HEADER_REMOVE
};

struct conf_header_rule {
	char *text; /* as written */
	enum conf_header_action action;
	char *name; /* without the star */
	size_t name_length;
	bool prefix; /* every name that begins so */
	struct template value; /* but of CONF_HEADER_REMOVE */
};

enum {
	CONF_HEADER_RULES_MAX = 32, /* in one list */
	CONF_HEADER_RULES_BYTES = 8192 /* that the rules of a list can write, what is taken from requests not counted */
};

/*
 * -1 with a sentence: not a rule, or one that would break the message. Then there is
 * nothing to clear.
 */
int conf_header_rule_read(
    struct conf_header_rule *rule, const char *text, enum template_use use, struct error *err);
void conf_header_rule_clear(struct conf_header_rule *rule);

/* How much of "set NAME VALUE" is no secret: see conf_option. */
size_t conf_header_rule_open(const char *text);

#endif
