/*
 * Password hashes as crypt(5) writes them: which of them drover takes. Pure. Master.
 */
#ifndef DROVER_CONF_PASSWORD_H
#define DROVER_CONF_PASSWORD_H

#include "base/error.h"

enum { PASSWORD_HASH_MAX = 191 }; /* bytes */

/*
 * Whether a password can be checked against the hash: a method that libcrypt knows
 * and that is no plain text, whole, and at a cost of about a second at most. -1
 * with what is wrong: "is of apr1 (...), which ...".
 */
int password_hash_check(const char *hash, struct error *err);

#endif
