#!/usr/bin/env python3
"""Instances that have served, lived or grown enough are replaced under load: no request fails."""

import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import Traffic  # pylint: disable=wrong-import-position

# Answers a request for each connection, until one for /shut; then it does not listen any more, and lives.
SHUT = """
import os, signal, socket, sys
if sys.argv[1:]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(512)
else:
    listener = socket.create_server((os.environ["HOST"], int(os.environ["PORT"])), backlog=512)
target = b""
while b"/shut" not in target:
    peer, _ = listener.accept()
    target = peer.recv(65536)
    if target:
        peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
    peer.close()
listener.close()
for path in sys.argv[1:]:
    os.unlink(path)
signal.pause()
"""


def in_front(t, script="plain.py", **options):
    drover = t.drover(apps.section("web", apps.python(script), **options) + 'route { pool = "web" }')
    apps.wait_settled(drover, options.get("instances", 1))
    return drover


def all_replaced(t, drover, before):
    t.wait(lambda: not set(before) & set(apps.pids(drover)), "all were replaced")
    t.wait(lambda: not any(map(process_exists, before)), "the old ones are gone")


def under_load(t, why, **options):
    drover = t.drover(apps.section("web", apps.python("plain.py"), instances=3, **options) + 'route { pool = "web" }')
    before = t.wait(lambda: apps.pids(drover)[2:] and apps.pids(drover), "three are ready")
    traffic = t.keep(Traffic(drover))
    all_replaced(t, drover, before)
    drover.wait_log(rf"web/\d \(pid {before[0]}\) is replaced: .*{why}")
    traffic.wait(20)
    traffic.finish()
    rows = apps.rows(drover)
    assert all(row["restarts"] == 0 for row in rows), rows
    death = t.wait(lambda: next((row["last-death"] for row in apps.rows(drover) if row["last-death"]), None), "it is told")
    assert death["asked-for"], death


@case
def max_requests(t):
    "behind max-requests"
    under_load(t, "max-requests", max_requests=50)


@case
def max_age(t):
    "behind max-age"
    under_load(t, "max-age", max_age='"1s"')


@case
def jitter(t):
    "those that were started together are not replaced at the same moment"
    drover = t.drover(apps.section("web", apps.python("plain.py"), instances=10, max_age='"2s"', jitter=50, surge=10))
    control = t.keep(drover.open_control())
    control.watch(since=0)
    ages, started = [], {}
    while len(ages) < 10:
        event = control.note()["params"]
        when = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
        if event["event"] == "instance-ready":
            started[event["pid"]] = when
        elif event["event"] == "instance-draining":
            ages.append(when - started[event["pid"]])
    assert max(ages) - min(ages) > 0.3, ages


@case
def max_memory(t):
    "that use more than max-memory; those that do not stay"
    drover = in_front(t, "leak.py", instances=2, max_memory='"100m"')
    traffic = t.keep(Traffic(drover))
    before = apps.pids(drover)
    fat = int(drover.get("/grow?mb=120").get("x-pid"))
    t.wait(lambda: fat not in apps.pids(drover), "it was replaced")
    t.wait(lambda: not process_exists(fat), "it is gone")
    drover.wait_log(rf"web/\d \(pid {fat}\) is replaced: .*max-memory")
    apps.wait_settled(drover, 2)
    assert set(apps.pids(drover)) & set(before), "the other one stays"
    traffic.finish()


def closes_its_listener(t, listen):
    program = t.path("shut.py")
    with open(program, "w", encoding="ascii") as file:
        file.write(SHUT)
    command = [sys.executable, "-S", program] + (["{socket}"] if listen == "unix" else [])
    drover = t.drover(apps.section("web", command, listen=listen, max_fails=1))
    pid = apps.wait_settled(drover, 1)[0]["pid"]
    assert drover.get("/shut").status == 200
    t.wait(lambda: drover.get("/").status == 200, "another one answers")
    drover.wait_log(rf"web/0 \(pid {pid}\) is replaced: it accepts no connections any more")
    t.wait(lambda: not process_exists(pid), "the old one is gone")
    row, = apps.wait_settled(drover, 1)
    assert row["restarts"] == 0 and row["pid"] != pid, row


@case
def accepts_no_more(t):
    "one without checks that closes its listener is found out by requests"
    closes_its_listener(t, "port")


@case
def removes_its_socket(t):
    "the same of one that removes its unix socket"
    closes_its_listener(t, "unix")


@case
def not_without_another(t):
    "one that is to be replaced stays as long as the next one does not get ready"
    body = apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}"], max_requests=20, start_retries=0,
                        start_timeout='"5s"')
    drover = t.drover(body + 'route { pool = "web" }')
    pid = apps.wait_settled(drover, 1)[0]["pid"]
    with open(t.path("never"), "w", encoding="ascii"):
        pass
    traffic = t.keep(Traffic(drover))
    drover.wait_log(rf"web/0 \(pid {pid}\) is replaced: ")
    drover.wait_log(r"web/0 is not replaced")
    traffic.wait(50)
    apps.wait_settled(drover, 1)
    assert apps.pids(drover) == [pid]
    traffic.finish()


@case
def a_busy_one(t):
    "what an instance uses is seen, whether it is ready or not"
    drover = t.drover(apps.section("web", ["/bin/sh", "-c", "while :; do :; done"], start_timeout='"1h"'), workers=1)
    t.wait(lambda: any((row["cpu-percent"] or 0) > 1 for row in apps.rows(drover)), lambda: f"it is busy: {apps.rows(drover)}")


main()
