#!/usr/bin/env python3
"""Requests wait while no instance is there and one is coming; not for ever, and not without bound."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position


def behind(t, environment=(), more="", workers=2, **options):
    """drover whose app listens once the file "never" is gone."""
    with open(t.path("never"), "w", encoding="ascii"):
        pass
    options.setdefault("queue_timeout", '"60s"')
    body = apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}", *environment], more, **options)
    return t.drover(body + 'route { pool = "web" }', workers=workers)


def let_it(t):
    os.unlink(t.path("never"))


def send(t, drover, count, method="GET", body=None):
    peers = [t.connect(drover) for _ in range(count)]
    for peer in peers:
        peer.send(request(method, "/", body=body))
    return peers


def waiting(drover):
    return drover.call("pools")["pools"][0]["queue"]["waiting"]


@case
def answered_when_ready(t):
    "requests that came before the first instance was ready are answered by it; POSTs as well"
    drover = behind(t, workers=4)
    peers = send(t, drover, 20) + send(t, drover, 10, "POST", b"body")
    t.wait(lambda: waiting(drover) == 30, "all wait")
    let_it(t)
    assert [peer.read_response().status for peer in peers] == [200] * 30
    assert waiting(drover) == 0


@case
def between_two(t):
    "requests wait as well while the only instance is replaced by force"
    drover = behind(t)
    let_it(t)
    pid = apps.wait_settled(drover, 1)[0]["pid"]
    os.kill(pid, signal.SIGKILL)
    t.wait(lambda: apps.pids(drover) != [pid], "its death is known")
    assert [peer.read_response().status for peer in send(t, drover, 10)] == [200] * 10


@case
def healthy_first(t):
    "the port accepts long before the health path answers 2xx: no request comes before"
    drover = behind(t, ["HEALTH_MS=700", f"SEEN={t.path('seen')}"], 'health { path = "/health" }')
    let_it(t)
    peers = send(t, drover, 10)
    assert [peer.read_response().status for peer in peers] == [200] * 10
    assert not os.path.exists(t.path("seen"))


@case
def not_for_ever(t):
    "behind queue-timeout it is 503 with Retry-After, and the log tells why"
    drover = behind(t, queue_timeout='"300ms"')
    for peer in send(t, drover, 3):
        answer = peer.read_response()
        assert answer.status == 503 and int(answer.get("retry-after")) >= 1, answer.head
    t.wait(lambda: sum("no-instance" in line for line in drover.access_lines()) == 3,
           f"the access log tells it: {drover.access_lines()}")


@case
def bounded(t):
    "as many as queue-size wait, and the others are answered 503 at once"
    drover = behind(t, queue_size=5, workers=1)
    waiters = send(t, drover, 5)
    t.wait(lambda: waiting(drover) == 5, "five wait")
    for peer in send(t, drover, 4):
        answer = peer.read_response()
        assert answer.status == 503 and int(answer.get("retry-after")) >= 1, answer.head
    let_it(t)
    assert [peer.read_response().status for peer in waiters] == [200] * 5


@case
def nothing_comes(t):
    "with every instance failed it is 503 at once, and those that wait then are answered so too"
    drover = behind(t, start_retries=0, start_timeout='"500ms"', queue_timeout='"60s"')
    peers = send(t, drover, 3)
    assert [peer.read_response().status for peer in peers] == [503] * 3
    apps.wait_state(drover, "failed")
    answer = drover.get("/")
    assert answer.status == 503 and answer.get("retry-after"), answer.head


@case
def gone_while_waiting(t):
    "a client that goes away while it waits waits no more"
    drover = behind(t)
    peers = send(t, drover, 4)
    t.wait(lambda: waiting(drover) == 4, "four wait")
    for peer in peers[:2]:
        peer.reset()
    t.wait(lambda: waiting(drover) == 2, f"two wait: {waiting(drover)}")
    let_it(t)
    assert [peer.read_response().status for peer in peers[2:]] == [200] * 2


@case
def one_at_a_time(t):
    "the first instance is not drowned: max-connections holds for those that have waited"
    drover = behind(t, max_connections=2, workers=4)
    peers = [t.connect(drover) for _ in range(12)]
    for peer in peers:
        peer.send(request("GET", "/slow?ms=100"))
    t.wait(lambda: waiting(drover) == 12, "all wait")
    let_it(t)
    seen = 0
    while waiting(drover) > 0:
        seen = max([seen] + [row["in-flight"] for row in apps.rows(drover)])
    assert [peer.read_response().status for peer in peers] == [200] * 12
    assert seen <= 2, seen


main()
