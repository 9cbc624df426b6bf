#!/usr/bin/env python3
"""Every time limit of the data path, short: who waits too long gets its answer, and not too early."""

import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import chunk, request, response  # pylint: disable=wrong-import-position

LIMIT = 0.3  # seconds; as in every configuration here
MEGABYTE = 1 << 20


class Elapsed:
    """Time since it was made; nothing here asserts that something was fast."""

    def __init__(self):
        self.start = time.monotonic()

    def at_least(self, seconds):
        took = time.monotonic() - self.start
        assert took > seconds * 0.9, f"after {took:.3f} s already"


def timed_out(peer, elapsed):
    """The connection ends with 408."""
    answer = peer.read_response()
    elapsed.at_least(LIMIT)
    assert answer.status == 408 and answer.get("connection") == "close", answer.head
    assert peer.ended()


@case
def header(t):
    "header-timeout: half a head, or one that dribbles in, is answered with 408"
    server = t.server()
    drover = t.drover(t.pool(server), listen="header-timeout = 300ms")
    elapsed = Elapsed()
    peer = t.connect(drover)
    peer.send(b"GET / HTTP/1.1\r\nHost:")
    timed_out(peer, elapsed)
    elapsed = Elapsed()
    peer = t.connect(drover)
    peer.socket.settimeout(0.02)
    head = b"GET / HTTP/1.1\r\nX-A: " + b"a" * 10000
    for i in range(len(head)):
        peer.send(head[i:i + 1])
        try:
            if peer.receive():
                break
        except TimeoutError:
            pass
    peer.socket.settimeout(20)
    timed_out(peer, elapsed)
    assert server.count() == 0


@case
def silence(t):
    "header-timeout: a connection on which nothing arrives is closed"
    drover = t.drover(t.pool(t.server()), listen="header-timeout = 300ms  defer-accept = false")
    elapsed = Elapsed()
    peer = t.connect(drover)
    data = peer.read_all()
    elapsed.at_least(LIMIT)
    assert data == b"" or data.startswith(b"HTTP/1.1 408 "), data


@case
def body(t):
    "body-timeout: a body that does not come is answered with 408"
    server = t.server()
    drover = t.drover(t.pool(server), listen="body-timeout = 300ms")
    for data in (request("POST", fields=[("Content-Length", "10")]) + b"12345",
                 request("POST", fields=[("Transfer-Encoding", "chunked")]) + chunk(b"hello")):
        elapsed = Elapsed()
        peer = t.connect(drover)
        peer.send(data)
        timed_out(peer, elapsed)
    assert server.count() == 0


@case
def body_slow_but_steady(t):
    "body-timeout is between two reads, not for the whole body"
    server = t.server(lambda seen: response(body=seen.body))
    drover = t.drover(t.pool(server), listen="body-timeout = 2s")
    elapsed = Elapsed()
    peer = t.connect(drover)
    peer.send(request("POST", fields=[("Content-Length", "10")]))
    for _ in range(10):
        time.sleep(0.25)  # what is tested is the passing of time
        peer.send(b"x")
    assert peer.read_response().body == b"x" * 10
    elapsed.at_least(2.5)


@case
def keepalive(t):
    "keepalive-timeout: an idle connection is closed without a word"
    drover = t.drover(t.pool(t.server()), listen="keepalive-timeout = 1500ms")
    peer = t.connect(drover)
    for _ in range(2):
        elapsed = Elapsed()  # before the answer: that may be read late
        peer.send(request())
        assert peer.read_response().status == 200
    assert peer.read_all() == b"" and not peer.was_reset
    elapsed.at_least(1.5)
    drover.wait_loads(0)


@case
def empty_lines(t):
    "empty lines behind a request do not begin another one: the connection is idle, and no header-timeout runs"
    drover = t.drover(t.pool(t.server()), listen="header-timeout = 300ms  keepalive-timeout = 1500ms")
    peer = t.connect(drover)
    for more in (b"\r\n", b""):
        peer.send(request("POST", body=b"x") + more)
        assert peer.read_response().status == 200
    elapsed = Elapsed()
    peer.send(b"\r\n")
    assert peer.read_all() == b"" and not peer.was_reset
    elapsed.at_least(1.5)
    assert drover.counters()["client-timeouts"] == 0
    peer = t.connect(drover)
    peer.send(b"\r\n")
    assert peer.read_all() == b"" and drover.counters()["client-timeouts"] == 1


@case
def send(t):
    "send-timeout: a client that does not read is given up"
    ended = []

    def handler(peer):
        peer.read_request()
        try:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MEGABYTE) + bytes(64 * MEGABYTE))
        except OSError:
            ended.append(True)

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server), listen="send-timeout = 300ms")
    peer = t.connect(drover)
    peer.send(request())
    assert peer.read_head().status == 200
    t.wait(lambda: ended, "drover lets go of the server")
    drover.wait_loads(0)
    assert len(peer.read_all()) < 64 * MEGABYTE


@case
def connect(t):
    "connect-timeout: 504"
    server = t.server(listening=False)
    server.hang()
    drover = t.drover(t.pool(server, options="connect-timeout = 300ms  retries = 0"))
    elapsed = Elapsed()
    answer = drover.get()
    elapsed.at_least(LIMIT)
    assert answer.status == 504, answer.head


@case
def connect_elsewhere(t):
    "connect-timeout: the next server is tried"
    server, hung = t.server(), t.server(listening=False)
    hung.hang()
    drover = t.drover(t.pool(hung, server, options="connect-timeout = 300ms"))
    for _ in range(4):
        assert drover.get().status == 200


def crowded(t):
    """A unix socket whose queue has room for one connection, from which nothing is taken yet; and its address."""
    listener = t.keep(socket.socket(socket.AF_UNIX))
    listener.bind(t.path("crowded"))
    listener.listen(0)
    os.chmod(t.path("crowded"), 0o777)
    return listener, "unix:" + t.path("crowded")


