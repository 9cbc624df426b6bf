#include "conf/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/options.h"
#include "conf/unknown.h"
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
	int stop_line; /* when over: the last line that was made sense of */
	int value_line; /* where the statement before this one ended with a value; 0: it did not */
	struct frame frames[DEPTH_MAX];
	size_t depth; /* of frames[depth], the innermost */
	unsigned section_counts[CONF_SECTIONS_MAX]; /* by place in conf_sections */
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

/* Skips blanks and comments, and each ; with a word about it. false: reported. */
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
		} else if (*s->next == ';') {
			conf_report_add(s->report, s->line, "an option is written NAME = VALUE, without ;");
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
	s->stop_line = s->line;
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
				    "in a string, \\ stands before one of %s only; for a backslash, write \\\\", escapes);
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
	while (s->next > token.start && s->next[-1] == ';')
		s->next--;
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

/* Reports why nothing can be read from here on, unless that was done. */
static void __attribute__((format(printf, 3, 4)))
syntax_break(struct scanner *s, int line, const char *format, ...)
{
	char sentence[512];
	va_list ap;

	if (s->over)
		return;
	va_start(ap, format);
	vsnprintf(sentence, sizeof sentence, format, ap);
	va_end(ap);
	conf_report_add(s->report, line, "%s", sentence);
	s->stop_line = line;
	s->over = true;
}

static void
unclosed_break(struct scanner *s, const struct token *opening)
{
	syntax_break(s, opening->line, "the %c that is opened here is not closed", (char)opening->kind);
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
			unclosed_break(s, opening);
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
skip_rest(struct scanner *s, int line)
{
	struct token token = token_read(s);
	bool is_option = token.kind == TOKEN_EQUAL;

	if (is_option || is_value(&token))
		token = token_read(s);
	if (token.kind == TOKEN_OPEN || (token.kind == TOKEN_PARENTHESIS && !is_option))
		skip_group(s, &token);
	else if (!is_option || !is_value(&token))
		syntax_break(s, line, "an option is written NAME = VALUE, a section NAME \"TITLE\" { }");
	if (!is_option)
		s->scan->complete = false;
}

/* Reads the rest of a list whose { has been read. */
static void
scan_list(struct scanner *s, const struct token *opening)
{
	enum token_kind before = TOKEN_COMMA;
	struct token token;

	for (;;) {
		token = token_read(s);
		token_write(s, &token);
		if (token.kind == TOKEN_CLOSE)
			return;
		if (is_value(&token) ? before != TOKEN_COMMA
				     : token.kind != TOKEN_COMMA || before == TOKEN_COMMA)
			break;
		before = token.kind;
	}
	if (token.kind == TOKEN_END)
		unclosed_break(s, opening);
	else
		syntax_break(s, token.line, token.kind == TOKEN_EQUAL ?
			"a list is written { VALUE, VALUE }, and a value with = in it between quotes" :
			"a list is written { VALUE, VALUE }");
}

/* Reads what follows the "=" of an option. */
static void
scan_value(
    struct scanner *s, const struct conf_option *option, const struct token *name, const struct token *equal)
{
	struct token value = token_read(s);

	if (!option->type->list && (value.kind == TOKEN_OPEN || equal->length > 1)) {
		conf_report_add(s->report, name->line, "%s takes one value, not a list", option->name);
		if (value.kind == TOKEN_OPEN)
			skip_group(s, &value);
		return;
	}
	token_write(s, name);
	token_write(s, equal);
	token_write(s, &value);
	if (value.kind == TOKEN_OPEN)
		scan_list(s, &value);
	else if (is_value(&value))
		s->value_line = value.line;
	else
		syntax_break(s, equal->line, "%s has no value", option->name);
}

static void
scan_option(struct scanner *s, const struct conf_option *option, const struct token *name)
{
	int *first = &s->frames[s->depth].option_lines[option - conf_options];
	bool is_section = conf_section_find(&conf_section_top, option->name) != NULL;
	char place[CONF_PLACE_MAX];
	struct token equal;

	if (*first != 0) {
		conf_report_add(s->report, name->line, "%s is given twice; the first is in %s", option->name,
		    conf_report_place(s->report, *first, place));
		skip_rest(s, name->line);
		return;
	}
	*first = name->line;
	equal = token_read(s);
	if (equal.kind == TOKEN_EQUAL)
		scan_value(s, option, name, &equal);
	else
		syntax_break(s, name->line, "an option is written NAME = VALUE; there is no = after %s%s",
		    option->name, is_section ? ", or no } before it" : "");
}

static bool
section_count(struct scanner *s, const struct conf_section *section, int line)
{
	size_t i = 0;

	while (conf_sections[i] != section)
		i++;
	if (++s->section_counts[i] <= section->maximum)
		return true;
	syntax_break(s, line, "there are more than %u %s sections", section->maximum, section->name);
	return false;
}

static void
title_check(struct scanner *s, const struct conf_section *section, bool titled, int line)
{
	if (titled && section->title == NULL)
		conf_report_add(s->report, line, "%s has no title: %s { ... }", section->name, section->name);
	if (!titled && section->title != NULL)
		conf_report_add(s->report, line, "%s lacks its %s, as in: %s \"%s\" { ... }", section->name,
		    section->title_name, section->name, section->title);
}

static void
section_form_break(struct scanner *s, const struct conf_section *section, int line)
{
	if (section->title != NULL)
		syntax_break(s, line, "a section is written with { }, as in: %s \"%s\" { }", section->name,
		    section->title);
	else
		syntax_break(s, line, "a section is written with { }, as in: %s { }", section->name);
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
		section_form_break(s, section, name->line);
		return;
	}
	title_check(s, section, title.length > (title.kind == TOKEN_STRING ? 2 : 0), name->line);
	fputs(" " CONF_SCAN_TITLE " =", s->out);
	if (title.kind != TOKEN_END)
		token_write(s, &title);
	else
		fputs(" \"\"", s->out);
	frame = &s->frames[++s->depth];
	*frame = (struct frame){ .section = section, .line = token.line };
}

