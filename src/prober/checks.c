#include "prober/checks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/object.h"
#include "net/connect.h"
#include "net/stream.h"
#include "prober/answer.h"
#include "prober/internal.h"
#include "prober/judge.h"

enum { RUNNING_MAX = 512 }; /* checks at once, or half of the descriptors that there may be */

static const uint64_t starved_every = 60 * CLOCK_SECOND;

/* One server. */
struct check {
	uint32_t magic;
	struct prober *prober;
	const struct conf_pool *pool;
	unsigned place; /* on the scoreboard */
	uint32_t id; /* what tells it from another one in the same place */
	struct address address;
	char name[SCOREBOARD_NAME];
	struct judge judge;
	uint32_t downs;
	uint64_t changed; /* wall clock, of the verdict; 0: never */
	uint32_t passive_downs; /* as last seen: times that failures of requests took it out */
	uint32_t recovered; /* good results since then */
	struct timer timer; /* when it is due, or has taken too long */
	uint64_t since; /* monotonic microseconds: when the first one was due */
	uint64_t begun; /* monotonic microseconds */
	bool running, waiting, connected;
	struct stream stream;
	size_t sent; /* bytes of the request */
	struct answer_reader *answer; /* NULL: nothing has come */
	TAILQ_ENTRY(check) link; /* of those that wait */
};

#define CHECK_MAGIC 0xc4ec4b0du

static void check_begin(struct check *check);

static struct scoreboard_server *
check_row(const struct check *check)
{
	return &check->prober->board->servers[check->place];
}

/* An instance that takes no requests yet. */
static bool
is_starting(const struct check *check)
{
	return scoreboard_server_state(check->prober->board, check->place) == SERVER_STARTING;
}

/* ---- what is said of a result */

static void
tell_master(const struct prober *prober)
{
	struct channel_message message = { .type = CHANNEL_NEWS };

	channel_send(prober->channel, &message); /* one that cannot be told looks once a second */
}

static void
log_verdict(const struct check *check, const struct health_check *said)
{
	char text[HEALTH_CHECK_TEXT];

	health_check_text(said, text);
	if (check->judge.verdict == HEALTH_DOWN)
		log_warn("server %s of pool %s is down: check: %s, %u in a row", check->name, check->pool->name,
		    text, check->judge.run);
	else
		log_notice("server %s of pool %s is up again: check: %s, %u in a row", check->name,
		    check->pool->name, text, check->judge.run);
}

/* Good results bring back a server sooner that failures of requests have taken out. */
static void
recover(struct check *check, bool good)
{
	struct scoreboard_server *row = check_row(check);
	uint32_t downs = scoreboard_get(&row->downs);

	if (downs != check->passive_downs || !good)
		check->recovered = 0;
	check->passive_downs = downs;
	if (!good || scoreboard_get(&row->down_until) == 0 || ++check->recovered < check->pool->health.rise)
		return;
	check->recovered = 0;
	if (!health_worked(row))
		return;
	health_came_back(row, clock_monotonic());
	health_changed(check->prober->board);
	log_notice("server %s of pool %s is up again: checks succeed", check->name, check->pool->name);
	tell_master(check->prober);
}

static void
write_down(struct check *check, struct health_check *said, uint64_t now)
{
	said->verdict = check->judge.verdict;
	said->run = check->judge.run;
	said->downs = check->downs;
	said->changed = check->changed;
	health_check_set(
	    check->prober->board, check->place, check->id, said, now + judge_validity(&check->pool->health));
}

/* One that fails before it takes requests has not failed anybody. */
static void
count_check(struct check *check, bool good)
{
	scoreboard_add(&check->prober->me->checks, 1);
	if (!good && !check->judge.starting)
		scoreboard_add(&check->prober->me->checks_failed, 1);
}

/* Told whenever it may make a difference to somebody: the first good result does to an instance that is awaited. */
static void
tell_verdict(const struct check *check, const struct health_check *said, enum health_verdict before)
{
	if (before == HEALTH_DOWN || said->verdict == HEALTH_DOWN)
		log_verdict(check, said);
	else if (!check->judge.starting)
		return;
	tell_master(check->prober);
}

