#!/usr/bin/env python3
"""Servers that have names: their addresses come from DNS, and follow it while drover runs."""

import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, ControlError, process_exists  # pylint: disable=wrong-import-position
from dns import LIES, Dns, a, aaaa, srv  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Server, request, response  # pylint: disable=wrong-import-position


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
    more = {"resolve_interval_min": "100ms", "resolve_interval_max": "10s", "resolve_timeout": "5s", **more}
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
    for how in LIES:
        dns.lie("app.test", how)
        failed = watch.event_of("name-failed")  # a stall is a failure as well
        assert failed["server"] == f"app.test:{servers[0].port}" and failed["text"], failed
        assert shown(drover) == [server.address for server in servers]
        dns.set("app.test", a("127.0.0.1"), a("127.0.0.2"), ttl=0)
        watch.event_of("name-found")
    dns.forget("app.test")
    watch.event_of("name-failed", text="there is no such name")
    dns.set("app.test")
    watch.event_of("name-failed", text="it has no address")
    assert shown(drover) == [server.address for server in servers] and drover.get().status == 200
    dns.set("app.test", a("127.0.0.2"), ttl=0)
    assert watch.event_of("name-changed")["text"] == f"-{servers[0].address}"
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


@case
def services_have_backups(t):
    "addresses of another than the lowest priority value are backups, and are so no longer when that changes"
    dns, servers = t.keep(Dns()), [t.server(lambda _, i=i: response(body=b"%d" % i)) for i in range(2)]
    dns.set("one.test", a("127.0.0.1"), ttl=0)
    dns.set("_http._tcp.app.test", srv("one.test", servers[0].port, priority=10),
            srv("one.test", servers[1].port, priority=20), ttl=0)
    drover = start(t, dns, "_http._tcp.app.test")
    assert {row["address"]: row["backup"] for row in drover.servers()} == {
        servers[0].address: False, servers[1].address: True}
    assert all(drover.get().body == b"0" for _ in range(4))
    drover.call("server-set", pool="web", server=servers[0].address, state="drain", wait=True)
    assert all(drover.get().body == b"1" for _ in range(4))
    drover.call("server-set", pool="web", server=servers[0].address, state="ready", wait=True)
    dns.set("_http._tcp.app.test", srv("one.test", servers[0].port, priority=10),
            srv("one.test", servers[1].port, priority=5), ttl=0)
    t.wait(lambda: {row["address"]: row["backup"] for row in drover.servers()} == {
        servers[0].address: True, servers[1].address: False}, "the other one is the backup")
    t.wait(lambda: drover.get().body == b"1" and drover.get().body == b"1", "the workers know")


@case
def added_while_it_runs(t):
    "server-add takes a name; it is shown, looked up on demand, and removed with all its servers"
    dns, servers = t.keep(Dns()), farm(t, 3)
    drover = start(t, dns, t.server().address)
    name = {"pool": "web", "server": f"app.test:{servers[0].port}"}
    dns.set("app.test", a("127.0.0.1"), a("127.0.0.2"), ttl=3600)
    reply = drover.call("server-add", **name, **{"dry-run": True})
    assert drover.call("names")["names"] == [] and reply["changes"][0]["to"]["family"] == "any", reply
    reply = drover.call("server-add", **name, weight=3, family="ipv4")
    assert reply["address"] is None and reply["changes"][0]["to"]["weight"] == 3, reply
    t.wait(lambda: len(drover.servers()) == 3, "its addresses are servers")
    rows = [row for row in drover.servers() if row["from"] == name["server"]]
    assert sorted(row["address"] for row in rows) == [server.address for server in servers[:2]]
    assert all(row["weight"] == 3 and row["server"] == row["address"] for row in rows), rows
    row, = drover.call("names", pool="web")["names"]
    assert row["type"] == "host" and row["servers"] == 2 and row["ttl-ms"] == 3600000 and row["error"] is None, row
    assert 0 < row["next-ms"] <= 10000 and row["resolved"] is not None and row["failures"] == 0, row
    dns.set("app.test", *[a(server.host) for server in servers], ttl=3600)
    reply = drover.call("resolve", **name, wait=True)
    assert reply["servers"] == 3 and reply["answers"] == row["answers"] + 1, reply
    text = drover.call("config", format="text")["config"]
    assert f'server "{name["server"]}"' in text and servers[1].address not in text, text
    for method, params in (("server-add", name), ("server-remove", {"pool": "web", "server": servers[1].address}),
                           ("server-set", {**name, "weight": 2}), ("resolve", {"pool": "web", "server": servers[0].address}),
                           ("server-add", {"pool": "web", "server": "127.0.0.1:1", "family": "ipv4"}),
                           ("server-add", {"pool": "web", "server": servers[1].address})):
        try:
            drover.call(method, **params)
            raise AssertionError(f"{method} {params} was carried out")
        except ControlError as error:
            assert error.hint, error
    reply = drover.call("server-remove", **name, wait=True)
    assert reply["gone"] is True and len(drover.servers()) == 1, reply
    assert drover.call("names")["names"] == [] and drover.call("config")["changes"] == []


