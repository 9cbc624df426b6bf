#!/usr/bin/env python3
"""Instances that die: who is told, what is tried again, and what it costs others."""

import os
import random
import select
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import is_sanitized, process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import GETS, POST, Traffic  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position


def in_front(t, command, environment=(), **options):
    options.setdefault("queue_timeout", '"60s"')  # on a busy machine the next process takes its time
    drover = t.drover(apps.section("web", command, environment, **options) + 'route { pool = "web" }', workers=4)
    apps.wait_settled(drover, options.get("instances", 1))
    return drover


def kill_any(t, drover):
    """Kills an instance that takes requests; not the last one, and none twice."""
    t.wait(lambda: len(apps.ready_rows(drover)) > 1, "two are ready")
    kill(t, drover, [random.choice(apps.pids(drover))])


def kill(t, drover, pids):
    """Kills them, and waits until that is known."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    t.wait(lambda: not set(pids).intersection(apps.pids(drover)), "their death is known")


def gets_under_kills(t, command, **options):
    drover = in_front(t, command, instances=4, retries=8, **options)  # a request may be lost with each that is killed
    traffic = t.keep(Traffic(drover, GETS))
    for _ in range(8):
        traffic.wait(40)
        kill_any(t, drover)
    traffic.wait(40)
    apps.wait_settled(drover, 4)
    traffic.finish()
    assert sum(row["restarts"] for row in apps.rows(drover)) == 8, apps.rows(drover)


@case
def gets_by_port(t):
    "kill -9 at random under load of GETs: none fails"
    gets_under_kills(t, apps.python("plain.py"))


@case
def gets_by_unix_socket(t):
    "the same on unix sockets"
    gets_under_kills(t, apps.python("plain.py", "{socket}"))


@case
def gets_by_activation(t):
    "the same on passed sockets"
    gets_under_kills(t, apps.python("plain.py"), listen="activation")


@case
def all_at_once(t):
    "all instances killed at once: GETs wait for the next ones, and none fails"
    drover = in_front(t, apps.python("plain.py"), instances=3, retries=6)  # it may be lost with each of them, twice
    traffic = t.keep(Traffic(drover, GETS))
    for _ in range(2):
        traffic.wait(40)
        kill(t, drover, apps.pids(drover))
        traffic.wait(40)
    apps.wait_settled(drover, 3)
    traffic.finish()


@case
def posts_in_flight(t):
    "POSTs in flight on a killed instance get 502 at once; those on another one their answer"
    drover = in_front(t, apps.python("plain.py"), instances=2)
    killed, other = apps.pids(drover)
    hold = apps.Hold(t)
    peers = [t.connect(drover) for _ in range(6)]
    for peer in peers:
        peer.send(request("POST", hold.target, body=b"x"))
    assert sorted(hold.wait(6)) == sorted([killed, other] * 3), "three requests are on each"
    os.kill(killed, signal.SIGKILL)
    t.wait(lambda: len(select.select(peers, [], [], 0)[0]) == 3, "three have their answer")
    hold.let_go()
    answers = [peer.read_response() for peer in peers]
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200] * 3 + [502] * 3, statuses
    assert {answer.get("x-pid") for answer in answers if answer.status == 200} == {str(other)}


@case
def at_once(t):
    "the 502 comes when the instance dies, not when a timeout is over"
    drover = in_front(t, apps.python("plain.py"))
    peer, hold = t.connect(drover), apps.Hold(t)
    peer.send(request("POST", hold.target, body=b"x"))
    os.kill(hold.wait(1)[0], signal.SIGKILL)
    assert peer.read_response().status == 502  # within the time that a read may take, which is less than response-timeout


@case
def not_taken_yet(t):
    "what waits in the passed socket of an instance that dies goes to another one; POSTs get 502, and are never seen"
    body = apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}"], instances=2, listen="activation")
    drover = t.drover(body + 'route { pool = "web" }', workers=1, balance="round-robin")
    victim, other = [row["pid"] for row in apps.wait_settled(drover, 2)]
    with open(t.path("never"), "w", encoding="ascii"):
        pass  # the next process shall not listen
    t.freeze(victim)
    peers = [(method, t.connect(drover)) for method in ["GET", "GET", "POST", "POST"] * 4]
    for method, peer in peers:
        peer.send(request(method, "/pid", body=b"x" if method == "POST" else None))
    t.wait(lambda: apps.rows(drover)[0]["in-flight"] >= 4 and apps.rows(drover)[1]["in-flight"] == 0, "some wait")
    os.kill(victim, signal.SIGKILL)
    answers = [(method, peer.read_response()) for method, peer in peers]
    assert all(answer.status == 200 for method, answer in answers if method == "GET"), answers
    assert {answer.status for method, answer in answers if method == "POST"} == {200, 502}, answers
    assert {answer.get("x-pid") for _, answer in answers if answer.status == 200} == {str(other)}


@case
def posts_under_kills(t):
    "POSTs under load and kills: only those in flight on a killed instance fail, each at once"
    drover = in_front(t, apps.python("plain.py"), instances=4)
    traffic = t.keep(Traffic(drover, [POST] * 4))
    for _ in range(4):
        traffic.wait(40)
        kill_any(t, drover)
    traffic.wait(40)
    apps.wait_settled(drover, 4)
    traffic.finish(allowed=4 * 4)
    assert set(traffic.kinds()) <= {"502"}, traffic.failures


@case
def crash_on_demand(t):
    "one that dies of a request: that one gets 502, even if it is a GET, and others go on"
    drover = in_front(t, apps.python("crash.py"), instances=2)
    traffic = t.keep(Traffic(drover, GETS))
    answer = drover.exchange(request("POST", "/crash?status=7", body=b"x"))
    assert answer.status == 502
    t.wait(lambda: any(row["last-death"] for row in apps.rows(drover)), "its death is told")
    death = next(row["last-death"] for row in apps.rows(drover) if row["last-death"])
    assert death["cause"] == "exit status 7" and not death["asked-for"], death
    drover.wait_log(r"web/[01].*cannot go on: the answer is 41")
    apps.wait_settled(drover, 2)
    traffic.wait(40)
    traffic.finish()


@case
def children_die(t):
    "the children of a killed instance die with it: of its process group, and where it has a cgroup all others, too"
    drover = in_front(t, apps.python("tree.py"), instances=2)
    stays, leaves = map(int, drover.get("/children").body.split())
    parent = next(pid for pid in apps.pids(drover) if stays in apps.children_of(pid))
    cgroup = read_cgroup(parent)
    os.kill(parent, signal.SIGKILL)
    t.wait(lambda: not process_exists(stays), "the child in its process group is dead")
    if cgroup != read_cgroup(drover.pid):
        t.wait(lambda: not process_exists(leaves), "the child in a session of its own is dead")
    elif process_exists(leaves):
        os.kill(leaves, signal.SIGKILL)
    for row in apps.wait_settled(drover, 2):
        leave_nothing(row["pid"])


def read_cgroup(pid):
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        return file.read()


def leave_nothing(pid):
    """What has left the group of an instance cannot be found by drover where there are no cgroups."""
    for child in apps.children_of(pid):
        if os.getsid(child) == child:
            os.kill(child, signal.SIGKILL)


@case
def never_ready(t):
    "one that does not get ready: FAILED behind start-retries, with the reason and its last lines"
    body = apps.section("web", apps.python("crash.py"), ["CRASH=9"], start_retries=1)
    drover = t.drover(body + 'route { pool = "web" }')
    row = apps.wait_state(drover, "failed")
    assert "exited with status 9" in row["reason"] and row["failed-starts"] == 2, row
    failed = apps.failed(drover)[0]
    assert failed["instance"] == 0 and any("the answer is 41" in line["text"] for line in failed["output"]), failed
    assert drover.get("/").status == 503
    status = drover.call("status")
    assert "exited with status 9" in str(status), status


@case
def too_slow(t):
    "one that does not listen within start-timeout is killed"
    with open(t.path("never"), "w", encoding="ascii"):
        pass
    drover = t.drover(apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}"], start_retries=0,
                                   start_timeout='"5s"') + 'route { pool = "web" }')
    row = apps.wait_state(drover, "failed")
    assert "it did not listen on the port in PORT, or {port}, within start-timeout" in row["reason"] and row["last-death"]["cause"].startswith("signal 9"), row
    os.unlink(t.path("never"))
    drover.call("restart", app="web")
    apps.wait_settled(drover, 1)
    assert drover.get("/").status == 200


def processor_time(pid):
    """Seconds of CPU that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case
def crash_loop(t):
    "an app in a crash loop leaves another one, the master and the workers alone"
    bad = apps.section("bad", ["/bin/sh", "-c", "exit 1"], instances=20, start_retries=1000)
    good = apps.section("web", apps.python("plain.py"), instances=2)
    drover = t.drover(good + bad + 'route { pool = "web" }')
    apps.wait_settled(drover, 2)
    before, used = apps.pids(drover), processor_time(drover.pid)
    workers = drover.pids()
    traffic = t.keep(Traffic(drover))
    t.wait(lambda: drover.log().count("bad/") >= 60, "it dies again and again")
    traffic.wait(100)
    traffic.finish()
    assert apps.pids(drover) == before and drover.pids() == workers
    assert all(row["restarts"] == 0 for row in apps.rows(drover)), apps.rows(drover)
    assert processor_time(drover.pid) - used < (4 if is_sanitized() else 1)


main()
