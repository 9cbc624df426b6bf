#include "master/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static bool
error_log_is_file(const struct conf *conf)
{
	return strcmp(conf->error_log, "stderr") != 0 && strcmp(conf->error_log, "syslog") != 0;
}

static bool
access_log_is_file(const struct conf *conf)
{
	return conf->access_log != NULL && strcmp(conf->access_log, "stdout") != 0;
}

static int
access_log_open(const struct conf *conf, struct error *err)
{
	int fd;

	if (access_log_is_file(conf))
		fd = open(conf->access_log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		    0640);
	else
		fd = log_fd_own(STDOUT_FILENO);
	if (fd < 0)
		return error_file(err, conf->access_log, "cannot open the access log %s", conf->access_log);
	return fd;
}

int
logs_open(struct logs *logs, const struct conf *conf, struct error *err)
{
	logs->access = -1;
	if (log_open(conf->error_log, conf->log_level, err) < 0)
		return -1;
	if (conf->access_log == NULL)
		return 0;
	logs->access = access_log_open(conf, err);
	return logs->access < 0 ? -1 : 0;
}

int
logs_reopen(struct logs *logs, const struct conf *conf, struct error *err)
{
	int access = -1;

	if (access_log_is_file(conf)) {
		access = access_log_open(conf, err);
		if (access < 0)
			return -1;
	}
	if (error_log_is_file(conf) && log_open(conf->error_log, conf->log_level, err) < 0) {
		if (access >= 0)
			close(access);
		return -1;
	}
	if (access >= 0) {
		close(logs->access);
		logs->access = access;
	}
	return 0;
}

/* Whether the file could be made in its directory. */
static bool
directory_takes(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";

	if (slash != NULL)
		snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0;
}

static int
log_file_check(const char *path, const char *what, struct error *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT || !directory_takes(path))
		return error_file(err, path, "cannot open the %s %s", what, path);
	return 0;
}

int
logs_check(const struct conf *conf, struct error *err)
{
	if (access_log_is_file(conf) && log_file_check(conf->access_log, "access log", err) < 0)
		return -1;
	return error_log_is_file(conf) ? log_file_check(conf->error_log, "log file", err) : 0;
}

bool
logs_message(const struct logs *logs, const struct conf *conf, struct channel_message *message)
{
	message->type = CHANNEL_LOGS;
	message->count = 0;
	message->logs = 0;
	message->fd_count = 0;
	if (error_log_is_file(conf) && log_fd() >= 0) {
		message->logs |= CHANNEL_LOG_ERROR;
		message->fds[message->fd_count++] = log_fd();
	}
	if (access_log_is_file(conf)) {
		message->logs |= CHANNEL_LOG_ACCESS;
		message->fds[message->fd_count++] = logs->access;
	}
	return message->fd_count > 0;
}

void
logs_close(struct logs *logs)
{
	if (logs->access >= 0)
		close(logs->access);
	logs->access = -1;
}
