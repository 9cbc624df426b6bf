#!/usr/bin/env python3
"""droverctl watch: events as lines, and what it does when drover ends, starts again or is not quite there."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, environment  # pylint: disable=wrong-import-position
from fake import Fake  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position

DROVERCTL = os.environ.get("DROVERCTL") or os.path.join(os.path.dirname(DROVER), "droverctl")
RESULTS = {"help": {"methods": [{"method": "watch", "params": []}]}, "status": {"started": "2026-01-31T09:30:00.000Z"},
           "watch": {"watching": True}}


def watch(t, path):
    return t.process("watch", [DROVERCTL, "-S", path, "watch"])


def serve(connection, number):
    """Answers like a drover, up to the one event of that number."""
    for line in connection.makefile("rb"):
        request = json.loads(line)
        reply = {"jsonrpc": "2.0", "id": request["id"], "result": RESULTS[request["method"]]}
        connection.sendall(json.dumps(reply).encode() + b"\n")
        if request["method"] == "watch":
            event = {"number": number, "event": "limit", "text": f"limit {number}"}
            connection.sendall(json.dumps({"jsonrpc": "2.0", "method": "event", "params": event}).encode() + b"\n")
            return


@case
def comes_back(t):
    "events of a drover and of the next one on the same socket; SIGINT ends it with success"
    pool = t.pool(t.server())
    first = t.drover(pool)
    watching = watch(t, first.control_path)

    def shown():
        first.call("balance", algorithm="round-robin")
        return "balance" in watching.stdout()

    t.wait(shown, "a change is shown")
    assert first.stop(signal.SIGQUIT) == 0
    t.wait(lambda: "Waiting for it to come back" in watching.stderr(), "it says that drover is gone")
    t.drover(pool)
    t.wait(lambda: "connected again: drover was restarted" in watching.stderr(), "it has come back")
    t.wait(lambda: "worker-ready" in watching.stdout(), "what happened before it was there is shown")
    watching.kill(signal.SIGINT)
    assert watching.wait() == 0


@case
def is_patient(t):
    "one that closes at once, in the middle of a reply or without one is tried again"
    def closing_at_once(_):
        pass

    def closing_without_reply(connection):
        connection.recv(9)

    def closing_in_reply(connection):
        connection.recv(999)
        connection.sendall(b'{"jsonrpc":"2.0","id":1,"resu')

    talks = [lambda c: serve(c, 1), closing_at_once, closing_without_reply, closing_in_reply, lambda c: serve(c, 2)]
    fake = t.keep(Fake(t.path("fake"), lambda connection: (talks.pop(0) if talks else closing_at_once)(connection)))
    watching = watch(t, fake.path)
    t.wait(lambda: "limit 2" in watching.stdout(), "the event of the one that speaks again")
    assert "limit 1" in watching.stdout() and not watching.exited()


@case
def takes_its_time(t):
    "one that closes again and again is not asked more than once a second"
    times = []

    def talk(connection):
        times.append(time.monotonic())
        serve(connection, len(times))

    watch(t, t.keep(Fake(t.path("fake"), talk)).path)
    t.wait(lambda: len(times) == 4, "it comes back")
    assert times[3] - times[1] > 0.5, times  # two pauses of a second; who stands still here sees one of them shorter


@case
def nobody_reads(t):
    "it ends, with success, when its output is closed"
    drover = t.drover(t.pool(t.server()))
    watching = subprocess.Popen([DROVERCTL, "-S", drover.control_path, "watch", "since=0"], stdout=subprocess.PIPE,
                                cwd=t.dir, env=environment(t.dir))
    t.closables.append(watching.stdout)
    assert b"worker-started" in watching.stdout.readline()
    watching.stdout.close()
    assert watching.wait(20) == 0


main()
