#include "conf/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/options.h"
#include "conf/value.h"

enum { VALUE_LENGTH_MAX = 4096, DEPTH_MAX = 3 };

enum token_kind {
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_OPEN = '{',
	TOKEN_CLOSE = '}',
	TOKEN_EQUAL = '=',
	TOKEN_COMMA = ',',
	TOKEN_PARENTHESIS = '(',
	TOKEN_PARENTHESIS_END = ')',
	TOKEN_END = -1,
	TOKEN_BAD = -2 /* reported; nothing can be read after it */
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
	int line;
};

/* A section whose "{" has been read. */
struct frame {
	const struct conf_section *section;
	int line;
	int option_lines[CONF_OPTIONS_MAX]; /* by row of the table: where it was given, 0: not yet */
};

struct scanner {
	const char *next, *end;
	int line;
	struct conf_report *report;
	struct conf_scan *scan;
	FILE *out;
	bool over;
	struct frame frames[DEPTH_MAX];
	size_t depth; /* of frames[depth], the innermost */
	unsigned section_counts[8]; /* by place in conf_sections */
};

static bool
at(const struct scanner *s, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(s->end - s->next) >= length && memcmp(s->next, text, length) == 0;
}

/* What libconfuse takes for the end of an unquoted word; "*" is one of the characters that it drops. */
static bool
ends_word(char c)
{
	return c == '\0' || strchr(" \t\n\r#\"'={}()+,*", c) != NULL;
}

static void
new_line(struct scanner *s)
{
	s->line++;
	putc('\n', s->out);
}

static bool
skip_block_comment(struct scanner *s)
{
	int line = s->line;

	for (s->next += 2; s->next < s->end; s->next++) {
		if (at(s, "*/")) {
			s->next += 2;
			return true;
		}
		if (*s->next == '\n')
			new_line(s);
	}
	conf_report_add(s->report, line, "the comment that begins here has no end");
	return false;
}

/* Skips blanks and comments. false: reported. */
static bool
skip_blanks(struct scanner *s)
{
	for (; s->next < s->end; s->next++) {
		if (*s->next == '\n') {
			new_line(s);
		} else if (*s->next == '#' || at(s, "//")) {
			while (s->next + 1 < s->end && s->next[1] != '\n')
				s->next++;
		} else if (at(s, "/*")) {
			if (!skip_block_comment(s))
				return false;
			s->next--;
		} else if (strchr(" \t\r", *s->next) == NULL) {
			return true;
		}
	}
	return true;
}

static struct token
token_bad(struct scanner *s)
{
	s->over = true;
	return (struct token){ .kind = TOKEN_BAD, .line = s->line };
}

/* Refuses a string or word that means something else to libconfuse than to its writer. false: reported. */
static bool
value_check(struct scanner *s, const struct token *token)
{
	const char *p, *end = token->start + token->length;
	bool plain = token->start[0] == '\'';
	const char *escapes = plain ? "'\\" : "\"\\$";

	if (token->length > VALUE_LENGTH_MAX) {
		conf_report_add(s->report, s->line, "a value has at most %d bytes", VALUE_LENGTH_MAX);
		return false;
	}
	for (p = token->start; p < end; p++) {
		if (*p == '\\' && token->kind == TOKEN_STRING) {
			if (strchr(escapes, *++p) == NULL) {
				conf_report_add(s->report, s->line,
				    "in a string, \\ stands before one of %s only", escapes);
				return false;
			}
		} else if (*p == '$' && !plain && p + 1 < s->end && p[1] == '{') {
			conf_report_add(s->report, s->line,
			    "variables are not expanded; for the characters, write \"\\${\"");
			return false;
		}
	}
	return true;
}

static struct token
string_token(struct scanner *s)
{
	struct token token = { .kind = TOKEN_STRING, .start = s->next, .line = s->line };
	char quote = *s->next;
	const char *p;

	for (p = s->next + 1; p < s->end && *p != quote && *p != '\n'; p++)
		if (*p == '\\' && p + 1 < s->end && p[1] != '\n')
			p++;
	if (p >= s->end || *p != quote) {
		conf_report_add(s->report, s->line, "the string that begins here has no end in this line");
		return token_bad(s);
	}
	s->next = p + 1;
	token.length = (size_t)(s->next - token.start);
	return value_check(s, &token) ? token : token_bad(s);
}

static struct token
word_token(struct scanner *s)
{
	struct token token = { .kind = TOKEN_WORD, .start = s->next, .line = s->line };

	while (s->next < s->end && !ends_word(*s->next))
		s->next++;
	token.length = (size_t)(s->next - token.start);
	if (s->next < s->end && (*s->next == '*' || (*s->next == '+' && !at(s, "+=")))) {
		conf_report_add(
		    s->report, s->line, "a value with %c in it is written between quotes", *s->next);
		return token_bad(s);
	}
	return value_check(s, &token) ? token : token_bad(s);
}

