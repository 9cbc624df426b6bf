/* The words of HTTP/1: field names, methods, status phrases. */
#include "http/h1_internal.h"

#include <string.h>

static const char *const names[H1_NAME_COUNT] = {
	[H1_NAME_OTHER] = "",
	[H1_NAME_CONNECTION] = "connection",
	[H1_NAME_CONTENT_LENGTH] = "content-length",
	[H1_NAME_TRANSFER_ENCODING] = "transfer-encoding",
	[H1_NAME_HOST] = "host",
	[H1_NAME_UPGRADE] = "upgrade",
	[H1_NAME_EXPECT] = "expect",
	[H1_NAME_TE] = "te",
	[H1_NAME_TRAILER] = "trailer",
	[H1_NAME_KEEP_ALIVE] = "keep-alive",
	[H1_NAME_PROXY_CONNECTION] = "proxy-connection",
	[H1_NAME_PROXY_AUTHENTICATE] = "proxy-authenticate",
	[H1_NAME_PROXY_AUTHORIZATION] = "proxy-authorization",
	[H1_NAME_HTTP2_SETTINGS] = "http2-settings",
	[H1_NAME_VIA] = "via",
	[H1_NAME_MAX_FORWARDS] = "max-forwards",
	[H1_NAME_FORWARDED] = "forwarded",
	[H1_NAME_X_FORWARDED_FOR] = "x-forwarded-for",
	[H1_NAME_X_FORWARDED_PROTO] = "x-forwarded-proto",
	[H1_NAME_X_FORWARDED_HOST] = "x-forwarded-host",
	[H1_NAME_X_REQUEST_ID] = "x-request-id",
	[H1_NAME_REFERER] = "referer",
	[H1_NAME_USER_AGENT] = "user-agent",
	[H1_NAME_DATE] = "date",
	[H1_NAME_SERVER] = "server",
};

/*
 * The only name that a field name of this length and first letter can be: both
 * together tell all the names above apart. The letter is taken without its case.
 */
enum { NAME_LENGTH_MAX = 19 };

static const uint8_t candidates[NAME_LENGTH_MAX + 1][32] = {
	[2]['t' & 31] = H1_NAME_TE,
	[3]['v' & 31] = H1_NAME_VIA,
	[4]['d' & 31] = H1_NAME_DATE,
	[4]['h' & 31] = H1_NAME_HOST,
	[6]['e' & 31] = H1_NAME_EXPECT,
	[6]['s' & 31] = H1_NAME_SERVER,
	[7]['r' & 31] = H1_NAME_REFERER,
	[7]['t' & 31] = H1_NAME_TRAILER,
	[7]['u' & 31] = H1_NAME_UPGRADE,
	[9]['f' & 31] = H1_NAME_FORWARDED,
	[10]['c' & 31] = H1_NAME_CONNECTION,
	[10]['k' & 31] = H1_NAME_KEEP_ALIVE,
	[10]['u' & 31] = H1_NAME_USER_AGENT,
	[12]['m' & 31] = H1_NAME_MAX_FORWARDS,
	[12]['x' & 31] = H1_NAME_X_REQUEST_ID,
	[14]['c' & 31] = H1_NAME_CONTENT_LENGTH,
	[14]['h' & 31] = H1_NAME_HTTP2_SETTINGS,
	[15]['x' & 31] = H1_NAME_X_FORWARDED_FOR,
	[16]['p' & 31] = H1_NAME_PROXY_CONNECTION,
	[16]['x' & 31] = H1_NAME_X_FORWARDED_HOST,
	[17]['t' & 31] = H1_NAME_TRANSFER_ENCODING,
	[17]['x' & 31] = H1_NAME_X_FORWARDED_PROTO,
	[18]['p' & 31] = H1_NAME_PROXY_AUTHENTICATE,
	[19]['p' & 31] = H1_NAME_PROXY_AUTHORIZATION,
};

static const char *const methods[] = {
	[H1_METHOD_OTHER] = "-",
	[H1_METHOD_GET] = "GET",
	[H1_METHOD_HEAD] = "HEAD",
	[H1_METHOD_POST] = "POST",
	[H1_METHOD_PUT] = "PUT",
	[H1_METHOD_DELETE] = "DELETE",
	[H1_METHOD_OPTIONS] = "OPTIONS",
	[H1_METHOD_TRACE] = "TRACE",
	[H1_METHOD_CONNECT] = "CONNECT",
	[H1_METHOD_PATCH] = "PATCH",
};

/* Names beside those that drover acts on which mean something else, or danger, in a trailer. */
static const char *const no_trailers[] = {
	"age",
	"authorization",
	"cache-control",
	"content-encoding",
	"content-range",
	"content-type",
	"cookie",
	"expires",
	"location",
	"pragma",
	"range",
	"retry-after",
	"set-cookie",
	"vary",
	"www-authenticate",
	NULL,
};

bool
h1_spells(const char *bytes, size_t length, const char *lower)
{
	for (; length != 0; bytes++, lower++, length--)
		if (h1_lower(*bytes) != *lower)
			return false;
	return *lower == '\0';
}

static enum h1_name
name_candidate(const char *name, size_t length)
{
	return length <= NAME_LENGTH_MAX ? candidates[length][name[0] & 31] : H1_NAME_OTHER;
}

/* Eight bytes without their case: what this makes equal beside letters is no token (RFC 9110 5.6.2). */
static uint64_t
word_lower(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return word | UINT64_MAX / 255 * 0x20;
}

