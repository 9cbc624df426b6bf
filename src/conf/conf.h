/*
 * One accepted configuration: parsed once, in the master, checked, and from
 * then on read-only; workers inherit it by fork. Durations are microseconds,
 * sizes bytes. Strings belong to the struct conf.
 */
#ifndef DROVER_CONF_CONF_H
#define DROVER_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "balance/balance.h"
#include "base/address.h"
#include "base/log.h"
#include "conf/answer_rule.h"
#include "conf/header_rule.h"
#include "net/dns.h"

enum {
	CONF_WORKERS_MAX = 256,
	CONF_SERVERS_MAX = 4096, /* over all pools */
	CONF_POOLS_MAX = 1024,
	CONF_LISTENERS_MAX = 256,
	CONF_ROUTES_MAX = 4096,
	CONF_CONTROLS_MAX = 16,
	CONF_INSTANCES_MAX = 1000, /* of one app */
	CONF_PEOPLE_MAX = 256, /* in one list */
	CONF_EXCEPT_MAX = 16, /* networks that maintenance is not for */
	CONF_POOL_NAME_MAX = 63,
	CONF_SERVER_NAME_MAX = 127 /* bytes; the scoreboard has room for no more */
};

enum conf_log_format { CONF_LOG_COMBINED, CONF_LOG_JSON };

/* Which fields tell the server who the client is. A set of bits. */
enum conf_forwarded { CONF_FORWARDED_OFF = 0, CONF_FORWARDED_X = 1, CONF_FORWARDED_RFC7239 = 2, CONF_FORWARDED_BOTH = 3 };

/* Where what tells requests apart comes from, when it is sent to servers. */
enum conf_request_id {
	CONF_REQUEST_ID_OFF,
	CONF_REQUEST_ID_MAKE,
	CONF_REQUEST_ID_KEEP /* the client's, if it has a good one */
};

/* What a peer of the control socket may do; each includes those before it. */
enum conf_permission {
	CONF_PERMISSION_NONE,
	CONF_PERMISSION_READ,
	CONF_PERMISSION_OPERATE,
	CONF_PERMISSION_ADMIN,
	CONF_PERMISSIONS
};

/* Users and groups, by name or number in the file: "alice", "1000", "@ops", "@27". */
struct conf_people {
	char **names; /* as written */
	size_t count;
	uid_t *uids;
	size_t uid_count;
	gid_t *gids;
	size_t gid_count;
};

/* Owner and mode of a unix socket in the file system; (uid_t)-1 and (gid_t)-1: as created. */
struct conf_unix {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

struct conf_control {
	char *path;
	struct conf_unix unix_socket;
	enum conf_permission permission; /* of those who are in none of the lists */
	struct conf_people people[CONF_PERMISSIONS]; /* by permission; that of CONF_PERMISSION_NONE is empty */
	int line;
};

/* Whether the list has one of these ids; `groups` are the supplementary ones. */
bool conf_people_have(
    const struct conf_people *people, uid_t uid, gid_t gid, const gid_t *groups, size_t group_count);

/*
 * What the peer with these ids may do on a control socket: the most that a list
 * with one of them gives; `permission` when none has one.
 */
enum conf_permission conf_control_permission(
    const struct conf_control *control, uid_t uid, gid_t gid, const gid_t *groups, size_t group_count);

/* How clients are treated. */
struct conf_client {
	uint64_t header_timeout;    /* the whole request head, from its first byte (or from accept) */
	uint64_t body_timeout;	    /* between two reads of a request body */
	uint64_t keepalive_timeout; /* between two requests */
	uint64_t send_timeout;	    /* between two writes to a client that does not read */
	uint64_t tunnel_timeout;    /* an upgraded connection without a byte either way */
	uint64_t body_limit;	    /* bytes of a request body, 0: none */
	uint64_t body_rate;	    /* bytes a second of a request body: fewer do not count against body_timeout; 0: none */
	unsigned trace;		    /* enum conf_trace */
	uint32_t requests;	    /* per connection, 0: no limit */
	uint32_t connections;	    /* of one address, 0: no limit */
};

/* So many in so many seconds; number 0: no limit. */
struct conf_rate {
	uint32_t number, seconds;
};

/*
 * What is done with requests and responses beside passing them on. A request goes
 * by the rules of its listener first, then by those of its route.
 */
struct conf_rules {
	struct address_range *allow, *deny;
	size_t allow_count, deny_count;
	struct conf_rate limit_rate; /* requests of one address */
	uint32_t limit_burst;	     /* at once; 0: those of a second, at least one */
	struct conf_header_rule *request_headers, *response_headers;
	size_t request_header_count, response_header_count;
	struct conf_error_page *error_pages;
	size_t error_page_count;
	bool server_timing; /* clients are told how long it took */
	bool error_page_servers; /* they take the place of servers' responses as well */
	struct conf_redirect redirect; /* of listeners and routes, as the next two */
	struct conf_respond respond;
	char *respond_type; /* NULL: as its file is called, or plain text */

