#include "worker/passwords.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/siphash.h"
#include "conf/password.h"
#include "conf/users.h"
#include "net/offload.h"
#include "worker/gate.h"
#include "worker/session.h"

enum {
	CHECKS_MAX = 128,	   /* that wait or run */
	CHECKS_OF_ONE_ADDRESS = 8, /* when half as many are there */
	CACHE_SETS = 64,
	CACHE_WAYS = 4
};

static const uint64_t right_lasts = 60 * CLOCK_SECOND, wrong_lasts = 10 * CLOCK_SECOND;

/* Outcomes by the keyed hash of file, name and password, so that they stand nowhere. */
struct outcome {
	struct siphash digest;
	uint64_t until; /* monotonic microseconds; 0: none */
};

struct cache {
	struct outcome sets[CACHE_SETS][CACHE_WAYS];
};

/* One name and password being checked, for all that wait for it. */
struct password_check {
	struct offload_job job;
	struct passwords *passwords;
	TAILQ_ENTRY(password_check) link;
	TAILQ_HEAD(, exchange) waiting;
	struct siphash digest;
	uint32_t generation;
	uint16_t family; /* of who asked first, as the address */
	uint8_t address[16];
	bool known; /* the hash is that of the user, not of another one in place of nobody */
	bool right;
	char hash[PASSWORD_HASH_MAX + 1];
	char password[CREDENTIALS_MAX + 1];
};

struct table {
	const struct conf_users *users;
	size_t mapped; /* bytes; 0: it is the configuration's */
};

struct passwords {
	struct worker *worker;
	struct siphash_key key;
	struct cache right, wrong;
	TAILQ_HEAD(, password_check) checks;
	unsigned count; /* of them */
	uint32_t generation; /* of the tables */
	struct table tables[];
};

int
passwords_open(struct worker *worker)
{
	const struct conf *conf = worker->conf;
	struct passwords *p;
	size_t i;

	if (conf->users_file_count == 0)
		return 0;
	p = calloc(1, sizeof *p + conf->users_file_count * sizeof p->tables[0]);
	if (p == NULL)
		return -1;
	p->worker = worker;
	TAILQ_INIT(&p->checks);
	for (i = 0; i < conf->users_file_count; i++)
		p->tables[i].users = conf->users_files[i].users;
	if (getrandom(&p->key, sizeof p->key, 0) != (ssize_t)sizeof p->key) {
		free(p);
		return -1;
	}
	worker->passwords = p;
	return 0;
}

static void
table_drop(struct table *table)
{
	if (table->mapped > 0)
		munmap((void *)(uintptr_t)table->users, table->mapped);
}

void
passwords_close(struct worker *worker)
{
	struct passwords *p = worker->passwords;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < worker->conf->users_file_count; i++)
		table_drop(&p->tables[i]);
	explicit_bzero(p, sizeof *p);
	free(p);
	worker->passwords = NULL;
}

/* ---- outcomes that are known */

static bool
digest_equal(const struct siphash *a, const struct siphash *b)
{
	return ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1])) == 0;
}

static bool
cache_has(const struct cache *cache, const struct siphash *digest, uint64_t now)
{
	const struct outcome *set = cache->sets[digest->words[0] % CACHE_SETS];
	unsigned found = 0;
	int i;

	for (i = 0; i < CACHE_WAYS; i++)
		found |= (unsigned)digest_equal(&set[i].digest, digest) & (unsigned)(set[i].until > now);
	return found != 0;
}

/* In place of the one that would end first. */
static void
cache_put(struct cache *cache, const struct siphash *digest, uint64_t until)
{
	struct outcome *set = cache->sets[digest->words[0] % CACHE_SETS], *place = set;
	int i;

	for (i = 1; i < CACHE_WAYS; i++)
		if (set[i].until < place->until)
			place = &set[i];
	*place = (struct outcome){ *digest, until };
}

/* Of lengths as well, so that no two inputs are the same bytes. */
static struct siphash
credentials_digest(const struct passwords *p, unsigned file, const struct credentials *c)
{
	struct {
		uint32_t file, name;
		char bytes[CREDENTIALS_MAX];
	} input = { file, (uint32_t)c->name.length, { 0 } };
	struct siphash digest;

	memcpy(input.bytes, c->name.bytes, c->name.length);
	memcpy(input.bytes + c->name.length, c->password.bytes, c->password.length);
	digest = siphash(&p->key, &input, offsetof(__typeof__(input), bytes) + c->name.length + c->password.length);
	explicit_bzero(&input, sizeof input);
	return digest;
}

/* ---- in a thread */

