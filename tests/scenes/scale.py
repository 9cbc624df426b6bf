#!/usr/bin/env python3
"""The number of workers, changed under load: no request fails."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError, process_exists  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def up_and_down(t, keep_alive):
    drover = t.drover(t.pool(t.hello()), workers=1)
    load = t.keep(Load(drover, 8, keep_alive=keep_alive))
    for workers in (8, 2, 5, 1):
        load.wait(200)
        result = drover.call("scale", workers=workers, wait=True)
        assert result["workers"] == {"desired": workers, "ready": workers}, result
        assert len(drover.workers()) == workers
    load.wait(200)
    load.stop()
    assert not load.refused and not load.failures, (load.refused, load.failures)
    assert drover.call("status")["deaths"] == 0 or all(
        death["asked-for"] for death in drover.call("status")["last-deaths"])
    drover.wait_loads(0)


@case
def under_kept_connections(t):
    "1, 8, 2, 5, 1 workers under keep-alive load: nothing fails"
    up_and_down(t, True)


@case
def under_short_connections(t):
    "1, 8, 2, 5, 1 workers under short connections: nothing fails"
    up_and_down(t, False)


@case
def drain_finishes_requests(t):
    "a worker that is scaled away finishes what it has"
    let_go = threading.Event()

    def respond(_):
        let_go.wait(60)
        return response(body=b"late")

    drover = t.drover(t.pool(t.server(respond)), workers=4, balance="round-robin", listen="defer-accept = false")
    peers = [t.connect(drover) for _ in range(8)]
    drover.wait_loads(8)
    for peer in peers:
        peer.send(request())
    t.wait(lambda: drover.servers()[0]["load"] == 8, "all requests are in flight")
    pids = drover.pids()
    drover.call("scale", workers=1)
    t.wait(lambda: [row["state"] for row in drover.workers()].count("draining") == 3, "three drain")
    let_go.set()
    for peer in peers:
        answer = peer.read_response()
        assert answer.status == 200 and answer.whole
    t.wait(lambda: drover.pids() == pids[:1], "the surplus is gone")
    assert not any(map(process_exists, pids[1:]))


@case
def idle_connections_move(t):
    "idle connections of a drained worker go on in another, or are closed politely"
    drover = t.drover(t.pool(t.server()), workers=4, balance="round-robin", listen="defer-accept = false")
    peers = [t.connect(drover) for _ in range(20)]
    for peer in peers:
        peer.send(request())
        assert peer.read_response().status == 200
    drover.call("scale", workers=1, wait=True)
    for peer in peers:
        try:
            peer.send(request())
            data = peer.receive()
        except OSError:
            data = False
        assert not peer.was_reset
        assert not data or peer.read_response().status == 200
    assert drover.get().status == 200


@case
def same_again(t):
    "scale to the number that there is changes nothing; bounds are checked"
    drover = t.drover(t.pool(t.server()), workers=3)
    pids = drover.pids()
    assert drover.call("scale", workers=3) == {"workers": {"desired": 3, "ready": 3}, "changes": []}
    assert drover.pids() == pids
    for wrong in (0, -1, 257, 1 << 40, 2.5, "3", None, True, [3]):
        try:
            drover.call("scale", workers=wrong)
            raise AssertionError(f"{wrong!r} was accepted")
        except ControlError as error:
            assert error.code == -32602, error
    assert drover.pids() == pids


@case
def quick_changes(t):
    "changes faster than workers start or end come to the last number asked for"
    drover = t.drover(t.pool(t.server()), workers=2)
    control = drover.open_control()
    for workers in (6, 1, 8, 2, 5, 1, 4):
        control.call("scale", workers=workers)
    result = control.call("scale", workers=3, wait=True)
    assert result["workers"] == {"desired": 3, "ready": 3}, result
    t.wait(lambda: len(drover.pids()) == 3, "three processes")
    assert drover.get().status == 200
    control.close()


main()