	int auth_line, users_line, ask_line, cors_line; /* of what is said about these, here or where it is inherited from */

	char *auth_realm; /* NULL: no passwords are asked for */
	char *auth_users; /* path */
	int users_file;	  /* index of conf.users_files, when there is a realm */
	bool auth_forward;
	char *auth_user_header; /* or NULL */

	char *ask; /* "POOL /path", or NULL */
	int ask_pool; /* index, when there is `ask` */
	const char *ask_path; /* inside `ask` */
	char **ask_copies;
	size_t ask_copy_count;
	bool ask_redirects;

	char **cors_origins, **cors_methods, **cors_headers, **cors_exposed;
	size_t cors_origin_count, cors_method_count, cors_header_count, cors_exposed_count;
	bool cors_credentials;
	uint64_t cors_max_age;
};

struct conf_users;

/* A file of users, which several rules may name. */
struct conf_users_file {
	char *path; /* as written */
	struct conf_users *users; /* NULL in what was made from text: then there are none */
};

/* What is spoken on a listener. Over TCP alone nothing is looked at: a connection goes to a server as it is. */
enum conf_mode { CONF_MODE_HTTP, CONF_MODE_TCP };

/* Whether a server is told of the client in front of all else (PROXY protocol). */
enum conf_send_proxy { CONF_SEND_PROXY_OFF, CONF_SEND_PROXY_V1, CONF_SEND_PROXY_V2 };

struct conf_listener {
	char *name;	       /* as written: "*:80", "unix:/run/x.sock", "systemd:web" */
	struct address address; /* length 0 for "systemd:NAME" */
	const char *systemd;    /* NAME of a socket passed in LISTEN_FDNAMES, inside name; else NULL */
	char *pool_name;       /* or NULL: routes decide, or the only pool when there is no route */
	int pool;	       /* index, or -1: routes decide */
	enum conf_mode mode;
	int backlog;
	bool defer_accept;     /* TCP_DEFER_ACCEPT: handed over when the first bytes are there; else false in CONF_MODE_TCP */
	bool ipv6_only;
	bool paused;	       /* nothing is accepted: connections wait in the kernel's queue */
	bool maintenance;
	struct conf_unix unix_socket;
	struct conf_client client;
	struct conf_rules rules;
	int line;
};

enum conf_trace { CONF_TRACE_REFUSE, CONF_TRACE_FORWARD };

/* Field names of requests with "_" or "."; by the values of enum h1_underscores. */
enum conf_underscores { CONF_UNDERSCORES_GUARD, CONF_UNDERSCORES_PASS, CONF_UNDERSCORES_DROP, CONF_UNDERSCORES_REFUSE };

enum conf_server_state { CONF_SERVER_READY, CONF_SERVER_DRAIN, CONF_SERVER_MAINTENANCE };

/* Which addresses of a name are taken. */
enum conf_family { CONF_FAMILY_ANY, CONF_FAMILY_IPV4, CONF_FAMILY_IPV6 };
enum conf_addresses { CONF_ADDRESSES_ALL, CONF_ADDRESSES_FIRST };

/* One server; or, when its name has to be looked up, as many as the name has addresses. */
struct conf_server {
	char *name; /* as written */
	struct address address; /* length 0: a name that is looked up */
	struct dns_question question; /* that asks for it; its name is "" for an address */
	enum conf_family family;
	enum conf_addresses addresses;
	struct dns_answer *answer; /* of conf_look_up; NULL: it was not asked */
	enum conf_server_state state; /* in which it begins */
	uint16_t weight;
	uint32_t max_connections; /* requests in flight over all workers, 0: no limit */
	uint32_t max_fails;	  /* within fail_timeout: then it is down for fail_timeout. 0: never */
	uint64_t fail_timeout;
	uint64_t slow_start; /* from nothing to all of its weight when it has come back; 0: at once */
	bool backup; /* takes requests only while no other server of the pool is up */
	int line;
};

enum conf_health_type { CONF_HEALTH_TCP, CONF_HEALTH_HTTP };
enum conf_health_method { CONF_HEALTH_GET, CONF_HEALTH_HEAD };

struct conf_status_range {
	uint16_t first, last;
};

/* How the prober checks the servers of a pool. */
struct conf_health {
	bool wanted; /* there is such a section; else nothing below is set */
	enum conf_health_type type;
	enum conf_health_method method; /* from here to `fields`: of HTTP */
	char *path;
	char *host; /* NULL: the server's address */
	struct conf_status_range *statuses; /* that are good */
	size_t status_count;
	char *body; /* stands in the first 64 KB of the answer's; NULL: any */
	char **fields; /* "NAME: VALUE" */
	size_t field_count;
	uint64_t interval, timeout;
	uint64_t fast_interval; /* while results differ from the state */
	uint32_t jitter; /* percent */
	uint32_t rise, fall; /* results in a row */
	uint16_t port; /* 0: that of the server */
	bool cut_tunnels; /* of a server that is down */
	int line;
};

/* Where an instance of an app listens, and how it is told. */
enum conf_app_listen {
	CONF_APP_AUTO, /* as its command and environment say; none has it once it is checked */
	CONF_APP_PORT, /* a port of 127.0.0.1 that drover chooses: PORT and HOST in the environment, or {port} */
	CONF_APP_UNIX, /* a unix socket that the instance makes: {socket} */
	CONF_APP_ACTIVATION, /* a unix socket that drover holds and hands down: LISTEN_FDS */
	CONF_APP_ACTIVATION_PORT /* the same on a port of 127.0.0.1 */
};

/* Who an app runs as, looked up when the configuration is read: later it would have to wait for the answer. */
struct conf_account {
	char *name, *home; /* NULL: the number has no account */
	gid_t *groups; /* all that it is in, with its own; none: only its own */
	size_t group_count;
};

/* What drover runs. It is part of the pool whose servers are its instances. */
struct conf_app {
	bool wanted; /* the pool is an app; else nothing below is set */
	char **command;
	size_t command_count;
	bool shell; /* the command is one text, for /bin/sh -c */
	uint32_t instances; /* 0 .. CONF_INSTANCES_MAX; `auto` is already the number of usable cores */
	bool instances_auto;
	enum conf_app_listen listen;
	char *directory; /* NULL: drover's */
	char **environment; /* "NAME=VALUE", over what is inherited */
	size_t environment_count;
	bool environment_inherit; /* all of drover's environment is passed on; else only PATH, HOME, LANG, TZ and the like */
	char *user, *group; /* NULL: those of workers */
	uid_t uid; /* (uid_t)-1: as started */
	gid_t gid;
	struct conf_account account; /* of the user that it becomes; empty when that is drover's own */
	mode_t umask; /* (mode_t)-1: drover's */
	uint64_t start_timeout; /* to be ready */
	uint32_t start_retries; /* starts in a row that may fail before it is given up */
	unsigned stop_signal; /* enum conf_stop_signal */
	uint64_t stop_timeout; /* from that signal to SIGKILL */
	uint64_t max_memory; /* bytes, 0: no limit; as the next two: an instance above it is replaced */
	uint32_t max_requests;
	uint64_t max_age;
	uint32_t jitter; /* percent by which the last two differ from instance to instance */
	uint32_t surge, max_unavailable; /* of a roll-out: instances more, and less, than wanted */
	uint32_t max_connections; /* requests in flight to each instance, 0: no limit */
	uint32_t output_rate; /* lines a second of each instance that are logged, 0: all */
	int command_line, directory_line, user_line, environment_line, listen_line; /* of these options; that of the section when it has none */
};

/* Signals that ask an app to end; the words of stop-signal. */
enum conf_stop_signal { CONF_STOP_TERM, CONF_STOP_INT, CONF_STOP_QUIT, CONF_STOP_HUP, CONF_STOP_USR1, CONF_STOP_USR2 };

/* What requests have in common that stay with one server for as long as it is there. */
enum conf_sticky {
	CONF_STICKY_OFF,
	CONF_STICKY_COOKIE, /* one that drover sets */
	CONF_STICKY_HEADER,
	CONF_STICKY_ADDRESS
};

struct conf_pool {
	char *name;
	const struct balance_algorithm *balance;
	enum conf_send_proxy send_proxy;
	char *hash_key;	    /* of consistent-hash: see conf/hash_key.h */
	uint32_t hash_load; /* percent of its share that a server may carry before its keys go to the next; 0: any */
	struct conf_server *servers;
	size_t server_count;
	size_t first_server;	   /* its servers are first_server.. in the numbering over all pools */
	uint32_t idle_connections; /* kept open per worker and server */
	uint64_t idle_timeout;
	uint64_t connect_timeout;
	uint64_t response_timeout; /* to the first byte of the answer, and between two reads of it */
	uint64_t send_timeout;	   /* between two writes to a server that does not read */
	uint32_t queue_size;	   /* requests that wait for a place over all workers, 0: none waits */
	uint64_t queue_timeout;
	bool abort_on_close;	   /* a client that ends its side while it waits is gone */
	uint32_t retries;	   /* other attempts for one request, where that is safe */
	uint32_t max_fails;	   /* what its servers begin with, as is fail_timeout */
	uint64_t fail_timeout;
	uint64_t slow_start;
	bool maintenance;
	char *sticky; /* as written: "cookie", "address", "header:NAME"; NULL: off */
	enum conf_sticky sticky_kind;
	const char *sticky_header; /* NAME, inside `sticky` */
	char *sticky_cookie; /* the name of the cookie; NULL: "drover-" and the name of the pool */
	struct conf_health health;
	struct conf_app app;
	int line;
};

/* The first route, in the order of the file, whose host and path both fit. */
struct conf_route {
	char **hosts; /* lower case, without port; "*.example.org" fits any name under it; none: any host */
	size_t host_count;
	char **paths; /* prefixes of the path; none: any */
	size_t path_count;
	char *pool_name; /* NULL: it answers itself */
	int pool; /* index, or -1 */
	char *strip_prefix, *add_prefix; /* of the path that servers see; NULL: unset */
	char *replace_prefix; /* two prefixes with blanks between */
	bool maintenance;
	struct conf_rules rules;
	int line;
};

/* Whether requests are answered by the rules themselves, and go to no pool. */
static inline bool
conf_rules_answer(const struct conf_rules *rules)
{
	return rules->redirect.text != NULL || rules->respond.text != NULL;
}

/* How names of servers are looked up. */
struct conf_resolve {
	struct address *servers; /* of DNS; none: as the system has them */
	size_t server_count;
	uint64_t interval_min, interval_max; /* an answer holds no less and no longer, whatever its ttl */
	uint64_t timeout; /* for one look-up */
};

struct conf {
	char *file; /* NULL when made from the command line */

