/* Rows about what drover runs. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_APP_H
#define DROVER_CONF_OPTIONS_APP_H

#include "conf/app.h"
#include "conf/options_row.h"

#define APP_OPTIONS \
	{ "command", APP, &conf_type_command, 0, 0, NULL, NULL, false, \
		LIST(conf_pool, app.command, app.command_count), \
		.sentence = "Program that is run, and its arguments; {port}, {socket} and {instance} in them are " \
			    "replaced." }, \
	    { "shell", APP, &conf_type_boolean, 0, 0, NULL, "false", false, FIELD(conf_pool, app.shell), \
		    .sentence = "Whether the command is one text, for /bin/sh." }, \
	    { "instances", APP, &conf_type_instances, 0, CONF_INSTANCES_MAX, "auto", "1", false, \
		    FIELD(conf_pool, app.instances), \
		    .sentence = "How many processes are run; auto: one for each usable core." }, \
	    { "listen", APP, &conf_type_choice, 0, 0, NULL, "auto", false, FIELD(conf_pool, app.listen), \
		    .sentence = "Where an instance listens: on a port or unix socket that it makes, or on a " \
				"socket that it is passed; auto: unix if {socket} is mentioned, else port.", \
		    .words = app_listen_words }, \
	    { "directory", APP, &conf_type_file, 0, 0, NULL, NULL, false, FIELD(conf_pool, app.directory), \
		    .sentence = "Working directory; that in which drover was started if unset." }, \
	    { "environment", APP, &conf_type_environment, 0, 0, NULL, "{ }", false, \
		    LIST(conf_pool, app.environment, app.environment_count), \
		    .sentence = "Environment variables, each NAME=VALUE; {port}, {socket} and {instance} in them " \
				"are replaced.", \
		    .open_length = conf_environment_open }, \
	    { "environment-inherit", APP, &conf_type_boolean, 0, 0, NULL, "true", false, \
		    FIELD(conf_pool, app.environment_inherit), \
		    .sentence = "Whether it has drover's environment, too, or of that only what every program needs." }, \
	    { "user", APP, &conf_type_app_user, 0, 0, NULL, NULL, false, FIELD(conf_pool, app.user), \
		    .sentence = "User that it runs as, by name or number; that of workers if unset." }, \
	    { "group", APP, &conf_type_app_group, 0, 0, NULL, NULL, false, FIELD(conf_pool, app.group), \
		    .sentence = "Group that it runs as, by name or number; that of the user if unset." }, \
	    { "umask", APP, &conf_type_umask, 0, 0777, NULL, NULL, false, FIELD(conf_pool, app.umask), \
		    .sentence = "Mode bits that files it makes do not have, in octal; drover's if unset." }, \
	    { "start-timeout", APP, &conf_type_time, CLOCK_MILLISECOND, HOUR, NULL, "30s", false, \
		    FIELD(conf_pool, app.start_timeout), \
		    .sentence = "Time for an instance to become ready." }, \
	    { "start-retries", APP, &conf_type_number, 0, 1000, NULL, "5", false, \
		    FIELD(conf_pool, app.start_retries), \
		    .sentence = "Starts in a row that may fail before an instance is given up." }, \
	    { "stop-signal", APP, &conf_type_choice, 0, 0, NULL, "TERM", false, \
		    FIELD(conf_pool, app.stop_signal), \
		    .sentence = "Signal that asks an instance to end.", .words = stop_signal_words }, \
	    { "stop-timeout", APP, &conf_type_time, 0, HOUR, NULL, "10s", false, \
		    FIELD(conf_pool, app.stop_timeout), \
		    .sentence = "Time from that signal to SIGKILL." }, \
	    { "max-memory", APP, &conf_type_size, KIB * KIB, UINT64_C(1) << 50, "0", "0", false, \
		    FIELD(conf_pool, app.max_memory), \
		    .sentence = "Memory of an instance above which it is replaced; 0: no limit." }, \
	    { "max-requests", APP, &conf_type_number, 0, UINT32_MAX, NULL, "0", false, \
		    FIELD(conf_pool, app.max_requests), \
		    .sentence = "Requests after which an instance is replaced; 0: no limit." }, \
	    { "max-age", APP, &conf_type_time, CLOCK_SECOND, 365 * DAY, "0", "0", false, \
		    FIELD(conf_pool, app.max_age), \
		    .sentence = "Time after which an instance is replaced; 0: no limit." }, \
	    { "jitter", APP, &conf_type_number, 0, 100, NULL, "10", false, FIELD(conf_pool, app.jitter), \
		    .sentence = "By how many percent, more or less, the last two differ from instance to " \
				"instance." }, \
	    { "surge", APP, &conf_type_number, 0, CONF_INSTANCES_MAX, NULL, "1", false, \
		    FIELD(conf_pool, app.surge), \
		    .sentence = "Instances that there may be more than wanted while they are replaced." }, \
	    { "max-unavailable", APP, &conf_type_number, 0, CONF_INSTANCES_MAX, NULL, "0", false, \
		    FIELD(conf_pool, app.max_unavailable), \
		    .sentence = "Instances that may be missing while they are replaced." }, \
	    { "max-connections", APP, &conf_type_number, 0, 1000000, NULL, "0", false, \
		    FIELD(conf_pool, app.max_connections), \
		    .sentence = "Requests in flight to each instance over all workers; 0: no limit." }, \
	{ \
		"output-rate", APP, &conf_type_number, 0, 1000000, NULL, "1000", false, \
		    FIELD(conf_pool, app.output_rate), \
		    .sentence = "Lines a second that each instance may write to the log; 0: all." \
	}

#endif
