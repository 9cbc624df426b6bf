#!/usr/bin/env python3
"""TERM, INT, QUIT, HUP, USR1, PIPE: what each does, and what it does not."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def slow_request(t, drover, server, peer=None):
    """A request that the server does not answer before the case says so."""
    peer = peer or t.connect(drover)
    before = server.count()
    peer.send(request(target="/slow"))
    t.wait(lambda: server.count() == before + 1, "the request is in flight")
    return peer


def held_server(t):
    """A server that records requests to /slow and answers them when the scene sends."""
    def handler(peer):
        while (seen := peer.read_request()) is not None:
            server.record(seen, peer)
            if seen.target != "/slow":
                peer.send(response(body=b"ok"))

    server = t.server(handler=handler)
    return server


def graceful(t, number):
    server = held_server(t)
    drover = t.drover(t.pool(server), workers=2, shutdown_timeout="60s")
    pids, address = drover.pids(), drover.where()
    idle = t.connect(drover)
    idle.send(request())
    assert idle.read_response().status == 200
    slow = slow_request(t, drover, server)
    drover.kill(number)
    drover.stopped = True
    assert idle.ended() and not idle.was_reset  # closed, politely
    t.wait(drover.refuses, "new connections are refused")
    assert not drover.exited()
    server.requests[-1].peer.send(response(body=b"late"))
    answer = slow.read_response()
    assert answer.status == 200 and answer.body == b"late" and answer.whole, answer.head
    assert slow.ended()
    assert drover.wait() == 0
    assert not any(map(process_exists, pids))
    assert not os.path.exists(drover.control_path)
    return address


@case
def term(t):
    "TERM: requests in progress are finished, idle connections are closed, then status 0"
    graceful(t, signal.SIGTERM)


@case
def interrupt(t):
    "INT does the same"
    graceful(t, signal.SIGINT)


@case
def term_twice(t):
    "a second TERM ends it at once"
    server = held_server(t)
    drover = t.drover(t.pool(server), shutdown_timeout="60s")
    slow = slow_request(t, drover, server)
    drover.kill(signal.SIGTERM)
    t.wait(drover.refuses, "it is stopping")
    assert drover.stop(signal.SIGTERM) == 0
    assert not slow.read_all()


@case
def shutdown_timeout(t):
    "a stop that takes longer than shutdown-timeout is cut"
    server = held_server(t)
    drover = t.drover(t.pool(server), shutdown_timeout="300ms")
    pids = drover.pids()
    slow = slow_request(t, drover, server)
    assert drover.stop(signal.SIGTERM) == 0
    slow.read_all()
    assert not any(map(process_exists, pids))


@case
def quit_at_once(t):
    "QUIT does not wait for anything"
    server = held_server(t)
    drover = t.drover(t.pool(server), shutdown_timeout="60s")
    pids = drover.pids()
    slow = slow_request(t, drover, server)
    assert drover.stop(signal.SIGQUIT) == 0
    assert b" 200 " not in slow.read_all()
    assert not any(map(process_exists, pids))


@case
def stop_with_a_stopped_worker(t):
    "a worker that does not react does not keep drover from ending"
    drover = t.drover(t.pool(t.server()), shutdown_timeout="300ms", worker_timeout="0")
    pids = drover.pids()
    t.freeze(pids[0])
    assert drover.stop(signal.SIGTERM) == 0
    assert not any(map(process_exists, pids))


@case
def hangup(t):
    "HUP does not end it, and finds nothing new"
    drover = t.drover(t.pool(t.server()))
    pids = drover.pids()
    peer = t.connect(drover)
    for _ in range(5):
        drover.kill(signal.SIGHUP)
        peer.send(request())
        assert peer.read_response().status == 200
    assert drover.pids() == pids
    drover.wait_log(r"was read again: no app changes\n")
    assert "take effect when" not in drover.log(), drover.log()


@case
def harmless(t):
    "a rain of USR1, CHLD, PIPE and HUP, to the workers too, harms nothing"
    drover = t.drover(t.pool(t.server()))
    pids = drover.pids()
    peer = t.connect(drover)
    for i in range(100):
        for number in (signal.SIGUSR1, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP):
            drover.kill(number)
            os.kill(pids[i % 2], signal.SIGPIPE)
        peer.send(request())
        assert peer.read_response().status == 200
    assert drover.pids() == pids


@case
def terminal(t):
    "the signals of a terminal go to the whole group: workers still finish what they have"
    server = held_server(t)
    drover = t.drover(t.pool(server), shutdown_timeout="60s")
    pids = drover.pids()
    slow = slow_request(t, drover, server)
    for pid in pids + [drover.pid]:
        os.kill(pid, signal.SIGINT)
    drover.stopped = True
    t.wait(drover.refuses, "it is stopping")
    server.requests[-1].peer.send(response(body=b"late"))
    assert slow.read_response().body == b"late"
    assert drover.wait() == 0


@case
def stop_methods(t):
    "the control socket stops it too: gracefully, or at once"
    for mode in ("graceful", "now"):
        server = held_server(t)
        drover = t.drover(t.pool(server), name=mode, shutdown_timeout="60s")
        slow = slow_request(t, drover, server)
        assert drover.call("stop", mode=mode)["stopping"] == mode
        drover.stopped = True
        if mode == "graceful":
            t.wait(drover.refuses, "it is stopping")
            server.requests[-1].peer.send(response(body=b"late"))
            assert slow.read_response().body == b"late"
        assert drover.wait() == 0


@case
def upload_in_progress(t):
    "a graceful stop lets an upload and a tunnel come to their end"
    def handler(peer):
        seen = peer.read_request(body=False)
        server.record(seen, peer)
        if seen.get("upgrade"):
            peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            peer.send(b"got " + peer.read(5))
        else:
            peer.read_body(seen, False)
            peer.send(response(body=b"%d" % len(seen.body)))

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server), shutdown_timeout="60s")
    upload, tunnel = t.connect(drover), t.connect(drover)
    upload.send(request("POST", fields=[("Content-Length", "100000")]) + b"x" * 1000)
    tunnel.send(request(fields=[("Connection", "upgrade"), ("Upgrade", "x")]))
    assert tunnel.read_head().status == 101
    t.wait(lambda: server.count() == 2, "both are in progress")
    drover.kill(signal.SIGTERM)
    drover.stopped = True
    t.wait(drover.refuses, "it is stopping")
    upload.send(b"x" * 99000)
    answer = upload.read_response()
    assert answer.body == b"100000" and answer.get("connection") == "close", answer.head
    tunnel.send(b"hello")
    assert tunnel.read_all() == b"got hello"
    tunnel.close()
    assert drover.wait() == 0


main()
