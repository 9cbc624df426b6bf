/* master/dispatch and master/orphans, with workers that are only the far ends of channels. */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "master/reap.h"
#include "master/state.h"
#include "net/listener.h"
#include "run.h"

enum { WORKERS = 4, NOBODY = 0x3fffffff /* no process has this pid */ };

static struct conf conf;
static struct master *master;

static void
worker_set_ready(unsigned slot)
{
	struct worker *w = &master->workers.slots[slot];
	int ends[2];

	ck_assert_int_eq(channel_pair(ends, NULL), 0);
	w->channel = ends[0];
	w->far_end = ends[1];
	w->process.pid = NOBODY;
	w->process.child.state = CHILD_READY;
	if (master->workers.used <= slot)
		master->workers.used = slot + 1;
	scoreboard_worker_reset(master->board, slot);
}

static void
setup(void)
{
	struct error err = { .text = "" };
	unsigned slot;

	ck_assert_int_eq(log_open("/dev/null", LOG_LEVEL_ERROR, &err), 0);
	conf = (struct conf){
		.workers = WORKERS,
		.balance = &balance_round_robin,
		.worker_connections = 1000000,
		.listener_count = 2,
	};
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->notify.fd = -1;
	master->board = scoreboard_new(&err);
	ck_assert_msg(master->board != NULL, "%s", err.text);
	master->loop = loop_new(&err);
	ck_assert_msg(master->loop != NULL, "%s", err.text);
	workers_init(master);
	dispatch_init(master);
	for (slot = 0; slot < WORKERS; slot++)
		worker_set_ready(slot);
}

