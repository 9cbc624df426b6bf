#!/usr/bin/env python3
"""What broken servers send: 502, or a response that the client can see is cut. Never one that looks whole."""

import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import HEAD_END, Peer, request, response  # pylint: disable=wrong-import-position

OK = b"HTTP/1.1 200 OK\r\n"

BAD = [
    ("nothing", b""),
    ("garbage", b"\x00\x01garbage that is no HTTP\r\n\r\n"),
    ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("half a status line", b"HTTP/1.1 20"),
    ("half a head", OK + b"Content-Length: 2\r\n"),
    ("version 2.0", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("version 0.9", b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
    ("status of four digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
    ("status 099", b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
    ("status 600", b"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"),
    ("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    ("bare CR in a value", OK + b"X-A: b\rc\r\nContent-Length: 0\r\n\r\n"),
    ("NUL in a value", OK + b"X-A: b\0c\r\nContent-Length: 0\r\n\r\n"),
    ("obs-fold", OK + b"X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
    ("space before the colon", OK + b"Content-Length : 0\r\n\r\n"),
    ("no colon", OK + b"X-A\r\nContent-Length: 0\r\n\r\n"),
    ("two lengths", OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
    ("length beside chunked", OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("signed length", OK + b"Content-Length: +2\r\n\r\nab"),
    ("negative length", OK + b"Content-Length: -2\r\n\r\nab"),
    ("huge length", OK + b"Content-Length: 99999999999999999999\r\n\r\nab"),
    ("a coding that is not chunked", OK + b"Transfer-Encoding: gzip\r\n\r\nab"),
    ("endless head", OK + b"X-A: b\r\n" * 20000),
    ("endless line", OK + b"X-A: " + b"b" * 200000),
    ("endless interim responses", b"HTTP/1.1 100 Continue\r\n\r\n" * 20000),
    ("101 that nobody asked for", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
]


def start(t, *answers, **options):
    """A server that gives each connection's request the next of `answers`, the last again and again."""
    left = list(answers)

    def handler(peer):
        message = peer.read_request()
        if message is not None:
            server.record(message, peer)
            peer.send(left.pop(0) if len(left) > 1 else left[0])

    server = t.server(handler=handler)
    return server, t.drover(t.pool(server, options="max-fails = 0"), **options), left


def cut_off(answer):
    """Whether the client can tell that it did not get a whole response from the server."""
    return answer.status == 502 or not answer.whole


@case
def malformed(t):
    "a malformed response is answered with 502"
    server, drover, left = start(t, b"")
    wrong = []
    for name, data in BAD:
        left[0] = data
        try:
            answer = drover.get()
            assert answer.whole and answer.status == 502 and len(answer.body) < 1024, answer.head
        except (AssertionError, EOFError, OSError) as problem:
            wrong.append(f"{name}: {problem!r}")
    assert not wrong, "\n".join(wrong)
    left[0] = response(body=b"fine")
    assert drover.get().body == b"fine"
    assert server.count() >= len(BAD) + 1


def cut_at_every_byte(t, data, **more):
    _, drover, left = start(t, b"", workers=1)
    wrong = []
    for i in range(len(data)):
        left[0] = data[:i]
        try:
            answer = drover.get(**more)
        except (EOFError, OSError):
            continue  # cut within the head
        if not cut_off(answer):
            wrong.append(f"after {i} bytes: {answer.head!r} {answer.body!r}")
    left[0] = data
    answer = drover.get(**more)
    assert answer.whole and answer.status == 200, answer.head
    assert not wrong, "\n".join(wrong)


@case
def cut_length(t):
    "a response with Content-Length, cut at each of its bytes"
    cut_at_every_byte(t, response(body=b"hello, this is the body"))


@case
def cut_chunked(t):
    "a chunked response, cut at each of its bytes"
    cut_at_every_byte(t, OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n")


@case
def cut_for_1_0(t):
    "a chunked response cut short ends an HTTP/1.0 client's connection with an error, not an end"
    data = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n"
    _, drover, left = start(t, data)
    assert drover.get(version="1.0").body == b"helloabc"
    for i in range(data.index(HEAD_END) + 4, len(data)):
        left[0] = data[:i]
        peer = t.connect(drover)
        peer.send(request(version="1.0"))
        got = peer.read_all()
        assert peer.was_reset or b" 502 " in got, (i, got)


@case
def malformed_chunks(t):
    "a malformed chunk cuts the response"
    _, drover, left = start(t, b"")
    for body in (b"5\r\nhello\r\nx\r\n", b"5\r\nhelloo\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n",
                 b"-1\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n",
                 b"5\r\nhello\r\n0\r\nX : 1\r\n\r\n", b"fffffffffffffffff\r\nhello"):
        left[0] = OK + b"Transfer-Encoding: chunked\r\n\r\n" + body
        try:
            answer = drover.get()
            assert cut_off(answer), (body, answer.head, answer.body)
        except (EOFError, OSError):
            pass


@case
def reset(t):
    "a server that resets: a response that ends with its connection is not taken for whole"
    def handler(peer):
        server.record(peer.read_request(), peer)
        peer.send(OK + b"\r\nhello")
        seen.read(1)  # the client has the first bytes: now
        peer.reset()

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server))
    for version in ("1.1", "1.0"):
        ours, seen = pair(t)
        peer = t.connect(drover)
        peer.send(request(version=version))
        answer = peer.read_head()
        while b"hello" not in peer.buffer:
            assert peer.receive()
        ours.send(b"x")
        rest = peer.read_all()
        assert peer.was_reset or (answer.chunked() and not rest.endswith(b"0\r\n\r\n")), (version, rest)


def pair(t):
    """Two connected peers, to pass a word between a scene and its server."""
    return tuple(t.keep(Peer(sock)) for sock in socket.socketpair())


@case
def too_much(t):
    "what a server sends behind its response goes to nobody"
    extra = response(body=b"stolen")
    server, drover, _ = start(t, response(body=b"first") + extra, response(body=b"second"), workers=1)
    peer = t.connect(drover)
    peer.send(request())
    assert peer.read_response().body == b"first"
    peer.send(request())
    assert peer.read_response().body == b"second"
    assert server.connections() == 2


@case
def unasked(t):
    "bytes on an idle connection are never taken for a response"
    def handler(peer):
        while (message := peer.read_request()) is not None:
            server.record(message, peer)
            peer.send(response(body=b"right"))
            go.acquire()
            peer.send(response(body=b"wrong"))
            sent.release()

    go, sent = threading.Semaphore(0), threading.Semaphore(0)
    server = t.server(handler=handler)
    drover = t.drover(t.pool(server), workers=1)
    for _ in range(5):
        peer = t.connect(drover)
        peer.send(request())
        assert peer.read_response().body == b"right"
        go.release()
        assert sent.acquire(timeout=20)
    go.release()


@case
def body_where_none_can_be(t):
    "bytes behind a 204 or a HEAD response are not a body"
    _, drover, _ = start(t, b"HTTP/1.1 204 No Content\r\n\r\nbody", response(body=b"body"), response(body=b"two"))
    peer = t.connect(drover)
    peer.send(request())
    assert peer.read_response().status == 204
    peer.send(request("HEAD"))
    assert peer.read_response("HEAD").status == 200
    peer.send(request())
    assert peer.read_response().body == b"two"


@case
def interim_flood(t):
    "interim responses without end are cut off, for HTTP/1.1 and HTTP/1.0"
    def handler(peer):
        peer.read_request()
        try:
            while True:
                peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
        except OSError:
            pass

    drover = t.drover(t.pool(t.server(handler=handler)), workers=1)
    for version in (b"1.1", b"1.0"):
        peer = t.connect(drover)
        peer.send(b"GET / HTTP/" + version + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = peer.read_all()
        assert answer.count(b"103 Early Hints") <= 32, len(answer)
        assert b"502 Bad Gateway" in answer, answer[-200:]
    assert drover.call("status")["deaths"] == 0


main()