static void
check_result(struct check *check, const struct answer_result *result)
{
	enum health_verdict before = check->judge.verdict;
	bool good = result->reason == HEALTH_REASON_OK, changed;
	uint64_t now = clock_monotonic();
	struct health_check said = {
		.result = result->reason,
		.status = result->status,
		.checked = clock_wall(),
		.took = now - check->begun,
	};

	check->judge.starting = is_starting(check);
	changed = judge_add(&check->judge, &check->pool->health, good);
	if (changed) {
		check->changed = said.checked;
		check->downs += check->judge.verdict == HEALTH_DOWN;
	}
	write_down(check, &said, now);
	count_check(check, good);
	if (changed)
		tell_verdict(check, &said, before);
	recover(check, good);
}

/* ---- when */

static void
start_waiting_cb(struct later *later)
{
	struct checks *checks = CONTAINER_OF(later, struct checks, next);
	struct check *check;

	while (checks->running < checks->running_max && (check = TAILQ_FIRST(&checks->waiting)) != NULL) {
		TAILQ_REMOVE(&checks->waiting, check, link);
		check->waiting = false;
		check_begin(check);
	}
}

static void
check_due(struct check *check)
{
	struct checks *checks = &check->prober->checks;

	if (checks->running < checks->running_max) {
		check_begin(check);
		return;
	}
	check->waiting = true;
	TAILQ_INSERT_TAIL(&checks->waiting, check, link);
}

static void
check_plan(struct check *check)
{
	const struct conf_health *conf = &check->pool->health;
	bool fast = judge_doubts(&check->judge) || scoreboard_get(&check_row(check)->down_until) != 0;
	uint64_t interval = judge_interval(conf, fast, random_number());
	uint64_t now = clock_monotonic(), spent = now - check->begun; /* the turn may have begun before the check */

	if (judge_is_awaited(&check->judge))
		interval = judge_awaited_interval(conf, now - check->since);
	timer_set(&check->timer, interval > spent ? interval - spent : 0);
}

/* ---- one check */

static void
check_stop(struct check *check)
{
	struct checks *checks = &check->prober->checks;

	if (check->waiting)
		TAILQ_REMOVE(&checks->waiting, check, link);
	check->waiting = false;
	if (!check->running)
		return;
	check->running = false;
	checks->running--;
	if (stream_is_open(&check->stream))
		stream_close(&check->stream, false);
	answer_free(check->answer);
	check->answer = NULL;
	if (!TAILQ_EMPTY(&checks->waiting))
		loop_later(check->prober->loop, &checks->next, start_waiting_cb);
}

static void
check_decide(struct check *check, const struct answer_result *result)
{
	check_stop(check);
	check_result(check, result);
	check_plan(check);
}

static void
check_over(struct check *check, enum health_reason reason)
{
	struct answer_result result = { .reason = reason };

	check_decide(check, &result);
}

/* What drover itself lacks is not the server's fault: it is as if there had been no check. */
static void
check_skip(struct check *check, const char *what)
{
	struct prober *prober = check->prober;
	uint64_t now = loop_now(prober->loop);

	if (prober->checks.starved_told == 0 || now - prober->checks.starved_told > starved_every) {
		prober->checks.starved_told = now;
		log_warn("servers cannot be checked: out of %s (told once a minute)", what);
	}
	check_stop(check);
	check_plan(check);
}

/* What stands in the Host field unless the configuration says more. */
static const char *
check_authority(const struct check *check, char text[ADDRESS_TEXT_MAX])
{
	if (check->address.socket.any.sa_family == AF_UNIX)
		return "localhost";
	return address_format(&check->address, text);
}

/* All that is said to the server. A port of its own is none that expects what the pool's servers expect. */
static size_t
check_write(const struct check *check, char to[ANSWER_GREETING_MAX + ANSWER_REQUEST_MAX])
{
	const struct conf_health *conf = &check->pool->health;
	char authority[ADDRESS_TEXT_MAX];
	size_t n = conf->port == 0 ? answer_greet(to, check->pool->send_proxy) : 0;

	if (conf->type == CONF_HEALTH_HTTP)
		n += answer_ask(to + n, conf, check_authority(check, authority));
	return n;
}

/* false: it is over. What is said is made again each time: it is the same, and need not be kept. */
static bool
check_send(struct check *check)
{
	char words[ANSWER_GREETING_MAX + ANSWER_REQUEST_MAX];
	size_t length = check_write(check, words);
	struct iovec rest = { words + check->sent, length - check->sent };
	ssize_t n;

	if (rest.iov_len == 0 || !check->stream.writable)
		return true;
	n = stream_write(&check->stream, &rest, 1);
	if (n < 0 && errno != EAGAIN) {
		check_over(check, health_reason_of_errno(errno, HEALTH_REASON_SEND_FAILED));
		return false;
	}
	check->sent += n > 0 ? (size_t)n : 0;
	return true;
}

