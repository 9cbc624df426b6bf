noinst_LIBRARIES += libworker.a
libworker_a_SOURCES = \
	worker/access_line.c worker/access_line.h \
	worker/access_log.c worker/access_log.h \
	worker/additions.c worker/additions.h \
	worker/block.c worker/block.h \
	worker/choice.c worker/choice.h \
	worker/client.c worker/client.h \
	worker/edits.c worker/edits.h \
	worker/exchange.c worker/exchange.h \
	worker/exchange_answer.c worker/exchange_request.c worker/exchange_response.c \
	worker/gate.c worker/gate.h worker/gate_access.c worker/gate_answer.c worker/gate_ask.c \
	worker/gate_basic.c worker/gate_cors.c \
	worker/hash_key.c worker/hash_key.h \
	worker/inspect.c worker/inspect.h \
	worker/internal.h \
	worker/limits.c worker/limits.h \
	worker/lineup.c worker/lineup.h \
	worker/maintenance.c worker/maintenance.h \
	worker/membership.c worker/membership.h \
	worker/method.c worker/method.h \
	worker/passwords.c worker/passwords.h \
	worker/pipe.c worker/pipe.h \
	worker/pool.c worker/pool.h \
	worker/proxy_protocol.c worker/proxy_protocol.h \
	worker/relay.c worker/relay.h \
	worker/route.c worker/route.h \
	worker/session.c worker/session.h \
	worker/session_tcp.c worker/session_tcp.h \
	worker/sticky.c worker/sticky.h \
	worker/upstream.c worker/upstream.h \
	worker/variables.c worker/variables.h \
	worker/waiting.c worker/waiting.h \
	worker/worker.c worker/worker.h
