#include "conf/password.h"

#include <crypt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"

/* The letters of crypt(5), by value. */
static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum { BCRYPT_COST_MAX = 14, SHA_ROUNDS_MAX = 1000000 };

/* The cost that stands behind the prefix. false: it is too high or makes no sense. */
typedef bool cost_fn(const char *text);

/* "10$": 2 to the power of 4 to 14 rounds, the last takes about a second. */
static bool
bcrypt_cost(const char *text)
{
	unsigned cost;

	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9' || text[2] != '$')
		return false;
	cost = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
	return cost >= 4 && cost <= BCRYPT_COST_MAX;
}

/* "rounds=5000$", or nothing of that kind: 5000. */
static bool
sha_cost(const char *text)
{
	char *end;
	unsigned long rounds;

	if (strncmp(text, "rounds=", 7) != 0)
		return true;
	rounds = strtoul(text + 7, &end, 10);
	return text[7] >= '1' && text[7] <= '9' && *end == '$' && rounds <= SHA_ROUNDS_MAX;
}

/* "j9T$": flags, memory and block size; up to 128 MiB. */
static bool
yescrypt_cost(const char *text)
{
	const char *memory = text[0] == 'j' && text[1] != '\0' ? strchr(letters, text[1]) : NULL;

	return memory != NULL && text[1] >= '5' && text[1] <= 'C' && (text[2] == '5' || text[2] == 'T') && text[3] == '$';
}

struct method {
	const char *prefix, *name;
	size_t tail; /* letters at the end: of bcrypt salt and hash, of others the hash behind the last $ */
	cost_fn *cost;
};

static const struct method methods[] = {
	{ "$2a$", "bcrypt", 53, bcrypt_cost },
	{ "$2b$", "bcrypt", 53, bcrypt_cost },
	{ "$2y$", "bcrypt", 53, bcrypt_cost },
	{ "$5$", "sha256crypt", 43, sha_cost },
	{ "$6$", "sha512crypt", 86, sha_cost },
	{ "$y$", "yescrypt", 43, yescrypt_cost },
	{ "$gy$", "gost-yescrypt", 43, yescrypt_cost },
	{ "$1$", "md5crypt", 22, NULL },
};

#define USE_INSTEAD "make it anew with `openssl passwd -6` or `htpasswd -B`"

static const struct method *
method_find(const char *hash)
{
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(methods); i++)
		if (strncmp(hash, methods[i].prefix, strlen(methods[i].prefix)) == 0)
			return &methods[i];
	return NULL;
}

/* A hash of none of the methods: what it may be. */
static int
method_refuse(const char *hash, struct error *err)
{
	if (strncmp(hash, "$apr1$", 6) == 0)
		return error_set(err, "is of apr1, which libcrypt does not know; " USE_INSTEAD);
	if (strncmp(hash, "{SHA}", 5) == 0 || strncmp(hash, "{SSHA}", 6) == 0)
		return error_set(err, "is of SHA-1, which is too weak; " USE_INSTEAD);
	if (hash[0] == '$')
		return error_set(err, "is of a method that is not known here; " USE_INSTEAD);
	return error_set(err, "is none of crypt(5): a plain text, or the old DES; " USE_INSTEAD);
}

int
password_hash_check(const char *hash, struct error *err)
{
	const struct method *method = method_find(hash);
	const char *tail;

	if (method == NULL)
		return method_refuse(hash, err);
	if (strlen(hash) > PASSWORD_HASH_MAX)
		return error_set(err, "is too long");
	if (method->cost != NULL && !method->cost(hash + strlen(method->prefix)))
		return error_set(err, "has a cost that is too high, or none that %s knows", method->name);
	tail = strrchr(hash, '$') + 1;
	if (tail - hash <= (ptrdiff_t)strlen(method->prefix) || strlen(tail) != method->tail ||
	    strspn(tail, letters) != method->tail)
		return error_set(err, "is not whole, for one of %s", method->name);
	if (crypt_checksalt(hash) == CRYPT_SALT_INVALID || crypt_checksalt(hash) == CRYPT_SALT_METHOD_DISABLED)
		return error_set(err, "is not of %s as libcrypt knows it", method->name);
	return 0;
}
