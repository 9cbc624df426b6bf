/* `hash-key`: what requests are told apart by. Master reads it, workers go by it. */
#ifndef DROVER_CONF_HASH_KEY_H
#define DROVER_CONF_HASH_KEY_H

#include <stdbool.h>

enum conf_hash_kind {
	CONF_HASH_ADDRESS, /* of the client */
	CONF_HASH_PATH,	   /* of the request, without its query */
	CONF_HASH_URI,	   /* path and query */
	CONF_HASH_HEADER,  /* the value of a field */
	CONF_HASH_COOKIE
};

/* Reads "address", "path", "uri", "header NAME" or "cookie NAME"; *name is inside the text, or NULL. false: none of them. */
bool conf_hash_key_parse(const char *text, enum conf_hash_kind *kind, const char **name);

#endif