static void
teardown(void)
{
	unsigned slot;

	for (slot = 0; slot < master->workers.used; slot++) {
		struct worker *w = &master->workers.slots[slot];

		w->process.pid = 0;
		if (w->channel >= 0)
			close(w->channel);
		if (w->far_end >= 0)
			close(w->far_end);
		timer_clear(&w->process.timer);
	}
	orphans_close(master);
	timer_clear(&master->dispatch.retry);
	timer_clear(&master->workers.tick);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

/* Connections, each numbered by its port. */
static void
message_fill(struct channel_message *message, unsigned count, unsigned first)
{
	unsigned i;

	memset(message, 0, sizeof *message);
	message->type = CHANNEL_RETURNED;
	for (i = 0; i < count; i++) {
		message->connections[i].port = (uint16_t)(first + i);
		message->fds[i] = dup(STDIN_FILENO);
		ck_assert_int_ge(message->fds[i], 0);
	}
	message->count = (uint16_t)count;
	message->fd_count = (int)count;
}

static bool
give(unsigned count, unsigned first)
{
	struct channel_message message;
	bool placed;

	message_fill(&message, count, first);
	dispatch_begin(master);
	placed = dispatch_connections(master, &message);
	dispatch_flush(master);
	channel_close_fds(&message);
	return placed;
}

/* Reads what has come to a worker. Returns the connections; *messages counts how they came. */
static unsigned
take_from(int far_end, unsigned *messages)
{
	struct channel_message message;
	unsigned count = 0;

	while (channel_receive(far_end, &message) == 1) {
		ck_assert_int_eq(message.type, CHANNEL_CONNECTIONS);
		ck_assert_int_eq(message.count, message.fd_count);
		count += message.count;
		if (messages != NULL)
			++*messages;
		channel_close_fds(&message);
	}
	return count;
}

static unsigned
take(unsigned slot)
{
	return take_from(master->workers.slots[slot].far_end, NULL);
}

static unsigned
load(unsigned slot)
{
	return scoreboard_worker_load(master->board, slot);
}

/* As after waitpid: its process is gone. */
static void
worker_die(unsigned slot)
{
	struct worker *w = &master->workers.slots[slot];

	w->process.pid = 0;
	orphans_adopt(w);
	scoreboard_worker_reset(master->board, slot);
	w->stuck = false;
	w->process.child.state = CHILD_BACKOFF;
	dispatch_resume(master);
}

START_TEST(long_connections_one_by_one_differ_by_one)
{
	static const struct balance_algorithm *const both[] = { &balance_round_robin,
		&balance_least_connections };
	unsigned i, slot, sum = 0;

	master_set_balance(master, both[_i]);
	for (i = 0; i < 42; i++)
		ck_assert(give(1, i));
	for (slot = 0; slot < WORKERS; slot++) {
		ck_assert_uint_ge(load(slot), 10);
		ck_assert_uint_le(load(slot), 11);
		ck_assert_uint_eq(take(slot), load(slot));
		sum += load(slot);
	}
	ck_assert_uint_eq(sum, 42);
}
END_TEST

START_TEST(least_connections_fills_a_new_worker_first)
{
	unsigned i;

	ck_assert_ptr_eq(master_balance(master), &balance_round_robin);
	master_set_balance(master, &balance_least_connections);
	ck_assert_ptr_eq(master_balance(master), &balance_least_connections);
	ck_assert_uint_eq(master_changes(master), 1);
	for (i = 0; i < 40; i++)
		give(1, i);
	worker_set_ready(WORKERS);
	give(10, 0);
	ck_assert_uint_eq(load(WORKERS), 10);
	give(5, 0);
	for (i = 0; i <= WORKERS; i++)
		ck_assert_uint_eq(load(i), 11);
}
END_TEST

START_TEST(a_burst_is_one_message_for_each_worker)
{
	struct listener_options options = {
		.backlog = 128, .mode = (mode_t)-1, .uid = (uid_t)-1, .gid = (gid_t)-1
	};
	struct address address;
	struct error err = { .text = "" };
	struct master_listener_figures figures;
	int clients[100], fd, i;
	unsigned slot, messages = 0, sum = 0;

	ck_assert_int_eq(address_parse(&address, "127.0.0.1:0", ADDRESS_LISTEN, &err), 0);
	fd = listener_open(&address, &options, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(listener_address(fd, &address), 0);
	for (i = 0; i < 100; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(connect(clients[i], &address.socket.any, address.length), 0);
	}
	ck_assert(dispatch_accept(master, fd, 1));
	for (slot = 0; slot < WORKERS; slot++)
		sum += take_from(master->workers.slots[slot].far_end, &messages);
	ck_assert_uint_eq(sum, 64);
	ck_assert_uint_eq(messages, WORKERS);
	ck_assert(!dispatch_accept(master, fd, 1));
	for (slot = 0; slot < WORKERS; slot++)
		sum += take(slot);
	ck_assert_uint_eq(sum, 100);
	master_listener_figures(master, 1, &figures);
	ck_assert_uint_eq(figures.accepted, 100);
	master_listener_figures(master, 0, &figures);
	ck_assert_uint_eq(figures.accepted, 0);
	for (i = 0; i < 100; i++)
		close(clients[i]);
	close(fd);
}
END_TEST

START_TEST(the_peer_travels_along)
{
	static const char *const listen_on[] = { "127.0.0.1:0",
		"*:0" /* an IPv4 client of an IPv6 socket */ };
	struct listener_options options = { .backlog = 8 };
	struct channel_message message;
	struct address address, client_address;
	int fd, client;
	uint16_t port;

	ck_assert_int_eq(address_parse(&address, listen_on[_i], ADDRESS_LISTEN, NULL), 0);
	fd = listener_open(&address, &options, NULL);
	listener_address(fd, &address);
	port = address_port(&address);
	ck_assert_int_eq(address_parse(&address, "127.0.0.1:1", ADDRESS_CONNECT, NULL), 0);
	address.socket.in.sin_port = htons(port);
	client = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(client, &address.socket.any, address.length), 0);
	listener_address(client, &client_address);
	master->workers.used = 1;
	dispatch_accept(master, fd, 1);
	ck_assert_int_eq(channel_receive(master->workers.slots[0].far_end, &message), 1);
	ck_assert_int_eq(message.connections[0].listener, 1);
	ck_assert_int_eq(message.connections[0].family, AF_INET);
	ck_assert_int_eq(message.connections[0].port, address_port(&client_address));
	ck_assert_mem_eq(message.connections[0].address, "\x7f\0\0\1", 4);
	channel_close_fds(&message);
	master->workers.used = WORKERS;
	close(client);
	close(fd);
}
END_TEST

START_TEST(a_worker_at_its_limit_gets_no_more)
{
	unsigned slot;

	conf.worker_connections = 3;
	ck_assert(!give(20, 0));
	for (slot = 0; slot < WORKERS; slot++)
		ck_assert_uint_eq(load(slot), 3);
	ck_assert(!give(1, 0));
	scoreboard_add(&master->board->workers[2].ended, 1);
	ck_assert(give(1, 0));
	ck_assert_uint_eq(master->board->workers[2].handed, 4);
}
END_TEST

START_TEST(only_ready_ones_get_connections)
{
	master->workers.slots[0].process.child.state = CHILD_DRAINING;
	master->workers.slots[1].process.killed = true;
	master->workers.slots[2].process.child.state = CHILD_STARTING;
	ck_assert(give(30, 0));
	ck_assert_uint_eq(take(3), 30);
}
END_TEST

START_TEST(a_full_channel_makes_the_worker_wait)
{
	struct worker *slow = &master->workers.slots[0];
	unsigned given = 0, taken;
	int size = 1;

	master->workers.used = 2;
	ck_assert_int_eq(setsockopt(slow->channel, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	while (!slow->stuck && given < 10000) {
		ck_assert(give(2, given));
		given += 2;
	}
	ck_assert(slow->stuck);
	ck_assert(timer_is_set(&master->dispatch.retry));
	taken = take(1);
	ck_assert(give(10, given)); /* all for the other one */
	given += 10;
	ck_assert_uint_eq(take(1), 10);
	taken += 10;
	taken += take(0);
	ck_assert_uint_lt(taken, given); /* some are staged */
	dispatch_resume(master);
	ck_assert(!slow->stuck);
	taken += take(0);
	ck_assert_uint_eq(taken, given);
	master->workers.used = WORKERS;
}
END_TEST

START_TEST(no_more_is_staged_than_one_message_holds)
{
	struct worker *slow = &master->workers.slots[0];
	struct channel_message word = { .type = CHANNEL_LOGS }, first, second;

	master->workers.used = 1;
	while (channel_send(slow->channel, &word) == 0)
		continue;
	message_fill(&first, CHANNEL_BATCH, 0);
	message_fill(&second, CHANNEL_BATCH, 0);
	dispatch_begin(master);
	ck_assert(dispatch_connections(master, &first));
	ck_assert(!dispatch_connections(master, &second));
	ck_assert_uint_eq(slow->staged.count, CHANNEL_BATCH);
	ck_assert_uint_eq(second.count, CHANNEL_BATCH);
	channel_close_fds(&second);
	channel_close_fds(&slow->staged);
	slow->staged.count = 0;
	master->workers.used = WORKERS;
}
END_TEST

START_TEST(what_a_dead_worker_had_not_read_goes_to_others)
{
	unsigned slot, sum = 0;

	ck_assert(give(CHANNEL_BATCH, 0));
	for (slot = 1; slot < WORKERS; slot++)
		sum += take(slot);
	ck_assert_uint_eq(sum, 48);
	worker_die(0);
	ck_assert_uint_eq(master->orphans.count, 0);
	ck_assert_uint_eq(load(0), 0);
	for (slot = 1; slot < WORKERS; slot++)
		sum += take(slot);
	ck_assert_uint_eq(sum, 64);
}
END_TEST

START_TEST(without_any_worker_connections_wait_for_the_next)
{
	unsigned slot;

	ck_assert(give(CHANNEL_BATCH, 0));
	ck_assert(give(CHANNEL_BATCH, 0));
	for (slot = 0; slot < WORKERS; slot++)
		worker_die(slot);
	ck_assert(!orphans_have_room(master));
	ck_assert(master->dispatch.paused);
	worker_set_ready(2);
	dispatch_resume(master);
	ck_assert(orphans_have_room(master));
	ck_assert(!master->dispatch.paused);
	ck_assert_uint_eq(load(2), (uint64_t)2 * CHANNEL_BATCH);
	ck_assert_uint_eq(take(2), (uint64_t)2 * CHANNEL_BATCH);
}
END_TEST

START_TEST(what_was_staged_for_a_dead_worker_goes_to_others)
{
	struct worker *slow = &master->workers.slots[0];
	unsigned given = 0, taken;
	int size = 1;

	master->workers.used = 2;
	ck_assert_int_eq(setsockopt(slow->channel, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	for (; !slow->stuck && given < 10000; given += 2)
		ck_assert(give(2, given));
	ck_assert_uint_gt(slow->staged.count, 0);
	worker_die(0);
	ck_assert_uint_eq(slow->staged.count, 0);
	taken = take(1);
	ck_assert_uint_eq(taken, given);
	ck_assert_uint_eq(load(1), given);
	master->workers.used = WORKERS;
}
END_TEST

START_TEST(connections_given_back_go_to_others)
{
	struct worker *leaving = &master->workers.slots[0];
	struct channel_message message;
	unsigned slot, sum = 0;

	leaving->process.child.state = CHILD_DRAINING;
	message_fill(&message, 30, 0);
	orphans_take(leaving, &message);
	ck_assert_uint_eq(take(0), 0);
	for (slot = 1; slot < WORKERS; slot++)
		sum += take(slot);
	ck_assert_uint_eq(sum, 30);
}
END_TEST

START_TEST(connections_given_back_wait_when_nobody_has_room)
{
	struct worker *leaving = &master->workers.slots[0];
	struct channel_message message;

	conf.worker_connections = 1;
	leaving->process.child.state = CHILD_DRAINING;
	message_fill(&message, 5, 0);
	orphans_take(leaving, &message);
	ck_assert(!orphans_have_room(master));
	ck_assert_uint_eq(master->orphans.message.count, 2);
	ck_assert(timer_is_set(&master->dispatch.retry));
	scoreboard_add(&master->board->workers[1].ended, 1);
	scoreboard_add(&master->board->workers[2].ended, 1);
	dispatch_resume(master);
	ck_assert(orphans_have_room(master));
}
END_TEST

static void
nothing_cb(struct watch *watch, unsigned events)
{
	(void)watch;
	(void)events;
}

START_TEST(what_makes_no_sense_is_closed)
{
	struct channel_message message;
	int fd;

	message_fill(&message, 3, 0);
	message.connections[1].listener = 2;
	fd = message.fds[0];
	orphans_take(&master->workers.slots[0], &message);
	ck_assert_int_eq(close(fd), -1);
	message_fill(&message, 3, 0);
	message.count = 5;
	orphans_take(&master->workers.slots[0], &message);
	ck_assert(orphans_have_room(master));
	ck_assert_uint_eq(take(0) + take(1) + take(2) + take(3), 0);
}
END_TEST

/* It wrote so and died before that was read: whoever waits for drover to be ready waits for another one. */
START_TEST(a_dead_worker_does_not_get_ready)
{
	struct worker *w = &master->workers.slots[0];
	struct channel_message message = { .type = CHANNEL_READY };

	w->process.child.state = CHILD_STARTING;
	w->process.pid = 0; /* it was waited for */
	ck_assert_int_eq(watch_open_level(&w->watch, master->loop, w->channel, nothing_cb), 0);
	ck_assert_int_eq(channel_send(w->far_end, &message), 0);
	reap_worker(&w->process);
	ck_assert_int_eq(w->process.child.state, CHILD_STARTING);
	ck_assert(!master->workers.ever_ready);
}
END_TEST

/* It was never given any: they would be put over those that wait for room. */
START_TEST(a_worker_that_starts_has_nothing_to_give_back)
{
	struct worker *w = &master->workers.slots[0];
	struct channel_message message;
	int i, fd = -1;

	w->process.child.state = CHILD_STARTING;
	w->process.pid = 0; /* nobody is killed */
	ck_assert_int_eq(watch_open_level(&w->watch, master->loop, w->channel, nothing_cb), 0);
	for (i = 1; i < WORKERS; i++)
		master->workers.slots[i].process.child.state = CHILD_DRAINING;
	message_fill(&message, 1, 0);
	orphans_take(&master->workers.slots[1], &message);
	ck_assert(!orphans_have_room(master));
	fd = master->orphans.message.fds[0];
	message_fill(&message, 1, 0);
	message.type = CHANNEL_RETURNED;
	ck_assert_int_eq(channel_send(w->far_end, &message), 0);
	channel_close_fds(&message);
	worker_read(w);
	ck_assert(w->process.killed);
	ck_assert_int_eq(master->orphans.message.fds[0], fd);
	watch_close(&w->watch);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("dispatch");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, long_connections_one_by_one_differ_by_one, 0, 2);
	tcase_add_test(tests, least_connections_fills_a_new_worker_first);
	tcase_add_test(tests, a_burst_is_one_message_for_each_worker);
	tcase_add_loop_test(tests, the_peer_travels_along, 0, 2);
	tcase_add_test(tests, a_worker_at_its_limit_gets_no_more);
	tcase_add_test(tests, only_ready_ones_get_connections);
	tcase_add_test(tests, a_full_channel_makes_the_worker_wait);
	tcase_add_test(tests, no_more_is_staged_than_one_message_holds);
	tcase_add_test(tests, what_a_dead_worker_had_not_read_goes_to_others);
	tcase_add_test(tests, without_any_worker_connections_wait_for_the_next);
	tcase_add_test(tests, what_was_staged_for_a_dead_worker_goes_to_others);
	tcase_add_test(tests, connections_given_back_go_to_others);
	tcase_add_test(tests, connections_given_back_wait_when_nobody_has_room);
	tcase_add_test(tests, what_makes_no_sense_is_closed);
	tcase_add_test(tests, a_dead_worker_does_not_get_ready);
	tcase_add_test(tests, a_worker_that_starts_has_nothing_to_give_back);
	return run_case(tests);
}