static void
check_ended(struct check *check)
{
	struct answer_result result = { .reason = HEALTH_REASON_CLOSED_BY_SERVER };

	answer_end(check->answer, &result);
	check_decide(check, &result);
}

/* Reads until nothing is left or it is decided, which needs no more than some 100 KB. */
static void
check_receive(struct check *check)
{
	struct answer_result result = { .reason = HEALTH_REASON_OK };
	size_t size;
	char *space;
	ssize_t n;

	if (check->answer == NULL)
		check->answer = answer_new(&check->pool->health, &check->prober->checks.limits);
	if (check->answer == NULL) {
		check_skip(check, "memory");
		return;
	}
	while (stream_has_more(&check->stream)) {
		space = answer_space(check->answer, &size);
		n = stream_read(&check->stream, space, size);
		if (n > 0 && answer_read(check->answer, (size_t)n, &result)) {
			check_decide(check, &result);
			return;
		}
		if (n > 0)
			continue;
		if (n == 0)
			check_ended(check);
		else if (errno != EAGAIN)
			check_over(check, health_reason_of_errno(errno, HEALTH_REASON_RECEIVE_FAILED));
		return;
	}
}

static void
check_connected(struct check *check)
{
	check->connected = true;
	if (check_send(check) && check->pool->health.type == CONF_HEALTH_TCP)
		check_over(check, HEALTH_REASON_OK);
}

static void
check_watch_cb(struct watch *watch, unsigned events)
{
	struct check *check =
	    OBJECT_CAST(CONTAINER_OF(watch, struct check, stream.watch), struct check, CHECK_MAGIC);
	int error;

	stream_note(&check->stream, events);
	if (!check->connected) {
		error = stream_error(&check->stream);
		if (error != 0)
			check_over(check, health_reason_of_errno(error, HEALTH_REASON_CONNECT_FAILED));
		else if (events & WATCH_WRITE)
			check_connected(check);
	} else if (!check_send(check)) {
		return;
	}
	if (check->running && check->connected && stream_has_more(&check->stream))
		check_receive(check);
}

static const char *
lacked_resource(int error)
{
	if (error == EMFILE || error == ENFILE)
		return "descriptors";
	if (error == EADDRNOTAVAIL)
		return "local ports";
	return error == ENOMEM || error == ENOBUFS ? "memory" : NULL;
}

static void
check_not_connected(struct check *check, int error)
{
	const char *lacked = lacked_resource(error);

	if (lacked != NULL)
		check_skip(check, lacked);
	else
		check_over(check, health_reason_of_errno(error, HEALTH_REASON_CONNECT_FAILED));
}

static void
check_begin(struct check *check)
{
	struct prober *prober = check->prober;
	bool connected = false;
	int fd;

	check->running = true;
	check->connected = false;
	check->sent = 0;
	check->begun = clock_monotonic();
	prober->checks.running++;
	timer_set(&check->timer, check->pool->health.timeout);
	fd = connect_begin(&check->address, &connected);
	if (fd < 0) {
		check_not_connected(check, errno);
		return;
	}
	stream_init(&check->stream, fd);
	check->stream.readable = false;
	if (stream_watch(&check->stream, prober->loop, check_watch_cb) < 0)
		check_skip(check, "memory");
	else if (connected)
		check_connected(check);
}

static void
check_timer_cb(struct timer *timer)
{
	struct check *check = OBJECT_CAST(CONTAINER_OF(timer, struct check, timer), struct check, CHECK_MAGIC);

	if (!check->running)
		check_due(check);
	else
		check_over(check, check->connected ? HEALTH_REASON_RESPONSE_TIMEOUT : HEALTH_REASON_CONNECT_TIMEOUT);
}

/* ---- which servers */

static void
check_free(struct check *check)
{
	check_stop(check);
	timer_clear(&check->timer);
	check->magic = 0;
	free(check);
}