@case
def connect_crowded(t):
    "a server on a unix socket that takes no more connections at the moment is waited for, as by TCP"
    server = t.server(listening=False)
    listener, address = crowded(t)
    drover = t.drover(t.pool(address, options="retries = 0  max-fails = 1  connect-timeout = 60s"), workers=1)
    peers = [t.connect(drover) for _ in range(20)]
    for i, peer in enumerate(peers):
        peer.send(request("POST" if i % 2 else "GET", body=b"x" if i % 2 else None))
    t.wait(lambda: drover.counters()["requests-active"] == 20, "all requests are in progress")
    peers.pop().reset()
    t.wait(lambda: drover.counters()["requests-active"] == 19, "one client is gone")
    server.take_from(listener)
    assert [peer.read_response().status for peer in peers] == [200] * 19
    assert drover.servers()[0]["up"] and drover.get().status == 200


@case
def connect_crowded_for_long(t):
    "connect-timeout is for that as well; then another server is tried, or it is 504"
    _, address = crowded(t)
    filler = t.keep(socket.socket(socket.AF_UNIX))
    filler.connect(t.path("crowded"))
    drover = t.drover(t.pool(address, options="connect-timeout = 300ms  retries = 0  max-fails = 0"))
    elapsed = Elapsed()
    answer = drover.get()
    elapsed.at_least(LIMIT)
    assert answer.status == 504, answer.head
    other = t.drover(t.pool(address, t.server(), options="connect-timeout = 300ms"), name="other")
    assert [other.get().status for _ in range(4)] == [200] * 4
    os.unlink(t.path("crowded"))
    assert drover.get().status == 502


@case
def response_head(t):
    "response-timeout: a server that does not answer costs 504, and is asked once"
    server = t.server(handler=lambda peer: (server.record(peer.read_request(), peer), peer.read_all()))
    other = t.server(handler=lambda peer: (other.record(peer.read_request(), peer), peer.read_all()))
    drover = t.drover(t.pool(server, other, options="response-timeout = 300ms"))
    elapsed = Elapsed()
    answer = drover.get()
    elapsed.at_least(LIMIT)
    assert answer.status == 504, answer.head
    t.wait(lambda: server.count() + other.count() > 0, "a server has been asked")
    assert server.connections() + other.connections() == 1
    t.wait(lambda: all(row["load"] == 0 for row in drover.servers()), "the server is let go")


@case
def response_drip(t):
    "response-timeout: what a client goes on sending does not push it back"
    server = t.server(handler=lambda peer: (peer.read_request(), peer.read_all()))
    drover = t.drover(t.pool(server, options="response-timeout = 500ms"))
    peer = t.connect(drover)
    peer.send(request())
    over = threading.Event()

    def drip():
        while not over.wait(0.05):
            try:
                peer.send(b"G")
            except OSError:
                return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        assert peer.read_response().status == 504
    finally:
        over.set()
        thread.join()


@case
def response_body(t):
    "response-timeout: a body that stops is cut"
    server = t.server(handler=lambda peer: (
        peer.read_request(), peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), peer.read_all()))
    drover = t.drover(t.pool(server, options="response-timeout = 1500ms"))
    elapsed = Elapsed()
    answer = drover.get()
    elapsed.at_least(1.5)
    assert answer.status == 200 and not answer.whole


@case
def response_slow_but_steady(t):
    "response-timeout is between two reads, not for the whole response"
    def handler(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.25)
            peer.send(b"x")

    drover = t.drover(t.pool(t.server(handler=handler), options="response-timeout = 2s"))
    answer = drover.get()
    assert answer.whole and answer.body == b"x" * 10


@case
def server_send(t):
    "server-send-timeout: a server that does not read costs 504, or the connection"
    server = t.server(handler=lambda peer: (peer.read_request(body=False), go.recv(1)))
    drover = t.drover(t.pool(server, options="server-send-timeout = 300ms"))
    ours, go = socket.socketpair()
    elapsed = Elapsed()
    peer = t.connect(drover)
    try:
        peer.send(request("POST", fields=[("Content-Length", str(64 * MEGABYTE))]) + bytes(64 * MEGABYTE))
    except OSError:
        pass
    try:
        answer = peer.read_response()
        assert answer.status == 504, answer.head
    except EOFError:
        assert peer.was_reset
    elapsed.at_least(LIMIT)
    ours.close()
    t.wait(lambda: all(row["load"] == 0 for row in drover.servers()), "the server is let go")


@case
def tunnel(t):
    "tunnel-timeout: a silent tunnel is closed on both sides"
    ended = []

    def handler(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        peer.read_all()
        ended.append(True)

    drover = t.drover(t.pool(t.server(handler=handler)), listen="tunnel-timeout = 300ms")
    peer = t.connect(drover)
    elapsed = Elapsed()
    peer.send(request(fields=[("Connection", "upgrade"), ("Upgrade", "echo")]))
    assert peer.read_head().status == 101
    assert peer.read_all() == b""
    elapsed.at_least(LIMIT)
    t.wait(lambda: ended, "the server's side is closed")
    drover.wait_loads(0)


@case
def idle_server_connection(t):
    "idle-timeout: a kept server connection is closed"
    ended = []
    server = t.server(handler=lambda peer: (server.serve(peer), ended.append(time.monotonic())))
    drover = t.drover(t.pool(server, options="idle-timeout = 300ms"))
    elapsed = Elapsed()
    assert drover.get().status == 200
    t.wait(lambda: ended, "the idle connection is closed")
    elapsed.at_least(LIMIT)
    assert drover.get().status == 200 and server.connections() == 2


main()
