/*
 * Every counter, declared once: name, unit, sentence. Workers count each for
 * themselves on the scoreboard; a total is the sum over all slots plus what
 * dead workers left behind. All processes.
 */
#ifndef DROVER_IPC_COUNTERS_H
#define DROVER_IPC_COUNTERS_H

enum counter_kind {
	COUNTER_MONOTONIC, /* only grows */
	COUNTER_GAUGE	   /* what is there now; zero again when its worker has died */
};

/* X(symbol, name, kind, unit, sentence) */
#define COUNTER_TABLE(X)                                                                                            \
	X(CLIENT_CONNECTIONS, "client-connections", MONOTONIC, "connections", "Client connections taken.")         \
	X(CLIENT_OPEN, "client-open", GAUGE, "connections", "Client connections open now.")                        \
	X(CLIENT_BYTES_IN, "client-bytes-in", MONOTONIC, "bytes", "Bytes read from clients.")                      \
	X(CLIENT_BYTES_OUT, "client-bytes-out", MONOTONIC, "bytes", "Bytes written to clients.")                   \
	X(CLIENT_TIMEOUTS, "client-timeouts", MONOTONIC, "connections",                                            \
	    "Client connections ended because the client sent or read nothing for too long.")                      \
	X(CLIENT_ABORTS, "client-aborts", MONOTONIC, "requests", "Requests whose client went away before the end.") \
	X(CLIENT_REFUSED, "client-refused", MONOTONIC, "connections",                                              \
	    "Connections that a worker closed at once: no memory or no descriptor for them.")                      \
	X(LIMITED_CONNECTIONS, "limited-connections", MONOTONIC, "connections",                                    \
	    "Connections refused because their client has limit-connections already.")                             \
	X(LIMITED_REQUESTS, "limited-requests", MONOTONIC, "requests",                                             \
	    "Requests refused because they were more than limit-rate.")                                            \
	X(LIMIT_UNCOUNTED, "limit-uncounted", MONOTONIC, "events",                                                 \
	    "Connections and requests let pass uncounted: the table of clients was full.")                         \
	X(REQUESTS, "requests", MONOTONIC, "requests", "Requests whose head was read.")                            \
	X(REQUESTS_BAD, "requests-bad", MONOTONIC, "requests", "Requests refused because they break HTTP or a limit.") \
	X(REQUESTS_ACTIVE, "requests-active", GAUGE, "requests", "Requests and TCP connections in progress now.")                   \
	X(RESPONSES_1XX, "responses-1xx", MONOTONIC, "responses", "Interim responses passed on.")                  \
	X(RESPONSES_2XX, "responses-2xx", MONOTONIC, "responses", "Responses with a 2xx status.")                  \
	X(RESPONSES_3XX, "responses-3xx", MONOTONIC, "responses", "Responses with a 3xx status.")                  \
	X(RESPONSES_4XX, "responses-4xx", MONOTONIC, "responses", "Responses with a 4xx status, drover's own too.") \
	X(RESPONSES_5XX, "responses-5xx", MONOTONIC, "responses", "Responses with a 5xx status, drover's own too.") \
	X(TCP_CONNECTIONS, "tcp-connections", MONOTONIC, "connections", "Connections taken by listeners with mode = tcp.") \
	X(TUNNELS, "tunnels", MONOTONIC, "connections", "Connections upgraded to a tunnel (WebSocket).")           \
	X(SERVER_CONNECTS, "server-connects", MONOTONIC, "connections", "Connections opened to servers.")          \
	X(SERVER_CONNECT_ERRORS, "server-connect-errors", MONOTONIC, "connections",                                \
	    "Connections to servers that failed or timed out while connecting.")                                   \
	X(SERVER_REUSES, "server-reuses", MONOTONIC, "requests", "Requests sent on a kept connection.")            \
	X(SERVER_IDLE, "server-idle", GAUGE, "connections", "Kept connections to servers that are idle now.")      \
	X(SERVER_BYTES_IN, "server-bytes-in", MONOTONIC, "bytes", "Bytes read from servers.")                      \
	X(SERVER_BYTES_OUT, "server-bytes-out", MONOTONIC, "bytes", "Bytes written to servers.")                   \
	X(SERVER_BAD_RESPONSES, "server-bad-responses", MONOTONIC, "responses",                                    \
	    "Responses that break HTTP or ended before their end.")                                                \
	X(SERVER_TIMEOUTS, "server-timeouts", MONOTONIC, "requests", "Requests that a server did not answer in time.") \
	X(SERVER_MARKED_DOWN, "server-marked-down", MONOTONIC, "events",                                           \
	    "Times that a server was taken out after max-fails failures.")                                         \
	X(RETRIES, "retries", MONOTONIC, "requests", "Attempts made again on another connection or server.")       \
	X(NO_SERVER, "no-server", MONOTONIC, "requests", "Requests answered 503: no server was usable.")           \
	X(QUEUED, "queued", GAUGE, "requests",                                                                     \
	    "Requests that wait now for a place on a server, or for an instance of an app.")                       \
	X(QUEUE_FULL, "queue-full", MONOTONIC, "requests", "Requests answered 503: as many as queue-size were waiting.") \
	X(QUEUE_TIMEOUTS, "queue-timeouts", MONOTONIC, "requests", "Requests answered 503 after queue-timeout.")   \
	X(PASSWORD_CHECKS, "password-checks", MONOTONIC, "passwords",                                              \
	    "Passwords that were checked, those not counted whose outcome was known.")                            \
	X(AUTH_DENIED, "auth-denied", MONOTONIC, "requests", \
	    "Requests whose name and password were missing or wrong, or that a server refused when it was asked.") \
	X(AUTH_BUSY, "auth-busy", MONOTONIC, "requests",                                                           \
	    "Requests answered 429 or 503: too many passwords waited to be checked.")                             \
	X(AUTH_REQUESTS, "auth-requests", MONOTONIC, "requests", "Requests about which a server was asked.")      \
	X(LOG_LINES_LOST, "log-lines-lost", MONOTONIC, "lines", "Access log lines that could not be written.")     \
	X(LOOP_TURNS, "loop-turns", MONOTONIC, "turns", "Turns of the event loop.")

enum counter {
#define COUNTER_ENUM(symbol, name, kind, unit, sentence) COUNTER_##symbol,
	COUNTER_TABLE(COUNTER_ENUM)
#undef COUNTER_ENUM
	    COUNTER_COUNT
};

struct counter_info {
	const char *name;
	enum counter_kind kind;
	const char *unit;
	const char *sentence;
};

extern const struct counter_info counter_table[COUNTER_COUNT];

#endif
