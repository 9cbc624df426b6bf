#!/usr/bin/env python3
"""What becomes of requests whose instance dies, and of those that come when none is there; see app_wait.py and app_kill.py."""

import json
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

EAGER = "defer-accept = false"
# Answers each connection as its file says, on what drover passes: "close", "reset", or a status line.
FICKLE = """
import os, socket, struct, sys
listener = socket.create_server((os.environ["HOST"], int(os.environ["PORT"])), backlog=512)
while True:
    peer, _ = listener.accept()
    data = peer.recv(65536)
    if b"/die" in data:
        os._exit(3)
    with open(sys.argv[1]) as file:
        what = file.read()
    with open(sys.argv[1] + ".seen", "a") as file:
        file.write("x" if data else "")
    if what == "reset":
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif what != "close":
        peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
    peer.close()
"""


def queued(drover):
    return drover.counters()["queued"]


def fickle(t, what, **options):
    """An app that does what its file says, and how to change that."""
    path, program = t.path("what"), t.path("fickle.py")
    with open(program, "w", encoding="ascii") as file:
        file.write(FICKLE)

    def say(word):
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(word)
        os.rename(path + ".new", path)

    say(what)
    drover = t.drover(apps.section("web", [sys.executable, "-S", program, path], **options),
                      listen=EAGER, access_log_format="json")
    return drover, say, path + ".seen"


def ask(t, drover, target="/", method="GET", index=0):
    peer = t.connect(drover, index)
    peer.send(request(method=method, target=target))
    return peer


def log_row(t, drover, target):
    """The line of the access log of that request."""
    def found():
        rows = [json.loads(line) for line in drover.access_lines()]
        return next((row for row in rows if row["target"] == target), None)

    return t.wait(found, f"a line about {target}")


@case
def until_the_first_is_ready(t):
    "requests on four workers, and a TCP connection, wait for the first instance and are then answered"
    never = t.path("never")
    with open(never, "w", encoding="ascii"):
        pass
    app = apps.section("web", apps.python("slow.py"), [f"NEVER={never}"], instances=2, queue_timeout='"30s"')
    drover = t.drover(app + 'listen "127.0.0.1:0" { mode = tcp  pool = web }', listen=EAGER, workers=4)
    peers = [ask(t, drover, f"/?{i}") for i in range(20)]
    tcp = ask(t, drover, "/?tcp", index=1)
    t.wait(lambda: queued(drover) == 21, "all wait")
    assert len([row for row in drover.call("workers")["workers"] if row["load"] > 0]) > 1
    queue = next(row for row in drover.call("pools")["pools"] if row["pool"] == "web")["queue"]
    assert queue["waiting"] == 21 and queue["size"] == 1024, queue
    rows = [row["request"] for row in drover.call("sessions")["sessions"]]
    assert {(row["pool"], row["server"]) for row in rows} == {("web", None)}, rows
    gone = ask(t, drover, "/gone")
    t.wait(lambda: queued(drover) == 22, "one more")
    gone.reset()
    t.wait(lambda: queued(drover) == 21, "it has gone away")
    os.unlink(never)
    assert [peer.read_response().status for peer in peers] == [200] * 20
    tcp.half_close()
    assert tcp.read_response().status == 200
    assert queued(drover) == 0 and drover.counters()["no-server"] == 0


@case
def none_is_wanted(t):
    "503 at once, and Retry-After is queue-timeout, rounded up"
    drover = t.drover(apps.section("web", apps.python("plain.py"), instances=0, queue_timeout='"59100ms"'),
                      access_log_format="json")
    answer = drover.get("/none")
    assert answer.status == 503 and answer.get("retry-after") == "60", answer.head
    assert drover.counters()["no-server"] == 1
    assert log_row(t, drover, "/none")["reason"] == "no-instance"