	uint32_t workers; /* 1..CONF_WORKERS_MAX; `auto` is already the number of usable cores */
	bool workers_auto;
	const struct balance_algorithm *balance; /* connections over workers */
	uint32_t worker_connections; /* 0: what open_files carries, which the master fills in */
	uint64_t worker_timeout;   /* a loop that has not turned for so long is hung; 0: never */
	uint64_t shutdown_timeout; /* graceful stop and drain: then at once */
	uint32_t open_files;	   /* RLIMIT_NOFILE, 0: the hard limit */
	uint32_t offload_threads;  /* of each worker */
	uint32_t alert_errors;	   /* errors a second, over all workers, that are an event; 0: never */

	char *user, *group; /* of the workers; NULL: as started */
	uid_t uid;	    /* (uid_t)-1: as started */
	gid_t gid;
	char *pid_file;

	char *error_log; /* "stderr", "syslog" or a path */
	enum log_level log_level;
	char *access_log; /* NULL: off; "stdout" or a path */
	enum conf_log_format access_log_format;

	uint32_t header_size;	/* limits of a head, requests and responses alike */
	uint32_t header_fields;
	uint32_t target_size;	/* request target */

	unsigned forwarded; /* enum conf_forwarded bits */
	struct address_range *trusted_proxies; /* peers whose forwarding fields are kept and added to */
	size_t trusted_proxy_count;
	struct address_range *limit_exempt; /* clients to whom no limit applies */
	size_t limit_exempt_count;
	uint32_t limit_clients;		/* for how many the figures are kept */
	uint32_t limit_ipv4_bits, limit_ipv6_bits; /* of an address that make one client */
	bool via;
	char *via_name; /* drover's own in Via; NULL: "drover", which says nothing of loops */
	unsigned underscores; /* enum conf_underscores */
	enum conf_request_id request_id;
	char *request_id_header; /* the field that it is in */
	bool request_id_response; /* clients are sent it, too */

