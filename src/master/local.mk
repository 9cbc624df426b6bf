noinst_LIBRARIES += libmaster.a
libmaster_a_SOURCES = \
	master/app_state.h \
	master/apps.c master/apps.h \
	master/instance_start.c \
	master/instances.c \
	master/rolls.c \
	master/daemon.c master/daemon.h \
	master/dispatch.c master/dispatch.h \
	master/effective.c master/effective.h \
	master/events.c master/events.h \
	master/follow.c master/follow.h \
	master/limits.c master/limits.h \
	master/log_levels.c master/log_levels.h \
	master/logs.c master/logs.h \
	master/maintenance.c master/maintenance.h \
	master/master.c master/master.h \
	master/names.c master/names.h \
	master/news.c master/news.h \
	master/notify.c master/notify.h \
	master/orphans.c master/orphans.h \
	master/pidfile.c master/pidfile.h \
	master/ports.c master/ports.h \
	master/privileges.c master/privileges.h \
	master/prober.c master/prober.h \
	master/queries.c master/queries.h \
	master/reap.c master/reap.h \
	master/reload.c \
	master/replace.c master/replace.h \
	master/schedule.c master/schedule.h \
	master/servers.c master/servers.h \
	master/servers_publish.c \
	master/signals.c master/signals.h \
	master/spawn.c master/spawn.h \
	master/state.h \
	master/supervised.c master/supervised.h \
	master/systemd.c master/systemd.h \
	master/title.c master/title.h \
	master/wakers.c master/wakers.h \
	master/users.c master/users.h \
	master/workers.c master/workers.h
