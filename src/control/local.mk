noinst_LIBRARIES += libcontrol.a
libcontrol_a_SOURCES = \
	control/app_values.c control/app_values.h \
	control/buffer.c control/buffer.h \
	control/command.c control/command.h \
	control/command_app_change.c control/command_app_change.h \
	control/command_apps.c \
	control/command_auth.c \
	control/command_balance.c \
	control/command_config.c \
	control/command_counters.c \
	control/command_help.c \
	control/command_histograms.c \
	control/command_listener_set.c \
	control/command_listeners.c \
	control/command_log.c \
	control/command_logs.c \
	control/command_maintenance.c \
	control/command_names.c control/command_names.h \
	control/command_pools.c \
	control/command_reload.c \
	control/command_scale.c \
	control/command_servers.c \
	control/command_servers_change.c \
	control/command_session_close.c \
	control/command_sessions.c \
	control/command_status.c \
	control/command_stop.c \
	control/command_watch.c \
	control/command_workers.c \
	control/commands.c control/commands.h \
	control/config_texts.c control/config_texts.h \
	control/connection.c control/connection.h \
	control/control.c control/control.h \
	control/named.c control/named.h \
	control/params.c control/params.h \
	control/peer.c control/peer.h \
	control/pool_walk.c control/pool_walk.h \
	control/record.c control/record.h \
	control/refusals.c control/refusals.h \
	control/reply.c control/reply.h \
	control/request.c control/request.h \
	control/session_filter.c control/session_filter.h \
	control/shared.h \
	control/shared_text.c control/shared_text.h \
	control/stream.c control/stream.h \
	control/sums.c control/sums.h \
	control/tables.c control/tables.h \
	control/tail.c control/tail.h \
	control/values.c control/values.h \
	control/watch.c control/watch.h
