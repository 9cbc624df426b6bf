#!/usr/bin/env python3
"""consistent-hash: who gets which key, over workers, restarts and changes of the servers."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

KEYS = [f"user{i}" for i in range(60)]
USER = 'balance = consistent-hash  hash-load = 0  hash-key = "header X-User"  max-fails = 1  fail-timeout = 60s'


def named(t, count):
    """Servers that answer with their number."""
    return [t.server(lambda seen, i=i: response(body=b"%d" % i)) for i in range(count)]


def ask(drover, target="/", fields=(), source=None):
    peer = drover.connect(source=source)
    try:
        peer.send(request(target=target, fields=fields))
        answer = peer.read_response()
        assert answer.status == 200, answer.status
        return int(answer.body)
    finally:
        peer.close()


def who(drover, key):
    return ask(drover, fields=[("X-User", key)])


def mapping(drover):
    return [who(drover, key) for key in KEYS]


@case
def the_same_over_all_workers(t):
    "a key goes to the same server from every worker; all servers have keys"
    drover = t.drover(t.pool(*named(t, 4), options=USER), workers=4, balance="round-robin")
    first = mapping(drover)
    assert set(first) == {0, 1, 2, 3}, first
    for _ in range(3):
        assert mapping(drover) == first


@case
def the_same_after_a_restart(t):
    "and from another drover, whatever the order of the servers"
    servers = named(t, 4)
    first = mapping(t.drover(t.pool(*servers, options=USER)))
    assert mapping(t.drover(t.pool(*reversed(servers), options=USER), name="again")) == first


@case
def each_kind_of_key(t):
    "cookie, path without query, uri, header by any case; the address when there is none"
    servers = named(t, 5)
    drovers = {kind: t.drover(t.pool(*servers, options=f'balance = consistent-hash hash-load = 0 hash-key = "{kind}"'),
                              name=kind.replace(" ", "-"), workers=1)
               for kind in ("cookie sid", "path", "uri", "header x-user", "address")}
    assert len({ask(drovers["cookie sid"], fields=[("Cookie", f"a=1; sid={key}; sidx=2")]) for key in KEYS}) == 5
    for key in KEYS[:12]:
        home = ask(drovers["cookie sid"], fields=[("Cookie", f"sid={key}")])
        assert home == ask(drovers["cookie sid"], fields=[("Cookie", f"xsid=9;sid={key} ; b")])
        assert home == ask(drovers["cookie sid"], fields=[("Cookie", "xsid=9"), ("Cookie", f"sid={key}")])
        assert ask(drovers["path"], f"/{key}?a") == ask(drovers["path"], f"/{key}?b=/") == ask(drovers["path"], f"/{key}")
        assert ask(drovers["header x-user"], fields=[("x-USER", key)]) == ask(drovers["header x-user"], fields=[("X-User", key)])
    assert len({ask(drovers["uri"], f"/?{key}") for key in KEYS}) == 5
    assert len({ask(drovers["path"], f"/?{key}") for key in KEYS[:20]}) == 1
    assert len({ask(drovers["address"], f"/{key}") for key in KEYS[:20]}) == 1
    assert len({ask(drovers["address"], source=(f"127.0.0.{i}", 0)) for i in range(1, 60)}) == 5
    for kind, drover in drovers.items():
        if kind not in ("path", "uri"):
            assert ask(drover, source=("127.0.0.9", 0)) == ask(drovers["address"], source=("127.0.0.9", 0)), kind


@case
def a_server_that_goes_and_comes(t):
    "the keys of a server that is down, and only those, go elsewhere, and come back with it"
    servers = named(t, 4)
    drover = t.drover(t.pool(*servers, options=USER.replace("60s", "300ms")), workers=2)
    first = mapping(drover)
    servers[1].die()
    without = mapping(drover)
    assert 1 not in without
    assert all(a == b for a, b in zip(first, without) if a != 1), (first, without)
    assert len({b for a, b in zip(first, without) if a == 1}) > 1, "they are shared out among the others"
    servers[1].accept()
    t.wait(lambda: mapping(drover) == first, "all is as it was")


@case
def added_and_removed(t):
    "a server that is added takes keys to itself only; when it is removed all is as it was"
    servers = named(t, 5)
    drover = t.drover(t.pool(*servers[:4], options=USER), workers=2)
    first = mapping(drover)
    drover.call("server-add", pool="app", server=servers[4].address)
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    more = mapping(drover)
    assert 4 in more and all(b in (a, 4) for a, b in zip(first, more)), (first, more)
    assert more.count(4) < len(KEYS) / 2
    drover.call("server-remove", pool="app", server=servers[4].address, wait=True)
    assert mapping(drover) == first
    drover.call("server-set", pool="app", server=servers[0].address, weight=3, wait=True)
    heavy = mapping(drover)
    assert heavy.count(0) > first.count(0)


@case
def one_hot_key(t):
    "what one key brings is bounded by hash-load; with 0 it is not"
    gate = threading.Event()

    def respond(seen):
        gate.wait(60)
        return response()

    servers = [t.server(respond) for _ in range(4)]
    for load, most in ((150, 16), (0, 40)):
        drover = t.drover(t.pool(*servers, options=f"balance = consistent-hash  hash-key = path  hash-load = {load}"),
                          name=f"drover{load}", workers=3)
        peers = []
        for i in range(40):
            peers.append(t.connect(drover))
            peers[-1].send(request())
            t.wait(lambda i=i, drover=drover: sum(row["load"] for row in drover.servers()) == i + 1, "it is in flight")
        loads = [row["load"] for row in drover.servers()]
        assert sum(loads) == 40 and most - 1 <= max(loads) <= most, loads
        gate.set()
        assert all(peer.read_response().status == 200 for peer in peers)
        gate.clear()


@case
def changed_while_it_runs(t):
    "balance changes a pool to it and back; connections over workers it does not spread"
    # without hash-load: what was answered a moment ago may still count as carried
    drover = t.drover(t.pool(*named(t, 4), options="balance = consistent-hash hash-load = 0"), workers=2)
    assert len({ask(drover, "/same") for _ in range(4)}) == 1
    drover.call("balance", pool="app", algorithm="round-robin")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    assert len({ask(drover, "/same") for _ in range(4)}) == 4
    drover.call("balance", pool="app", algorithm="consistent-hash")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    assert len({ask(drover, "/same") for _ in range(8)}) == 1
    drover.call("balance", pool="app", algorithm="two-choices")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    assert len({ask(drover, "/same") for _ in range(60)}) == 4
    try:
        drover.call("balance", algorithm="consistent-hash")
        raise AssertionError("it was taken for connections")
    except ControlError as error:
        assert error.code == -32602 and "pool" in error.hint, (error.code, error.hint)
    assert drover.call("balance", algorithm="two-choices")["balance"] == "two-choices"
    assert len({ask(drover) for _ in range(20)}) > 1


main()