@case
def what_an_admin_set_stays(t):
    "weight and state of an address are its own for as long as the name has it"
    dns, servers = t.keep(Dns()), farm(t, 2)
    dns.set("app.test", a("127.0.0.1"), a("127.0.0.2"), ttl=0)
    drover = start(t, dns, f"app.test:{servers[0].port}")
    drover.call("server-set", pool="web", server=servers[0].address, weight=7, state="drain", wait=True)
    answers = drover.call("names")["names"][0]["answers"]
    t.wait(lambda: drover.call("names")["names"][0]["answers"] > answers + 2, "it was looked up again")
    row, = [row for row in drover.servers() if row["address"] == servers[0].address]
    assert row["weight"] == 7 and row["state"] == "drain", row
    assert all(drover.get().body == b"127.0.0.2" for _ in range(4))


@case
def one_that_comes_back_is_the_same(t):
    "an address that is gone finishes its requests; it may come back before that, as the server that it was"
    go_on = threading.Event()

    def respond(_):
        go_on.wait(60)
        return response(body=b"late")

    dns, hellos = t.keep(Dns()), [t.server(respond), t.server()]
    dns.set("one.test", a("127.0.0.1"), ttl=0)
    dns.set("_http._tcp.app.test", srv("one.test", hellos[0].port), ttl=0)
    drover = start(t, dns, "_http._tcp.app.test")
    peer = t.connect(drover)
    peer.send(request())
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the request is in flight")
    dns.set("_http._tcp.app.test", srv("one.test", hellos[1].port), ttl=0)
    t.wait(lambda: [row["state"] for row in drover.servers()] == ["leaving", "ready"], "it leaves")
    dns.set("_http._tcp.app.test", srv("one.test", hellos[0].port), ttl=0)
    t.wait(lambda: shown(drover) == [hellos[0].address], "it is back")
    assert drover.servers()[0]["requests"] == 1, drover.servers()
    go_on.set()
    assert peer.read_response().status == 200


@case
def first_stays_where_it_is(t):
    "with addresses = first one address is taken, and stays for as long as the name has it"
    dns, servers = t.keep(Dns()), farm(t, 3)
    dns.set("app.test", a("127.0.0.2"), a("127.0.0.3"), ttl=0)
    drover = t.drover(t.pool(f"app.test:{servers[0].port}", name="web", server_options="addresses = first"),
                      resolvers=f'{{ "{dns.address}" }}', resolve_interval_min="100ms")
    wait_servers(t, drover, servers[1])
    dns.set("app.test", a("127.0.0.1"), a("127.0.0.2"), ttl=0)
    asked = dns.count("app.test")
    t.wait(lambda: dns.count("app.test") > asked + 4, "it was looked up again")
    assert shown(drover) == [servers[1].address]
    dns.set("app.test", a("127.0.0.3"), a("127.0.0.1"), ttl=0)
    wait_servers(t, drover, servers[0])


