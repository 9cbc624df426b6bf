#!/usr/bin/env python3
"""Servers that have names: their addresses come from DNS, and follow it while drover runs."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from dns import Dns, a, srv  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Server, response  # pylint: disable=wrong-import-position


def farm(t, count):
    """Servers on one port of 127.0.0.1, 127.0.0.2 and so on; each answers with its address."""
    for _ in range(20):
        servers = []
        try:
            for i in range(count):
                host = f"127.0.0.{i + 1}"
                servers.append(Server(lambda _, host=host: response(body=host.encode()), host=host,
                                      port=servers[0].port if servers else 0))
            return [t.keep(server) for server in servers]
        except OSError:  # the port is taken on one of them
            for server in servers:
                server.close()
    raise AssertionError("no port is free on all addresses")


def start(t, dns, *servers, options="", **more):
    """drover with a pool of these servers, which looks names up often."""
    more = {"resolve_interval_min": "100ms", "resolve_interval_max": "10s", "resolve_timeout": "1s", **more}
    return t.drover(t.pool(*servers, name="web", options=options), listen="defer-accept = false",
                    resolvers=f'{{ "{dns.address}" }}', **more)


def shown(drover):
    """The addresses of those that take requests."""
    return sorted(row["address"] for row in drover.servers() if row["state"] == "ready")


def wait_servers(t, drover, *servers):
    """Waits until these are the servers, and those that left are gone."""
    wanted = sorted(server.address for server in servers)
    t.wait(lambda: shown(drover) == wanted and len(drover.servers()) == len(wanted),
           f"the servers are {wanted} (they are {drover.servers()})")


@case
def found_at_the_start(t):
    "all addresses of a name are servers when drover is ready"
    dns, servers = t.keep(Dns()), farm(t, 3)
    dns.set("app.test", *[a(server.host) for server in servers], ttl=60)
    drover = start(t, dns, f"app.test:{servers[0].port}")
    assert shown(drover) == [server.address for server in servers]
    assert sorted(drover.get().body for _ in range(3)) == [server.host.encode() for server in servers]


@case
def grows_and_shrinks_under_load(t):
    "a pool follows its name by the ttl, under load: nothing fails"
    dns, servers = t.keep(Dns()), farm(t, 4)
    dns.set("app.test", a("127.0.0.1"), ttl=1)
    drover = start(t, dns, f"app.test:{servers[0].port}")
    load = t.keep(Load(drover))
    for wanted in (servers[:3], servers[2:], servers[1:2], servers):
        dns.set("app.test", *[a(server.host) for server in wanted], ttl=1)
        wait_servers(t, drover, *wanted)
        load.wait(50)
    load.stop()
    assert not load.failures and not load.refused, (load.failures[:3], load.refused[:3])
    assert all(server.count() > 0 for server in servers)


@case
def services_have_ports_and_weights(t):
    "SRV records name hosts, ports and weights; those that change are followed"
    dns, servers = t.keep(Dns()), [t.server() for _ in range(3)]
    dns.set("one.test", a("127.0.0.1"), ttl=0)
    dns.set("_http._tcp.app.test", srv("one.test", servers[0].port, weight=3),
            srv("one.test", servers[1].port, weight=0), ttl=0)
    drover = start(t, dns, "_http._tcp.app.test")
    weights = {row["address"]: row["weight"] for row in drover.servers()}
    assert weights == {servers[0].address: 3, servers[1].address: 1}, weights
    dns.set("_http._tcp.app.test", srv("one.test", servers[0].port, weight=65535),
            srv("one.test", servers[2].port, weight=32768), ttl=0)
    wait_servers(t, drover, servers[0], servers[2])
    weights = {row["address"]: row["weight"] for row in drover.servers()}
    assert weights == {servers[0].address: 256, servers[2].address: 128}, weights


@case
def an_answer_that_fails_changes_nothing(t):
    "whatever goes wrong with a name, the last good answer stays"
    dns, servers = t.keep(Dns()), farm(t, 2)
    dns.set("app.test", a("127.0.0.1"), a("127.0.0.2"), ttl=0)
    drover = start(t, dns, f"app.test:{servers[0].port}", resolve_timeout="300ms", resolve_interval_max="200ms")
    watch = t.keep(drover.open_control())
    watch.watch(events="name-*")
    for how in ("servfail", "garbage", "empty", "loop", "short", "counts", "bad-length"):
        dns.lie("app.test", how)
        failed = watch.event("name-failed")
        assert failed["server"] == f"app.test:{servers[0].port}" and failed["text"], failed
        assert shown(drover) == [server.address for server in servers]
        dns.set("app.test", a("127.0.0.1"), a("127.0.0.2"), ttl=0)
        watch.event("name-found")
    dns.forget("app.test")
    assert watch.event("name-failed")["text"] == "there is no such name"
    dns.set("app.test")
    assert watch.event("name-failed")["text"] == "it has no address"
    assert shown(drover) == [server.address for server in servers] and drover.get().status == 200
    dns.set("app.test", a("127.0.0.2"), ttl=0)
    watch.event("name-found")
    assert watch.event("name-changed")["text"] == f"-{servers[0].address}"
    wait_servers(t, drover, servers[1])


@case
def appears_later(t):
    "a name that is not there yet is a warning; requests are answered 503 until it is"
    dns, servers = t.keep(Dns()), farm(t, 1)
    name = f"app.test:{servers[0].port}"
    drover = start(t, dns, name, resolve_interval_max="100ms")
    assert f'warning: server "{name}": there is no such name' in drover.stderr(), drover.stderr()
    assert drover.get().status == 503 and shown(drover) == []
    dns.set("app.test", a("127.0.0.1"), ttl=0)
    wait_servers(t, drover, servers[0])
    t.wait(lambda: drover.get().status == 200, "the workers know")


main()
