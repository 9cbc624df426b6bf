#!/usr/bin/env python3
"""Heads of responses: how long, what of them goes on, interim ones, trailers, and what 101 may switch to."""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import HEAD_END, chunk, request, response  # pylint: disable=wrong-import-position

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Script:
    """A server that answers every request on a connection with `answer`, bytes or a list of pieces sent one by one."""

    def __init__(self, t):
        self.answer = b""
        self.server = t.server(handler=self.serve)

    def serve(self, peer):
        while (message := peer.read_request()) is not None:
            self.server.record(message, peer)
            for piece in [self.answer] if isinstance(self.answer, bytes) else self.answer:
                peer.send(piece)

    def pool(self, t):
        return t.pool(self.server, options="max-fails = 0")


def start(t, **options):
    script = Script(t)
    return script, t.drover(options.pop("more", "") + script.pool(t), workers=1, **options)


def head_of(size):
    """A response head of so many bytes, and a body of two."""
    rest = b"Content-Length: 2\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"v" * 800) for i in range((size - 200) // 820))
    last = size - len(OK) - len(rest) - len(b"X-Last: \r\n\r\n")
    return OK + rest + b"X-Last: " + b"w" * last + HEAD_END


def pieces(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


@case
def long_heads(t):
    "heads as long as header-size come through, at once and in pieces; one byte more is 502"
    for option, size in (("", 16384), ("header-size = 64k\n", 65536)):
        script, drover = start(t, more=option, name="drover-%d" % size)
        peer = t.connect(drover)
        head = head_of(size)
        assert len(head) == size
        for answer in ([head + b"ok"], pieces(head + b"ok", 1448), pieces(head, 4099) + [b"o", b"k"], [head[:-1], b"\nok"]):
            script.answer = answer
            peer.send(request())
            got = peer.read_response()
            assert got.status == 200 and got.body == b"ok", (size, got.head[:200])
            assert got.head == head, (size, len(got.head))
        script.answer = head_of(size + 1) + b"ok"
        peer.send(request())
        assert peer.read_response().status == 502
    for short in (b"X: y\r\n" * 257, b"X: y\r\n" * 5000):
        script.answer = OK + short + b"Content-Length: 2\r\n\r\nok"
        assert drover.get().status == 502, "too many fields"


@case
def controls(t):
    "a control character anywhere in a head is 502, and nothing of it goes on"
    script, drover = start(t)
    peer = t.connect(drover)
    places = (b"HTTP/1.1 2%c0 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 O%cK\r\nX-A: b\r\nContent-Length: 0\r\n\r\n",
              OK + b"X-%cA: b\r\nContent-Length: 0\r\n\r\n", OK + b"X-A: b%cX-B: c\r\nContent-Length: 0\r\n\r\n",
              OK + b"X-A: b\r\nContent-Length: 0%c\r\n\r\n", OK + b"X-A: b\r\nContent-Length: 0\r\n%c\r\n")
    for place in places:
        for byte in [*range(9), *range(10, 32), 127]:
            script.answer = place % byte
            peer.send(request())
            answer = peer.read_response()
            assert answer.status == 502 and not answer.all("x-b") and not answer.all("x-a"), (script.answer, answer.head)


@case
def forged_lines(t):
    "what tries to look like a line of its own, or a response of its own, does not"
    script, drover = start(t)
    second = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    for between in (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b"\r\n ", b"\r\n\t", b"\0\r\n"):
        script.answer = OK + b"X-A: b" + between + b"Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n" + second
        assert drover.get().status == 502, between
    script.answer = OK + b"Content-Length: 0\r\nX-A: b\x85\xc2\x8d\xe5\x98\x8a\r\n\r\n"
    answer = drover.get()
    assert answer.get("x-a") == "b\x85\xc2\x8d\xe5\x98\x8a", answer.head  # bytes, which mean nothing to HTTP


@case
def named_by_connection(t):
    "fields that are between drover and the server, and those that Connection names, do not go on"
    script, drover = start(t)
    peer = t.connect(drover)
    body = b"Content-Length: 2\r\n\r\nok"
    for fields, gone in (
            (b"Connection: x-a\r\nX-A: 1\r\n", ["x-a"]), (b"X-A: 1\r\nConnection: keep-alive, X-a\r\n", ["x-a"]),
            (b"Connection: x-a\r\nConnection: ,,x-b ,\r\nX-A: 1\r\nX-B: 2\r\nX-A: 3\r\n", ["x-a", "x-b"]),
            (b"Connection: \"x-a\", x-b;q=1, x-c\r\nX-C: 1\r\n", ["x-c"]),
            (b"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nUpgrade: h2c\r\n",
             ["keep-alive", "proxy-connection", "te", "upgrade"]),
            (b"Connection: set-cookie, date\r\nSet-Cookie: a=b\r\nDate: today\r\n", ["set-cookie", "date"])):
        script.answer = OK + fields + b"X-Stays: 1\r\n" + body
        peer.send(request())
        answer = peer.read_response()
        assert answer.status == 200 and answer.body == b"ok" and answer.get("x-stays") == "1", answer.head
        assert not answer.all("connection") and not any(answer.all(name) for name in gone), answer.head
    for kept in (b"Connection: content-length\r\n" + body,
                 b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"):
        script.answer = OK + kept
        peer.send(request())
        assert peer.read_response().body == b"ok", "framing cannot be named away"
    script.answer = OK + b"Connection: close, x-a\r\nX-A: 1\r\n" + body
    peer.send(request())
    answer = peer.read_response()
    assert answer.body == b"ok" and not answer.all("x-a") and not answer.all("connection"), answer.head
    peer.send(request())
    assert peer.read_response().body == b"ok"
    assert script.server.connections() == 2, "the server's close is not the client's, and is kept to"


INTERIM = (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n"
           b"HTTP/1.1 110 Whatever\r\n\r\nHTTP/1.1 103\r\nLink: </b.js>\r\n\r\n")


@case
def interim(t):
    "1xx in any number of pieces: whole and in order to HTTP/1.1, none to HTTP/1.0"
    script, drover = start(t)
    peer = t.connect(drover)
    data = INTERIM + response(body=b"ok")
    for answer in [data] + [[data[:i], data[i:]] for i in range(1, len(data), 3)] + [pieces(data, 1)]:
        script.answer = answer
        peer.send(request())
        got = peer.read_response()
        assert (got.status, got.body) == (200, b"ok"), got.head
        assert [one.status for one in got.interim] == [103, 110, 103], got.interim
        assert [one.get("link") for one in got.interim] == ["</a.css>; rel=preload", None, "</b.js>"]
        assert not any(one.all("x-hop") or one.all("content-length") or one.all("connection") for one in got.interim)
        passed = drover.counters()["responses-1xx"]
        old = drover.get(version="1.0")
        assert (old.status, old.body, old.interim) == (200, b"ok", []), old.head
    assert drover.counters()["responses-1xx"] == passed and passed % 3 == 0 and passed > 3, passed


@case
def endless_for_1_0(t):
    "a body whose length is not said ends for HTTP/1.0 with the connection, whatever it asked for"
    script, drover = start(t)
    script.answer = CHUNKED + chunk(b"hello") + chunk(b"")
    peer = t.connect(drover)
    peer.send(request(version="1.0", fields=[("Connection", "keep-alive")]))
    got = peer.read_response()
    assert (got.whole, got.body, got.get("connection")) == (True, b"hello", "close"), (got.head, got.body)


@case
def behind_interim(t):
    "what is wrong behind 1xx is 502 all the same"
    script, drover = start(t)
    peer = t.connect(drover)
    for bad in (b"HTTP/1.1 103 X\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"HTTP/2.0 200 OK\r\n\r\n", OK + b"X: \0\r\n\r\n", b"\r\n" + response(), b"\0", response(600),
                OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"):
        script.answer = INTERIM + bad + response(body=b"forged")
        peer.send(request())
        answer = peer.read_response()
        assert answer.status == 502 and len(answer.interim) == 3, (bad, answer.head)
        assert drover.get(version="1.0").status == 502, bad


@case
def trailers(t):
    "trailers go on as they came in whatever pieces; those that frame, route or describe cut the response"
    script, drover = start(t)
    peer = t.connect(drover)
    data = CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nserver-timing:a;dur=1 \r\nX-Sum: 2\r\n\r\n"
    for answer in [data] + [[data[:i], data[i:]] for i in range(len(CHUNKED) - 3, len(data))]:
        script.answer = answer
        peer.send(request(fields=[("TE", "trailers")]))
        got = peer.read_response()
        assert got.body == b"ok" and got.trailers == [("X-Sum", "1"), ("server-timing", "a;dur=1"), ("X-Sum", "2")], got.trailers
    assert script.server.connections() == 1 and script.server.requests[-1].get("te") == "trailers"
    for name in (b"Content-Length", b"transfer-encoding", b"Host", b"Connection", b"Trailer", b"TE", b"Upgrade", b"Set-Cookie",
                 b"Content-Type", b"Content-Encoding", b"Authorization", b"WWW-Authenticate", b"Location", b"X-A ", b" X-A"):
        script.answer = CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\n" + name + b": 1\r\n\r\n"
        try:
            got = drover.get()
        except EOFError:
            continue
        assert got.status == 502 or not got.whole, (name, got.trailers)


@case
def bytes_behind(t):
    "what stands behind the end of a response goes to nobody, and its connection is not used again"
    script, drover = start(t)
    peer = t.connect(drover)
    behind = (b"x", b"\r\n", response(body=b"forged"), b"0\r\n\r\n")
    cases = [("GET", response(body=b"ok"), b"ok"), ("GET", CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"ok"),
             ("GET", response(304, length=False), b""), ("GET", response(204, length=False), b""),
             ("HEAD", response(body=b"")[:-5] + b"2\r\n\r\n", b""), ("HEAD", CHUNKED, b""),
             ("GET", OK + b"Content-Length: 0\r\n\r\n", b"")]
    for method, data, body in cases:
        for extra in behind:
            script.answer = data + extra
            before = script.server.connections()
            for _ in range(2):
                peer.send(request(method))
                answer = peer.read_response(method)
                assert answer.whole and answer.status != 502 and answer.body == body, (data, extra, answer.head)
                assert not peer.buffer, peer.buffer
            assert script.server.connections() >= before + 1, (data, extra)
    script.answer = response(body=b"ok")
    for _ in range(3):
        peer.send(request())
        assert peer.read_response().body == b"ok"


ASK = [("Connection", "Upgrade"), ("Upgrade", "websocket, Chat/2")]


@case
def switches(t):
    "101 may switch to what was asked for, and to nothing else"
    script, drover = start(t)
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
    for fields in (b"", b"Upgrade:\r\n", b"Upgrade: other\r\n", b"Upgrade: h2c\r\n", b"Upgrade: websocket, other\r\n",
                   b"Upgrade: websocket\r\nUpgrade: other\r\n", b"Upgrade: chat\r\n", b"Upgrade: chat/20\r\n",
                   b"Upgrade: websocket/13\r\n", b"Upgrade: websocket\r\nContent-Length: 2\r\n",
                   b"Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n"):
        for before in (b"", INTERIM):
            script.answer = before + head + fields + b"\r\n" + response(body=b"forged")
            peer = t.connect(drover)
            peer.send(request(fields=ASK))
            answer = peer.read_response()
            assert answer.status == 502 and b"forged" not in answer.body, (fields, answer.head)
            script.answer = response(body=b"ok")
            peer.send(request())
            assert peer.read_response().body == b"ok", "the client's connection goes on as HTTP"
            peer.close()
    for fields in (b"Upgrade: websocket\r\n", b"upgrade: WebSocket\r\n", b"Upgrade: chat/2\r\n", b"Upgrade: chat/2,, websocket\r\n",
                   b"Upgrade: chat/2\r\nUpgrade: websocket\r\n"):
        script.answer = [INTERIM, head + fields, b"\r\nhello"]
        peer = t.connect(drover)
        peer.send(request(fields=ASK) + b"early")
        answer = peer.read_head()
        assert answer.status == 101 and answer.all("upgrade"), answer.head
        assert peer.read(5) == b"hello"
        peer.close()
    drover.wait_loads(0)


@case
def switches_unasked(t):
    "101 to who cannot have asked for it is 502"
    script, drover = start(t)
    script.answer = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + response(body=b"forged")
    for message in (request(), request("HEAD"), request(version="1.0", fields=ASK), request(fields=[("Upgrade", "websocket")]),
                    request(fields=[("Connection", "Upgrade")]), request("POST", body=b"x", fields=ASK),
                    request(fields=[("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")])):
        peer = t.connect(drover)
        peer.send(message)
        peer.socket.shutdown(socket.SHUT_WR)
        got = peer.read_all()
        assert got.startswith(b"HTTP/1.1 502 ") and got.count(b"HTTP/1.") == 1, (message, got)


main()