static struct token
token_read(struct scanner *s)
{
	struct token token;

	if (!skip_blanks(s))
		return token_bad(s);
	token = (struct token){ .kind = TOKEN_END, .start = s->next, .length = 1, .line = s->line };
	if (s->next == s->end)
		return token;
	if (*s->next == '"' || *s->next == '\'')
		return string_token(s);
	if (at(s, "+=")) {
		token.kind = TOKEN_EQUAL;
		token.length = 2;
	} else if (strchr("{}=,()", *s->next) != NULL) {
		token.kind = (enum token_kind) * s->next;
	} else {
		return word_token(s);
	}
	s->next += token.length;
	return token;
}

static void
token_write(struct scanner *s, const struct token *token)
{
	if (token->kind == TOKEN_BAD || token->kind == TOKEN_END)
		return;
	putc(' ', s->out);
	fwrite(token->start, 1, token->length, s->out);
}

static bool
is_value(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

/* The syntax is wrong at the token: libconfuse gets to see it, and what to say about it is its matter. */
static void
syntax_break(struct scanner *s)
{
	s->scan->broken = true;
	s->over = true;
}

/* Skips to the token that closes what `opening` opened. */
static void
skip_group(struct scanner *s, const struct token *opening)
{
	enum token_kind open = opening->kind,
			close = open == TOKEN_OPEN ? TOKEN_CLOSE : TOKEN_PARENTHESIS_END;
	unsigned depth = 1;

	while (depth > 0) {
		struct token token = token_read(s);

		if (token.kind == TOKEN_BAD)
			return;
		if (token.kind == TOKEN_END) {
			conf_report_add(
			    s->report, opening->line, "the %c that is opened here is not closed", (char)open);
			s->over = true;
			return;
		}
		depth += token.kind == open;
		depth -= token.kind == close;
	}
}

/*
 * Skips what follows a name: "= value", "= { ... }", "{ ... }" or "title { ... }".
 * When it is none of these, the rest cannot be made sense of.
 */
static void
skip_rest(struct scanner *s)
{
	struct token token = token_read(s);
	bool is_option = token.kind == TOKEN_EQUAL;

	if (is_option || is_value(&token))
		token = token_read(s);
	if (token.kind == TOKEN_OPEN || (token.kind == TOKEN_PARENTHESIS && !is_option))
		skip_group(s, &token);
	else if (!is_option || !is_value(&token))
		s->over = true;
	if (!is_option)
		s->scan->complete = false;
}

/* The names that can stand in a section, NULL at the end. */
static void
names_collect(const struct conf_section *section, const char *names[CONF_OPTIONS_MAX])
{
	const struct conf_section *const *inner;
	const struct conf_option *option;
	size_t n = 0;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section)
			names[n++] = option->name;
	for (inner = conf_sections; *inner != NULL; inner++)
		if ((*inner)->parent == section)
			names[n++] = (*inner)->name;
	names[n] = NULL;
}

/* A section that has an option or section of this name; NULL: none. */
static const struct conf_section *
home_find(const char *name)
{
	const struct conf_section *const *section;

	for (section = conf_sections; *section != NULL; section++)
		if (conf_option_find(*section, name) != NULL || conf_section_find(*section, name) != NULL)
			return *section;
	return NULL;
}

static void
unknown_report(struct scanner *s, const char *name, int line)
{
	const struct conf_section *section = s->frames[s->depth].section, *home = home_find(name);
	const char *names[CONF_OPTIONS_MAX], *near;
	char where[64] = "";

	names_collect(section, names);
	near = text_nearest(name, names);
	if (section != &conf_section_top)
		snprintf(where, sizeof where, " in %s", section->name);
	if (home == &conf_section_top)
		conf_report_add(s->report, line, "unknown option '%s'%s; it belongs outside of all sections",
		    name, where);
	else if (home != NULL)
		conf_report_add(
		    s->report, line, "unknown option '%s'%s; it belongs in %s { }", name, where, home->name);
	else if (near != NULL)
		conf_report_add(
		    s->report, line, "unknown option '%s'%s; did you mean '%s'?", name, where, near);
	else
		conf_report_add(s->report, line, "unknown option '%s'%s", name, where);
}

static void
scan_list(struct scanner *s)
{
	struct token token;

	do {
		token = token_read(s);
		token_write(s, &token);
	} while (is_value(&token) || token.kind == TOKEN_COMMA);
	if (token.kind != TOKEN_CLOSE && !s->over)
		syntax_break(s);
}

static void
scan_option(struct scanner *s, const struct conf_option *option, const struct token *name)
{
	int *first = &s->frames[s->depth].option_lines[option - conf_options];
	char place[CONF_PLACE_MAX];
	struct token equal, value;

	if (*first != 0) {
		conf_report_add(s->report, name->line, "%s is given twice; the first is in %s", option->name,
		    conf_report_place(s->report, *first, place));
		skip_rest(s);
		return;
	}
	*first = name->line;
	equal = token_read(s);
	value = equal.kind == TOKEN_EQUAL ? token_read(s) : equal;
	if (value.kind == TOKEN_OPEN && equal.kind == TOKEN_EQUAL && !option->type->list) {
		conf_report_add(s->report, name->line, "%s takes one value, not a list", option->name);
		skip_group(s, &value);
		return;
	}
	token_write(s, name);
	token_write(s, &equal);
	if (equal.kind == TOKEN_EQUAL)
		token_write(s, &value);
	if (equal.kind == TOKEN_EQUAL && value.kind == TOKEN_OPEN)
		scan_list(s);
	else if ((equal.kind != TOKEN_EQUAL || !is_value(&value)) && !s->over)
		syntax_break(s);
}

