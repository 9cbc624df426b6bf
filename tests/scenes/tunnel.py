#!/usr/bin/env python3
"""Upgraded connections: bytes both ways, each direction with an end of its own."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
ASK = request(target="/chat", fields=[("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket"),
                                      ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
MEGABYTE = 1 << 20


def start(t, talk, **options):
    """A server that switches protocols and then runs talk(peer)."""
    def handler(peer):
        seen = peer.read_request()
        server.record(seen, peer)
        talk(peer)

    server = t.server(handler=handler)
    return server, t.drover(t.pool(server), **options)


def echo(peer):
    peer.send(SWITCH)
    while peer.buffer or peer.receive():
        peer.send(peer.take(len(peer.buffer)))


def open_tunnel(t, drover):
    peer = t.connect(drover)
    peer.send(ASK)
    answer = peer.read_head()
    assert answer.status == 101 and answer.get("upgrade") == "websocket", answer.head
    assert answer.get("connection").lower() == "upgrade", answer.head
    assert answer.get("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    return peer


@case
def upgrades(t):
    "an upgrade reaches the server and opens a tunnel"
    server, drover = start(t, echo)
    peer = open_tunnel(t, drover)
    seen = server.requests[0]
    assert seen.get("upgrade") == "websocket" and seen.get("connection").lower() == "upgrade", seen.head
    assert seen.get("sec-websocket-key") == "dGhlIHNhbXBsZSBub25jZQ=="
    for i in range(100):
        message = b"\x81\x05hello%d\r\n\r\nGET / HTTP/1.1\r\n\r\n" % i
        peer.send(message)
        assert peer.read(len(message)) == message
    peer.half_close()
    assert peer.ended()
    drover.wait_loads(0)
    t.wait(lambda: drover.servers()[0]["load"] == 0, "the server's place is free again")
    assert drover.counters()["tunnels"] == 1


@case
def another_protocol(t):
    "a server that switches to what the client has not named: 502, and no tunnel"
    _, drover = start(t, lambda peer: peer.send(SWITCH.replace(b"websocket", b"another")))
    peer = t.connect(drover)
    peer.send(ASK)
    assert peer.read_response().status == 502
    assert drover.counters()["tunnels"] == 0 and drover.counters()["server-bad-responses"] == 1


@case
def bytes_behind_the_101(t):
    "what the server sends right behind the 101, and the client right behind its request"
    def talk(peer):
        peer.send(SWITCH + b"first words")
        while len(peer.buffer) < 5 and peer.receive():
            pass
        peer.send(b" got " + peer.buffer)

    _, drover = start(t, talk)
    peer = t.connect(drover)
    peer.send(ASK + b"early")
    assert peer.read_head().status == 101
    assert peer.read_all() == b"first words got early"


@case
def client_half_closes(t):
    "a client that has said all still hears everything"
    def talk(peer):
        peer.send(SWITCH)
        got = peer.read_all()
        peer.send(b"%d bytes, " % len(got))
        peer.send(b"." * MEGABYTE)

    _, drover = start(t, talk)
    peer = open_tunnel(t, drover)
    peer.send(b"x" * 12345)
    peer.half_close()
    assert peer.read_all() == b"12345 bytes, " + b"." * MEGABYTE and not peer.was_reset


@case
def server_half_closes(t):
    "a server that has said all still hears everything"
    heard = []

    def talk(peer):
        peer.send(SWITCH + b"bye")
        peer.half_close()
        heard.append(peer.read_all())

    _, drover = start(t, talk)
    peer = open_tunnel(t, drover)
    assert peer.read_all() == b"bye"
    peer.send(b"y" * MEGABYTE)
    peer.half_close()
    t.wait(lambda: heard, "the server has heard the client's end")
    assert heard[0] == b"y" * MEGABYTE
    drover.wait_loads(0)


@case
def large_both_ways(t):
    "16 MB through a tunnel, both ways at once"
    _, drover = start(t, echo)
    peer = open_tunnel(t, drover)
    data = os.urandom(MEGABYTE) * 16
    threading.Thread(target=lambda: (peer.send(data), peer.half_close()), daemon=True).start()
    pieces = [peer.take(len(peer.buffer))]
    while peer.receive():
        pieces.append(peer.take(len(peer.buffer)))
    assert b"".join(pieces) == data


@case
def resets(t):
    "a reset of one side ends the other"
    ended = threading.Semaphore(0)

    def talk(peer):
        peer.send(SWITCH)
        while peer.receive() and peer.buffer != b"s":
            pass
        if peer.buffer == b"s":
            peer.reset()
        ended.release()

    _, drover = start(t, talk)
    peer = open_tunnel(t, drover)
    peer.send(b"s")
    peer.read_all()
    peer = open_tunnel(t, drover)
    peer.send(b"c")
    peer.reset()
    assert ended.acquire(timeout=20) and ended.acquire(timeout=20)
    drover.wait_loads(0)


@case
def refused(t):
    "a server that does not switch answers as to any request"
    server = t.server(lambda seen: response(426, b"no"))
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    for _ in range(3):
        peer.send(ASK)
        answer = peer.read_response()
        assert answer.status == 426 and answer.body == b"no" and answer.get("connection") != "upgrade"
    assert server.count() == 3


@case
def not_asked_for(t):
    "Upgrade without Connection, in HTTP/1.0 or to another HTTP does not go on"
    server = t.server()
    drover = t.drover(t.pool(server))
    for data in (request(fields=[("Upgrade", "websocket")]),
                 request(fields=[("Connection", "upgrade"), ("Upgrade", "websocket")], version="1.0"),
                 request(fields=[("Connection", "upgrade, http2-settings"), ("Upgrade", "h2c"),
                                 ("HTTP2-Settings", "AAMAAABkAAQAAP__")])):
        assert drover.exchange(data).status == 200
        seen = server.requests[-1]
        assert not seen.all("upgrade") and not seen.all("http2-settings"), seen.head


@case
def many(t):
    "forty tunnels at once over four workers"
    _, drover = start(t, echo, workers=4)
    peers = [open_tunnel(t, drover) for _ in range(40)]
    for _ in range(5):
        for i, peer in enumerate(peers):
            peer.send(b"tunnel %d" % i)
        for i, peer in enumerate(peers):
            assert peer.read(len(b"tunnel %d" % i)) == b"tunnel %d" % i
    assert sum(drover.loads()) == 40
    for peer in peers:
        peer.close()
    drover.wait_loads(0)


main()