/* Whether what was just read, a word that is no option, is the rest of a value in the same line: "20 seconds". */
static bool
is_rest_of_value(const struct scanner *s, int value_line)
{
	const char *p = s->next;

	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	return value_line == s->line && (p == s->end || strchr("=+{(\"'", *p) == NULL);
}

static void
scan_name(struct scanner *s, const struct token *token, int value_line)
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
	} else if (is_rest_of_value(s, value_line)) {
		conf_report_add(s->report, token->line,
		    "'%s': a value with a space in it is written between quotes", name);
	} else {
		conf_unknown_report(s->report, section, name, token->line);
		skip_rest(s, token->line);
	}
}

static void
scan_end(struct scanner *s)
{
	const struct frame *frame = &s->frames[s->depth];

	if (s->depth > 0)
		syntax_break(s, frame->line, "the { of this %s is not closed", frame->section->name);
	else
		s->scan->whole = true;
	s->over = true;
}

/* Reads one option, or the beginning or the end of a section. */
static void
scan_statement(struct scanner *s)
{
	struct token token = token_read(s);
	int value_line = s->value_line;

	s->value_line = 0;
	switch (token.kind) {
	case TOKEN_BAD:
		break;
	case TOKEN_END:
		scan_end(s);
		break;
	case TOKEN_WORD:
		scan_name(s, &token, value_line);
		break;
	case TOKEN_CLOSE:
		token_write(s, &token);
		if (s->depth == 0)
			syntax_break(s, token.line, "there is no { that this } closes");
		else
			s->depth--;
		break;
	case TOKEN_STRING:
		syntax_break(s, token.line, value_line == token.line ?
			"the name of an option is expected here, not a string; several values are written { VALUE, VALUE }" :
			"the name of an option is expected here, not a string");
		break;
	default:
		syntax_break(
		    s, token.line, "the name of an option is expected here, not %c", (char)token.kind);
	}
}

/* Whether there is more than blanks behind the line where reading stopped. */
static bool
lines_are_left(const struct scanner *s)
{
	const char *end = s->end, *p = memchr(s->next, '\n', (size_t)(end - s->next));

	if (s->line > s->stop_line)
		return s->next < end;
	while (p != NULL && p < end && strchr(" \t\r\n", *p) != NULL)
		p++;
	return p != NULL && p < end;
}

/*
 * Scans all statements. Of one that cannot be made sense of, nothing is left in
 * the text, and the sections around it are closed: so the values before it can
 * be judged.
 */
static void
scan_statements(struct scanner *s)
{
	long sound = 0;
	char place[CONF_PLACE_MAX];

	while (!s->over && s->report->count < CONF_REPORT_MAX) {
		sound = ftell(s->out);
		scan_statement(s);
	}
	if (s->scan->whole)
		return;
	s->scan->complete = false;
	fseek(s->out, sound, SEEK_SET);
	for (; s->depth > 0; s->depth--)
		fputs(" }", s->out);
	putc('\0', s->out);
	if (lines_are_left(s))
		conf_report_add(s->report, 0, "nothing after %s was looked at",
		    conf_report_place(s->report, s->stop_line, place));
}

void
conf_scan_text(struct conf_scan *scan, const char *text, size_t length, struct conf_report *report)
{
	struct scanner s = { .next = text, .end = text + length, .line = 1, .report = report, .scan = scan };
	size_t written = 0;

	*scan = (struct conf_scan){ .complete = true };
	s.frames[0].section = &conf_section_top;
	s.out = open_memstream(&scan->text, &written);
	if (s.out == NULL) {
		conf_report_memory(report);
		return;
	}
	scan_statements(&s);
	if (fclose(s.out) == 0 && scan->text != NULL)
		return;
	conf_report_memory(report);
	free(scan->text);
	scan->text = NULL;
}