/* Takes as long wherever they differ. */
static bool
hash_equal(const char *a, const char *b)
{
	size_t length = strlen(a), i;
	unsigned differ = 0;

	if (strlen(b) != length)
		return false;
	for (i = 0; i < length; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

static void
check_run(struct offload_job *job)
{
	struct password_check *check = CONTAINER_OF(job, struct password_check, job);
	struct crypt_data data;
	const char *hash;

	memset(&data, 0, sizeof data);
	hash = crypt_r(check->password, check->hash, &data);
	check->right = hash != NULL && hash_equal(hash, check->hash) && check->known;
	explicit_bzero(&data, sizeof data);
}

/* ---- checks */

static void
check_free(struct password_check *check)
{
	TAILQ_REMOVE(&check->passwords->checks, check, link);
	check->passwords->count--;
	explicit_bzero(check, sizeof *check);
	free(check);
}

/* The outcome is kept, and all that wait for it come to their gate again and find it. */
static void
check_done(struct offload_job *job, bool ran)
{
	struct password_check *check = CONTAINER_OF(job, struct password_check, job);
	struct passwords *p = check->passwords;
	uint64_t now = loop_now(p->worker->loop);
	struct exchange *x;

	if (ran && check->generation == p->generation)
		cache_put(check->right ? &p->right : &p->wrong, &check->digest, now + (check->right ? right_lasts : wrong_lasts));
	while ((x = TAILQ_FIRST(&check->waiting)) != NULL) {
		password_forget(x);
		gates_again(x);
		session_run(x->session);
	}
	check_free(check);
}

static struct password_check *
check_find(const struct passwords *p, const struct siphash *digest)
{
	struct password_check *check;

	TAILQ_FOREACH (check, &p->checks, link)
		if (digest_equal(&check->digest, digest) && check->generation == p->generation)
			return check;
	return NULL;
}

static bool
address_is_crowded(const struct passwords *p, const struct channel_connection *peer)
{
	const struct password_check *check;
	unsigned n = 0;

	if (p->count < CHECKS_MAX / 2)
		return false;
	TAILQ_FOREACH (check, &p->checks, link)
		n += check->family == peer->family && memcmp(check->address, peer->address, sizeof check->address) == 0;
	return n >= CHECKS_OF_ONE_ADDRESS;
}

/* Fills in the hash to compare with; of somebody else when there is no such user, so that it takes as long. */
static void
check_choose_hash(struct password_check *check, const struct conf_users *users, const struct credentials *c)
{
	const char *hash = conf_users_find(users, c->name.bytes, c->name.length);
	struct siphash name;

	check->known = hash != NULL;
	if (hash == NULL) {
		name = siphash(&check->passwords->key, c->name.bytes, c->name.length);
		hash = conf_users_decoy(users, name.words[0]);
	}
	snprintf(check->hash, sizeof check->hash, "%s", hash);
}

/* Begins a check. NULL: no thread or no memory. */
static struct password_check *
check_begin(struct passwords *p, unsigned file, const struct siphash *digest, const struct credentials *c,
    const struct channel_connection *peer)
{
	struct offload *offload = worker_offload(p->worker);
	struct password_check *check = offload != NULL ? calloc(1, sizeof *check) : NULL;

	if (check == NULL)
		return NULL;
	check->passwords = p;
	check->digest = *digest;
	check->generation = p->generation;
	check->family = peer->family;
	memcpy(check->address, peer->address, sizeof check->address);
	memcpy(check->password, c->password.bytes, c->password.length + 1);
	check_choose_hash(check, p->tables[file].users, c);
	TAILQ_INIT(&check->waiting);
	TAILQ_INSERT_TAIL(&p->checks, check, link);
	p->count++;
	if (offload_add(offload, &check->job, check_run, check_done) == 0) {
		count(p->worker, PASSWORD_CHECKS, 1);
		return check;
	}
	check_free(check);
	return NULL;
}

enum password_verdict
password_check(struct exchange *exchange, unsigned file, const struct credentials *credentials)
{
	struct passwords *p = exchange->worker->passwords;
	struct siphash digest = credentials_digest(p, file, credentials);
	const struct channel_connection *peer = &exchange->session->peer;
	uint64_t now = loop_now(exchange->worker->loop);
	struct password_check *check;

	if (cache_has(&p->right, &digest, now))
		return PASSWORD_RIGHT;
	if (cache_has(&p->wrong, &digest, now) || conf_users_count(p->tables[file].users) == 0)
		return PASSWORD_WRONG;
	check = check_find(p, &digest);
	if (check == NULL && p->count >= CHECKS_MAX)
		return PASSWORD_BUSY;
	if (check == NULL && address_is_crowded(p, peer))
		return PASSWORD_CROWDED;
	if (check == NULL)
		check = check_begin(p, file, &digest, credentials, peer);
	if (check == NULL)
		return PASSWORD_BUSY;
	exchange->check = check;
	TAILQ_INSERT_TAIL(&check->waiting, exchange, check_link);
	return PASSWORD_WAIT;
}

void
password_forget(struct exchange *exchange)
{
	struct password_check *check = exchange->check;

	if (check == NULL)
		return;
	exchange->check = NULL;
	TAILQ_REMOVE(&check->waiting, exchange, check_link);
	if (TAILQ_EMPTY(&check->waiting) && offload_cancel(exchange->worker->offload, &check->job))
		check_free(check);
}

/* ---- other files */

static void
table_take(struct table *table, int fd)
{
	struct stat status;
	const struct conf_users *users;
	void *bytes = MAP_FAILED;

	if (fstat(fd, &status) == 0 && status.st_size > 0)
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		log_error("no memory for the users that were read anew; the old ones stay in use");
		return;
	}
	users = bytes;
	if (!conf_users_are_whole(users, (size_t)status.st_size))
		fatal("the master sent users that are not whole");
	table_drop(table);
	*table = (struct table){ users, (size_t)status.st_size };
}

void
passwords_take(struct worker *worker, const int *fds, size_t count)
{
	struct passwords *p = worker->passwords;
	size_t i;

	for (i = 0; i < count; i++) {
		if (p != NULL && i < worker->conf->users_file_count)
			table_take(&p->tables[i], fds[i]);
		close(fds[i]);
	}
	if (p == NULL)
		return;
	p->generation++;
	memset(&p->right, 0, sizeof p->right);
	memset(&p->wrong, 0, sizeof p->wrong);
}
