/*
 * The PROXY protocol (haproxy.org, proxy-protocol.txt): what a connection to a server
 * begins with, to tell it who the client is. Pure, but for the one question to the
 * kernel of proxy_protocol_head. Runs in workers.
 */
#ifndef DROVER_WORKER_PROXY_PROTOCOL_H
#define DROVER_WORKER_PROXY_PROTOCOL_H

#include "conf/conf.h"
#include "ipc/channel.h"

enum { PROXY_PROTOCOL_MAX = 108 }; /* bytes of a head */

/*
 * Writes the head for the client on `fd`, whose own address the kernel is asked for.
 * Returns its length. Clients of unix sockets, and those whose connection is gone
 * already, are told as unknown.
 */
size_t proxy_protocol_head(
    char head[PROXY_PROTOCOL_MAX], enum conf_send_proxy version, const struct channel_connection *peer, int fd);

/* The same with the address to which the client connected; AF_UNSPEC: not known. */
size_t proxy_protocol_format(char head[PROXY_PROTOCOL_MAX], enum conf_send_proxy version,
    const struct channel_connection *peer, const struct sockaddr *local);

#endif
