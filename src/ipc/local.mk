noinst_LIBRARIES += libipc.a
libipc_a_SOURCES = \
	ipc/channel.c ipc/channel.h \
	ipc/clients.c ipc/clients.h \
	ipc/counters.c ipc/counters.h \
	ipc/health.c ipc/health.h \
	ipc/histogram.c ipc/histogram.h \
	ipc/lock.c ipc/lock.h \
	ipc/names.c ipc/names.h \
	ipc/prober_start.h \
	ipc/query.c ipc/query.h \
	ipc/queue.c ipc/queue.h \
	ipc/scoreboard.c ipc/scoreboard.h \
	ipc/waker.c ipc/waker.h \
	ipc/worker_start.h
