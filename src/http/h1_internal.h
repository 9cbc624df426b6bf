/*
 * What the files of the HTTP/1 parser share among themselves: character
 * classes, the head that is being read, field lines. Nobody else includes it.
 * Runs in workers.
 */
#ifndef DROVER_HTTP_H1_INTERNAL_H
#define DROVER_HTTP_H1_INTERNAL_H

#include "http/h1.h"

enum { H1_NAME_COUNT = H1_NAME_SERVER + 1 };

/* What a byte may be part of. */
enum {
	H1_TOKEN = 1, /* RFC 9110 5.6.2: tchar */
	H1_TEXT = 2, /* a field value or quoted string: HTAB, SP, visible, obs-text */
	H1_TARGET = 4, /* a request target: visible ASCII but "#" */
	H1_HOST = 8, /* a reg-name of RFC 3986 but "%": unreserved, sub-delims */
	H1_HEX = 16
};

extern const uint8_t h1_classes[256];

static inline bool
h1_is(char byte, unsigned class)
{
	return (h1_classes[(unsigned char)byte] & class) != 0;
}

static inline bool
h1_is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static inline bool
h1_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* ASCII only, whatever the locale. */
static inline char
h1_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* True when bytes spell the lower-case text, whatever their case. */
bool h1_spells(const char *bytes, size_t length, const char *lower);

/* A head while it is read: what requests and responses have in common. */
struct h1_head {
	const char *start; /* first byte of the start line */
	const char *end; /* of the bytes to look at: of those that are there, what the limit allows */
	const struct h1_limits *limits;
	struct h1_field *fields; /* of the caller, limits->fields of them at most */
	uint16_t count;
	uint16_t status; /* when an error was found: the answer, and why */
	const char *reason;
	uint32_t present; /* bit 1 << enum h1_name: there is such a field */
	uint32_t repeated; /* the same: there is more than one */
	uint8_t first[H1_NAME_COUNT]; /* index of the first such field, when it is present */
};

/*
 * Parses a start line, whose LF is at lf, or NULL when it has not come yet.
 * H1_DONE: the line is good. H1_MORE only without LF.
 */
typedef enum h1_result (*h1_start_line)(struct h1_head *head, const char *lf, void *message);

/*
 * Reads start line and field lines from the bytes. H1_DONE: head->fields are
 * set, and *length is that of the head. Costs O(new bytes) over all calls, plus
 * one parse of the whole.
 */
enum h1_result h1_head_read(struct h1_head *head, struct h1_scan *scan, const char *bytes, size_t *length,
    h1_start_line start_line, void *message);

/* Sets why the head is refused. Returns H1_ERROR. */
enum h1_result h1_refuse(struct h1_head *head, uint16_t status, const char *reason);

static inline bool
h1_has(const struct h1_head *head, enum h1_name name)
{
	return (head->present >> name & 1) != 0;
}

static inline bool
h1_has_many(const struct h1_head *head, enum h1_name name)
{
	return (head->repeated >> name & 1) != 0;
}

/*
 * Parses the field lines from *at on, appends them to head->fields and moves *at
 * behind what it parsed: H1_DONE, the empty line that ends the head; H1_MORE,
 * the last whole line.
 */
enum h1_result h1_fields_parse(struct h1_head *head, const char **at);

/* The first byte of [at, end) that is not H1_TEXT, or end. */
const char *h1_text_end(const char *at, const char *end);

/* The members of a comma-separated list (RFC 9110 5.6.1), empty ones skipped. */
struct h1_list {
	const char *at, *end;
};

struct h1_list h1_list_of(const struct h1_head *head, const struct h1_field *field);
bool h1_list_next(struct h1_list *list, const char **member, size_t *length);

/* What the fields named Connection say. */
struct h1_options {
	bool close, keep_alive, upgrade;
};

/* Reads them and marks the fields that they nominate. H1_DONE or H1_ERROR. RFC 9110 7.6.1. */
enum h1_result h1_options_read(struct h1_head *head, struct h1_options *options);

/*
 * How Content-Length and Transfer-Encoding frame the body (RFC 9112 6.1, 6.2):
 * NONE, when there is neither, LENGTH or CHUNKED. H1_DONE or H1_ERROR.
 */
enum h1_result h1_framing_read(
    struct h1_head *head, uint8_t minor, uint8_t *framing, uint64_t *content_length);

/* RFC 9110 7.2: uri-host [":" port]; with_port: the port is not optional. */
bool h1_authority_valid(const char *bytes, size_t length, bool with_port);

/*
 * Whether two valid authorities name the same: case is nothing, and a port that
 * is not there is `port`, that of the scheme.
 */
bool h1_authority_same(const char *head, struct h1_span a, struct h1_span b, unsigned port);

/*
 * The parts of a request target by its method (RFC 9112 3.2): path, and
 * authority when the target has one. H1_DONE or H1_ERROR.
 */
enum h1_result h1_target_split(struct h1_head *head, struct h1_request *request);

enum h1_name h1_name_find(const char *name, size_t length);
enum h1_method h1_method_find(const char *method, size_t length);

/*
 * True for a name that has "_" or "." where one of enum h1_name has "-": servers
 * that hand fields over as CGI does would take it for that one.
 */
bool h1_name_is_disguised(const char *name, size_t length);

/* Whether a field is called so, in any case, or looks so behind CGI: with "_" or "." for a "-" of `name`. */
bool h1_name_fits(const char *name, size_t name_length, const char *bytes, size_t length);

/* RFC 9110 7.6.1: true for the names that are never forwarded. */
bool h1_name_is_hop(enum h1_name name);

/* RFC 9110 6.5.1: true for a name that must not be in a trailer section. */
bool h1_name_is_no_trailer(const char *name, size_t length);

#endif
