/*
 * Messages to the system's log over a socket that never waits: syslog(3) would
 * hold up the whole process when the daemon behind it stops reading. All
 * processes; children go on with the socket that they inherit.
 */
#ifndef DROVER_BASE_SYSLOG_H
#define DROVER_BASE_SYSLOG_H

#include <stdbool.h>

/* Connects, or connects again; without a daemon lines are lost until there is one. */
void syslog_open(void);

/* Sends one line with the priority of syslog.h (LOG_ERR ...), or loses it: false. */
bool syslog_send(int priority, const char *process, const char *text);

#endif
