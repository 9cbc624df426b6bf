/*
 * The table of all commands that the control socket knows. To add one: a
 * handler in a file of its family, its name here, its row in commands.c. Master.
 */
#ifndef DROVER_CONTROL_COMMANDS_H
#define DROVER_CONTROL_COMMANDS_H

#include "control/command.h"

extern const struct command control_commands[]; /* the last has no name */

command_fn command_config; /* command_config.c */
command_fn command_counters; /* command_counters.c */
command_fn command_histograms; /* command_histograms.c */
command_fn command_listeners; /* command_listeners.c */
command_fn command_log_reopen; /* command_config.c */
command_fn command_help; /* command_help.c */
command_fn command_pools; /* command_pools.c */
command_fn command_routes; /* command_pools.c */
command_fn command_scale; /* command_workers.c */
command_fn command_servers; /* command_servers.c */
command_fn command_session_close; /* command_session_close.c */
command_fn command_sessions; /* command_sessions.c */
command_fn command_status; /* command_status.c */
command_fn command_stop; /* command_stop.c */
command_fn command_version; /* command_status.c */
command_fn command_watch; /* command_watch.c */
command_fn command_workers; /* command_workers.c */

#endif
