/*
 * What drover answers itself: redirects, fixed responses, pages in place of its own
 * short ones. Read in the master; workers carry it out.
 */
#ifndef DROVER_CONF_ANSWER_RULE_H
#define DROVER_CONF_ANSWER_RULE_H

#include <stdint.h>

#include "conf/page.h"
#include "conf/template.h"

/* "301 https://$host$uri" */
struct conf_redirect {
	char *text; /* as written; NULL: unset */
	unsigned status;
	struct template location;
};

/* "200 ok", "503 /etc/drover/sorry.html" */
struct conf_respond {
	char *text; /* as written; NULL: unset */
	unsigned status;
	struct conf_page page;
};

enum { CONF_ERROR_PAGES_MAX = 32, CONF_ERROR_STATUSES = 16 };

/* "502 503 504 /etc/drover/sorry.html" */
struct conf_error_page {
	char *text; /* as written */
	uint16_t statuses[CONF_ERROR_STATUSES];
	size_t status_count;
	struct conf_page page;
};

void conf_redirect_clear(struct conf_redirect *redirect);
void conf_respond_clear(struct conf_respond *respond);
void conf_error_pages_free(struct conf_error_page *pages, size_t count);

/* The page for that status, or NULL. */
const struct conf_page *conf_error_page_find(const struct conf_error_page *pages, size_t count, unsigned status);

#endif
