#!/usr/bin/env python3
"""What smuggles, overflows or is not HTTP: refused, and nothing of it reaches a server."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

HOST = b"Host: a\r\n"


def post(*lines, body=b""):
    return b"POST / HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def get(*lines):
    return b"GET / HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def chunked(body):
    return post(b"Transfer-Encoding: chunked", body=body)


# What is wrong, the bytes, the status. 0: any of the statuses for errors.
HEADS = [
    ("length beside chunked", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ("chunked before length", post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), 400),
    ("two lengths", post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello!"), 400),
    ("two equal lengths", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"), 400),
    ("a list of lengths", post(b"Content-Length: 5, 5", body=b"hello"), 400),
    ("signed length", post(b"Content-Length: +5", body=b"hello"), 400),
    ("negative length", post(b"Content-Length: -5", body=b"hello"), 400),
    ("hexadecimal length", post(b"Content-Length: 0x5", body=b"hello"), 400),
    ("empty length", post(b"Content-Length:", body=b"hello"), 400),
    ("spaced length", post(b"Content-Length: 5 5", body=b"hello"), 400),
    ("huge length", post(b"Content-Length: 99999999999999999999"), 400),
    ("length of 2^64 + 5", post(b"Content-Length: 18446744073709551621", body=b"hello"), 400),
    ("space before the colon", post(b"Content-Length : 5", body=b"hello"), 400),
    ("tab before the colon", get(b"X-A\t: 5"), 400),
    ("space at the start of the first field", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("obs-fold", get(b"X-A: b", b" c"), 400),
    ("folded length", post(b"Content-Length:", b" 5", body=b"hello"), 400),
    ("bare CR in a value", get(b"X-A: b\rContent-Length: 5"), 400),
    ("bare LF after a field", b"GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", 400),
    ("bare LF after the request line", b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    ("bare LF everywhere", b"GET / HTTP/1.1\nHost: a\n\n", 400),
    ("NUL in a value", get(b"X-A: b\0c"), 400),
    ("NUL in a name", get(b"X\0A: b"), 400),
    ("NUL in the target", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("control byte in a value", get(b"X-A: b\x01c"), 400),
    ("no colon", get(b"X-A"), 400),
    ("empty name", get(b": b"), 400),
    ("name with a space", get(b"X A: b"), 400),
    ("name with a high byte", get(b"X-\xe4: b"), 400),
    ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", get(b"Host: b"), 400),
    ("a Host that contradicts the target", b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a target with a host but no Host", b"GET http://b/ HTTP/1.1\r\n\r\n", 400),
    ("an empty Host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("a Host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("a Host with user information", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ("a Host with a space", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("a Host with a bad port", b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
    ("coding unknown", post(b"Transfer-Encoding: gzip"), 501),
    ("coding before chunked", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    ("chunked not last", post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"), 0),
    ("chunked twice", post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 0),
    ("chunked in two fields", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 0),
    ("identity", post(b"Transfer-Encoding: identity"), 0),
    ("chunked in disguise", post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 0),
    ("xchunked", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501),
    ("chunked in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("version 2.0", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("version 0.9", b"GET /\r\n", 400),
    ("version 3.0", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    ("no version", b"GET / \r\nHost: a\r\n\r\n", 400),
    ("lower-case version", b"GET / http/1.1\r\nHost: a\r\n\r\n", 400),
    ("long version", b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 0),
    ("two spaces", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("tab as a space", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("no slash", b"GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("another scheme", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("high byte in the target", b"GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("method with a bad byte", b"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("empty method", b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50), 400),
    ("the HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("a PROXY line", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get(), 400),
    ("an unknown expectation", get(b"Expect: something-else"), 417),
]

# Here the head is good: the server may have seen it, but never a whole request.
BODIES = [
    ("chunk size without digits", chunked(b"\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with a sign", chunked(b"+5\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with 0x", chunked(b"0x5\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with a space before it", chunked(b" 5\r\nhello\r\n0\r\n\r\n")),
    ("chunk size that overflows", chunked(b"10000000000000005\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with bare LF", chunked(b"5\nhello\r\n0\r\n\r\n")),
    ("chunk size with bare CR", chunked(b"5\rhello\r\n0\r\n\r\n")),
    ("chunk data too long", chunked(b"5\r\nhello!\r\n0\r\n\r\n")),
    ("chunk data ended by LF", chunked(b"5\r\nhello\n0\r\n\r\n")),
    ("extension with LF", chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    ("extension with NUL", chunked(b"5;a=\0\r\nhello\r\n0\r\n\r\n")),
    ("endless extension", chunked(b"5;" + b"a" * 100000)),
    ("trailer that frames", chunked(b"0\r\nContent-Length: 5\r\n\r\n")),
    ("trailer that routes", chunked(b"0\r\nHost: b\r\n\r\n")),
    ("trailer with a space before the colon", chunked(b"0\r\nX-A : b\r\n\r\n")),
    ("folded trailer", chunked(b"0\r\nX-A: b\r\n c\r\n\r\n")),
    ("endless trailers", chunked(b"0\r\n" + b"X-A: b\r\n" * 5000)),
]


def refused(peer, data, status):
    """Sends bytes that must be refused: the answer, and the connection ends behind it."""
    try:
        peer.send(data)
    except OSError:
        pass  # refused before all of it was sent
    answer = peer.read_response()
    assert answer.whole, answer.head
    assert answer.status in ((status,) if status else (400, 417, 501, 505)), answer.head
    assert answer.get("connection") == "close", answer.head
    assert 0 < len(answer.body) < 1024, "a short body"
    assert peer.ended()
    return answer


@case
def heads(t):
    "bad heads are refused before a server sees anything"
    server = t.server()
    drover = t.drover(t.pool(server), workers=1)
    wrong = []
    for name, data, status in HEADS:
        try:
            refused(t.connect(drover), data, status)
        except (AssertionError, EOFError, OSError) as problem:
            wrong.append(f"{name}: {problem!r}")
    assert not wrong, "\n".join(wrong)
    assert server.count() == 0 and server.connections() == 0, [seen.head for seen in server.requests]
    assert drover.get().status == 200


@case
def bodies(t):
    "bad chunks are refused before the server has a whole request"
    server = t.server()
    drover = t.drover(t.pool(server, options="max-fails = 0"), workers=1)
    wrong = []
    for name, data in BODIES:
        try:
            refused(t.connect(drover), data, 400)
        except (AssertionError, EOFError, OSError) as problem:
            wrong.append(f"{name}: {problem!r}")
    assert not wrong, "\n".join(wrong)
    assert server.count() == 0, [seen.head for seen in server.requests]
    assert drover.get().status == 200


@case
def behind_a_good_one(t):
    "a good request before a bad one is answered, one behind it is not"
    server = t.server()
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    peer.send(request(target="/good") + HEADS[0][1] + request(target="/never"))
    assert peer.read_response().status == 200
    refused(peer, b"", 400)
    assert [seen.target for seen in server.requests] == ["/good"]


@case
def unfinished(t):
    "an end of input in the middle of a request harms nobody"
    server = t.server()
    drover = t.drover(t.pool(server))
    whole = request("POST", body=b"hello")
    for i in range(1, len(whole)):
        peer = t.connect(drover)
        peer.send(whole[:i])
        peer.half_close()
        answer = peer.read_all()
        assert not answer.startswith(b"HTTP/1.1 2"), (whole[:i], answer)
    assert server.count() == 0
    drover.wait_loads(0)
    peer = t.connect(drover)
    peer.send(whole)
    peer.half_close()  # legal: it still wants the answer
    assert peer.read_response().status == 200


@case
def sizes(t):
    "limits of the head: 414, 431"
    server = t.server()
    drover = t.drover(t.pool(server), header_size="2k", header_fields="10", target_size="256")
    refused(t.connect(drover), request(target="/" + "a" * 256), 414)
    assert drover.get("/" + "a" * 255).status == 200
    refused(t.connect(drover), b"GET /" + b"a" * 100000, 414)
    refused(t.connect(drover), request(fields=[("X-A", "b")] * 10), 431)
    assert drover.get(fields=[("X-A", "b")] * 9).status == 200
    refused(t.connect(drover), request(fields=[("X-A", "b" * 3000)]), 431)
    refused(t.connect(drover), b"GET / HTTP/1.1\r\nX-A: " + b"b" * 100000, 431)
    refused(t.connect(drover), b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 10000, 431)
    head = request(fields=[("X-A", "")])
    assert drover.get(fields=[("X-A", "b" * (2048 - len(head)))]).status == 200
    assert server.count() == 3


@case
def body_limit(t):
    "body-limit: 413"
    server = t.server()
    drover = t.drover(t.pool(server), listen="body-limit = 1000")
    refused(t.connect(drover), request("POST", body=b"x" * 1001), 413)
    refused(t.connect(drover), request("POST", fields=[("Content-Length", "99999999999")]), 413)
    assert server.count() == 0
    assert drover.exchange(request("POST", body=b"x" * 1000)).status == 200
    peer = t.connect(drover)
    peer.send(chunked(b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n"))
    assert peer.read_response().status == 200
    refused(t.connect(drover), chunked(b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n0\r\n\r\n"), 413)
    assert server.count() == 2


main()
