#!/usr/bin/env python3
"""What one client may do, over all workers: limit-connections and limit-rate."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

# a rate at which nothing is earned back while a case lasts
SLOW = "limit-rate = 1/h"


def pool(t):
    return t.pool(t.server(lambda seen: response(body=b"served")), name="web")


def held(t, drover, source, number):
    """So many connections of one address, each with a request answered; the statuses."""
    statuses, kept = [], []
    for _ in range(number):
        peer = t.keep(drover.connect(source=(source, 0)))
        peer.send(request())
        statuses.append(peer.read_response().status)
        kept.append(peer)
    return statuses, kept


@case
def connections(t):
    "limit-connections holds over all workers; who is over it hears 429 and is closed"
    drover = t.drover(pool(t) + "limit-connections = 3", workers=4)
    statuses, kept = held(t, drover, "127.0.0.2", 5)
    assert statuses == [200, 200, 200, 429, 429], statuses
    assert kept[4].ended()
    assert held(t, drover, "127.0.0.3", 3)[0] == [200] * 3
    kept[0].close()

    def freed():
        return held(t, drover, "127.0.0.2", 1)[0] == [200]

    t.wait(freed, "the place of the closed connection")
    answer = t.keep(drover.connect(source=("127.0.0.2", 0)))
    answer.send(request())
    answer = answer.read_response()
    assert answer.status == 429 and answer.get("Retry-After") == "1", answer
    assert drover.counters()["limited-connections"] >= 3


def is_let_go(t, drover):
    """Whether a connection is closed that says nothing; it may be before this process has heard that it is open."""
    try:
        return t.keep(drover.connect(source=("127.0.0.2", 0))).ended()
    except ConnectionResetError:
        return True


@case
def one_too_many_says_nothing(t):
    "a connection over the limit that asks for nothing is closed at once"
    drover = t.drover(pool(t) + "limit-connections = 1", listen="defer-accept = false")
    held(t, drover, "127.0.0.2", 1)
    assert is_let_go(t, drover)


@case
def connections_of_tcp(t):
    "in mode tcp it is closed"
    drover = t.drover(pool(t), listen='mode = tcp  pool = "web"  limit-connections = 1')
    kept = held(t, drover, "127.0.0.2", 1)[1]
    assert is_let_go(t, drover)
    kept[0].send(request())
    assert kept[0].read_response().status == 200


@case
def killed(t):
    "a worker that is killed gives back the places that it held"
    drover = t.drover(pool(t) + "limit-connections = 4")
    statuses, kept = held(t, drover, "127.0.0.2", 4)
    assert statuses == [200] * 4
    drover.wait_loads(4)
    loads = drover.loads()
    os.kill(drover.pids()[0], signal.SIGKILL)
    drover.wait_log("worker 0 .* killed")
    t.wait(lambda: held(t, drover, "127.0.0.2", loads[0])[0] == [200] * loads[0], "the places of the dead")
    assert held(t, drover, "127.0.0.2", 1)[0] == [429]
    assert len(kept) == 4


@case
def moved(t):
    "connections that a worker hands back keep their places"
    drover = t.drover(pool(t) + "limit-connections = 4")
    kept = held(t, drover, "127.0.0.2", 4)[1]
    drover.call("scale", workers=1, wait=True)
    t.wait(lambda: len(drover.workers()) == 1, "one worker")
    for peer in kept:
        peer.send(request())
        assert peer.read_response().status == 200
    assert held(t, drover, "127.0.0.2", 1)[0] == [429]


@case
def rate(t):
    "limit-rate with its burst is exact over all workers and connections"
    drover = t.drover(pool(t) + SLOW + "  limit-burst = 10", workers=4)
    statuses = []
    for _ in range(4):
        peer = t.keep(drover.connect(source=("127.0.0.2", 0)))
        peer.send(request() * 4)  # pipelined
        statuses += [peer.read_response().status for _ in range(4)]
    assert sorted(statuses) == [200] * 10 + [429] * 6, statuses
    peer.send(request())
    answer = peer.read_response()
    assert answer.status == 429 and 3500 < int(answer.get("Retry-After")) <= 3600, answer
    assert held(t, drover, "127.0.0.3", 1)[0] == [200]
    assert drover.counters()["limited-requests"] == 7


@case
def rate_of_a_route(t):
    "a route has a rate of its own, beside that of the listener"
    drover = t.drover(pool(t) + SLOW + """  limit-burst = 4
        route { path = "/login"  pool = "web"  limit-rate = 1/h  limit-burst = 2 }
        route { pool = "web" }""")
    peer = t.keep(drover.connect(source=("127.0.0.2", 0)))
    statuses = []
    for target in ("/login", "/login", "/login", "/", "/"):
        peer.send(request(target=target))
        statuses.append(peer.read_response().status)
    assert statuses == [200, 200, 429, 200, 429], statuses


@case
def behind_a_proxy(t):
    "behind trusted-proxies the client is whom they name, and nobody else can name one"
    drover = t.drover(pool(t) + SLOW + """  limit-burst = 1  deny = 192.0.2.66
        trusted-proxies = { 127.0.0.2, 10.0.0.0/8 }""")

    def asked(source, *fields):
        peer = t.keep(drover.connect(source=(source, 0)))
        peer.send(request(fields=fields))
        return peer.read_response().status

    def xff(value):
        return ("X-Forwarded-For", value)

    assert asked("127.0.0.2", xff("192.0.2.1")) == 200
    assert asked("127.0.0.2", xff("192.0.2.1")) == 429
    assert asked("127.0.0.2", xff("192.0.2.2")) == 200
    # what the client made up stands before what the proxies added
    assert asked("127.0.0.2", xff("192.0.2.3, 192.0.2.2")) == 429
    assert asked("127.0.0.2", xff("192.0.2.2, 10.0.0.1")) == 429
    assert asked("127.0.0.2", xff("192.0.2.9"), xff("192.0.2.2, 10.1.1.1")) == 429
    assert asked("127.0.0.2", xff("192.0.2.4:4711")) == 200
    assert asked("127.0.0.2", xff("192.0.2.4")) == 429
    assert asked("127.0.0.2", xff("[2001:db8::1]:80")) == 200
    assert asked("127.0.0.2", xff("2001:db8::2")) == 429  # the same /64
    assert asked("127.0.0.2", ("Forwarded", 'proto=http;for="[2001:db8:1::1]:80"')) == 200
    assert asked("127.0.0.2", ("Forwarded", "For=192.0.2.1")) == 429
    assert asked("127.0.0.2", xff("192.0.2.66")) == 403
    assert asked("127.0.0.3", xff("192.0.2.66")) == 200
    assert asked("127.0.0.3", xff("192.0.2.77")) == 429


@case
def exempt(t):
    "limit-exempt is not limited"
    drover = t.drover(pool(t) + SLOW + "  limit-burst = 1  limit-connections = 1  limit-exempt = 127.0.0.2")
    assert held(t, drover, "127.0.0.2", 3)[0] == [200] * 3
    assert held(t, drover, "127.0.0.3", 1)[0] == [200]


main()
