/*
 * The objects of a worker and how they hang together. Private to this folder.
 *
 *   worker > session (client connection) > exchange (request and response) > upstream (server connection)
 *
 * A session has at most one exchange at a time; an exchange has an upstream from
 * the moment a server is chosen until its response is read.
 */
#ifndef DROVER_WORKER_INTERNAL_H
#define DROVER_WORKER_INTERNAL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/hash_key.h"
#include "http/body.h"
#include "http/edit.h"
#include "http/forward.h"
#include "http/h1.h"
#include "http/rewrite.h"
#include "ipc/channel.h"
#include "ipc/scoreboard.h"
#include "ipc/worker_start.h"
#include "net/deadline.h"
#include "net/loop.h"
#include "net/stream.h"
#include "worker/block.h"
#include "worker/lineup.h"
#include "worker/pipe.h"

struct access_log;
struct exchange;
struct gate;
struct inspector;
struct log_record;
struct offload;
struct password_check;
struct passwords;
struct sticky;

enum { GATES_MAX = 16 };

/* What is done with requests beside passing them on, and the gates that do it. */
struct rules {
	const struct conf_rules *conf;
	bool edits_requests, edits_responses; /* there are rules about their fields */
	bool notes; /* of which those of responses need what only the request has */
	const struct gate *gates[GATES_MAX]; /* NULL after the last */
	struct forward_names without;	     /* fields that servers do not get from clients */
};

/* Whole field lines. */
struct additions {
	char *bytes;
	size_t length;
};

struct route {
	const struct conf_route *conf; /* NULL: it only leads to a pool */
	struct pool *pool; /* NULL: its rules answer */
	struct rules rules;
	struct rewrite rewrite; /* of the path that servers see */
	bool rewrites;
};

/* How clients of one listener are treated, and the deadlines of their sessions. */
struct policy {
	const struct conf_client *client;
	const struct conf_listener *listener;
	struct rules rules; /* before those of the route */
	struct route *route; /* of all its requests, or NULL: routes decide */
	struct deadline_queue header, body, keepalive, send, tunnel, linger, unwatched;
};

/*
 * A server as this worker knows it: copied from its place on the scoreboard. It
 * lives for as long as something here refers to it, which may be longer than it
 * is there.
 */
struct server {
	struct pool *pool;
	unsigned index; /* on the scoreboard */
	uint32_t id; /* what tells it from another one in the same place */
	uint32_t instance; /* as on the scoreboard */
	unsigned users; /* references: the worker's own, upstreams, exchanges that name it in the log */
	enum server_state state;
	bool refused; /* checks call it down */
	bool backup;
	uint8_t rank; /* enum lineup_rank */
	uint32_t weight;
	uint32_t max_connections;
	uint32_t max_fails;
	uint64_t fail_timeout;
	uint64_t slow_start;
	unsigned idle_count;
	TAILQ_HEAD(, upstream) idle; /* the last used first */
	uint64_t crowded_turn; /* of the loop, in which it took no more connections */
	struct address address;
	char name[SCOREBOARD_NAME];
	struct siphash word; /* in cookies; see sticky.h. Of a pool without them it is zero. */
};

struct pool {
	const struct conf_pool *conf;
	unsigned number; /* index in conf.pools */
	struct scoreboard_pool *board;
	struct queue *queue; /* requests wait in it; NULL: it is no app, and no server has a limit */
	bool counted; /* places are counted under its lock */
	bool coming; /* of an app: an instance is on its way */
	const struct balance_algorithm *balance;
	enum conf_hash_kind hash_kind;
	const char *hash_name;
	struct sticky *sticky; /* NULL, but for sticky = cookie */
	struct server **servers; /* those that take requests, up or not */
	size_t count, room;
	struct lineup lineup;	 /* those of them that have their turn */
	struct deadline_queue connect, response, send, idle;
	struct deadline_queue crowd; /* of connections to be begun again: the server takes no more at the moment */
	struct deadline_queue surplus; /* of idle connections over the limit */
	/* see waiting.c */
	TAILQ_HEAD(exchange_list, exchange) waiting; /* for any server, as they came */
	struct exchange_list picky; /* for any that they have not tried, as they came */
	TAILQ_ENTRY(pool) waiting_link; /* of worker->waiting, unless both are empty */
	struct deadline_queue wait, doubt;
	uint32_t health_seen; /* health_version at the last look for free places */
	bool look; /* look again */
	bool refusing; /* no server is usable: who waits is sent away */
};

