#!/usr/bin/env python3
"""How requests are spread over servers: exact over all workers, weights included."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def pool(t, balance, weights, respond=None):
    """Servers of these weights, and the configuration of their pool."""
    servers = [t.server(respond) for _ in weights]
    rows = "".join(f'server "{server.address}" {{ weight = {weight} }}\n' for server, weight in zip(servers, weights))
    return servers, f'pool "app" {{ balance = {balance}\n{rows} }}'


def counts(servers):
    return [server.count() for server in servers]


@case
def round_robin(t):
    "round-robin: equal shares over four workers"
    servers, body = pool(t, "round-robin", (1, 1, 1))
    drover = t.drover(body, workers=4, balance="round-robin")
    for i in range(60):
        assert drover.get().status == 200
        assert max(counts(servers)) - min(counts(servers)) <= 1, (i, counts(servers))
    assert counts(servers) == [20, 20, 20]
    assert [row["requests"] for row in drover.servers()] == [20, 20, 20]


@case
def round_robin_weights(t):
    "round-robin: shares are exactly as the weights say"
    for weights in ((3, 1, 1), (5, 2), (1, 10, 4)):
        servers, body = pool(t, "round-robin", weights)
        drover = t.drover(body, name="drover%d" % sum(weights), workers=4, balance="round-robin")
        for _ in range(4 * sum(weights)):
            assert drover.get().status == 200
        assert counts(servers) == [4 * weight for weight in weights], (weights, counts(servers))


@case
def round_robin_all_at_once(t):
    "round-robin: exact under requests from many clients at once"
    servers, body = pool(t, "round-robin", (1, 1, 1, 1))
    drover = t.drover(body, workers=4, balance="round-robin")
    peers = [t.connect(drover) for _ in range(20)]
    for _ in range(10):
        for peer in peers:
            peer.send(request())
        for peer in peers:
            assert peer.read_response().status == 200
    assert counts(servers) == [50] * 4, counts(servers)


def held(t, drover, gate, more, total):
    """Opens connections with a request each, one after another, that stay in flight."""
    peers = []
    for i in range(more):
        peers.append(t.connect(drover))
        peers[-1].send(request())
        t.wait(lambda i=i: sum(row["load"] for row in drover.servers()) == total - more + i + 1, "it is in flight")
    assert not gate.is_set()
    return peers


@case
def least_connections(t):
    "least-connections: exact over four workers, also when requests end"
    gate = threading.Event()

    def respond(seen):
        gate.wait(60)
        return response()

    servers, body = pool(t, "least-connections", (1, 1, 1), respond)
    drover = t.drover(body, workers=4, balance="round-robin")
    peers = held(t, drover, gate, 12, 12)
    assert [row["load"] for row in drover.servers()] == [4, 4, 4], drover.servers()
    peers += held(t, drover, gate, 2, 14)
    assert sorted(row["load"] for row in drover.servers()) == [4, 5, 5]
    gate.set()
    assert all(peer.read_response().status == 200 for peer in peers)
    t.wait(lambda: all(row["load"] == 0 for row in drover.servers()), "nothing is in flight")


@case
def least_connections_weights(t):
    "least-connections: loads in proportion to the weights"
    gate = threading.Event()

    def respond(seen):
        gate.wait(60)
        return response()

    _, body = pool(t, "least-connections", (2, 1, 1), respond)
    drover = t.drover(body, workers=4, balance="round-robin")
    peers = held(t, drover, gate, 16, 16)
    assert [row["load"] for row in drover.servers()] == [8, 4, 4], drover.servers()
    gate.set()
    assert all(peer.read_response().status == 200 for peer in peers)


@case
def least_connections_avoids_the_slow(t):
    "least-connections: a server that does not answer gets no more than its share of what is in flight"
    gate = threading.Event()

    def slow(seen):
        gate.wait(60)
        return response()

    stuck, quick = t.server(slow), t.server()
    drover = t.drover(t.pool(stuck, quick, options="balance = least-connections"), workers=4)
    waiting = []
    while stuck.count() == 0:
        waiting.append(t.connect(drover))
        waiting[-1].send(request())
        t.wait(lambda: stuck.count() + quick.count() == len(waiting), "a server has it")
    for _ in range(20):
        # the answer reaches the client a moment before its place is given back
        t.wait(lambda: drover.servers()[1]["load"] == 0, "the quick server is idle")
        assert drover.get().status == 200
    assert stuck.count() == 1, stuck.count()
    gate.set()


@case
def down_servers_get_nothing(t):
    "the share of a server that is down goes to the others, evenly"
    servers = [t.server() for _ in range(3)]
    servers[1].refuse()
    drover = t.drover(t.pool(*servers, options="max-fails = 1  fail-timeout = 60s"), workers=4)
    t.wait(lambda: drover.get().status == 200 and not drover.servers()[1]["up"], "it is marked down")
    before = [server.count() for server in servers]
    for _ in range(20):
        assert drover.get().status == 200
    after = [server.count() for server in servers]
    assert [b - a for a, b in zip(before, after)] == [10, 0, 10]


main()
