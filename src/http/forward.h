/*
 * Heads as they go on: the kept field lines are pointed at where they were
 * received, what drover adds is written beside them, and the whole goes out with
 * one writev. Pure. Runs in workers.
 */
#ifndef DROVER_HTTP_FORWARD_H
#define DROVER_HTTP_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/text.h"
#include "http/edit.h"
#include "http/h1.h"
#include "http/rewrite.h"

enum {
	FORWARD_PIECES = 1000, /* below IOV_MAX, and more than H1_FIELDS_MAX fields can make */
	FORWARD_TEXT = 4096
};

/* A head to be written. It points into the receive buffer: use it before that changes. */
struct forward {
	struct iovec pieces[FORWARD_PIECES];
	int count;
	size_t length; /* of all pieces */
	size_t text_used;
	char text[FORWARD_TEXT];
};

/* Names of fields, in any case; to a "-" in them "_" and "." are equal, as they are behind CGI. */
struct forward_names {
	const char *const *all;
	size_t count;
};

/* How a head is changed beside what HTTP asks for: fields that are received and do not go on, and lines that are added. */
struct forward_changes {
	struct forward_names without[2];
	struct text more; /* whole lines with CRLF; they stay where they are until the head is written */
};

/* What a request needs to know of its client and of drover's settings. */
struct forward_request_policy {
	const char *client;	  /* address as text, IPv6 without brackets; "unknown" on a unix socket */
	bool client_is_ipv6;
	const char *scheme;	  /* "http" */
	const char *fallback_host; /* Host for an HTTP/1.0 request that has none */
	const char *request_id;	  /* X-Request-Id to send, or NULL */
	bool x_forwarded;	  /* write X-Forwarded-For, -Proto, -Host */
	bool forwarded;		  /* write Forwarded (RFC 7239) */
	bool trusted;		  /* what the client says in these is kept and added to; else it is dropped */
	const char *via;	  /* drover's name in a Via field, or NULL */
	const struct forward_changes *changes; /* or NULL */
	const struct edits *edits; /* of the fields, drover's own too; NULL: none */
	const struct rewritten *path; /* instead of the request's; NULL: as it is */
};

/* What a response needs to know. */
struct forward_response_policy {
	bool keep_alive;   /* the client's connection goes on after this response */
	bool client_is_10; /* HTTP/1.0 */
	bool chunked;	   /* the body goes on in chunks */
	bool keep_length;  /* Content-Length tells the truth about what goes on */
	bool upgrade;	   /* 101: Connection and Upgrade go on */
	const char *via;   /* drover's name in a Via field, or NULL */
	const struct forward_changes *changes; /* or NULL */
	const struct edits *edits; /* NULL: none */
};

/* The request's head as the server gets it: HTTP/1.1, origin-form, hop-by-hop fields replaced (RFC 9110 7.6.1). */
void forward_request(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy);

/*
 * A request that asks about that request, without its body: GET `path`, with its
 * fields but those about the body, ranges and conditions, and X-Original-Method and
 * X-Original-URI, of which the client's own are dropped.
 */
void forward_ask(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy,
    struct text path);

/* The response's head as the client gets it. */
void forward_response(struct forward *forward, const struct h1_response *response,
    const struct forward_response_policy *policy);

/* Adds bytes behind what is there: the beginning of a body. */
void forward_add(struct forward *forward, const char *bytes, size_t length);

/* Drops the first `sent` bytes: they have been written already. */
void forward_skip(struct forward *forward, size_t sent);

#endif