@case
def the_only_one_is_killed(t):
    "requests wait for the next process, whether they were on the one that died or came after it"
    drover = t.drover(apps.section("web", apps.python("plain.py"), instances=1, queue_timeout='"30s"'),
                      workers=4, listen=EAGER, access_log_format="json")
    assert drover.get("/").status == 200
    for name in "first", "second":
        old = apps.wait_settled(drover, 1)[0]["pid"]
        hold = apps.Hold(t, name)
        inside = [ask(t, drover, hold.target) for _ in range(8)]
        posted = ask(t, drover, hold.target + "&posted", "POST")
        assert set(hold.wait(9)) == {old}, "all are in it"
        os.kill(old, signal.SIGKILL)
        after = [ask(t, drover) for _ in range(8)]
        assert posted.read_response().status == 502
        hold.let_go()
        answers = [peer.read_response() for peer in inside + after]
        assert [answer.status for answer in answers] == [200] * 16, [answer.head for answer in answers]
        assert all(int(answer.get("x-pid")) != old for answer in answers[:8])
    assert log_row(t, drover, hold.target + "&posted")["reason"] in ("closed-by-server", "reset-by-server")


@case
def several_are_killed_at_once(t):
    "a load of GET while three of four are killed, again and again: no more than retries, so that none fails"
    drover = t.drover(apps.section("web", apps.python("plain.py"), instances=4, queue_timeout='"30s"'),
                      workers=4, listen=EAGER, retries=9)
    apps.wait_settled(drover, 4)
    stop, statuses = threading.Event(), []

    def load():
        peer = drover.connect()
        try:
            while not stop.is_set():
                peer.send(request(target="/slow?ms=2"))
                statuses.append(peer.read_response().status)
        except (EOFError, OSError) as end:
            statuses.append(repr(end))
        finally:
            peer.close()

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            apps.wait_settled(drover, 4)
            done = len(statuses)
            t.wait(lambda n=done: len(statuses) > n + 50, "requests are answered")
            for pid in apps.pids(drover)[:3]:
                os.kill(pid, signal.SIGKILL)
        apps.wait_settled(drover, 4)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}, [status for status in statuses if status != 200]


@case
def well_but_unwilling(t):
    "an instance that ends connections and lives: 502, soon, and no attempts without end"
    drover, say, seen = fickle(t, "fine", instances=1, queue_timeout='"60s"', max_fails=1)
    apps.wait_settled(drover, 1)
    assert drover.get("/").status == 200
    for what in ("close", "reset"):
        say(what)
        with open(seen, "w", encoding="ascii"):
            pass
        answer = drover.get(f"/{what}")
        assert answer.status == 502, answer.head
        with open(seen, encoding="ascii") as file:
            assert file.read() == "x", "the request was sent once"
        assert drover.exchange(request(method="POST", target=f"/{what}", body=b"x")).status == 502
    say("fine")
    assert drover.get("/").status == 200, "it is the last: not out for its failures"


@case
def dies_as_soon_as_it_is_ready(t):
    "one that dies at once again and again is started after pauses that grow; asked for, at once"
    drover, _, _ = fickle(t, "fine", instances=1, queue_timeout='"60s"')

    def killed_again():
        assert drover.exchange(request(method="POST", target="/die", body=b"x")).status == 502
        return re.search(r"web/0 .* restarting in (1\.[6-9]|[2-9]|[1-3][0-9])", drover.log())

    t.wait(killed_again, "the pause has grown")
    assert drover.call("restart", app="web", wait=True)["succeeded"]
    assert drover.get("/").status == 200


@case
def a_request_that_kills(t):
    "it takes no more instances along than retries says"
    drover, _, _ = fickle(t, "fine", instances=6, queue_timeout='"60s"', retries=1)
    before = {row["pid"] for row in apps.wait_settled(drover, 6)}

    def left():
        now = apps.pids(drover)
        return len(before.intersection(now)) if len(now) == 6 else None

    assert drover.get("/die").status == 502
    t.wait(lambda: left() == 4, "two have died, and others are there")
    assert drover.get("/").status == 200


@case
def starts_in_vain(t):
    "start-retries counts those in a row: one that has been ready begins anew"
    fails = t.path("fails")
    script = 'if test -e "$0"; then rm "$0"; exit 3; fi; exec "$@"'
    drover = t.drover(apps.section("web", ["/bin/sh", "-c", script, fails, *apps.python("plain.py")], start_retries=1)
                      + 'route { pool = "web" }', workers=1)
    apps.wait_settled(drover, 1)
    for _ in range(2):
        with open(fails, "w", encoding="ascii"):
            pass
        pid = apps.pids(drover)[0]
        os.kill(pid, signal.SIGKILL)
        t.wait(lambda old=pid: apps.pids(drover) not in ([], [old]), lambda: f"it is ready again: {apps.rows(drover)}")
        assert not os.path.exists(fails)


main()
