#!/usr/bin/env python3
"""Clients of socket.io stay with their instance, and get another one when it is gone."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
import wire  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from socketio import Refused, SocketIO  # pylint: disable=wrong-import-position


def in_front(t, sticky, instances=4, **options):
    command, environment = apps.express(t)
    section = apps.section("web", command, environment, instances=instances, **sticky, **options)
    drover = t.drover(section + 'route { pool = "web" }', workers=4)
    apps.wait_settled(drover, instances)
    return drover


def clients(t, drover, count):
    made = [t.keep(SocketIO(drover)).connect() for _ in range(count)]
    for client in made:
        client.say()
    return made


def stays(client, pid):
    """Still the same process and the same conversation; by websocket as well as by polling."""
    client.say("still there?")
    assert client.pid == pid, (client.pid, pid)


@case
def without(t):
    "without sticky sessions a client that polls is not known to most instances: so the next cases mean something"
    drover = in_front(t, {})
    refused = 0
    for _ in range(6):
        try:
            clients(t, drover, 1)
        except Refused:
            refused += 1
    assert refused > 0


@case
def polls_and_websockets(t):
    "each poll arrives on a connection of its own, then a websocket: all at the same instance, over four workers"
    drover = in_front(t, {"sticky": '"cookie"'})
    some = clients(t, drover, 12)
    assert len({client.pid for client in some}) == 4, "they are spread over all instances"
    for client in some:
        pid = client.pid
        for _ in range(3):
            stays(client, pid)
        client.upgrade()
        stays(client, pid)


@case
def through_scale(t):
    "scaled up nobody moves; scaled down those move whose instance went, and are served by another"
    drover = in_front(t, {"sticky": '"cookie"'}, instances=2)
    some = clients(t, drover, 6)
    homes = [client.pid for client in some]
    drover.call("scale", app="web", instances=4)
    apps.wait_settled(drover, 4)
    for client, pid in zip(some, homes):
        stays(client, pid)
    drover.call("scale", app="web", instances=1, wait=True)
    left = apps.pids(drover)[0]
    for client, pid in zip(some, homes):
        if pid == left:
            stays(client, pid)
        else:
            begins_anew(client, left)


def begins_anew(client, pid=None):
    """What socket.io's own client does when its session is unknown: it connects again, with its cookies."""
    before = client.pid
    try:
        client.say()
        assert client.pid != before, "its instance is gone"
    except (Refused, EOFError, OSError):
        client.close()
        client.sid, client.waiting, client.number = None, [], 0
        client.connect().say()
    assert client.pid != before and pid in (None, client.pid), (client.pid, before, pid)


@case
def killed(t):
    "the instance is killed: its clients are given another one, and stay with that"
    drover = in_front(t, {"sticky": '"cookie"'}, instances=3)
    some = clients(t, drover, 6)
    victim = some[0].pid
    os.kill(victim, signal.SIGKILL)
    for client in some:
        pid = client.pid
        if pid == victim:
            begins_anew(client)
            stays(client, client.pid)
        else:
            stays(client, pid)


@case
def rolled(t):
    "all instances are replaced: every client is given another one, and stays with that"
    drover = in_front(t, {"sticky": '"cookie"'}, instances=2)
    some = clients(t, drover, 4)
    assert drover.call("restart", app="web", wait=True)["state"] == "done"
    for client in some:
        begins_anew(client)
        stays(client, client.pid)


@case
def by_header(t):
    "by a header that clients send: the same instance for the same value"
    drover = in_front(t, {"sticky": '"header:X-Client"'})
    homes = {}
    for _ in range(3):
        for number in range(12):
            answer = drover.get("/", fields=[("X-Client", f"client-{number}")])
            assert homes.setdefault(number, answer.get("x-pid")) == answer.get("x-pid"), number
            assert answer.get("set-cookie") is None
    assert len(set(homes.values())) > 1, homes


@case
def by_address(t):
    "by the address of the client"
    drover = in_front(t, {"sticky": '"address"'})
    homes = {}
    for _ in range(3):
        for number in range(2, 12):
            peer = drover.connect(source=(f"127.0.0.{number}", 0))
            peer.send(wire.request())
            answer = peer.read_response()
            peer.close()
            assert homes.setdefault(number, answer.get("x-pid")) == answer.get("x-pid"), number
    assert len(set(homes.values())) > 1, homes


main()