/* Of an exchange that waits for a place on a server, or for the first instance of an app. */
struct waiting {
	TAILQ_ENTRY(exchange) link;
	struct deadline deadline;
	uint32_t entry; /* in the queue of its pool; 0: it does not wait */
	uint64_t since; /* clock_monotonic */
	uint64_t until; /* loop_now; 0: it has not waited yet */
	uint64_t waited; /* microseconds, before `since` */
	bool doubtful; /* whether an instance will come is not known: see waiting.c */
	bool hopeless; /* the servers that it waits for have gone */
};

#define SESSION_MAGIC 0x5e551040u
struct session {
	uint32_t magic;
	uint32_t requests; /* begun on this connection */
	struct stream stream;
	struct worker *worker;
	struct exchange *exchange; /* NULL: between two requests */
	struct deadline deadline;
	struct block in;
	struct h1_scan scan;
	bool closing : 1; /* no more requests after this exchange */
	bool refused : 1; /* it is one too many of its client */
	bool last : 1; /* the client has said that this is its last request */
	bool linger_wanted : 1; /* the client may still be sending */
	bool lingering : 1; /* write side ended: read and throw away until the client has seen it */
	bool dead : 1;	/* on the worker's list of dead sessions, freed at the end of the turn */
	bool trusted : 1;	/* its peer is one of trusted-proxies */
	TAILQ_ENTRY(session) link;
	struct channel_connection peer;
	struct later later;
};
static_assert(sizeof(struct session) <= sizeof(struct event) + 216, "an idle client costs one of these");

/* Moves one body (or a tunnel's direction) from a stream to another. */
struct relay {
	struct body body;
	uint32_t ready; /* bytes at the beginning of the source's buffer that go on next */
	uint32_t held;	/* bytes before those that have gone on, but are kept to be sent again */
	bool enchunk;	/* what goes on is wrapped in chunks */
	bool broken;	/* the receiver takes no more */
	bool moved_in, moved_out; /* bytes were read, written since these were last cleared */
	bool ended;	/* the receiver has been told the end of the stream (tunnel) */
	uint8_t frame_used, frame_length, frame_tail; /* of the size line; of the CRLF behind the data */
	char frame[20];	     /* size line of the chunk being written, or the last chunk */
	uint8_t frame_state; /* see relay.c */
	uint64_t bytes;	     /* that went on, framing included */
	struct pipe *pipe;   /* what the body goes through in place of the buffer; NULL: none now */
	uint32_t piped;	     /* bytes in it */
	bool flows;	     /* a body without a length brings as much as is read at once: it may be long */
	bool copied;	     /* always: a socket that cannot splice */
};

/* In which directions bytes have moved since a deadline was last set: only they push it back. */
enum { MOVED_CLIENT_IN = 1, MOVED_CLIENT_OUT = 2, MOVED_SERVER_IN = 4, MOVED_SERVER_OUT = 8, MOVED_ANY = 15 };

enum step_result {
	STEP_NEXT, /* exchange->step is to be called */
	STEP_WAIT, /* nothing to do before the next event */
	STEP_END   /* the exchange is over and gone */
};
typedef enum step_result step_fn(struct exchange *exchange);

