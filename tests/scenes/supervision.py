#!/usr/bin/env python3
"""Workers that die, hang or cannot start: replaced, with a record of it, and never in a storm."""

import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import kill_process, process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position


def replaced(t, drover, victim):
    """Waits until another process has taken the place of the victim and is ready: its row."""
    def row():
        rows = drover.workers()
        return next((r for r in rows if r["worker"] == victim["worker"] and r["pid"] != victim["pid"]
                     and r["state"] == "ready"), None)

    return t.wait(row, f"worker {victim['worker']} is replaced")


@case
def killed(t):
    "a killed worker is replaced at once, and the death is on record"
    drover = t.drover(t.pool(t.server()), workers=3)
    victim = drover.workers()[1]
    os.kill(victim["pid"], signal.SIGKILL)
    successor = replaced(t, drover, victim)
    assert successor["restarts"] == 1 and successor["load"] == 0, successor
    death = drover.call("status")["last-deaths"][0]
    assert death["pid"] == victim["pid"] and death["worker"] == victim["worker"], death
    assert "signal 9" in death["cause"] and not death["asked-for"], death
    assert successor["last-death"]["pid"] == victim["pid"]
    assert str(victim["pid"]) in drover.log() and "signal 9" in drover.log(), drover.log()
    assert drover.get().status == 200


@case
def hung(t):
    "a worker whose loop stands still is killed and replaced; a busy one is not"
    drover = t.drover(t.pool(t.server()), workers=2, worker_timeout="3s")
    victim, other = drover.workers()
    t.freeze(victim["pid"])
    replaced(t, drover, victim)
    death = drover.call("status")["last-deaths"][0]
    assert death["pid"] == victim["pid"] and death["cause"].startswith("hung"), death
    assert other["pid"] in drover.pids()
    assert not process_exists(victim["pid"])
    for _ in range(4):
        assert drover.get().status == 200


@case
def master_was_stopped(t):
    "a master that was stopped for longer than worker-timeout does not blame its workers"
    drover = t.drover(t.pool(t.server()), workers=2, worker_timeout="2s")
    pids = drover.pids()
    for pid in [drover.pid] + pids:
        t.freeze(pid)
    time.sleep(2.5)  # what is tested is the passing of time
    for pid in pids + [drover.pid]:
        t.thaw(pid)
    for _ in range(10):
        assert drover.get().status == 200
    assert drover.pids() == pids, drover.log()


@case
def no_storm(t):
    "a worker that dies again and again is started less and less often"
    drover = t.drover(t.pool(t.server()), workers=1)
    start, backing_off, deaths = time.monotonic(), False, 0
    while deaths < 3:
        row = drover.call("workers")["workers"][0]
        backing_off |= row["state"] == "backoff"
        if row["pid"] and row["state"] == "ready":
            kill_process(row["pid"])
        time.sleep(0.01)
        deaths = drover.call("status")["deaths"]
    assert backing_off, "the backoff was never visible"
    # the first restart is at once, the next after a second, 20 % less at most
    assert time.monotonic() - start > 0.75, "three deaths in so short a time"
    assert len(drover.log()) < 20000
    peer = t.connect(drover)  # nobody is refused meanwhile: the kernel keeps the connection
    peer.send(request())
    assert peer.read_response().status == 200


@case
def one_dies_others_serve(t):
    "deaths of one worker do not touch the others' connections"
    drover = t.drover(t.pool(t.server()), workers=3, listen="defer-accept = false", balance="round-robin")
    peers = [t.connect(drover) for _ in range(30)]
    # and none is still on its way to a worker: those of a dead one would go to another
    t.wait(lambda: drover.call("status")["totals"]["client-open"] == 30, "the workers have them")
    for _ in range(2):
        victim = drover.workers()[2]
        os.kill(victim["pid"], signal.SIGKILL)
        replaced(t, drover, victim)
    answered = 0
    for peer in peers:
        try:
            peer.send(request())
            answered += peer.read_response().status == 200
        except (EOFError, OSError):
            pass
    assert answered == 20, answered


@case
def failed_for_good(t):
    "exit status 2 before any worker was ready: not tried again, drover ends and says why"
    setpriv = shutil.which("setpriv")
    if os.getuid() != 0 or setpriv is None:
        t.skip("needs root and setpriv(1)")
    # without CAP_SETGID a worker cannot become another user: that is its environment's fault
    drover = t.drover(t.pool(t.server()), workers=2, user="nobody", wait=False,
                      launcher=[setpriv, "--bounding-set", "-setuid,-setgid", "--inh-caps", "-all", "--"])
    drover.stopped = True
    assert drover.wait() == 1
    text = drover.log() + drover.stderr()
    assert text.count("exited with status 2") == 2 and "not permitted" in text.lower(), text


@case
def orphans(t):
    "workers end when their master is gone"
    drover = t.drover(t.pool(t.server()), workers=3)
    pids = drover.pids()
    idle = t.connect(drover)
    idle.send(request())
    assert idle.read_response().status == 200
    drover.stopped = True
    drover.kill(signal.SIGKILL)
    assert drover.wait() == -signal.SIGKILL
    t.wait(lambda: not any(map(process_exists, pids)), "the workers have ended")
    assert idle.ended()


main()