/* Goes on with what the prober before this one has found. */
static void
check_resume(struct check *check)
{
	struct health_check said;

	if (!health_check_get(check->prober->board, check->place, &said))
		return;
	check->judge.verdict = said.verdict;
	check->judge.run = said.run;
	check->judge.good = said.result == HEALTH_REASON_OK;
	check->downs = said.downs;
	check->changed = said.changed;
}

static void
check_set_port(struct check *check)
{
	uint16_t port = htons(check->pool->health.port);

	if (port == 0)
		return;
	if (check->address.socket.any.sa_family == AF_INET)
		check->address.socket.in.sin_port = port;
	else if (check->address.socket.any.sa_family == AF_INET6)
		check->address.socket.in6.sin6_port = port;
}

static struct check *
check_new(struct prober *prober, unsigned place)
{
	const struct scoreboard_server *row = &prober->board->servers[place];
	struct check *check = calloc(1, sizeof *check);

	if (check == NULL)
		return NULL;
	check->magic = CHECK_MAGIC;
	check->prober = prober;
	check->pool = &prober->conf->pools[row->pool];
	check->place = place;
	check->id = row->id;
	check->address = row->address;
	memcpy(check->name, row->name, sizeof check->name);
	check->name[sizeof check->name - 1] = '\0';
	check->stream.fd = -1;
	check->passive_downs = scoreboard_get(&row->downs);
	check->since = clock_monotonic();
	check->judge.starting = is_starting(check);
	check_set_port(check);
	timer_init(&check->timer, prober->loop, check_timer_cb);
	check_resume(check);
	return check;
}

static bool
is_to_be_checked(const struct prober *prober, unsigned place)
{
	enum server_state state = scoreboard_server_state(prober->board, place);
	uint32_t pool = prober->board->servers[place].pool;

	return (state == SERVER_READY || state == SERVER_DRAIN || state == SERVER_STARTING) &&
	    pool < prober->conf->pool_count && prober->conf->pools[pool].health.wanted;
}

/* One in maintenance stays as it is, until it is set to something else. */
static void
check_end(struct prober *prober, unsigned place)
{
	struct check *check = prober->checks.all[place];
	struct scoreboard_server *row = &prober->board->servers[place];

	prober->checks.all[place] = NULL;
	if (scoreboard_server_state(prober->board, place) == SERVER_MAINTENANCE && row->id == check->id &&
	    check->judge.verdict == HEALTH_DOWN)
		scoreboard_set(&row->checked_down_until, UINT64_MAX);
	check_free(check);
}

static void
check_plan_first(struct check *check, unsigned index, unsigned count)
{
	bool awaited = judge_is_awaited(&check->judge);

	timer_set(&check->timer, awaited ? 0 : judge_first(&check->pool->health, index, count));
}

/* Ends what is not to be checked any more. Returns how many are new. */
static unsigned
checks_end_old(struct prober *prober, unsigned slots)
{
	unsigned place, count = 0;

	for (place = 0; place < slots; place++) {
		struct check *check = prober->checks.all[place];
		bool wanted = is_to_be_checked(prober, place);

		if (check != NULL && (!wanted || check->id != prober->board->servers[place].id)) {
			check_end(prober, place);
			check = NULL;
		}
		count += wanted && check == NULL;
	}
	return count;
}

bool
checks_sync(struct prober *prober)
{
	unsigned slots = scoreboard_server_slots(prober->board), place, index = 0;
	unsigned count = checks_end_old(prober, slots);
	struct check *check;

	for (place = 0; place < slots && index < count; place++) {
		if (prober->checks.all[place] != NULL || !is_to_be_checked(prober, place))
			continue;
		check = check_new(prober, place);
		if (check == NULL)
			return false;
		prober->checks.all[place] = check;
		check_plan_first(check, index++, count);
	}
	return true;
}

void
checks_open(struct prober *prober)
{
	struct rlimit limit;

	TAILQ_INIT(&prober->checks.waiting);
	prober->checks.running_max = RUNNING_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < RUNNING_MAX)
		prober->checks.running_max = (unsigned)limit.rlim_cur / 2;
	prober->checks.limits.head = prober->conf->header_size;
	prober->checks.limits.fields = (uint16_t)prober->conf->header_fields;
}

void
checks_close(struct prober *prober)
{
	unsigned place;

	for (place = 0; place < SCOREBOARD_SERVERS; place++)
		if (prober->checks.all[place] != NULL)
			check_free(prober->checks.all[place]);
	loop_later_cancel(prober->loop, &prober->checks.next);
}
