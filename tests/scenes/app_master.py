#!/usr/bin/env python3
"""drover ends: no instance stays behind, and what is in flight is finished when there is time."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import DROVER, Control, process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import connect, request  # pylint: disable=wrong-import-position


def in_front(t, command, instances=3, environment=(), top=None, **options):
    section = apps.section("web", command, environment, instances=instances, **options)
    drover = t.drover(section + 'route { pool = "web" }', **(top or {}))
    apps.wait_settled(drover, instances)
    return drover


def all_gone(t, pids):
    t.wait(lambda: not any(map(process_exists, pids)), f"nobody is left of {pids}")


@case
def graceful(t):
    "TERM finishes what is in flight, then ends the instances"
    drover = in_front(t, apps.python("plain.py"))
    pids = apps.pids(drover)
    peers, hold = [t.connect(drover) for _ in range(6)], apps.Hold(t)
    for peer in peers:
        peer.send(request("POST", hold.target, body=b"x"))
    hold.wait(6)
    drover.kill(signal.SIGTERM)
    drover.wait_log(": stopping")
    hold.let_go()
    assert [peer.read_response().status for peer in peers] == [200] * 6
    drover.stopped = True
    assert drover.wait() == 0
    all_gone(t, pids)
    assert "is killed" not in drover.log()


@case
def at_once(t):
    "QUIT ends all of them at once, with their children"
    drover = in_front(t, apps.python("tree.py"), instances=1)
    pid = apps.pids(drover)[0]
    stays, leaves = map(int, drover.get("/children").body.split())
    assert drover.stop(signal.SIGQUIT) == 0
    all_gone(t, [pid, stays])
    if process_exists(leaves):  # there was no cgroup to find it by
        os.kill(leaves, signal.SIGKILL)


def deaf():
    """The command of an app that ignores TERM."""
    script = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); import plain; plain.main()'
    return [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {apps.HERE!r}); {script}"]


@case
def deaf_to_the_signal(t):
    "one that ignores TERM is killed behind stop-timeout"
    drover = in_front(t, deaf(), stop_timeout='"300ms"')
    pids = apps.pids(drover)
    assert drover.stop(signal.SIGTERM) == 0
    all_gone(t, pids)


@case
def deaf_and_in_haste(t):
    "QUIT does not wait for stop-timeout, whether they were asked to end before or not"
    drover = in_front(t, deaf(), instances=2, stop_timeout='"1h"')
    pids = apps.pids(drover)
    drover.call("scale", app="web", instances=1)
    t.wait(lambda: [row["state"] for row in apps.rows(drover)] == ["ready", "stopping"], "one was asked to end")
    assert drover.stop(signal.SIGQUIT) == 0
    all_gone(t, pids)


@case
def while_starting(t):
    "it ends as well while instances start, are in a pause, or have failed"
    with open(t.path("never"), "w", encoding="ascii"):
        pass
    body = (apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}"], instances=2)
            + apps.section("pause", ["/bin/sh", "-c", "exit 1"], start_retries=1000)
            + apps.section("failed", ["/bin/sh", "-c", "exit 1"], start_retries=0))
    drover = t.drover(body + 'route { pool = "web" }')
    apps.wait_state(drover, "failed", "failed")
    apps.wait_state(drover, "backoff", "pause")
    t.wait(lambda: all(row["pid"] for row in apps.rows(drover)), "both are started")
    pids = [row["pid"] for row in apps.rows(drover)]
    assert drover.stop(signal.SIGTERM) == 0
    all_gone(t, pids)


@case
def killed(t):
    "kill -9 of drover: its instances end too"
    drover = in_front(t, apps.python("plain.py"))
    pids = apps.pids(drover) + drover.pids()
    assert drover.stop(signal.SIGKILL) == -signal.SIGKILL
    all_gone(t, pids)


@case
def killed_and_started_again(t):
    "the drover after one that was killed removes the sockets and cgroups that it has left, and none of one that runs"
    def sockets(drover):
        return os.path.dirname(os.path.dirname(apps.rows(drover)[0]["address"].removeprefix("unix:")))

    deaf = ["/bin/sh", "-c", 'trap "" TERM; exec "$@"', "sh", *apps.python("plain.py", "{socket}")]
    killed_one = in_front(t, deaf, instances=1)
    pid, left, pids = killed_one.pid, sockets(killed_one), apps.pids(killed_one)
    group = cgroup_of(pids[0])
    living = in_front(t, apps.python("plain.py", "{socket}"), instances=1, top={"name": "living"})
    assert os.path.isdir(left) and killed_one.stop(signal.SIGKILL) == -signal.SIGKILL
    following = in_front(t, apps.python("plain.py"), instances=1, top={"name": "following"})
    assert not os.path.exists(left), left
    assert os.path.isdir(sockets(living)) and living.get("/").status == 200
    for instance in pids:  # whom the end of its master did not end
        os.kill(instance, signal.SIGKILL)
    all_gone(t, pids)
    assert following.stop(signal.SIGTERM) == 0
    if f"drover-{pid}-" in group:
        assert not os.path.exists(group), group


def cgroup_of(pid):
    """The directory of the cgroup (version 2) in which a process is; "": it has none."""
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        own = next((line[3:].rstrip("\n") for line in file if line.startswith("0::")), "")
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        point = next((line.split()[4] for line in file if " - cgroup2 " in line), "")
    return point + own if own and point else ""


@case
def workers_killed(t):
    "workers that are killed do not take instances with them"
    drover = in_front(t, apps.python("plain.py"))
    pids, workers = apps.pids(drover), drover.pids()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    t.wait(lambda: drover.pids() and not set(workers).intersection(drover.pids()), "there are others")
    assert drover.get("/").status == 200
    assert apps.pids(drover) == pids


def listening(path):
    """A connection to a control socket, or None: nobody listens there yet."""
    try:
        return Control(path)
    except OSError:
        return None


@case
def from_the_command_line(t):
    "drover -l ADDRESS -n 3 -- COMMAND"
    started = t.process("command-line", [DROVER, "-l", "127.0.0.1:0", "-S", t.path("socket"), "-n", "3", "--",
                                         *apps.python("plain.py")])
    control = t.wait(lambda: listening(t.path("socket")) or started.exited(), "it listens")
    assert not started.exited(), started.stderr()
    t.keep(control)
    t.wait(lambda: [row["state"] for row in control.call("apps", app="default")["instances"]] == ["ready"] * 3,
           "three instances are ready")
    host, port = control.call("status")["listeners"][0]["address"].rsplit(":", 1)
    peer = t.keep(connect((host, int(port))))
    peer.send(request())
    assert peer.read_response().status == 200
    children = apps.children_of(started.pid)
    started.kill(signal.SIGTERM)
    assert started.wait() == 0, started.stderr()
    all_gone(t, children)


main()
