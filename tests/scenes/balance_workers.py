#!/usr/bin/env python3
"""How connections are spread over workers: even by both algorithms, after deaths and scaling too."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

EAGER = "defer-accept = false"


def start(t, workers, balance):
    return t.drover(t.pool(t.server()), workers=workers, balance=balance, listen=EAGER)


def open_connections(t, drover, count):
    """Opens long-lived connections, one after another."""
    peers = [t.connect(drover) for _ in range(count)]
    for peer in peers:
        peer.send(request())
        assert peer.read_response().status == 200
    return peers


def even(t, balance):
    for workers, connections in ((4, 40), (3, 17), (5, 3)):
        drover = t.drover(t.pool(t.server()), name=f"drover{workers}", workers=workers, balance=balance, listen=EAGER)
        open_connections(t, drover, connections)
        loads = drover.wait_loads(connections)
        assert len(loads) == workers and max(loads) - min(loads) <= 1, loads
        assert sum(row["handed"] for row in drover.workers()) == connections


@case
def round_robin_even(t):
    "round-robin: M equal connections over N workers differ by at most one"
    even(t, "round-robin")


@case
def least_connections_even(t):
    "least-connections: M equal connections over N workers differ by at most one"
    even(t, "least-connections")


@case
def all_at_once(t):
    "a burst of connections is spread as evenly as single ones"
    for balance in ("round-robin", "least-connections"):
        drover = t.drover(t.pool(t.server()), name=balance, workers=4, balance=balance, listen=EAGER)
        t.freeze(drover.pid)  # the connections pile up in the kernel
        peers = [t.connect(drover) for _ in range(200)]
        t.thaw(drover.pid)
        assert drover.wait_loads(200) == [50] * 4
        for peer in peers:
            peer.send(request())
            assert peer.read_response().status == 200


@case
def fills_after_kill(t):
    "least-connections: after a worker was killed, its successor is filled first"
    drover = start(t, 4, "least-connections")
    open_connections(t, drover, 40)
    drover.wait_loads(40)
    victim = drover.pids()[1]
    os.kill(victim, signal.SIGKILL)
    t.wait(lambda: victim not in drover.pids() and len(drover.pids()) == 4, "another worker takes its place")
    drover.wait_ready()
    assert sorted(drover.wait_loads(30)) == [0, 10, 10, 10]
    open_connections(t, drover, 10)
    assert drover.wait_loads(40) == [10] * 4


@case
def fills_after_scale(t):
    "least-connections: new workers are filled first"
    drover = start(t, 2, "least-connections")
    open_connections(t, drover, 20)
    drover.call("scale", workers=4, wait=True)
    open_connections(t, drover, 10)
    assert drover.wait_loads(30) == [10, 10, 5, 5]
    open_connections(t, drover, 10)
    assert drover.wait_loads(40) == [10] * 4


@case
def round_robin_after_kill(t):
    "round-robin: after a kill the turns go on evenly"
    drover = start(t, 3, "round-robin")
    open_connections(t, drover, 9)
    victim = drover.pids()[0]
    os.kill(victim, signal.SIGKILL)
    t.wait(lambda: victim not in drover.pids() and len(drover.pids()) == 3, "another worker takes its place")
    drover.wait_ready()
    before = drover.wait_loads(6)
    open_connections(t, drover, 30)
    after = drover.wait_loads(36)
    assert sorted(b - a for a, b in zip(before, after)) == [10, 10, 10], (before, after)


@case
def loads_come_back(t):
    "loads are zero again when all have gone, however they went"
    drover = start(t, 4, "least-connections")
    for _ in range(3):
        peers = open_connections(t, drover, 30)
        drover.wait_loads(30)
        for i, peer in enumerate(peers):
            if i % 3 == 0:
                peer.reset()
            else:
                peer.close()
        drover.wait_loads(0)


main()
