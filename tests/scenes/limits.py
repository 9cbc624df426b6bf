#!/usr/bin/env python3
"""Limits of connections and requests, and that they are exact."""

import os
import select
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


class Gate:
    """A server's answer function that holds every request until it is opened, and counts those it holds."""

    def __init__(self):
        self.event, self.lock = threading.Event(), threading.Lock()
        self.inside, self.most = 0, 0

    def __call__(self, seen):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.event.wait(60)
        with self.lock:
            self.inside -= 1
        return response(body=b"ok")


@case
def max_connections(t):
    "max-connections of a server holds over four workers; the rest is answered with 503"
    gate = Gate()
    server = t.server(gate)
    drover = t.drover(t.pool(server, options="queue-size = 0", server_options="max-connections = 3"), workers=4,
                      balance="round-robin")
    held = []
    for i in range(3):
        held.append(t.connect(drover))
        held[-1].send(request())
        t.wait(lambda i=i: gate.inside == i + 1, "the server has the request")
    assert drover.servers()[0]["load"] == 3
    for _ in range(12):
        answer = drover.get()
        assert answer.status == 503, answer.head
    gate.event.set()
    assert [peer.read_response().status for peer in held] == [200] * 3
    t.wait(lambda: drover.servers()[0]["load"] == 0, "all places are free")
    assert drover.get().status == 200 and gate.most == 3


@case
def max_connections_all_at_once(t):
    "max-connections is not exceeded when requests come to all workers at the same moment"
    gate = Gate()
    server = t.server(gate)
    drover = t.drover(t.pool(server, options="queue-size = 0", server_options="max-connections = 3"), workers=4,
                      balance="round-robin", listen="defer-accept = false")
    for _ in range(10):
        gate.event.clear()
        peers = [drover.connect() for _ in range(24)]
        drover.wait_loads(24)
        for peer in peers:
            peer.send(request())
        refused = set()

        def decided():
            ready, _, _ = select.select([peer.socket for peer in peers if peer not in refused], [], [], 0)
            refused.update(peer for peer in peers if peer.socket in ready)
            return len(refused) + gate.inside == 24

        t.wait(decided, "each is answered or held")
        assert gate.inside == 3, f"{gate.inside} requests at once"
        gate.event.set()
        statuses = sorted(peer.read_response().status for peer in peers)
        assert statuses == [200] * (24 - len(refused)) + [503] * len(refused), statuses
        for peer in peers:
            peer.close()
        t.wait(lambda: drover.servers()[0]["load"] == 0, "all places are free")
        drover.wait_loads(0)


@case
def another_server_takes_over(t):
    "a full server's share goes to another one"
    gate = Gate()
    full, other = t.server(gate), t.server()
    drover = t.drover(f'pool "app" {{ server "{full.address}" {{ max-connections = 1 }} server "{other.address}" {{ }} }}',
                      workers=4)
    held = []
    while gate.inside == 0:
        held.append(t.connect(drover))
        held[-1].send(request())
        t.wait(lambda: gate.inside + other.count() == len(held), "a server has the request")
    before = other.count()
    for _ in range(10):
        assert drover.get().status == 200
    assert other.count() == before + 10 and gate.most == 1
    gate.event.set()


@case
def tunnels_count(t):
    "a tunnel holds a server's place until it ends"
    def handler(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
        peer.read_all()

    drover = t.drover(t.pool(t.server(handler=handler), options="queue-size = 0", server_options="max-connections = 1"),
                      workers=2)
    ask = request(fields=[("Connection", "upgrade"), ("Upgrade", "x")])
    peer = t.connect(drover)
    peer.send(ask)
    assert peer.read_head().status == 101
    assert drover.exchange(ask).status == 503
    peer.close()
    t.wait(lambda: drover.servers()[0]["load"] == 0, "the place is free")
    assert drover.exchange(ask).status == 101


@case
def requests_per_connection(t):
    "requests-per-connection: the last response says close"
    server = t.server()
    drover = t.drover(t.pool(server), listen="requests-per-connection = 3", workers=1)
    for _ in range(3):
        peer = t.connect(drover)
        peer.send(request() * 4)
        assert [peer.read_response().get("connection") for _ in range(3)] == [None, None, "close"]
        assert peer.ended()
    assert server.count() == 9 and server.connections() == 1


@case
def worker_connections(t):
    "full workers take no more: further clients wait in the kernel and are served later"
    drover = t.drover(t.pool(t.server()), workers=2, worker_connections=16,
                      listen="defer-accept = false  header-timeout = 10m")
    peers = [t.connect(drover) for _ in range(32)]
    drover.wait_loads(32)
    waiting = [t.connect(drover) for _ in range(10)]
    for peer in waiting:
        peer.send(request())
    for _ in range(20):
        assert sorted(drover.loads()) == [16, 16]
    assert not select.select([peer.socket for peer in waiting], [], [], 0)[0]
    for peer in peers[:10]:
        peer.close()
    for peer in waiting:
        assert peer.read_response().status == 200
    for peer in peers[10:]:
        peer.send(request())
        assert peer.read_response().status == 200


@case
def idle_connections(t):
    "idle-connections: no more are kept to a server"
    gate = Gate()
    ended = []
    server = t.server(gate)
    serve = server.handler
    server.handler = lambda peer: (serve(peer), ended.append(peer))
    drover = t.drover(t.pool(server, options="idle-connections = 2  idle-timeout = 60s"), workers=1)
    peers = [t.connect(drover) for _ in range(8)]
    for peer in peers:
        peer.send(request())
    t.wait(lambda: gate.inside == 8, "eight requests are in flight")
    gate.event.set()
    assert all(peer.read_response().status == 200 for peer in peers)
    t.wait(lambda: len(ended) == 6, "six are closed")
    for peer in peers:
        peer.send(request())
        assert peer.read_response().status == 200
    assert server.connections() == 8 and len(ended) == 6


main()
