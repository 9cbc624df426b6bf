#!/usr/bin/env python3
"""Servers that change while requests are on them: what becomes of those, and of the ones that come then."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Server, request, response  # pylint: disable=wrong-import-position


def holding(t, let_go):
    """A server that answers when it is let go."""
    def respond(_):
        let_go.wait(60)
        return response(body=b"held")

    return t.server(respond)


def set_and_wait(drover, server, **params):
    drover.call("server-set", pool="app", server=server.address, wait=True, **params)


@case
def limit_is_lowered_below_the_load(t):
    "max-connections below what a server carries: it is full, and what comes goes to others, however busy"
    let_go = threading.Event()
    first, second = holding(t, let_go), holding(t, let_go)
    drover = t.drover(t.pool(first, options="balance = least-connections"))
    peers = [t.connect(drover) for _ in range(11)]
    for peer in peers[:3]:
        peer.send(request())
    t.wait(lambda: drover.servers()[0]["load"] == 3, "the first carries three")
    set_and_wait(drover, first, **{"max-connections": 1})
    drover.call("server-add", pool="app", server=second.address)
    set_and_wait(drover, second, weight=1)
    for peer in peers[3:]:
        peer.send(request())
    t.wait(lambda: [row["load"] for row in drover.servers()] == [3, 8], "the other carries the rest")
    let_go.set()
    assert [peer.read_response().status for peer in peers] == [200] * 11
    drover.wait_idle()


@case
def many_are_cut(t):
    "what cannot stay on a server that is taken out by force goes elsewhere, however much it is"
    let_go = threading.Event()
    first, second = holding(t, let_go), t.server()
    drover = t.drover(t.pool(first, second), workers=1)
    set_and_wait(drover, second, state="drain")
    peers = [t.connect(drover) for _ in range(120)]
    for number, peer in enumerate(peers):
        peer.send(request("POST" if number % 3 == 0 else "GET", body=b"once" if number % 3 == 0 else None))
    t.wait(lambda: drover.servers()[0]["load"] == len(peers), "all are on the first")
    set_and_wait(drover, second, state="ready")
    for peer in peers[1::3]:  # some leave meanwhile
        peer.reset()
    drover.call("server-remove", pool="app", server=first.address, force=True, wait=True)
    let_go.set()
    assert {peer.read_response().status for peer in peers[2::3]} == {200}
    assert {peer.read_response("POST").status for peer in peers[::3]} == {503}  # it is not sent twice
    assert "POST" not in {seen.method for seen in second.requests}
    t.wait(lambda: [row["load"] for row in drover.servers()] == [0], "nothing is left")


@case
def another_in_the_place_of_one_that_failed(t):
    "a request that failed on a server may be tried on the one that has come in its place since"
    dead, hung, fresh = t.keep(Server(listening=False)), t.server(), t.server()
    hung.hang()
    drover = t.drover(t.pool(dead, hung, options="balance = round-robin\nretries = 2\nconnect-timeout = 3s"),
                      workers=1)
    client = t.connect(drover)
    client.send(request())
    t.wait(lambda: [(row["failures"], row["load"]) for row in drover.servers()] == [(1, 0), (0, 1)],
           "it failed on the first and waits for the second")
    drover.call("server-remove", pool="app", server=dead.address, wait=True)
    set_and_wait(drover, hung, weight=2)  # the place is known to be free
    drover.call("server-add", pool="app", server=fresh.address)
    assert client.read_response().status == 200
    assert fresh.count() == 1


@case
def still_down_when_it_comes_back(t):
    "a server that is taken out while it is down, and added while it is still down, is down as an event"
    dead = t.keep(Server(listening=False))
    drover = t.drover(t.pool(t.server(), dead, options="balance = round-robin\nmax-fails = 1\nfail-timeout = 60s"),
                      workers=1)
    watch = t.keep(drover.open_control())
    watch.watch(events="server-down,server-removed")
    for _ in range(4):
        for _ in range(4):
            assert drover.get().status == 200
        assert watch.event("server-down")["server"] == dead.address
        drover.call("server-remove", pool="app", server=dead.address, wait=True)
        watch.event("server-removed")
        drover.call("server-add", pool="app", server=dead.address)
        set_and_wait(drover, dead, weight=1)


@case
def tunnel_begins_in_maintenance(t):
    "a tunnel whose request was on its way when its server went into maintenance is ended as it begins"
    let_go = threading.Event()

    def handler(peer):
        peer.read_request()
        let_go.wait(60)
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: scene\r\n\r\n")
        peer.ended()

    server, other = t.server(handler=handler), t.server()
    drover = t.drover(t.pool(server, other), workers=1)
    set_and_wait(drover, other, state="drain")
    client = t.connect(drover)
    client.send(request(fields=[("Connection", "upgrade"), ("Upgrade", "scene")]))
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the server has the request")
    drover.call("server-set", pool="app", server=server.address, state="maintenance")
    set_and_wait(drover, other, weight=2)  # then the worker knows of both
    let_go.set()
    t.wait(lambda: drover.servers()[0]["load"] == 0, "the tunnel is ended")


if __name__ == "__main__":
    main()
