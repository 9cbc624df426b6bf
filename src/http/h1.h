/*
 * The HTTP/1 parser: pure, resumable, strict by RFC 9112. It owns no memory,
 * knows no sockets and no clock. Runs in workers.
 *
 * A head is parsed in place: results are offsets into the caller's bytes. A
 * head that is not whole yet costs only a scan of its new bytes (struct
 * h1_scan, which a session keeps); once it is whole one call parses it. What
 * RFC 9112 lets a lenient parser accept and smuggling needs (bare CR or LF,
 * obs-fold, space before the colon, two lengths, a length beside
 * Transfer-Encoding, NUL, ...) is refused.
 */
#ifndef DROVER_HTTP_H1_H
#define DROVER_HTTP_H1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	H1_FIELDS_MAX = 256, /* the most header fields that h1_limits.fields may allow */
	H1_FORWARDS_MAX = 255 /* what a larger Max-Forwards counts as (RFC 9110 7.6.2) */
};

/* Field names that drover itself acts on. All others are H1_NAME_OTHER. */
enum h1_name {
	H1_NAME_OTHER,
	H1_NAME_CONNECTION,
	H1_NAME_CONTENT_LENGTH,
	H1_NAME_TRANSFER_ENCODING,
	H1_NAME_HOST,
	H1_NAME_UPGRADE,
	H1_NAME_EXPECT,
	H1_NAME_TE,
	H1_NAME_TRAILER,
	H1_NAME_KEEP_ALIVE,
	H1_NAME_PROXY_CONNECTION,
	H1_NAME_PROXY_AUTHENTICATE,
	H1_NAME_PROXY_AUTHORIZATION,
	H1_NAME_HTTP2_SETTINGS,
	H1_NAME_VIA,
	H1_NAME_MAX_FORWARDS,
	H1_NAME_FORWARDED,
	H1_NAME_X_FORWARDED_FOR,
	H1_NAME_X_FORWARDED_PROTO,
	H1_NAME_X_FORWARDED_HOST,
	H1_NAME_X_REQUEST_ID,
	H1_NAME_REFERER,
	H1_NAME_USER_AGENT,
	H1_NAME_DATE,
	H1_NAME_SERVER
};

struct h1_field {
	uint32_t line; /* offset of the field line in the head (its name's first byte) */
	uint32_t line_length; /* with its CRLF */
	uint32_t value; /* offset of the value, without the whitespace around it */
	uint32_t value_length;
	uint16_t name_length;
	uint8_t name; /* enum h1_name */
	bool
	    hop; /* not to be forwarded: hop-by-hop (RFC 9110 7.6.1), nominated by Connection, or in disguise */
};

enum h1_method {
	H1_METHOD_OTHER, /* a token that is not in this list: forwarded as it stands */
	H1_METHOD_GET,
	H1_METHOD_HEAD,
	H1_METHOD_POST,
	H1_METHOD_PUT,
	H1_METHOD_DELETE,
	H1_METHOD_OPTIONS,
	H1_METHOD_TRACE,
	H1_METHOD_CONNECT,
	H1_METHOD_PATCH
};

/* How the body that follows the head ends (RFC 9112 6.3). */
enum h1_framing {
	H1_FRAMING_NONE, /* no body */
	H1_FRAMING_LENGTH, /* content_length bytes */
	H1_FRAMING_CHUNKED, /* struct h1_chunked tells */
	H1_FRAMING_CLOSE, /* response only: until the connection ends */
	H1_FRAMING_TUNNEL /* response only: 101, or 2xx to CONNECT: no HTTP follows */
};

struct h1_span {
	uint32_t offset, length; /* in the head; length 0: absent */
};

/*
 * Field names of requests that have "_" or "." in them. Servers that hand fields
 * over as CGI does take such a name for the one that has "-" there.
 */
enum h1_underscores {
	H1_UNDERSCORES_GUARD, /* marked hop where that would be one of enum h1_name */
	H1_UNDERSCORES_PASS,
	H1_UNDERSCORES_DROP, /* all of them are marked hop */
	H1_UNDERSCORES_REFUSE /* 400 */
};

