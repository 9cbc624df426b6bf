#!/usr/bin/env python3
"""Which servers have their turn: backups, those that come back slowly, and those that are tried."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def start(t, rows, options="", **more):
    """A pool of (server, options) rows."""
    text = "".join(f'server "{server.address}" {{ {row} }}\n' for server, row in rows)
    return t.drover(f'pool "app" {{ fail-timeout = 60s  {options}\n{text} }}', max_fails=1, **more)


def change(drover, server, **what):
    return drover.call("server-set", pool="app", server=server.address, wait=True, **what)


def row_of(drover, server):
    return next(row for row in drover.servers() if row["server"] == server.address)


def counts(*servers):
    return [server.count() for server in servers]


def get(drover, times):
    for _ in range(times):
        assert drover.get().status == 200


@case
def backups_wait(t):
    "a backup takes requests only while no other server is up; several share them evenly"
    first, second, third, fourth = (t.server() for _ in range(4))
    drover = start(t, [(third, "backup = yes"), (first, ""), (fourth, "backup = yes"), (second, "")], workers=3)
    assert [row["backup"] for row in drover.servers()] == [True, False, True, False]
    get(drover, 20)
    assert counts(first, second, third, fourth) == [10, 10, 0, 0]
    change(drover, first, state="drain")
    get(drover, 10)
    assert counts(first, second, third, fourth) == [10, 20, 0, 0]
    second.die()
    t.wait(lambda: drover.get().status == 200 and not row_of(drover, second)["up"], "the last one is down")
    before = counts(third, fourth)
    get(drover, 20)
    assert [after - b for after, b in zip(counts(third, fourth), before)] == [10, 10]
    change(drover, first, state="ready")
    before = counts(third, fourth)
    get(drover, 10)
    assert counts(third, fourth) == before and first.count() == 20


@case
def a_failed_request_goes_to_the_backup(t):
    "no request fails when the only server refuses and a backup is there"
    gone, backup = t.server(listening=False), t.server()
    drover = start(t, [(gone, ""), (backup, "backup = yes")], options="max-fails = 100")
    get(drover, 5)
    assert backup.count() == 5 and row_of(drover, gone)["failures"] == 5


@case
def full_is_not_down(t):
    "a server at max-connections is no reason to use a backup"
    gate = threading.Event()

    def respond(seen):
        gate.wait(60)
        return response()

    busy, backup = t.server(respond), t.server()
    drover = start(t, [(busy, "max-connections = 1"), (backup, "backup = yes")], options="queue-size = 0")
    peer = t.connect(drover)
    peer.send(request())
    t.wait(lambda: row_of(drover, busy)["load"] == 1, "it is busy")
    assert drover.get().status == 503
    gate.set()
    assert peer.read_response().status == 200
    assert backup.count() == 0


@case
def a_backup_is_added(t):
    "server-add adds backups, and the configuration that drover shows has them"
    first, backup = t.server(), t.server()
    drover = start(t, [(first, "")])
    reply = drover.call("server-add", pool="app", server=backup.address, backup=True, **{"slow-start-ms": 1500})
    assert reply["changes"][0]["to"]["backup"] is True and reply["changes"][0]["to"]["slow-start"] == "1500ms", reply
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    get(drover, 10)
    assert counts(first, backup) == [10, 0] and row_of(drover, backup)["backup"] is True
    pool = drover.call("config")["config"]["pool"][0]
    assert [row["backup"] for row in pool["server"]] == [False, True], pool


@case
def one_request_tries(t):
    "a server that was down is tried by one request; the others do not wait for how that ends"
    gate = threading.Event()

    def respond(seen):
        gate.wait(60)
        return response()

    down, other = t.server(respond, listening=False), t.server()
    # the next trial is that long behind the first: the others are answered before
    drover = start(t, [(down, "fail-timeout = 4s"), (other, "")], workers=3)
    t.wait(lambda: drover.get().status == 200 and row_of(drover, down)["failures"] == 1, "it is down")
    down.accept()
    peer, before, sent = t.connect(drover), other.count(), 0
    while down.count() == 0:
        if sent > 0:
            assert peer.read_response().status == 200
        peer.send(request())
        sent += 1
        t.wait(lambda: down.count() + other.count() - before == sent, "a server has it")
    get(drover, 8)
    assert down.count() == 1, down.count()
    gate.set()
    assert peer.read_response().status == 200
    t.wait(lambda: "is up again" in drover.log(), "it is up")
    before = counts(down, other)
    get(drover, 10)
    assert [after - b for after, b in zip(counts(down, other), before)] == [5, 5]


@case
def all_down_are_tried(t):
    "when all servers are down they are tried all the same, and the first that answers is up"
    servers = [t.server(listening=False) for _ in range(3)]
    drover = start(t, [(server, "") for server in servers])
    t.wait(lambda: drover.get().status == 502 and not any(row["up"] for row in drover.servers()), "all are down")
    servers[2].accept()
    t.wait(lambda: drover.get().status == 200, "one answers")
    get(drover, 5)
    assert servers[2].count() == 6


@case
def slow_start(t):
    "a server that comes back begins with little of its weight, and has all of it in the end"
    for algorithm in ("round-robin", "least-connections", "two-choices", "consistent-hash"):
        old, back = t.server(), t.server()
        key = 'hash-key = uri' if algorithm == "consistent-hash" else ""
        drover = start(t, [(old, ""), (back, "slow-start = 1h")], options=f"balance = {algorithm} {key}",
                       name=algorithm, workers=2)
        assert [row["weight-percent"] for row in drover.servers()] == [100, 100]
        change(drover, back, state="maintenance")
        change(drover, back, state="ready")
        assert row_of(drover, back)["weight-percent"] == 1 and row_of(drover, back)["weight"] == 1
        for i in range(60):
            assert drover.get(f"/{i}").status == 200
        assert old.count() >= 48 and old.count() + back.count() == 60, (algorithm, counts(old, back))


@case
def slow_start_ends(t):
    "weight-percent grows to 100; then shares are exact again"
    old, back = t.server(), t.server()
    drover = start(t, [(old, ""), (back, "slow-start = 400ms")], workers=2)
    change(drover, back, state="drain")
    change(drover, back, state="ready")
    seen = {1}
    t.wait(lambda: seen.add(row_of(drover, back)["weight-percent"]) or 100 in seen, "it has all of its weight")
    assert drover.get().status == 200  # the worker looks again with the next request
    assert drover.get().status == 200
    before = counts(old, back)
    get(drover, 20)
    assert [after - b for after, b in zip(counts(old, back), before)] == [10, 10], seen


main()
