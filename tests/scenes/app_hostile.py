#!/usr/bin/env python3
"""Apps that do what no app should do: drover ends them all the same, and starts them anew."""

import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import HELLO, is_sanitized, process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position


def in_front(t, *arguments, **options):
    drover = t.drover(apps.section("web", apps.python("hostile.py", *arguments), **options)
                      + 'route { pool = "web" }', workers=1)
    apps.wait_settled(drover, options.get("instances", 1))
    return drover


def restarted(t, drover, number=signal.SIGKILL):
    """Kills the only instance; the next one takes requests."""
    pid = apps.pids(drover)[0]
    os.kill(pid, number)
    t.wait(lambda: apps.pids(drover) not in ([], [pid]), lambda: f"another one is ready: {apps.rows(drover)}")
    assert drover.get("/").status == 200


@case
def leaves_its_process_group(t):
    "one that has joined the process group of drover and ignores TERM is killed all the same"
    drover = in_front(t, "leave-group", stop_timeout='"300ms"')
    pid = apps.pids(drover)[0]
    assert os.getpgid(pid) == os.getpgid(drover.pid)
    drover.call("scale", app="web", instances=0)
    t.wait(lambda: not process_exists(pid), "it is dead")
    drover.call("scale", app="web", instances=1)
    apps.wait_settled(drover, 1)
    pid = apps.pids(drover)[0]
    assert drover.stop(signal.SIGTERM) == 0
    assert not process_exists(pid)


def shut(t, listen):
    drover = in_front(t, listen=listen)
    pid = apps.pids(drover)[0]
    drover.exchange(request("POST", "/shut", body=b"x"))  # it may end before the answer is out
    t.wait(lambda: apps.pids(drover) not in ([], [pid]), lambda: f"another one is ready: {apps.rows(drover)}")
    assert drover.get("/").status == 200


@case
def shut_unix_socket(t):
    "shutdown(2) of a passed unix socket: the next process gets another one"
    shut(t, "activation")


@case
def shut_port(t):
    "the same of a port"
    shut(t, "activation-port")


@case
def unlinked(t):
    "a passed unix socket without its path: the next process gets another one"
    drover = in_front(t, listen="activation")
    assert drover.get("/unlink").status == 200
    restarted(t, drover)


@case
def narrowed(t):
    "a passed socket whose queue was made short: the next process has a long one"
    drover = in_front(t, listen="activation")
    assert drover.get("/narrow").status == 200
    restarted(t, drover)
    pid = apps.pids(drover)[0]
    t.freeze(pid)
    peers = [t.connect(drover) for _ in range(8)]
    for peer in peers:
        peer.send(request("GET", "/pid"))
    t.wait(lambda: apps.rows(drover)[0]["in-flight"] == 8, "all are on it")
    t.thaw(pid)
    assert [peer.read_response().status for peer in peers] == [200] * 8


@case
def removed_directory(t):
    "the directory of all sockets is removed: it is made anew"
    drover = in_front(t, "", "{socket}")
    assert drover.get("/remove").status == 200
    restarted(t, drover)


@case
def kills_its_group(t):
    "one that kills its process group takes nobody else along"
    drover = in_front(t)
    workers, pid = drover.pids(), apps.pids(drover)[0]
    assert drover.exchange(request("POST", "/kill-group", body=b"x")).status == 502
    t.wait(lambda: apps.pids(drover) not in ([], [pid]), lambda: f"another one is ready: {apps.rows(drover)}")
    assert drover.pids() == workers and drover.get("/").status == 200


@case
def forks(t):
    "a hundred children that ignore TERM end with it"
    drover = in_front(t, stop_timeout='"300ms"')
    assert drover.get("/fork").status == 200
    pids = set(apps.children_of(drover.pid)) - set(drover.pids())
    assert len(pids) == 101, pids
    drover.call("scale", app="web", instances=0, wait=True)
    t.wait(lambda: not any(map(process_exists, pids)), "all are gone")


@case
def stands_still(t):
    "one that is stopped is replaced by a roll-out all the same, and need not be killed"
    drover = in_front(t, stop_timeout='"1h"')
    pid = apps.pids(drover)[0]
    os.kill(pid, signal.SIGSTOP)
    assert drover.call("restart", app="web", wait=True)["state"] == "done"
    assert not process_exists(pid)
    assert drover.get("/").status == 200


def capabilities(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip().split(":\t") for line in file if line.startswith("Cap"))


@case
def capabilities_of_drover(t):
    "what drover itself may do beyond its user, as to bind port 80, no instance may"
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        t.skip("only root, with setpriv, can start drover so")
    os.chmod(t.dir, 0o777)
    drover = t.drover(apps.section("web", ["/bin/sleep", "1000"]), workers=1, launcher=[
        "setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=+net_bind_service",
        "--ambient-caps=+net_bind_service"])
    row = apps.wait_state(drover, "starting")
    assert int(capabilities(drover.pid)["CapEff"], 16) != 0, capabilities(drover.pid)
    t.wait(lambda: os.path.basename(os.readlink(f"/proc/{row['pid']}/exe")) != "drover", "it has become its program")
    assert int(capabilities(row["pid"])["CapEff"], 16) == 0, capabilities(row["pid"])


@case
def being_written(t):
    "a program that is just being written, as by a deployment, is tried again"
    program = shutil.copy(HELLO, t.path("program"))
    with open(program, "ab"):
        drover = t.drover(apps.section("web", [program]), workers=1)
        drover.wait_log(r"web/0 .*Text file busy.*restarting in")
    apps.wait_settled(drover, 1)


@case
def master_stands_still(t):
    "a master that stood still gives those that start the time to be seen"
    drover = t.drover(apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}"], start_timeout='"5s"',
                                   start_retries=0), workers=1)
    apps.wait_settled(drover, 1)
    with open(t.path("never"), "w", encoding="ascii"):
        pass
    drover.call("restart", app="web")
    apps.wait_state(drover, "starting")
    t.freeze(drover.pid)
    os.unlink(t.path("never"))
    stopped = time.monotonic()
    t.wait(lambda: time.monotonic() > stopped + 6.5, "start-timeout is over, and more")
    t.thaw(drover.pid)
    t.wait(lambda: apps.app_of(drover)["roll"]["state"] != "running", "the roll-out is over")
    assert apps.app_of(drover)["roll"]["state"] == "done", apps.app_of(drover)


def run_time(pid):
    """Seconds that a process has run."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def longest_share(drover):
    """Kills all; the longest part, of what the master ran until all were there again, between two answers of it."""
    control, old = drover.open_control(), apps.pids(drover)
    began = last = run_time(drover.pid)
    longest = 0
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    while last == began or apps.app_of(drover)["instances"]["ready"] < len(old):
        control.call("version")
        now = run_time(drover.pid)
        longest, last = max(longest, now - last), now
    control.close()
    return longest / (last - began)


@case
def many_at_once(t):
    "many instances that die at the same moment: the master does other things in between"
    if is_sanitized():
        t.skip("a hundred sanitized processes that start keep this one from asking for too long")
    shares = []
    for number in range(5):  # this process may be kept from asking, the longer the slower the machine
        drover = t.drover(apps.section("web", [HELLO, "-a", "unix:{socket}"], instances=100), workers=1,
                          name=f"drover-{number}")
        apps.wait_settled(drover, 100)
        shares.append(longest_share(drover))
        if shares[-1] < 0.5:  # all at once it is nearly all of it
            return
        drover.stop(signal.SIGQUIT)  # those that have died before are started again one after the other in any case
    assert False, shares


main()