/* What of a request is needed when its bytes are gone; see edits.c. */
enum { NOTES_SIZE = 4096, REQUEST_ID_KEPT = 128 };
struct notes {
	bool taken; /* the values are there */
	uint16_t used;
	uint8_t id_length; /* 0: it has none of its own */
	char id[REQUEST_ID_KEPT + 1]; /* that the client gave it */
	char bytes[NOTES_SIZE]; /* for each variable of the rules, in their order: length, in two bytes, and value */
};

#define EXCHANGE_MAGIC 0xe8c4a76eu
struct exchange {
	uint32_t magic;
	step_fn *step;
	struct session *session;
	struct worker *worker;
	const struct route *route; /* NULL: not chosen yet */
	const struct conf_rules *asking; /* by these another server is asked first, and that goes on now; or NULL */
	struct pool *pool;
	struct server *server;	   /* on which it holds a place, or NULL */
	struct server *log_server; /* the last one tried */
	struct upstream *upstream; /* or NULL */

	uint8_t method; /* enum h1_method */
	uint8_t minor;	/* of the client's HTTP/1.minor */
	bool keep_alive; /* the client wants, and may have, another request on this connection */
	bool upgrade;
	bool fresh_only; /* a kept connection failed: connect anew */
	bool received;	 /* a byte of a response has come */
	bool answered;	 /* the final response's head has begun to go to the client */
	bool tunnel;
	bool tcp;	 /* no request: a connection that goes to its pool as it is */
	bool interim;	 /* the head that goes to the client is a 1xx, another follows */
	bool sent;	 /* a byte of the request has gone to the server of this attempt */
	bool keep_upstream;
	uint8_t moved;	  /* MOVED_ bits */
	uint8_t gate;	  /* the next one of the listener's, or of the route's, that it comes to */
	uint8_t attempts; /* servers tried */
	uint8_t missed;	  /* of these: instances of an app that were gone before they were sent anything */
	uint16_t status;
	uint16_t failure; /* the answer when no server is left to try; 0: none has failed */
	uint32_t head_length; /* of the request's head, at the beginning of the session's buffer while that is held */
	uint32_t out_sent;    /* of the head that is being written */
	uint32_t response_length; /* of the response head in the upstream's buffer */
	const char *reason;   /* why it did not go well, a word for the log; or NULL */
	struct relay request, response;
	uint64_t body_mark; /* bytes of the request's body when the wait for more of it was last begun anew */
	struct body request_body; /* as it was before its first byte, for another attempt */
	struct block reply;  /* head of drover's own answer, and its body when that is short */
	struct text reply_body; /* what is left to write of a longer one. Borrowed. */
	uint32_t tried[16]; /* ids of servers that are not to be chosen again */
	uint8_t tried_count;
	uint8_t interims; /* 1xx responses read */
	bool secure; /* of a pool with sticky = cookie: the client came by https */
	uint32_t sticky_id; /* of the server that its cookie names; 0: none */
	uint64_t begun, connected_at, first_byte_at; /* monotonic microseconds */
	uint64_t chosen_at; /* loop_now when the server was chosen */
	struct waiting waiting;
	uint64_t number;	    /* of the request, in this worker */
	uint64_t hash_key; /* see hash_key.h; 0: not worked out */
	uint64_t asked_at; /* loop_now when it began */
	struct query_request asked; /* for those who look at sessions */
	struct notes *notes; /* NULL: nothing was noted */
	time_t second; /* wall clock, as rules write it; 0: not asked for yet */
	char *user; /* who was let in by a password; NULL: nobody knows */
	struct additions more; /* to the request's head */
	struct additions answer_more; /* to the response's head */
	bool cors;		      /* what the server says about other origins is dropped */
	bool cors_varies;	      /* the response differs from origin to origin */
	struct password_check *check; /* that it waits for, or NULL */
	TAILQ_ENTRY(exchange) check_link;
	struct log_record *record;  /* what the access log says of the request; NULL when it is off */
};

