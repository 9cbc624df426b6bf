#!/usr/bin/env python3
"""One request, one response: what goes on, what does not, and what is added."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def start(t, respond=None, **options):
    server = t.server(respond)
    return server, t.drover(t.pool(server), **options)


@case
def methods(t):
    "methods, targets and bodies reach the server as they are"
    server, drover = start(t)
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"):
        body = b"body of " + method.encode() if method in ("POST", "PUT", "PATCH") else None
        target = f"/{method.lower()}/a%20b;c?x=1&y=%zz"
        answer = drover.exchange(request(method, target, body=body))
        assert answer.status == 200 and answer.body == b"ok", answer.head
        seen = server.requests[-1]
        assert (seen.method, seen.target, seen.body, seen.version) == (method, target, body or b"", "1.1"), seen.head
        assert seen.get("host") == "scene.test"


@case
def response_passes(t):
    "status, reason phrase and fields reach the client in order"
    head = (b"HTTP/1.1 418 I'm a \xe4 teapot\r\nSet-Cookie: a=1\r\nX-Empty:\r\nServer: scene\r\n"
            b"Set-Cookie: b=2\r\nContent-Length: 3\r\n\r\n")
    _, drover = start(t, lambda seen: head + b"tea")
    answer = drover.get()
    assert (answer.status, answer.reason, answer.body) == (418, "I'm a \xe4 teapot", b"tea")
    assert answer.all("Set-Cookie") == ["a=1", "b=2"] and answer.get("X-Empty") == ""
    assert answer.get("Server") == "scene"


@case
def no_bodies(t):
    "HEAD, 204 and 304 have no body, whatever their Content-Length says"
    def respond(seen):
        if seen.target == "/304":
            return response(304, length=False, fields=[("Content-Length", "10")])
        if seen.target == "/204":
            return response(204, length=False)
        return response(200, fields=[("Content-Length", "1000")], length=False)

    _, drover = start(t, respond)
    peer = t.connect(drover)
    for method, target, status in (("HEAD", "/", 200), ("GET", "/204", 204), ("GET", "/304", 304)) * 2:
        peer.send(request(method, target))
        answer = peer.read_response(method)
        assert answer.status == status, answer.head
        assert answer.get("transfer-encoding") is None
    assert answer.get("content-length") is None, "clients could wait for a body"


@case
def keep_alive(t):
    "connections are kept on both sides"
    server, drover = start(t, workers=1)
    peer = t.connect(drover)
    for i in range(20):
        peer.send(request(target=f"/{i}"))
        answer = peer.read_response()
        assert answer.status == 200 and answer.get("connection") is None
    t.connect(drover).close()
    assert drover.get().status == 200  # another client, the same server connection
    assert server.connections() == 1, server.connections()
    assert drover.counters()["server-connects"] == 1 and drover.counters()["server-reuses"] == 20, drover.counters()
    assert [seen.target for seen in server.requests[:20]] == [f"/{i}" for i in range(20)]
    assert all(seen.get("connection") is None for seen in server.requests)


@case
def client_closes(t):
    "Connection: close is answered with close, and the server's connection lives on"
    server, drover = start(t, workers=1)
    for option in ("close", "Close", "foo, close"):
        peer = t.connect(drover)
        peer.send(request(fields=[("Connection", option)]))
        answer = peer.read_response()
        assert answer.whole and answer.get("connection") == "close", answer.head
        assert peer.ended()
    assert server.connections() == 1
    assert all(seen.get("connection") is None for seen in server.requests)


@case
def server_closes(t):
    "a server that closes costs the client nothing"
    answers = iter([response(body=b"1", fields=[("Connection", "close")]), response(body=b"2", version="1.0")])
    server = t.server(handler=lambda peer: (server.record(peer.read_request(), peer), peer.send(next(answers))))
    drover = t.drover(t.pool(server), workers=1)
    peer = t.connect(drover)
    for body in (b"1", b"2"):
        peer.send(request())
        answer = peer.read_response()
        assert answer.body == body and answer.get("connection") is None and answer.version == "1.1", answer.head
    assert server.connections() == 2


@case
def http_1_0(t):
    "an HTTP/1.0 client gets what it can read"
    server, drover = start(t)
    peer = t.connect(drover)
    peer.send(request(version="1.0", host=None))
    answer = peer.read_response()
    assert answer.whole and answer.body == b"ok" and peer.ended()
    assert server.requests[-1].version == "1.1" and server.requests[-1].get("host") is not None
    peer = t.connect(drover)
    for _ in range(3):
        peer.send(request(version="1.0", fields=[("Connection", "keep-alive")]))
        answer = peer.read_response()
        assert answer.body == b"ok" and answer.get("connection").lower() == "keep-alive", answer.head


@case
def pipelining(t):
    "pipelined requests are answered in order, bodies between them or not"
    server, drover = start(t, lambda seen: response(body=seen.target.encode() + b" " + seen.body))
    peer = t.connect(drover)
    data = b"".join(request("POST" if i % 3 == 0 else "GET", f"/{i}", body=b"x" * i if i % 3 == 0 else None)
                    for i in range(60))
    peer.send(data)
    for i in range(60):
        answer = peer.read_response()
        assert answer.body == f"/{i} ".encode() + (b"x" * i if i % 3 == 0 else b""), answer.body
    assert server.count() == 60


@case
def any_split(t):
    "a request may arrive in any pieces"
    server, drover = start(t, lambda seen: response(body=seen.body))
    data = request("POST", "/split", fields=[("X-A", "b")], body=b"hello")
    peer = t.connect(drover)
    for i in range(1, len(data)):
        peer.send(data[:i])
        peer.send(data[i:])
        assert peer.read_response().body == b"hello"
    for i in range(len(data)):
        peer.send(data[i:i + 1])
    assert peer.read_response().body == b"hello"
    peer.send(b"\r\n\r\n" + data)  # RFC 9112 2.2: empty lines before a request line are skipped
    assert peer.read_response().body == b"hello"
    assert server.count() == len(data) + 1


@case
def targets(t):
    "absolute-form becomes origin-form; asterisk-form goes on"
    server, drover = start(t)
    for method, target, host, seen_target, seen_host in (
            ("GET", "http://other.test:81/x?y", "Other.test:81", "/x?y", "other.test:81"),
            ("GET", "http://other.test", "other.test:80", "/", "other.test"),
            ("GET", "HTTP://Other.test/", "other.TEST", "/", "Other.test"),
            ("OPTIONS", "*", "scene.test", "*", "scene.test"),
            ("GET", "//double//slash/../x", "Scene.Test:8080", "//double//slash/../x", "Scene.Test:8080")):
        assert drover.exchange(request(method, target, host=host)).status == 200, target
        seen = server.requests[-1]
        assert (seen.target, seen.get("host")) == (seen_target, seen_host), seen.head


@case
def hop_by_hop(t):
    "hop-by-hop fields stay on their hop, those that Connection names too"
    server, drover = start(t, lambda seen: response(body=b"ok", fields=[
        ("Connection", "X-Private, keep-alive"), ("X-Private", "1"), ("Keep-Alive", "timeout=5"), ("X-Public", "1")]))
    peer = t.connect(drover)
    peer.send(request(fields=[("Connection", "x-secret, Keep-Alive"), ("X-Secret", "1"), ("X-Other", "2"),
                              ("Keep-Alive", "300"), ("Proxy-Connection", "keep-alive"), ("TE", "trailers, deflate"),
                              ("Upgrade", "websocket")]))
    answer = peer.read_response()
    seen = server.requests[-1]
    for gone in ("x-secret", "keep-alive", "proxy-connection", "upgrade"):
        assert not seen.all(gone), (gone, seen.head)
    assert seen.get("x-other") == "2" and seen.get("te") in (None, "trailers"), seen.head
    for gone in ("x-private", "keep-alive", "connection"):
        assert not answer.all(gone), (gone, answer.head)
    assert answer.get("x-public") == "1"


@case
def connection_cannot_strip(t):
    "Connection does not take away what drover or the server relies on"
    server, drover = start(t)
    answer = drover.exchange(request("POST", body=b"abc", fields=[
        ("Connection", "close, host, content-length, x-forwarded-for")]))
    if answer.status == 200:  # refusing is right too
        seen = server.requests[-1]
        assert seen.get("host") == "scene.test" and seen.body == b"abc", seen.head
        assert seen.get("x-forwarded-for") == "127.0.0.1", seen.head
    else:
        assert answer.status == 400 and server.count() == 0


SPOOFED = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "7.7.7.7"), ("X-Forwarded-Proto", "https"),
           ("X-Forwarded-Host", "spoofed.test"), ("Forwarded", "for=6.6.6.6;proto=https")]


@case
def x_forwarded(t):
    "the server learns who the client is; what an untrusted client claims is replaced"
    server, drover = start(t)
    drover.get(fields=SPOOFED)
    seen = server.requests[-1]
    assert seen.get("x-forwarded-for") == "127.0.0.1", seen.head
    assert seen.get("x-forwarded-proto") == "http"
    assert seen.get("x-forwarded-host") == "scene.test"


@case
def x_forwarded_trusted(t):
    "behind a trusted proxy its fields are kept and added to"
    server, drover = start(t, trusted_proxies='{ "10.0.0.0/8", "127.0.0.0/8" }')
    drover.get(fields=SPOOFED)
    seen = server.requests[-1]
    assert [part.strip() for part in ",".join(seen.all("x-forwarded-for")).split(",")] == \
        ["6.6.6.6", "7.7.7.7", "127.0.0.1"], seen.head
    assert seen.get("x-forwarded-proto") == "https"
    assert seen.get("x-forwarded-host") == "spoofed.test"
    drover.get()
    assert server.requests[-1].get("x-forwarded-for") == "127.0.0.1"
    assert server.requests[-1].get("x-forwarded-proto") == "http"


@case
def forwarded(t):
    "Forwarded (RFC 7239) instead of, or beside, X-Forwarded-*"
    for choice, has_x, has_standard in (("forwarded", False, True), ("both", True, True), ("off", False, False)):
        server = t.server()
        drover = t.drover(t.pool(server), name=choice, forwarded=choice)
        drover.get()
        seen = server.requests[-1]
        assert (seen.get("x-forwarded-for") is not None) == has_x, seen.head
        assert (seen.get("forwarded") is not None) == has_standard, seen.head
        if has_standard:
            pairs = dict(pair.split("=") for pair in seen.get("forwarded").split(";"))
            assert pairs["for"] == "127.0.0.1" and pairs["proto"] == "http", pairs
            assert pairs["host"].strip('"') == "scene.test", pairs
            drover.get(fields=SPOOFED)
            assert "6.6.6.6" not in server.requests[-1].get("forwarded")


@case
def via_and_request_id(t):
    "Via and X-Request-Id where they are asked for"
    server, drover = start(t)
    assert drover.get().get("via") is None
    assert server.requests[-1].get("via") is None and server.requests[-1].get("x-request-id") is None
    server, drover = start(t, via="true", request_id="true", name="more")
    identities = set()
    for _ in range(20):
        answer = drover.get(fields=[("Via", "1.0 first"), ("X-Request-Id", "spoofed")])
        seen = server.requests[-1]
        assert ", ".join(seen.all("via")).startswith("1.0 first, 1.1 "), seen.head
        assert answer.get("via").startswith("1.1 "), answer.head
        identities.add(seen.get("x-request-id"))
    assert len(identities) == 20 and "spoofed" not in identities, identities


main()
