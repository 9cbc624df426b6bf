/*
 * The table of all commands that the control socket knows. To add one: a
 * handler in a file of its family, its name here, its row in commands.c. Master.
 */
#ifndef DROVER_CONTROL_COMMANDS_H
#define DROVER_CONTROL_COMMANDS_H

#include "control/command.h"

extern const struct command control_commands[]; /* the last has no name */

extern const char *const name_families[], *const name_addresses[]; /* by enum conf_family, conf_addresses */
extern const char *const signal_words[];
extern const char *const server_states_to_set[]; /* by enum conf_server_state, NULL at the end */

command_fn command_apps; /* command_apps.c */
command_fn command_config; /* command_config.c */
command_fn command_counters; /* command_counters.c */
command_fn command_histograms; /* command_histograms.c */
command_fn command_listeners; /* command_listeners.c */
command_fn command_help; /* command_help.c */
command_fn command_logs; /* command_logs.c */
command_fn command_names; /* command_names.c */
command_fn command_pools; /* command_pools.c */
command_fn command_routes; /* command_pools.c */
command_fn command_servers; /* command_servers.c */
command_fn command_session_close; /* command_session_close.c */
command_fn command_sessions; /* command_sessions.c */
command_fn command_status; /* command_status.c */
command_fn command_version; /* command_status.c */
command_fn command_watch; /* command_watch.c */
command_fn command_workers; /* command_workers.c */

command_fn command_balance; /* command_balance.c */
command_fn command_listener_set; /* command_listener_set.c */
command_fn command_maintenance; /* command_maintenance.c */
command_fn command_log_level; /* command_log.c */
command_fn command_auth_reload; /* command_auth.c */
command_fn command_log_reopen; /* command_log.c */
command_fn command_reload; /* command_reload.c */
command_fn command_resolve; /* command_names.c */
command_fn command_restart; /* command_app_change.c */
command_fn command_restart_worker; /* command_scale.c */
command_fn command_scale; /* command_scale.c */
command_fn command_server_add; /* command_servers_change.c */
command_fn command_server_remove; /* command_servers_change.c */
command_fn command_server_set; /* command_servers_change.c */
command_fn command_signal; /* command_app_change.c */
command_fn command_stop; /* command_stop.c */

#endif
