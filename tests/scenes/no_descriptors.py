#!/usr/bin/env python3
"""Too few descriptors: somebody waits or gets an error, and the service goes on."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import process_descriptors  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

EAGER = "defer-accept = false"


def start(t, limit, **options):
    return t.drover(t.pool(t.server(), options="max-fails = 0"), shell=f"ulimit -n {limit}", listen=EAGER, **options)


@case
def worker_runs_out(t):
    "more clients than a worker has descriptors for: those that are served are served well"
    drover = start(t, 64, workers=1)
    pid = drover.pids()[0]
    peers = []
    for _ in range(150):
        peers.append(t.connect(drover))
        peers[-1].send(request())
    answers = {"200": 0, "error": 0, "closed": 0, "waiting": 0}
    for peer in peers:
        peer.socket.settimeout(1 if answers["waiting"] < 3 else 0.05)
        try:
            answers["200" if peer.read_response().status == 200 else "error"] += 1
            peer.close()
        except TimeoutError:
            answers["waiting"] += 1
        except (EOFError, OSError):
            answers["closed"] += 1
    assert answers["200"] > 0, answers
    for peer in peers:
        peer.close()
    drover.wait_loads(0)
    for _ in range(20):
        assert drover.get().status == 200
    assert drover.pids() == [pid], "the worker lives"
    assert len(drover.log()) < 50000, "it does not flood the log"
    assert process_descriptors(pid) < 64


@case
def control_still_answers(t):
    "the control socket answers while the descriptors are used up"
    drover = start(t, 64, workers=2)
    control = t.keep(drover.open_control())
    peers = [t.connect(drover) for _ in range(200)]
    for _ in range(20):
        assert control.call("status")["pid"] == drover.pid
    for peer in peers:
        peer.close()
    drover.wait_loads(0)
    assert drover.get().status == 200
    assert drover.call("scale", workers=4, wait=True)["workers"]["ready"] == 4


@case
def master_runs_out(t):
    "a master without a descriptor left goes on when there is one again"
    drover = start(t, 64, workers=1)
    before = drover.descriptors()
    controls = []
    for _ in range(64):
        controls.append(t.keep(drover.open_control()))
    peers = [t.connect(drover) for _ in range(10)]
    for peer in peers:
        peer.send(request())
    for control in controls:
        control.close()
    for peer in peers:
        assert peer.read_response().status == 200
    t.wait(lambda: drover.lets_in() and process_descriptors(drover.pid) <= before, "all descriptors are closed")


main()