static bool
section_count(struct scanner *s, const struct conf_section *section, int line)
{
	size_t i = 0;

	while (conf_sections[i] != section)
		i++;
	if (++s->section_counts[i] <= section->maximum)
		return true;
	conf_report_add(
	    s->report, line, "there are more than %u %s sections", section->maximum, section->name);
	s->over = true;
	return false;
}

static void
title_check(struct scanner *s, const struct conf_section *section, bool titled, int line)
{
	if (titled && section->title == NULL)
		conf_report_add(s->report, line, "%s has no title: %s { ... }", section->name, section->name);
	if (!titled && section->title != NULL)
		conf_report_add(s->report, line, "%s needs a title, as in: %s \"%s\" { ... }", section->name,
		    section->name, section->title);
}

static void
scan_section(struct scanner *s, const struct conf_section *section, const struct token *name)
{
	struct token title = { .kind = TOKEN_END }, token;
	struct frame *frame;

	if (!section_count(s, section, name->line))
		return;
	token_write(s, name);
	token = token_read(s);
	if (is_value(&token)) {
		title = token;
		token = token_read(s);
	}
	token_write(s, &token);
	if (token.kind != TOKEN_OPEN) {
		if (!s->over)
			syntax_break(s);
		return;
	}
	title_check(s, section, title.kind != TOKEN_END, name->line);
	fputs(" " CONF_SCAN_TITLE " =", s->out);
	if (title.kind != TOKEN_END)
		token_write(s, &title);
	else
		fputs(" \"\"", s->out);
	frame = &s->frames[++s->depth];
	*frame = (struct frame){ .section = section, .line = token.line };
}

static void
scan_name(struct scanner *s, const struct token *token)
{
	const struct conf_section *section = s->frames[s->depth].section, *inner;
	const struct conf_option *option;
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)token->length, token->start);
	option = conf_option_find(section, name);
	inner = conf_section_find(section, name);
	if (option != NULL) {
		scan_option(s, option, token);
	} else if (inner != NULL) {
		scan_section(s, inner, token);
	} else {
		unknown_report(s, name, token->line);
		skip_rest(s);
	}
}

static void
scan_end(struct scanner *s)
{
	const struct frame *frame = &s->frames[s->depth];

	s->over = true;
	if (s->depth > 0)
		conf_report_add(
		    s->report, frame->line, "the { of this %s is not closed", frame->section->name);
	else
		s->scan->finished = true;
}

/* Reads one option, or the beginning or the end of a section. */
static void
scan_statement(struct scanner *s)
{
	struct token token = token_read(s);

	switch (token.kind) {
	case TOKEN_BAD:
		break;
	case TOKEN_END:
		scan_end(s);
		break;
	case TOKEN_WORD:
		scan_name(s, &token);
		break;
	case TOKEN_CLOSE:
		token_write(s, &token);
		if (s->depth == 0)
			syntax_break(s);
		else
			s->depth--;
		break;
	case TOKEN_STRING:
		conf_report_add(
		    s->report, token.line, "the name of an option is expected here, not a string");
		s->over = true;
		break;
	default:
		token_write(s, &token);
		syntax_break(s);
	}
}

/* Whether what p points at is a character that text may have: no control character but tabs and ends of lines. */
static bool
character_allowed(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;

	return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' ||
	       (c == '\r' && p + 1 < end && p[1] == '\n');
}

/* false: the bytes are not text, which is reported. */
static bool
bytes_check(const char *text, size_t length, struct conf_report *report)
{
	const char *p, *end = text + length;
	size_t character;
	int line = 1;

	for (p = text; p < end; p += character) {
		character = text_utf8_length(p, (size_t)(end - p));
		line += *p == '\n';
		if (character > 0 && character_allowed(p, end))
			continue;
		conf_report_add(
		    report, line, "this is not UTF-8 text: there is a byte 0x%02x", (unsigned char)*p);
		return false;
	}
	return true;
}

void
conf_scan_text(struct conf_scan *scan, const char *text, size_t length, struct conf_report *report)
{
	struct scanner s = { .next = text, .end = text + length, .line = 1, .report = report, .scan = scan };
	size_t written = 0;
	bool good;

	*scan = (struct conf_scan){ .complete = true };
	if (!bytes_check(text, length, report))
		return;
	s.frames[0].section = &conf_section_top;
	s.out = open_memstream(&scan->text, &written);
	if (s.out == NULL) {
		conf_report_memory(report);
		return;
	}
	while (!s.over && report->count < CONF_REPORT_MAX)
		scan_statement(&s);
	scan->last_line = s.line;
	good = fclose(s.out) == 0 && scan->text != NULL;
	if (!good)
		conf_report_memory(report);
	if (good && (scan->finished || scan->broken))
		return;
	free(scan->text);
	scan->text = NULL;
}