	struct conf_resolve resolve;

	struct conf_client client;     /* what every listener begins with */
	struct conf_rules rules;       /* those of every listener that says nothing else */
	bool maintenance;	       /* it begins so: all is answered 503; as of a listener, a pool, a route */
	uint64_t maintenance_retry_after; /* 0: it is not told */
	struct address_range *maintenance_except; /* who is served all the same; CONF_EXCEPT_MAX at most */
	size_t maintenance_except_count;
	struct conf_pool pool_options; /* what every pool begins with; it has no name and no servers */

	struct conf_control *controls;
	size_t control_count;
	struct conf_listener *listeners;
	size_t listener_count;
	struct conf_pool *pools; /* first those of `pool` sections, then those of `app` sections */
	size_t pool_count;
	size_t first_app; /* pools[first_app..] are apps */
	size_t server_count; /* over all pools */
	struct conf_route *routes;
	size_t route_count;
	struct conf_users_file *users_files;
	size_t users_file_count;
};

/* All that is wrong, in the order of the file: lines "drover.conf:12: sentence", for a person to read. */
struct conf_errors {
	char **lines;
	size_t count;
};
void conf_errors_free(struct conf_errors *errors);

/*
 * Reads and checks a file: the result, or NULL with every error in *errors
 * (each with file:line and, for a near miss, the word that was meant). *errors
 * is filled anew, and is empty on success. Nothing is looked up. Not for two threads at once.
 */
struct conf *conf_load(const char *file, struct conf_errors *errors);

/* The same from text (for tests and fuzzing); `name` stands for the file in errors. */
struct conf *conf_load_text(const char *text, const char *name, struct conf_errors *errors);

/* What the command line says; all borrowed. */
struct conf_arguments {
	const char *const *listeners; /* -l */
	size_t listener_count;
	const char *const *servers; /* -b */
	size_t server_count;
	const char *const *command; /* behind "--" */
	size_t command_count;
	const char *instances; /* -n; NULL: one */
	const char *control; /* -S; NULL: there is no control socket */
};

/*
 * `drover -l ADDR... -b SERVER...`: one pool "default" behind all listeners; with a command, one
 * app of that name. Errors begin with the argument ("-l 8080: ...").
 */
struct conf *conf_from_arguments(const struct conf_arguments *given, struct conf_errors *errors);

/*
 * The program that an app runs, as path, seen from its directory: /bin/sh for shell = true, else
 * command[0], which is looked for in the PATH of its environment when it has no "/". Nothing is
 * run. -1 with a sentence: it is not there, or cannot be executed.
 */
int conf_app_find_command(const struct conf_app *app, char *path, size_t size, struct error *err);

/* Whether anything is limited by client. */
bool conf_has_limits(const struct conf *conf);

/* The name in Via fields, or NULL: they are not written. */
static inline const char *
conf_via(const struct conf *conf)
{
	if (!conf->via)
		return NULL;
	return conf->via_name != NULL ? conf->via_name : "drover";
}

void conf_free(struct conf *conf);

/*
 * Reads how a server is written, as a configuration takes it: its address; or, then the
 * address has length 0, what is to be asked for a name. question may be NULL: no names.
 * Nothing is looked up. -1 with a sentence.
 */
int conf_server_from_text(
    struct address *address, struct dns_question *question, const char *name, struct error *err);

/* What family a name is asked for, by enum conf_family. */
uint16_t conf_family_number(enum conf_family family);

/*
 * Looks the names of all servers up: once, all at the same time and for no longer than
 * resolve-timeout. Blocks: only for a start. What cannot be found is a warning, filled and
 * freed as in conf_load.
 */
void conf_look_up(struct conf *conf, struct conf_errors *warnings);

/*
 * What is missing for a start: directories of sockets, logs and the pid file. Only warnings,
 * as a service manager may make them just before; and files of users that everybody can read.
 * Filled and freed as in conf_load.
 */
void conf_check_directories(const struct conf *conf, struct conf_errors *warnings);

/* The effective configuration, defaults filled in, as text that conf_load reads back: malloc'ed; NULL: no memory. */
char *conf_show(const struct conf *conf);

/*
 * Prints the option table, a line each: name TAB section TAB type TAB range TAB
 * default TAB sentence. The section of the top level is "top".
 */
struct _IO_FILE;
void conf_list_options(struct _IO_FILE *to);

#endif
