/*
 * Checking passwords, which is made to take long: in threads, each name and password once,
 * with the outcome kept for a short time. Neither right nor wrong ones hold up the
 * loop, and a flood of them is refused. One for each worker.
 */
#ifndef DROVER_WORKER_PASSWORDS_H
#define DROVER_WORKER_PASSWORDS_H

#include "http/credentials.h"
#include "worker/internal.h"

/* -1: no memory. */
int passwords_open(struct worker *worker);

/* No exchange waits any more, and the threads have ended. */
void passwords_close(struct worker *worker);

enum password_verdict {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,	  /* or there is no such user */
	PASSWORD_WAIT,	  /* the exchange goes to its gate again when it is known; password_forget ends that */
	PASSWORD_CROWDED, /* too many of this client's address wait */
	PASSWORD_BUSY	  /* too many wait, or there is no memory */
};

/* Against a file of users, by its index in conf.users_files. */
enum password_verdict password_check(struct exchange *exchange, unsigned file, const struct credentials *credentials);

/* The exchange does not wait any more. */
void password_forget(struct exchange *exchange);

/*
 * Takes over the descriptors of all files of users, in their order, which the master has read
 * anew; what was known of passwords is forgotten. A file that cannot be mapped stays as it was.
 */
void passwords_take(struct worker *worker, const int *fds, size_t count);

#endif
