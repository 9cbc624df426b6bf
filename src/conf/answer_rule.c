#include "conf/answer_rule.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/field.h"
#include "conf/list.h"
#include "conf/string_field.h"

/* Moves *text behind three digits and the blanks after them. 0: it does not begin so. */
static unsigned
status_take(const char **text)
{
	const char *p = *text;
	unsigned status;

	if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]) || !isdigit((unsigned char)p[2]) ||
	    (p[3] != '\0' && p[3] != ' ' && p[3] != '\t'))
		return 0;
	status = (unsigned)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
	*text = p + 3 + strspn(p + 3, " \t");
	return status;
}

/* ---- redirect */

static int
redirect_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_redirect new = { .status = 302 }, *redirect = conf_field(option, base);
	const char *location = text;
	unsigned status = status_take(&location);

	if (status != 0)
		new.status = status;
	if (new.status < 301 || new.status > 308 || (new.status > 303 && new.status < 307))
		return error_set(err, "has the status %u; it is 301, 302, 303, 307 or 308", status);
	if (*location == '\0')
		return error_set(err, "has no address to go to, such as https://$host$uri");
	if (template_compile(&new.location, location, TEMPLATE_IN_REDIRECT, err) < 0)
		return -1;
	new.text = strdup(text);
	if (new.text == NULL) {
		conf_redirect_clear(&new);
		return error_set(err, "cannot be kept: out of memory");
	}
	conf_redirect_clear(redirect);
	*redirect = new;
	return 0;
}

static void
redirect_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a status and an address, such as 301 https://$host$uri");
}

void
conf_redirect_clear(struct conf_redirect *redirect)
{
	free(redirect->text);
	template_clear(&redirect->location);
	redirect->text = NULL;
}

/* ---- respond */

static bool
respond_status_is_possible(unsigned status)
{
	return status >= 200 && status <= 599 && status != 205 && status != 206 && status != 304;
}

static int
respond_page(struct conf_respond *respond, const char *body, struct error *err)
{
	if (respond->status == 204 && *body != '\0')
		return error_set(err, "has a body, and 204 has none");
	return *body == '/' ? conf_page_read(&respond->page, body, err) : conf_page_set(&respond->page, body, err);
}

static int
respond_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_respond new = { 0 }, *respond = conf_field(option, base);
	const char *body = text;

	new.status = status_take(&body);
	if (new.status == 0)
		return -1;
	if (!respond_status_is_possible(new.status))
		return error_set(err, "has the status %u, which cannot be sent so", new.status);
	if (respond_page(&new, body, err) < 0)
		return -1;
	new.text = strdup(text);
	if (new.text == NULL) {
		conf_respond_clear(&new);
		return error_set(err, "cannot be kept: out of memory");
	}
	conf_respond_clear(respond);
	*respond = new;
	return 0;
}

static void
respond_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a status, then a text or the path of a file, such as 200 ok");
}

void
conf_respond_clear(struct conf_respond *respond)
{
	free(respond->text);
	conf_page_clear(&respond->page);
	respond->text = NULL;
}

/* ---- error-page */

static int
error_page_statuses(struct conf_error_page *page, const char **text, struct error *err)
{
	unsigned status;

	while ((status = status_take(text)) != 0) {
		if (status < 400 || status > 599)
			return error_set(err, "has the status %u; it is one from 400 to 599", status);
		if (page->status_count == CONF_ERROR_STATUSES)
			return error_set(err, "has more than %d statuses for one page", CONF_ERROR_STATUSES);
		page->statuses[page->status_count++] = (uint16_t)status;
	}
	if (page->status_count > 0 && **text == '/')
		return 0;
	return error_set(err, "cannot hold \"%.100s\": it is statuses, then a path that begins with /", page->text);
}

/* Whether a status has a page already; *status tells which. */
static bool
error_page_is_twice(const struct conf_error_page *pages, size_t count, const struct conf_error_page *page, unsigned *status)
{
	size_t i;

	for (i = 0; i < page->status_count; i++) {
		*status = page->statuses[i];
		if (conf_error_page_find(pages, count, *status) != NULL)
			return true;
	}
	return false;
}

static int
error_page_read(struct conf_error_page *page, const char *text, struct error *err)
{
	page->text = strdup(text);
	if (page->text == NULL)
		return error_set(err, "cannot be kept: out of memory");
	return error_page_statuses(page, &text, err) < 0 ? -1 : conf_page_read(&page->page, text, err);
}

static void
error_page_clear(struct conf_error_page *page)
{
	free(page->text);
	conf_page_clear(&page->page);
}

static int
error_pages_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_error_page new = { 0 }, *element;
	size_t count = conf_list_length(option, base);
	unsigned status;

	if (count == CONF_ERROR_PAGES_MAX)
		return error_set(err, "has more than %d pages", CONF_ERROR_PAGES_MAX);
	if (error_page_read(&new, text, err) == 0 &&
	    (element = conf_list_grow(option, base, sizeof *element, err)) != NULL) {
		if (!error_page_is_twice(element - count, count, &new, &status)) {
			*element = new;
			++*conf_list_count(option, base);
			return 0;
		}
		error_set(err, "has two pages for the status %u", status);
	}
	error_page_clear(&new);
	return -1;
}

static const char *
error_pages_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	struct conf_error_page *const *list = conf_field_const(option, base);

	(void)space;
	return i >= conf_list_length(option, base) ? NULL : (*list)[i].text;
}

static void
error_pages_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of statuses with a file, such as 502 503 /etc/drover/sorry.html");
}

void
conf_error_pages_free(struct conf_error_page *pages, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		error_page_clear(&pages[i]);
	free(pages);
}

const struct conf_page *
conf_error_page_find(const struct conf_error_page *pages, size_t count, unsigned status)
{
	size_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < pages[i].status_count; j++)
			if (pages[i].statuses[j] == status)
				return &pages[i].page;
	return NULL;
}

/* the structs that these fill begin with their text */
const struct conf_type conf_type_redirect = { "text", false, true, redirect_read, conf_string_write, redirect_describe };
const struct conf_type conf_type_respond = { "text", false, true, respond_read, conf_string_write, respond_describe };
const struct conf_type conf_type_error_pages = { "list", true, true, error_pages_read, error_pages_write,
	error_pages_describe };
