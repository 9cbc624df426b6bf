#!/usr/bin/env python3
"""kill -9 of workers under load: what was in flight in them fails, and nothing else."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import kill_process  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

CLIENTS = 8


def kill_one(t, drover):
    """Kills a ready worker: the most requests that it can have had in flight."""
    row = t.wait(lambda: next((r for r in drover.workers() if r["state"] == "ready"), None), "a worker is ready")
    kill_process(row["pid"])
    return CLIENTS


def settle(t, drover):
    """Nothing is carried any more: every load on the scoreboard is exactly zero."""
    drover.wait_ready()
    drover.wait_loads(0)
    t.wait(lambda: [row["load"] for row in drover.servers()] == [0, 0], f"server loads are zero: {drover.servers()}")
    t.wait(lambda: drover.counters()["requests-active"] == 0 and drover.counters()["client-open"] == 0,
           f"gauges are zero: {drover.counters()}")
    assert drover.get().status == 200


def under_load(t, kills, keep_alive, **options):
    servers = [t.hello("one"), t.hello("two")]
    drover = t.drover(t.pool(*servers), workers=4, **options)
    load = t.keep(Load(drover, CLIENTS, keep_alive=keep_alive))
    load.wait(200)
    allowed = 0
    for _ in range(kills):
        allowed += kill_one(t, drover)
        load.wait(200)
    load.stop()
    assert not load.refused, load.refused
    assert len(load.failures) <= allowed, (len(load.failures), load.failures)
    settle(t, drover)


@case
def kept_connections(t):
    "kills under keep-alive load: at most what was in flight fails, loads are exact afterwards"
    under_load(t, 5, True)


@case
def short_connections(t):
    "kills under load of short connections: no connection is refused or forgotten"
    under_load(t, 5, False)


@case
def round_robin(t):
    "the same with round-robin"
    under_load(t, 3, False, balance="round-robin")


@case
def not_yet_taken(t):
    "connections that a killed worker had been handed but had not taken are answered by others"
    server = t.server()
    drover = t.drover(t.pool(server), workers=2, balance="round-robin", worker_timeout="0")
    victim = drover.workers()[0]
    t.freeze(victim["pid"])  # it takes nothing any more
    peers = []
    for _ in range(40):
        peers.append(t.connect(drover))
        peers[-1].send(request())
    t.wait(lambda: sum(drover.loads()) == 40, "all are handed over")
    assert drover.workers()[0]["load"] == 20, drover.loads()
    os.kill(victim["pid"], signal.SIGKILL)
    assert [peer.read_response().status for peer in peers] == [200] * 40
    assert server.count() == 40
    for peer in peers:
        peer.close()
    drover.wait_loads(0)


@case
def all_at_once(t):
    "all workers killed at once: new connections wait and are answered"
    drover = t.drover(t.pool(t.server()), workers=4)
    for _ in range(2):
        for row in drover.workers():
            kill_process(row["pid"])
        peer = t.connect(drover)
        peer.send(request())
        assert peer.read_response().status == 200


main()