/* As h1_spells, for a token of as many bytes as the lower-case text has. */
static bool
token_spells(const char *token, const char *lower, size_t length)
{
	size_t i;

	if (length < sizeof(uint64_t))
		return h1_spells(token, length, lower);
	for (i = 0; i + sizeof(uint64_t) < length; i += sizeof(uint64_t))
		if (word_lower(token + i) != word_lower(lower + i))
			return false;
	i = length - sizeof(uint64_t);
	return word_lower(token + i) == word_lower(lower + i);
}

enum h1_name
h1_name_find(const char *name, size_t length)
{
	enum h1_name candidate = name_candidate(name, length);

	if (candidate == H1_NAME_OTHER || !token_spells(name, names[candidate], length))
		return H1_NAME_OTHER;
	return candidate;
}

bool
h1_name_is_disguised(const char *name, size_t length)
{
	enum h1_name candidate = name_candidate(name, length);
	const char *known = names[candidate];
	bool found = false;
	size_t i;

	if (candidate == H1_NAME_OTHER)
		return false;
	for (i = 0; i < length && known[i] != '\0'; i++) {
		bool replaced = known[i] == '-' && (name[i] == '_' || name[i] == '.');

		if (!replaced && h1_lower(name[i]) != known[i])
			return false;
		found = found || replaced;
	}
	return found;
}

bool
h1_name_fits(const char *name, size_t name_length, const char *bytes, size_t length)
{
	size_t i;

	if (name_length != length)
		return false;
	for (i = 0; i < length; i++)
		if (h1_lower(name[i]) != h1_lower(bytes[i]) && !(name[i] == '-' && (bytes[i] == '_' || bytes[i] == '.')))
			return false;
	return true;
}

bool
h1_name_is_hop(enum h1_name name)
{
	enum {
		HOP = 1 << H1_NAME_CONNECTION | 1 << H1_NAME_TRANSFER_ENCODING | 1 << H1_NAME_UPGRADE |
		      1 << H1_NAME_TE | 1 << H1_NAME_KEEP_ALIVE | 1 << H1_NAME_PROXY_CONNECTION |
		      1 << H1_NAME_HTTP2_SETTINGS
	};

	return (HOP >> name & 1) != 0;
}

bool
h1_name_is_no_trailer(const char *name, size_t length)
{
	enum {
		HARMLESS = 1 << H1_NAME_OTHER | 1 << H1_NAME_X_REQUEST_ID | 1 << H1_NAME_REFERER |
			   1 << H1_NAME_USER_AGENT | 1 << H1_NAME_DATE | 1 << H1_NAME_SERVER
	};
	const char *const *word;

	if ((HARMLESS >> h1_name_find(name, length) & 1) == 0 || h1_name_is_disguised(name, length))
		return true;
	for (word = no_trailers; *word != NULL; word++)
		if (h1_spells(name, length, *word))
			return true;
	return false;
}

enum h1_method
h1_method_find(const char *method, size_t length)
{
	enum h1_method i;

	for (i = H1_METHOD_GET; i <= H1_METHOD_PATCH; i++)
		if (strlen(methods[i]) == length && memcmp(methods[i], method, length) == 0)
			return i;
	return H1_METHOD_OTHER;
}

bool
h1_method_idempotent(enum h1_method method)
{
	switch (method) {
	case H1_METHOD_GET:
	case H1_METHOD_HEAD:
	case H1_METHOD_PUT:
	case H1_METHOD_DELETE:
	case H1_METHOD_OPTIONS:
	case H1_METHOD_TRACE:
		return true;
	default:
		return false;
	}
}

const char *
h1_status_phrase(unsigned status)
{
	/* clang-format off */
	static const char *const phrases[600] = {
		[100] = "Continue", [101] = "Switching Protocols", [102] = "Processing", [103] = "Early Hints",
		[200] = "OK", [201] = "Created", [202] = "Accepted", [203] = "Non-Authoritative Information",
		[204] = "No Content", [205] = "Reset Content", [206] = "Partial Content", [207] = "Multi-Status",
		[208] = "Already Reported", [226] = "IM Used",
		[300] = "Multiple Choices", [301] = "Moved Permanently", [302] = "Found", [303] = "See Other",
		[304] = "Not Modified", [305] = "Use Proxy", [307] = "Temporary Redirect",
		[308] = "Permanent Redirect",
		[400] = "Bad Request", [401] = "Unauthorized", [402] = "Payment Required", [403] = "Forbidden",
		[404] = "Not Found", [405] = "Method Not Allowed", [406] = "Not Acceptable",
		[407] = "Proxy Authentication Required", [408] = "Request Timeout", [409] = "Conflict",
		[410] = "Gone", [411] = "Length Required", [412] = "Precondition Failed",
		[413] = "Content Too Large", [414] = "URI Too Long", [415] = "Unsupported Media Type",
		[416] = "Range Not Satisfiable", [417] = "Expectation Failed", [421] = "Misdirected Request",
		[422] = "Unprocessable Content", [423] = "Locked", [424] = "Failed Dependency", [425] = "Too Early",
		[426] = "Upgrade Required", [428] = "Precondition Required", [429] = "Too Many Requests",
		[431] = "Request Header Fields Too Large", [451] = "Unavailable For Legal Reasons",
		[500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
		[503] = "Service Unavailable", [504] = "Gateway Timeout", [505] = "HTTP Version Not Supported",
		[506] = "Variant Also Negotiates", [507] = "Insufficient Storage", [508] = "Loop Detected",
		[511] = "Network Authentication Required"
	};
	/* clang-format on */

	return status < 600 && phrases[status] != NULL ? phrases[status] : "Unknown";
}