struct h1_limits {
	uint32_t head; /* bytes of the whole head, start line and final CRLF counted */
	uint32_t target; /* bytes of the request target */
	uint16_t fields; /* number of fields, <= H1_FIELDS_MAX */
	uint8_t underscores; /* enum h1_underscores */
};

/* What to remember of a head that is not whole yet. Zero it for a new head. */
struct h1_scan {
	/* all counted from the first byte of the buffer */
	uint32_t seen; /* bytes looked at so far */
	uint32_t line; /* where the line begins that is not whole */
	uint16_t start; /* bytes of empty lines before the start line (RFC 9112 2.2), skipped */
	uint16_t fields; /* whole field lines before it */
};

enum h1_result {
	H1_DONE,
	H1_MORE, /* not whole yet: call again with the same bytes and more behind them */
	H1_ERROR
};

/* The request's head. Offsets count from `head`, the first byte of the request line. */
struct h1_request {
	/* the answer when H1_ERROR: 400, 414, 417, 431, 501 or 505, and why, for the log */
	uint16_t status;
	const char *reason;

	const char *head;
	uint32_t length; /* of the head, final CRLF counted */
	uint8_t minor; /* HTTP/1.minor: 0 or 1 (1.2 and more of HTTP/1 count as 1) */
	uint8_t method; /* enum h1_method */
	uint8_t framing; /* enum h1_framing: NONE, LENGTH or CHUNKED */
	bool keep_alive; /* RFC 9112 9.3 */
	bool expect_continue;
	/* HTTP/1.1 without a body, "Connection: upgrade" and Upgrade, none of it to HTTP, h2, h2c or TLS */
	bool upgrade;
	bool trailers_wanted; /* "TE: trailers" */
	int32_t max_forwards; /* of OPTIONS and TRACE, at most H1_FORWARDS_MAX; -1: none */
	uint64_t content_length;
	struct h1_span method_text;
	struct h1_span target; /* as it was sent */
	/* host[:port]: of an absolute-form target, else of Host; absent for HTTP/1.0 without Host */
	struct h1_span authority;
	/*
	 * Path and query to forward: begins with "/"; "*" for OPTIONS *; length 0 for
	 * CONNECT, and in an absolute-form without a path ("/" is meant, for OPTIONS "*").
	 */
	struct h1_span path;
	uint16_t field_count;
	struct h1_field fields[H1_FIELDS_MAX];
};

struct h1_response {
	const char *reason; /* why H1_ERROR, for the log (the client gets 502) */

	const char *head;
	uint32_t length;
	uint16_t status; /* 100..599 */
	uint8_t minor;
	uint8_t framing; /* enum h1_framing */
	bool keep_alive; /* the server's connection can carry another request after this response */
	uint64_t content_length;
	struct h1_span reason_phrase;
	uint16_t field_count;
	struct h1_field fields[H1_FIELDS_MAX];
};

/*
 * Parses the request head at bytes[0..length). On H1_DONE the body, if any,
 * begins at scan->start + request->length. On H1_ERROR nothing but status and
 * reason is set. RFC 9112 2, 3, 5, 6; RFC 9110 7.2 (Host), 7.6.1, 10.1.1.
 *
 * Empty lines before the request line: at most 4 are skipped.
 * An error is reported as early as it can be seen: at the first complete bad
 * line, or at the first byte that can begin no request (a TLS hello, say);
 * 431 / 414 as soon as the limit is passed, without waiting for the end. The
 * result does not depend on how the bytes were cut into calls.
 *
 * Where the RFCs leave a choice:
 * - A method of more than 32 bytes is 501.
 * - HTTP/1.1 needs a Host that is not empty. With an absolute-form target it must
 *   say the same as the target's authority, but for case and a port that is the
 *   scheme's own: RFC 9112 3.2.2 would have it ignored, and not all do.
 * - An IP literal is an IPv6 address: no zone, no IPvFuture.
 * - An absolute-form target with a query but without a path is 400.
 * - Transfer-Encoding is "chunked" in one member: an unknown coding is 501, chunked
 *   twice or not last, an empty member or a parameter is 400.
 * - Expect is "100-continue" once; all else is 417. In HTTP/1.0 and without a body
 *   it asks for nothing: it is marked hop, and expect_continue is false.
 * - Connection nominates any field but Content-Length, Host and Expect, which
 *   are not marked: without them the message would be another one. More than 32
 *   nominations are 400. Members that are not tokens name nothing.
 * - A name with "_" or "." where one of enum h1_name has "-" (Content_Length,
 *   X_Forwarded_For) is marked hop, unless h1_limits.underscores says otherwise.
 * - Max-Forwards means something for OPTIONS and TRACE only; there, more than one
 *   or what is not a number is 400.
 * - A request to upgrade that has a body is taken without the upgrade.
 */