#define UPSTREAM_MAGIC 0x0b57ea30u
struct upstream {
	uint32_t magic;
	uint32_t served;	   /* responses read on it */
	struct stream stream;
	struct worker *worker;
	struct pool *pool;
	struct server *server;
	struct exchange *exchange; /* NULL: idle */
	struct block in;
	struct h1_scan scan;
	struct deadline deadline;
	uint64_t idled_turn, reused_turn; /* turns of the loop: in which it last became idle, and was taken from the idle ones */
	bool connecting; /* without a descriptor: that is to be begun again, see upstream.c */
	TAILQ_ENTRY(upstream) link; /* of server->idle */
};

struct worker {
	const struct worker_start *start;
	const struct conf *conf;
	struct scoreboard *board;
	struct scoreboard_worker *me;
	unsigned slot;
	struct loop *loop;

	int channel;
	struct watch channel_watch;
	struct channel_message message;
	struct timer heartbeat;
	uint64_t heartbeat_every;
	struct timer patience; /* of an orphan */
	uint64_t starved_told; /* when it was last logged that something runs out */

	struct policy *policies; /* by listener */
	struct pool *pools;	 /* by pool */
	struct route *routes;	 /* see route.c */
	bool guarded;		 /* a route says who is let in */
	struct server *servers[SCOREBOARD_SERVERS]; /* by place on the scoreboard, NULL: none */
	uint32_t load_sums[SCOREBOARD_SERVERS + BALANCE_LANES], loads[SCOREBOARD_SERVERS + BALANCE_LANES]; /* for choice.c */
	uint32_t servers_version; /* of the scoreboard's, that these and the pools are made from */
	uint32_t health_seen; /* of the scoreboard's health_version: what `refused` of servers is from */
	bool servers_missed; /* there was no memory for all of that: the next heartbeat looks again */
	struct queue_book queue_book;
	TAILQ_HEAD(, pool) waiting; /* pools with exchanges that wait */
	struct later waiting_work;
	int wakers[SCOREBOARD_WORKERS]; /* by slot; -1: none */
	struct watch waker_watch; /* of its own one */
	bool timed; /* somebody wants to know how long requests take */
	bool id_is_edit; /* servers are sent request ids in a field that drover does not know */
	bool maintained; /* something is in maintenance: each request is looked at */
	struct later cut; /* ends what is in progress on servers that are to be left */
	struct session *cut_next; /* the next that it looks at, NULL: none */
	struct h1_limits limits;
	struct block_pool buffers;
	struct pipe_pool pipes;
	struct freelist sessions, exchanges, upstreams, notes;
	TAILQ_HEAD(, session) open, dead;
	struct access_log *access_log;
	struct inspector *inspector;
	struct passwords *passwords; /* NULL: no rules ask for them */
	struct offload *offload;     /* see worker_offload */
	uint64_t request_number;
	char id_begin[14]; /* of the ids of its requests */

	bool draining; /* take no more, give back what is idle, end when empty */
	bool stopping; /* draining, and nobody takes what is idle */

	/* the head being worked on, too large to keep for each exchange; parsed again when it is another's */
	struct exchange *request_owner, *response_owner;
	struct h1_request request;
	struct h1_response response;
	struct forward forward;
	struct edits edits;
	char discard[4096];
};

/* How the clients of its listener are treated. */
static inline struct policy *
session_policy(const struct session *session)
{
	return &session->worker->policies[session->peer.listener];
}

/* Its threads, which are made with the first call. NULL: no memory. */
struct offload *worker_offload(struct worker *worker);

/* Logs that something runs out, at most once a minute. */
void worker_starved(struct worker *worker, const char *what);

#define count(worker, counter, amount) scoreboard_add(&(worker)->me->counters[COUNTER_##counter], (uint64_t)(amount))
#define uncount(worker, counter) scoreboard_add(&(worker)->me->counters[COUNTER_##counter], UINT64_MAX)

#endif
