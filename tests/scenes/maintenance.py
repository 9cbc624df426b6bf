#!/usr/bin/env python3
"""Maintenance: requests are answered 503 for a time, by configuration and by command."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

ROUTES = """
    route { path = "/a"  pool = "a" }
    route { path = "/b"  pool = "b" }
    route { path = "/r"  respond = "200 ok" }"""


def pools(t):
    return "".join(t.pool(t.server(lambda seen, name=name: response(body=name)), name=name.decode())
                   for name in (b"a", b"b")) + ROUTES


def statuses(drover, targets=("/a", "/b", "/r", "/none")):
    return [drover.exchange(request(target=target)).status for target in targets]


def maintain(drover, state, **more):
    return drover.call("maintenance", state=state, wait=True, **more)


@case
def by_command(t):
    "of a pool, a route, a listener and all, as seen by every worker at once"
    drover = t.drover(pools(t))
    rows = lambda method: [row["maintenance"] for row in drover.call(method)[method]]  # noqa: E731
    assert statuses(drover) == [200, 200, 200, 404] and not drover.call("status")["maintenance"]
    reply = maintain(drover, "on", pool="a")
    assert reply["settled"] and reply["state"] == "on", reply
    assert reply["changes"] == [{"what": "pool a maintenance", "from": False, "to": True}], reply
    assert statuses(drover) == [503, 200, 200, 404] and drover.call("status")["maintenance"]
    assert (rows("pools"), rows("routes"), rows("listeners")) == ([True, False], [False, False, False], [False])
    maintain(drover, "on", route=3)
    assert statuses(drover) == [503, 200, 503, 404] and rows("routes") == [False, False, True]
    maintain(drover, "off", pool="a")
    maintain(drover, "off", route=3)
    maintain(drover, "on", listener="127.0.0.1:0")
    assert statuses(drover) == [503, 503, 503, 503] and rows("listeners") == [True]
    maintain(drover, "off", listener="127.0.0.1:0")
    assert statuses(drover) == [200, 200, 200, 404] and not drover.call("status")["maintenance"]
    maintain(drover, "on")
    assert statuses(drover) == [503, 503, 503, 503]
    drift = drover.call("config")["changes"]
    assert drift == [{"what": "maintenance", "from": False, "to": True}], drift
    maintain(drover, "off")
    assert drover.call("config")["changes"] == []


@case
def connections_as_they_are(t):
    "with mode = tcp new ones are reset, whichever of all, listener and pool it is for; those that are there go on"
    def echo(peer):
        while peer.receive():
            peer.send(peer.take(len(peer.buffer)))

    def said(peer):
        try:
            peer.send(b"hello")
            return peer.read(5)
        except (EOFError, OSError):
            return None

    def said_anew():
        try:
            return said(t.connect(drover))
        except OSError:  # the reset may come before connect has returned
            return None

    drover = t.drover(t.pool(t.server(handler=echo), name="a"), listen="mode = tcp  maintenance = true", workers=2)
    assert said_anew() is None
    maintain(drover, "off", listener="127.0.0.1:0")
    stays = t.connect(drover)
    assert said(stays) == b"hello"
    for which in ({}, {"pool": "a"}, {"listener": "127.0.0.1:0"}):
        maintain(drover, "on", **which)
        assert said_anew() is None and said(stays) == b"hello", which
        maintain(drover, "off", **which)
        assert said(t.connect(drover)) == b"hello", which


@case
def the_answer(t):
    "Retry-After, the page, the connection that goes on, and the log"
    with open(t.path("sorry.html"), "w", encoding="ascii") as file:
        file.write("<p>soon")
    drover = t.drover(pools(t) + f"""
        maintenance-retry-after = 2m
        error-page = "503 {t.path('sorry.html')}" """)
    peer = t.connect(drover)
    peer.send(request(target="/a"))
    assert peer.read_response().status == 200
    maintain(drover, "on")
    for method, body in (("GET", None), ("POST", b"body"), ("HEAD", None)):
        peer.send(request(method=method, target="/a", body=body))
        answer = peer.read_response(method)
        assert (answer.status, answer.get("retry-after"), answer.get("content-length")) == (503, "120", "7"), answer.head
        assert answer.body == (b"" if method == "HEAD" else b"<p>soon")
    maintain(drover, "off")
    peer.send(request(target="/a"))
    assert peer.read_response().status == 200
    t.wait(lambda: any('reason="maintenance"' in line for line in drover.access_lines()), "the log says why")


@case
def by_configuration(t):
    "it begins so, but for some clients, and a command ends it"
    drover = t.drover(pools(t).replace('pool "b" {', 'pool "b" { maintenance = true') + """
        maintenance = true  maintenance-except = 127.0.0.0/8""")
    assert statuses(drover) == [200, 200, 200, 404]
    reply = maintain(drover, "off", **{"except": "10.0.0.0/8, ::1"})
    assert reply["except"] == ["10.0.0.0/8", "::1"], reply
    assert statuses(drover) == [200, 503, 200, 404]
    maintain(drover, "on", **{"except": ""})
    assert statuses(drover) == [503, 503, 503, 503]


@case
def it_lasts(t):
    "a worker that takes the place of another knows it from its first request on"
    drover = t.drover(pools(t), workers=1)
    maintain(drover, "on", pool="a")
    pid = drover.pids()[0]
    os.kill(pid, signal.SIGKILL)
    t.wait(lambda: drover.pids() not in ([], [pid]) and drover.call("status")["workers"]["ready"] == 1, "another worker")
    assert statuses(drover) == [503, 200, 200, 404]


@case
def what_is_wrong(t):
    "errors change nothing, nor does a dry run"
    drover = t.drover(pools(t))
    for params in ({"pool": "c"}, {"route": 4}, {"route": 0}, {"listener": "x"}, {"pool": "a", "route": 1},
                   {"except": "10.0.0.1/8"}, {"except": "1.1.1.1 " * 17}, {"except": "10.0.0.0/8 x"}):
        try:
            drover.call("maintenance", state="on", **params)
            assert False, params
        except ControlError as error:
            assert error.code == -32602 and error.hint, (params, error)
    assert drover.call("maintenance", **{"state": "on", "dry-run": True})["changes"]
    assert statuses(drover) == [200, 200, 200, 404]
    assert drover.call("config")["changes"] == []


main()