enum h1_result h1_request_parse(struct h1_request *request, struct h1_scan *scan, const char *bytes,
    size_t length, const struct h1_limits *limits);

/*
 * Parses the response head. `method` is that of the request (HEAD has no body,
 * CONNECT may open a tunnel); the framing follows RFC 9112 6.3. A 1xx other
 * than 101 has framing NONE and is followed by another head.
 *
 * As strict as requests; no empty lines before the status line. An error too:
 * more than one Content-Length, be they equal; Transfer-Encoding other than
 * "chunked", or in HTTP/1.0, or beside Content-Length; a 1xx or 204 that speaks
 * of a body (its "Content-Length: 0" is marked hop). That of a 304 is marked hop as well. The phrase may be missing,
 * with or without the space before it. Whether 101 was asked for is not known here.
 */
enum h1_result h1_response_parse(struct h1_response *response, struct h1_scan *scan, const char *bytes,
    size_t length, const struct h1_limits *limits, enum h1_method method);

/*
 * Whether a 101 switches to what was asked for: it has an Upgrade field, and names
 * there no protocol that the request's Upgrade fields do not (RFC 9110 7.8).
 */
bool h1_upgrade_agreed(const struct h1_request *request, const struct h1_response *response);

/* RFC 9110 9.2.2: may be sent again when it is not known whether it was acted on. */
bool h1_method_idempotent(enum h1_method method);

/* "Not Found" for 404; "Unknown" for what has no phrase. */
const char *h1_status_phrase(unsigned status);

/*
 * A chunked body (RFC 9112 7.1), with its extensions and its trailer section.
 * Zero it at the body's start. Strict: chunk-size is 1 to 16 hex digits that fit
 * 63 bits, extensions are legal tokens or quoted strings of at most 256 bytes in
 * a chunk, without the white space that recipients may accept, CRLF is CRLF; the
 * trailer section holds at most 8 KB, 64 fields, and none of the names that frame
 * or route (Content-Length, Transfer-Encoding, Host, Connection, Trailer, TE,
 * Upgrade, ...) or speak of the sender, of credentials or of the content's format
 * (RFC 9110 6.5.1), which are an error.
 */
struct h1_chunked {
	uint64_t left; /* bytes of the current chunk's data still to come */
	uint64_t data; /* bytes of data in the body so far, framing not counted; stays at UINT64_MAX */
	uint8_t state;
	uint8_t name_length;
	uint16_t count; /* of what the state counts */
	uint16_t fields; /* of the trailer section */
	uint16_t trailer_bytes;
	char name[32]; /* the trailer name that is being read: its first bytes */
};

/*
 * Takes in the next bytes of a body. Returns how many of them belong to it (all
 * of them unless it ends), or -1 when they are malformed. *done is set when the
 * last byte of the body was among them. What was accepted may be forwarded as it
 * stands to a peer that speaks HTTP/1.1.
 */
ptrdiff_t h1_chunked_accept(struct h1_chunked *chunked, const char *bytes, size_t length, bool *done);

/*
 * As h1_chunked_accept, but stops after at most one run of chunk data, given as
 * data and data_length (0: only framing was read): for a peer that cannot read chunks.
 */
ptrdiff_t h1_chunked_decode(struct h1_chunked *chunked, const char *bytes, size_t length, const char **data,
    size_t *data_length, bool *done);

/* How many of the next bytes are data of the current chunk for certain, whatever they are. */
uint64_t h1_chunked_data_ahead(const struct h1_chunked *chunked);

/* So many of those, at least 1, have gone by unseen. */
void h1_chunked_skip_data(struct h1_chunked *chunked, uint64_t length);

#endif
