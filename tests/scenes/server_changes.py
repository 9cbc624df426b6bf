#!/usr/bin/env python3
"""Servers are added, changed and taken out over the control socket while clients are served."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Server, request, response  # pylint: disable=wrong-import-position

IMPOSSIBLE = -32003
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
UPGRADE = request(target="/chat", fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")])


def row_of(drover, server):
    """The row of a server that is there once, or None."""
    rows = [row for row in drover.servers() if row["server"] == server.address]
    return rows[0] if rows else None


def start(t, *servers, **options):
    drover = t.drover(t.pool(*servers, name="web"), listen="defer-accept = false", **options)
    return drover, t.keep(drover.open_control())


class Slow:
    """A server that answers when it is let go."""

    def __init__(self, t):
        self.let_go = threading.Event()
        self.server = t.server(self.respond)

    def respond(self, _):
        self.let_go.wait(60)
        return response(body=b"late")


def busy(t, drover, server):
    """A connection with a request in progress on that server, the only one that is ready, until that is let go or a minute is over."""
    peer = t.connect(drover)
    peer.send(request(target="/slow/60000"))
    t.wait(lambda: row_of(drover, server)["load"] >= 1, "the request is in flight")
    return peer


@case
def come_and_go_under_load(t):
    "servers come, change and leave again and again under load: nothing fails, and each got its requests"
    hellos = [t.hello(name) for name in ("one", "two", "three")]
    drover, control = start(t, hellos[0], workers=3)
    load = t.keep(Load(drover, 6))
    for i in range(9):
        server = {"pool": "web", "server": hellos[1 + i % 2].address}
        control.call("server-add", **server, weight=1 + i)
        t.wait(lambda: row_of(drover, hellos[1 + i % 2])["requests"] > 3, "the new one gets requests")
        control.call("server-set", **server, weight=3, wait=True, **{"max-connections": 40})
        control.call("server-set", pool="web", server=hellos[0].address, state="drain", wait=True)
        before = row_of(drover, hellos[0])["requests"]
        load.wait(30)
        assert row_of(drover, hellos[0])["requests"] == before
        control.call("server-set", pool="web", server=hellos[0].address, state="ready", wait=True)
        removed = control.call("server-remove", **server, wait=True)
        assert removed["gone"] is True and removed["load"] == 0, removed
        load.wait(20)
    load.stop()
    assert not load.refused and not load.failures, (load.refused[:3], load.failures[:3])
    assert [row["server"] for row in drover.servers()] == [hellos[0].address]
    assert drover.counters()["responses-5xx"] == 0


@case
def all_workers_know_at_once(t):
    "what has been answered with wait holds for the next request, whichever worker it comes to"
    hellos = [t.hello("one"), t.hello("two")]
    drover, control = start(t, *hellos, workers=4, balance="round-robin")
    for i in range(6):
        off, on = hellos[i % 2], hellos[1 - i % 2]
        control.call("server-set", pool="web", server=on.address, state="ready", wait=True)
        reply = control.call("server-set", pool="web", server=off.address, state="drain", wait=True)
        assert reply["settled"] is True and reply["state"] == "drain" and reply["load"] == 0, reply
        before = row_of(drover, off)["requests"]
        assert all(drover.get().status == 200 for _ in range(8))
        assert row_of(drover, off)["requests"] == before


@case
def drained_while_it_answers(t):
    "a server in a drain gets no new request while its long one is finished"
    slow = Slow(t)
    hellos = [slow.server, t.hello()]
    drover, control = start(t, hellos[0])
    peer = busy(t, drover, hellos[0])
    control.call("server-add", pool="web", server=hellos[1].address)
    control.send_line({"method": "server-set", "params": {"pool": "web", "server": hellos[0].address, "state": "drain", "wait": True}})
    t.wait(lambda: row_of(drover, hellos[0])["state"] == "drain", "it is in a drain")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    before = row_of(drover, hellos[0])
    assert all(drover.get().status == 200 for _ in range(10))
    after = row_of(drover, hellos[0])
    assert after["requests"] == before["requests"] == 1, (before, after)
    slow.let_go.set()
    assert peer.read_response().status == 200
    reply = control.reply()["result"]
    assert reply["load"] == 0 and reply["state"] == "drain", reply
    assert row_of(drover, hellos[1])["requests"] == 10


@case
def removed_while_it_answers(t):
    "a server that is taken out finishes its request first; it can be added again meanwhile"
    slow = Slow(t)
    hellos = [slow.server, t.hello()]
    drover, control = start(t, hellos[0])
    server = {"pool": "web", "server": hellos[0].address}
    peer = busy(t, drover, hellos[0])
    control.call("server-add", pool="web", server=hellos[1].address)
    control.send_line({"method": "server-remove", "params": {**server, "wait": True}})
    t.wait(lambda: row_of(drover, hellos[0])["state"] == "leaving", "it leaves")
    try:
        drover.call("server-set", **server, weight=3)
        raise AssertionError("it was changed")
    except ControlError as error:
        assert error.code == IMPOSSIBLE and "server-add" in error.hint, error
    assert drover.call("server-remove", **server)["changes"] == []
    drover.call("server-add", **server)
    assert sorted(row["state"] for row in drover.servers()) == ["leaving", "ready", "ready"]
    slow.let_go.set()
    assert peer.read_response().status == 200
    reply = control.reply()["result"]
    assert reply["gone"] is True, reply
    assert sorted(row["state"] for row in drover.servers()) == ["ready", "ready"]
    assert row_of(drover, hellos[0])["requests"] == 0


@case
def removed_by_force(t):
    "force cuts requests in progress off, which cannot be sent again, also when the server is leaving already"
    silent, hello = t.server(handler=lambda peer: silent.record(peer.read_request(), peer) or peer.read_request()), t.hello()
    drover, control = start(t, silent)
    peers = [t.connect(drover) for _ in range(2)]
    for peer in peers:
        peer.send(request("POST"))
    t.wait(lambda: silent.count() == 2, "the requests have arrived")
    control.call("server-add", pool="web", server=hello.address)
    server = {"pool": "web", "server": silent.address}
    assert control.call("server-remove", **server)["gone"] is False
    reply = control.call("server-remove", **server, force=True, wait=True)
    assert reply["gone"] is True and reply["changes"][0]["from"] == "leaving", reply
    for peer in peers:
        assert peer.read_response("POST").status == 503
        peer.close()
    assert drover.get().status == 200
    drover.wait_loads(0)


def tunnel(t, drover):
    peer = t.connect(drover)
    peer.send(UPGRADE)
    assert peer.read_head().status == 101
    return peer


@case
def maintenance_ends_tunnels(t):
    "a drain leaves tunnels alone, maintenance ends them"
    def handler(peer):
        peer.read_request()
        peer.send(SWITCH)
        while peer.buffer or peer.receive():
            peer.send(peer.take(len(peer.buffer)))

    server, other = t.server(handler=handler), t.hello()
    drover, control = start(t, server, workers=1)
    peer = tunnel(t, drover)
    control.call("server-add", pool="web", server=other.address)
    control.call("server-set", pool="web", server=server.address, state="drain")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    peer.send(b"still there?")
    assert peer.read(12) == b"still there?"
    reply = control.call("server-set", pool="web", server=server.address, state="maintenance", wait=True)
    assert reply["load"] == 0 and reply["state"] == "maintenance", reply
    assert peer.ended()
    assert drover.get().status == 200
    drover.wait_loads(0)


@case
def somebody_else_changes_it_again(t):
    "who waits for a drain is told when somebody makes the server ready again"
    hello = t.hello()
    drover, control = start(t, hello, t.hello("other"))
    control.call("server-set", pool="web", server=drover.servers()[1]["server"], state="drain", wait=True)
    peer = busy(t, drover, hello)
    server = {"pool": "web", "server": hello.address}
    control.send_line({"method": "server-set", "params": {**server, "state": "maintenance", "wait": True}})
    t.wait(lambda: row_of(drover, hello)["state"] == "maintenance", "it is in maintenance")
    drover.call("server-set", **server, state="ready")
    reply = control.reply()["result"]
    assert reply["state"] == "ready" and reply["load"] == 1, reply
    peer.close()


@case
def by_address_and_in_other_words(t):
    "a server is found by its name as written or by its address; it cannot be added in other words"
    server = t.server()
    drover, control = start(t, f"localhost:{server.port}", t.server())
    control.call("server-set", pool="web", server=f"localhost:{server.port}", weight=2, wait=True)
    reply = control.call("server-set", pool="web", server=server.address, weight=3, wait=True)
    assert reply["server"] == f"localhost:{server.port}" and reply["changes"][0]["from"] == 2, reply
    try:
        control.call("server-add", pool="web", server=server.address)
        raise AssertionError("it was added twice")
    except ControlError as error:
        assert error.code == IMPOSSIBLE and "localhost" in error.message, error
    unix = control.call("server-add", pool="web", server="unix:/nowhere/x.sock", state="maintenance")
    assert unix["address"] == "unix:/nowhere/x.sock" and unix["state"] == "maintenance", unix
    assert drover.get().status == 200
    reply = control.call("server-remove", pool="web", server=server.address, wait=True)
    assert reply["server"] == f"localhost:{server.port}" and reply["gone"], reply


@case
def its_options_are_at_work(t):
    "weight, max-connections, max-fails and fail-timeout of an added server are what was asked for"
    hello, dead = t.hello(), t.keep(Server(listening=False))
    drover, control = start(t, hello, workers=1, queue_size=0)
    control.call("server-add", pool="web", server=dead.address, **{"max-fails": 2, "fail-timeout-ms": 3600000})
    t.wait(lambda: drover.get().status == 200 and not row_of(drover, dead)["up"], "two failures take it out")
    assert row_of(drover, dead)["failures"] == 2
    assert 3500000 < row_of(drover, dead)["down-for-ms"] <= 3600000
    second = t.hello("second")
    control.call("server-add", pool="web", server=second.address, weight=3)
    before = row_of(drover, hello)["requests"]
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    assert all(drover.get().status == 200 for _ in range(40))
    assert row_of(drover, hello)["requests"] - before == 10 and row_of(drover, second)["requests"] == 30
    control.call("server-set", pool="web", server=hello.address, state="drain", wait=True)
    control.call("server-set", pool="web", server=second.address, wait=True, **{"max-connections": 1})
    control.call("server-remove", pool="web", server=dead.address, wait=True)
    peer = busy(t, drover, second)
    assert drover.get().status == 503
    peer.close()


@case
def what_was_changed_outlives_workers(t):
    "a worker that is started after a change works by it"
    hello, other = t.hello(), t.hello("other")
    drover, control = start(t, hello, workers=1)
    control.call("server-add", pool="web", server=other.address)
    control.call("server-set", pool="web", server=hello.address, state="maintenance", wait=True)
    os.kill(drover.pids()[0], 9)
    t.wait(lambda: drover.call("status")["deaths"] == 1 and len(drover.pids()) == 1, "there is another worker")
    assert all(drover.get().status == 200 for _ in range(4))
    assert row_of(drover, other)["requests"] == 4 and row_of(drover, hello)["requests"] == 0


main()