@case
def the_prober_is_killed(t):
    "without a prober the servers stay; the next one goes on where it was"
    dns, servers = t.keep(Dns()), farm(t, 2)
    dns.set("app.test", a("127.0.0.1"), ttl=0)
    drover = start(t, dns, f"app.test:{servers[0].port}")
    load = t.keep(Load(drover, clients=2))
    for wanted in (servers, servers[1:]):
        pid = t.wait(lambda: drover.call("status")["prober"]["pid"], "there is a prober")
        os.kill(pid, signal.SIGKILL)
        t.wait(lambda pid=pid: not process_exists(pid), "it is dead")
        dns.set("app.test", *[a(server.host) for server in wanted], ttl=0)
        wait_servers(t, drover, *wanted)
    load.stop()
    assert not load.failures, load.failures[:3]


@case
def the_prober_is_killed_when_it_was_asked(t):
    "who has a name resolved now is answered, also when the prober that was told so dies: the next one is"
    dns, servers = t.keep(Dns()), farm(t, 2)
    dns.set("app.test", a("127.0.0.1"), ttl=600)
    drover = start(t, dns, f"app.test:{servers[0].port}", resolve_interval_max="600s")
    pid = t.wait(lambda: drover.call("status")["prober"]["pid"], "there is a prober")
    dns.lie("app.test", "silence")
    asked = dns.count("app.test")
    drover.call("resolve", pool="web", server=f"app.test:{servers[0].port}", wait=False)
    t.wait(lambda: dns.count("app.test") > asked, "the prober asks")
    os.kill(pid, signal.SIGKILL)
    dns.set("app.test", a("127.0.0.2"), ttl=600)
    wait_servers(t, drover, servers[1])


@case
def too_many_addresses(t):
    "of 1,000 addresses 256 are taken, the same ones each time, and that is told; they come by TCP"
    dns = t.keep(Dns())
    many = [a(f"127.{1 + i // 250}.0.{1 + i % 250}") for i in range(1000)]
    dns.set("app.test", *many, ttl=0)
    drover = start(t, dns, "app.test:9", workers=1)
    assert len(drover.servers()) == 256 and dns.over_tcp > 0
    before = shown(drover)
    row, = drover.call("names")["names"]
    assert "more than 256" in row["error"] and row["servers"] == 256, row
    dns.set("app.test", *reversed(many), ttl=0)
    t.wait(lambda: drover.call("names")["names"][0]["answers"] > row["answers"] + 1, "it was looked up again")
    assert shown(drover) == before


@case
def a_part_of_an_answer_takes_nothing_away(t):
    "when one of two families is not answered its addresses stay, and those of the other are followed"
    dns, servers = t.keep(Dns()), farm(t, 2)
    dns.set("app.test", a("127.0.0.1"), aaaa("::1"), ttl=0)
    port = servers[0].port
    drover = start(t, dns, f"app.test:{port}", resolve_timeout="300ms")
    t.wait(lambda: shown(drover) == [f"127.0.0.1:{port}", f"[::1]:{port}"], "both are found")
    dns.lie("app.test", "silence", kind="AAAA")
    dns.set("app.test", a("127.0.0.2"), ttl=0, lies_on=True)
    t.wait(lambda: shown(drover) == [f"127.0.0.1:{port}", f"127.0.0.2:{port}", f"[::1]:{port}"], "the new one is there")
    assert drover.call("names")["names"][0]["failures"] > 0
    dns.set("app.test", a("127.0.0.2"), ttl=0)
    wait_servers(t, drover, servers[1])


@case
def a_start_does_not_wait_for_ever(t):
    "DNS servers that say nothing hold a start up for no longer than resolve-timeout; -t warns"
    dns = t.keep(Dns())
    for i in range(100):
        dns.lie(f"app{i}.test", "silence")
    drover = start(t, dns, *[f"app{i}.test:80" for i in range(100)], resolve_timeout="200ms")
    assert drover.get().status == 503
    assert drover.stderr().count("there was no answer in time") == 100, drover.stderr()
    check = subprocess.run([DROVER, "-t", "-c", drover.conf_path], capture_output=True, text=True, timeout=60, check=True)
    assert "is good" in check.stdout and check.stderr.count("warning:") == 100, check


main()
