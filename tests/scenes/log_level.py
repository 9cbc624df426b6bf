#!/usr/bin/env python3
"""What each process writes to the error log, changed for good and for a time."""

import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position


def start(t, **options):
    drover = t.drover(t.pool(t.server()), **options)
    return drover, t.keep(drover.open_control())


def levels(control):
    return {row["process"]: row["level"] for row in control.call("log-level")["levels"]}


def tell(t, drover, process):
    """Has one worker drain, which it tells on level info: whether that was written."""
    pid = {row["worker"]: row["pid"] for row in drover.workers()}[process]
    count = len(drover.workers())
    drover.call("restart-worker", worker=process, wait=True)
    t.wait(lambda: len(drover.workers()) == count, "it is replaced")
    return f"worker {process}[{pid}]: draining" in drover.log()


@case
def all_processes(t):
    "without a process the level is that of all, in the next moment"
    drover, control = start(t, workers=2)
    assert set(levels(control).values()) == {"info"} and set(levels(control)) == {"master", "worker 0", "worker 1"}
    control.call("log-level", level="error")
    assert set(levels(control).values()) == {"error"}
    before = drover.log()
    assert not tell(t, drover, 0) and re.fullmatch("(.* control: .*restart-worker.*\\n){1,}", drover.log()[len(before):])
    control.call("log-level", level="info")
    assert tell(t, drover, 1)


@case
def one_worker(t):
    "a worker has a level of its own, and so has who comes to its place"
    drover, control = start(t, workers=2, log_level="notice")
    reply = control.call("log-level", level="info", process="worker 1")
    assert [(row["process"], row["level"], row["left-ms"]) for row in reply["levels"]] == [("worker 1", "info", None)], reply
    assert not tell(t, drover, 0) and tell(t, drover, 1)
    drover.call("scale", workers=3, wait=True)
    assert levels(control)["worker 1"] == "info" and levels(control)["master"] == "notice"
    assert tell(t, drover, 1)
    assert {row["worker"]: row["log-level"] for row in drover.workers()}.get(2) == "notice"


@case
def for_a_time(t):
    "debug of one worker for 2 s comes back by itself"
    drover, control = start(t, workers=2)
    reply = control.call("log-level", level="debug", process="worker 0", **{"for-ms": 2000})
    row = reply["levels"][0]
    assert row["level"] == "debug" and row["then"] == "info" and 0 < row["left-ms"] <= 2000, reply
    assert levels(control) == {"master": "info", "worker 0": "debug", "worker 1": "info"}
    t.wait(lambda: levels(control)["worker 0"] == "info", "the time is over")
    assert control.call("log-level", process="worker 0")["levels"][0]["left-ms"] is None
    assert drover.get().status == 200


@case
def for_a_time_is_no_configuration(t):
    "config shows the level that stays"
    _, control = start(t)
    control.call("log-level", level="debug", **{"for-ms": 3600000})
    control.call("scale", workers=3)
    assert control.call("config")["config"]["log-level"] == "info"
    control.call("log-level", level="warn")
    assert control.call("config")["config"]["log-level"] == "warn"


@case
def a_time_made_lasting(t):
    "the level that holds for a time, set for good, is a change from the one that it would have gone back to"
    _, control = start(t)
    control.call("log-level", level="debug", process="worker 0", **{"for-ms": 60000})
    for dry_run in (True, False):
        reply = control.call("log-level", level="debug", process="worker 0", **{"dry-run": dry_run})
        assert reply["changes"] == [{"what": "worker 0 log-level", "from": "info", "to": "debug"}], reply
    assert reply["levels"][0]["then"] == "debug" and reply["levels"][0]["left-ms"] is None, reply
    assert control.call("log-level", level="debug", process="worker 0")["changes"] == []


@case
def the_master(t):
    "the level of the master holds at once, and stays when the files are opened again"
    drover, control = start(t)
    control.call("log-level", level="error", process="master")
    control.call("scale", workers=3, wait=True)
    assert "scaling" not in drover.log()
    drover.kill(signal.SIGUSR1)
    control.call("log-reopen")
    assert levels(control)["master"] == "error"
    control.call("scale", workers=2, wait=True)
    assert "scaling" not in drover.log()
    control.call("log-level", level="notice", process="master")
    control.call("scale", workers=3)
    drover.wait_log("scaling from 2 to 3")


@case
def changes_are_on_record(t):
    "whatever the level is, who changed what is written down, the change of the level first"
    drover, control = start(t)
    control.call("log-level", level="error")
    drover.wait_log('control: uid .* log-level {"level":"error"}')
    control.call("balance", algorithm="round-robin")
    drover.wait_log("control: uid .* balance .*round-robin")


@case
def to_show_is_no_change(t):
    "log-level without a level is neither told to watchers nor logged"
    drover, control = start(t)
    control.call("log-level")
    assert not re.search("log-level", drover.log())
    control.call("log-level", level="debug", process="worker 0")
    drover.wait_log('control: uid .*log-level .*"debug"')


main()
