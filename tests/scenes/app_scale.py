#!/usr/bin/env python3
"""The number of instances is changed under load: no request fails."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import MIX, SLOW, Traffic  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position


def in_front(t, command, **options):
    drover = t.drover(apps.section("web", command, **options) + 'route { pool = "web" }', workers=4)
    apps.wait_settled(drover, options.get("instances", 1))
    return drover


def scale(drover, instances):
    reply = drover.call("scale", app="web", instances=instances, wait=True)
    assert apps.is_settled(drover, "web", instances), (reply, apps.rows(drover))


def up_and_down(t, command, listen):
    drover = in_front(t, command, instances=4, listen=listen)
    traffic = t.keep(Traffic(drover, MIX + [SLOW]))
    traffic.wait(200)
    for instances in 8, 1, 4:
        before = apps.pids(drover)
        scale(drover, instances)
        now = apps.pids(drover)
        assert now[:len(before)] == before[:len(now)], "those that stay are the same"
        t.wait(lambda gone=set(before) - set(now): not any(map(process_exists, gone)), "the others are gone")
        traffic.wait(100)
    t.wait(lambda: set(apps.pids(drover)) < set(traffic.answered), "each has answered, and others before")
    traffic.finish()


@case
def by_port(t):
    "4 to 8 to 1 to 4 by PORT: no request fails"
    up_and_down(t, apps.python("plain.py"), "port")


@case
def by_unix_socket(t):
    "the same on unix sockets"
    up_and_down(t, apps.python("plain.py", "{socket}"), "unix")


@case
def by_activation(t):
    "the same on passed sockets"
    up_and_down(t, apps.python("plain.py"), "activation")


@case
def in_flight(t):
    "what is in flight on an instance is finished before that is told to end, and nothing new goes there"
    drover = in_front(t, apps.python("plain.py"), instances=2)
    first, second = apps.pids(drover)
    peers, hold = [t.connect(drover) for _ in range(4)], apps.Hold(t)
    for peer in peers:
        peer.send(request("POST", hold.target, body=b"x"))
    assert sorted(hold.wait(4)) == sorted([first, second] * 2), "two requests are on each"
    drover.call("scale", app="web", instances=1)
    assert apps.wait_state(drover, "draining", number=1)["pid"] == second
    t.wait(drover.is_known, "the workers know it")
    for _ in range(10):
        assert drover.get("/").get("x-pid") == str(first)
    assert process_exists(second)
    hold.let_go()
    assert sorted(peer.read_response().get("x-pid") for peer in peers) == sorted([str(first), str(second)] * 2)
    apps.wait_settled(drover, 1)
    assert not process_exists(second)


@case
def to_nothing(t):
    "scaled to 0 it answers 503 at once, with Retry-After; and comes back"
    drover = in_front(t, apps.python("plain.py"), instances=2)
    scale(drover, 0)
    answer = drover.get("/")
    assert answer.status == 503 and int(answer.get("retry-after")) >= 1, answer.head
    scale(drover, 1)
    assert drover.get("/").status == 200
    drover.wait_log("app web: 1 of 1 instances are ready")
    drover.call("restart", app="web", wait=True)
    told = [line.split("app web: ")[1] for line in drover.log().splitlines() if "are ready" in line]
    assert told == ["2 of 2 instances are ready", "1 of 1 instances are ready"], told


@case
def changed_again(t):
    "changed again and again before it is settled: the last number holds, and no request fails"
    drover = in_front(t, apps.python("plain.py"), instances=2)
    traffic = t.keep(Traffic(drover))
    for instances in 6, 1, 5, 2, 7, 3:
        drover.call("scale", app="web", instances=instances)
        traffic.wait(20)
    apps.wait_settled(drover, 3)
    traffic.wait(50)
    traffic.finish()


@case
def failed_ones_are_tried_one_by_one(t):
    "a scale that tries many failed ones again does not hold the master up: they are started one by one"
    many, command = 40, [apps.need(t, "false")]
    drover = t.drover(apps.section("web", command, instances=many, start_retries=0))
    t.wait(lambda: [row["state"] for row in apps.rows(drover)] == many * ["failed"], "all have failed")
    events = t.keep(drover.open_control())
    events.watch()
    drover.call("scale", app="web", instances=many)
    note = events.note()["params"]
    assert note["event"] == "changed", f"it is done before they are started: {note}"
    starts = (note["instance"] for note in iter(lambda: events.event_of("instance-started"), None))
    assert sorted(next(starts) for _ in range(many)) == list(range(many))
    t.wait(lambda: [row["state"] for row in apps.rows(drover)] == many * ["failed"], "all have failed again")
    assert [row["restarts"] for row in apps.rows(drover)] == many * [0], "they were asked for"
    for instances in 1, 2:
        drover.call("scale", app="web", instances=instances)
        t.wait(lambda n=instances: [row["state"] for row in apps.rows(drover)] == n * ["failed"], "they have failed")
    assert [next(starts) for _ in range(3)] == [0, 0, 1], "none was tried again that is not wanted"


@case
def does_not_end(t):
    "one that ignores the signal to end is killed behind stop-timeout"
    script = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); import plain; plain.main()'
    drover = in_front(t, [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {apps.HERE!r}); {script}"],
                      instances=2, stop_timeout='"300ms"')
    pid = apps.pids(drover)[1]
    scale(drover, 1)
    assert not process_exists(pid)
    drover.wait_log(rf"web/1 \(pid {pid}\).* is killed")


main()
