#!/usr/bin/env python3
"""What RFC 9110 and RFC 9112 ask of a proxy about requests, and what is drover's own choice there."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import chunk, request, response  # pylint: disable=wrong-import-position

CONTINUE = ("Expect", "100-continue")


def start(t, respond=None, **options):
    server = t.server(respond)
    return server, t.drover(t.pool(server), **options)


@case
def too_large_before_100(t):
    "Expect: a body over body-limit is 413 at once: no 100, and nothing reaches the server"
    server, drover = start(t, listen="body-limit = 10")
    peer = t.connect(drover)
    peer.send(request("POST", fields=[CONTINUE, ("Content-Length", "11")]))
    answer = peer.read_response()
    assert answer.status == 413 and not answer.interim and answer.get("connection") == "close", answer.head
    assert server.connections() == 0


@case
def continue_is_the_servers(t):
    "Expect: it is the server that says 100, and may answer without"
    go_on = threading.Event()

    def handle(peer):
        seen = peer.read_request(body=False)
        server.record(seen, peer)
        assert seen.get("expect") == "100-continue"
        go_on.wait(60)
        if seen.target == "/refuse":
            peer.send(response(403, b"no", fields=[("Connection", "close")]))
            peer.read_all()
            return
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.read_body(seen, False)
        peer.send(response(body=seen.body))

    server = t.server(handler=handle)
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    peer.send(request("POST", fields=[CONTINUE, ("Content-Length", "5")]))
    t.wait(lambda: server.count() == 1, "the head reaches the server before there is a body")
    go_on.set()
    assert peer.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
    peer.send(b"hello")
    answer = peer.read_response()
    assert (answer.status, answer.body) == (200, b"hello"), answer.head

    peer = t.connect(drover)
    peer.send(request("POST", "/refuse", fields=[CONTINUE, ("Content-Length", "64")]))
    answer = peer.read_response()
    assert answer.status == 403 and not answer.interim and answer.get("connection") == "close", answer.head
    peer.send(request(target="/smuggled"))
    assert not peer.read_all().startswith(b"HTTP/")
    assert [seen.target for seen in server.requests] == ["/", "/refuse"]


@case
def early_answer(t):
    "behind an answer that comes before the body has ended nothing else is run"
    def handle(peer):
        server.record(peer.read_request(body=False), peer)
        peer.send(response(200, b"early"))
        peer.read_all()

    server = t.server(handler=handle)
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    hidden = request(target="/smuggled")
    peer.send(request("POST", fields=[("Content-Length", str(len(hidden) + 1))]))
    answer = peer.read_response()
    assert (answer.status, answer.get("connection")) == (200, "close"), answer.head
    peer.send(hidden + b"x" + hidden)
    assert peer.read_all() == b""
    assert [seen.target for seen in server.requests] == ["/"]


@case
def half_close(t):
    "a client that ends its side gets the answers to all that it has asked"
    server, drover = start(t)
    chunks = request("POST", "/c", fields=[("Transfer-Encoding", "chunked")]) + chunk(b"ab") + b"0\r\n\r\n"
    for all_of_it in (request(target="/1"), request("POST", "/2", body=b"hello"), chunks,
                      request(target="/1") * 3 + request("POST", "/2", body=b"hello") + chunks + request(target="/3"),
                      request(target="/1", fields=[("Connection", "close")])):
        peer = t.connect(drover)
        peer.send(all_of_it)
        peer.half_close()
        for _ in range(all_of_it.count(b" HTTP/1.1\r\n")):
            answer = peer.read_response()
            assert answer.status == 200 and answer.body == b"ok", answer.head
        assert peer.ended()
    assert server.count() == 10


@case
def half_close_while_waiting(t):
    "also when the server is slow, and on a connection that has served before"
    answer_now = threading.Event()

    def respond(seen):
        if seen.target == "/slow":
            answer_now.wait(60)
        return response(body=seen.target.encode())

    server, drover = start(t, respond)
    peer = t.connect(drover)
    peer.send(request(target="/first"))
    assert peer.read_response().body == b"/first"
    peer.send(request("POST", "/slow", body=b"hello") + request(target="/last"))
    t.wait(lambda: server.count() == 2, "the server has the request")
    peer.half_close()
    other = t.connect(drover)  # so that drover has had time to see the end of the first one
    other.send(request(target="/other"))
    assert other.read_response().body == b"/other"
    answer_now.set()
    assert peer.read_response().body == b"/slow"
    assert peer.read_response().body == b"/last"
    assert peer.ended()
    assert drover.counters()["client-aborts"] == 0


@case
def trailers(t):
    "trailer fields reach the server"
    server, drover = start(t)
    body = b"0\r\nX-Sum: 1\r\nx-other: two words\r\n\r\n"
    head = request("POST", fields=[("Trailer", "X-Sum"), ("TE", "trailers"), ("Transfer-Encoding", "chunked")])
    assert drover.exchange(head + chunk(b"hello") + body).status == 200
    seen = server.requests[-1]
    assert seen.body == b"hello" and seen.trailers == [("X-Sum", "1"), ("x-other", "two words")], seen.trailers
    assert (seen.get("trailer"), seen.get("te"), seen.get("connection")) == ("X-Sum", "trailers", "TE"), seen.head


@case
def upgrades_that_are_not_passed_on(t):
    "h2c, TLS, an upgrade in HTTP/1.0 or with a body: a plain request for the server"
    server, drover = start(t)
    for message in (request(fields=[("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
                                    ("HTTP2-Settings", "AAMAAABk")]),
                    request(fields=[("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]),
                    request(fields=[("Connection", "Upgrade"), ("Upgrade", "websocket, h2c")]),
                    request("OPTIONS", "*", fields=[("Connection", "Upgrade"), ("Upgrade", "TLS/1.2")]),
                    request(fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")], version="1.0"),
                    request("POST", fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")], body=b"hello")):
        assert drover.exchange(message).status == 200
        seen = server.requests[-1]
        assert not seen.all("upgrade") + seen.all("connection") + seen.all("http2-settings"), seen.head


@case
def connect_and_trace(t):
    "CONNECT is 501; TRACE is 405 with Allow; the connection ends behind both"
    server, drover = start(t)
    for message, status in ((request("CONNECT", "b.test:443", host="b.test:443"), 501), (request("TRACE"), 405),
                            (request("TRACE", fields=[("Max-Forwards", "0")]), 405)):
        peer = t.connect(drover)
        peer.send(message + request(target="/never"))
        answer = peer.read_response()
        assert (answer.status, answer.get("connection")) == (status, "close"), answer.head
        assert status != 405 or answer.get("allow").startswith("GET, "), answer.head
        assert peer.ended()
    assert server.count() == 0


@case
def trace_forwarded(t):
    "trace = forward: the server answers, but for one with a body"
    server, drover = start(t, lambda seen: response(body=seen.head), trace="forward")
    answer = drover.exchange(request("TRACE", "/x", fields=[("Max-Forwards", "2")]))
    assert answer.status == 200 and answer.body.startswith(b"TRACE /x HTTP/1.1\r\n"), answer.body
    assert server.requests[-1].get("max-forwards") == "1"
    assert drover.exchange(request("TRACE", body=b"hello")).status == 400
    assert server.count() == 1


@case
def max_forwards(t):
    "Max-Forwards: 0 is answered by drover, more is counted down, other methods do not count"
    server, drover = start(t, listen="trace = forward")
    peer = t.connect(drover)
    peer.send(request("OPTIONS", fields=[("Max-Forwards", "0")]) + request(
        "TRACE", "/t", fields=[("Max-Forwards", "0"), ("Cookie", "secret"), ("Via", "1.1 before")]))
    answer = peer.read_response()
    assert answer.status == 200 and "TRACE" in answer.get("allow") and answer.body == b"", answer.head
    answer = peer.read_response()
    assert (answer.status, answer.get("content-type")) == (200, "message/http"), answer.head
    assert answer.body == b"TRACE /t HTTP/1.1\r\nHost: scene.test\r\nMax-Forwards: 0\r\nVia: 1.1 before\r\n\r\n", answer.body
    assert server.count() == 0
    for method, sent, seen in (("OPTIONS", "5", "4"), ("OPTIONS", "1", "0"), ("OPTIONS", "1000", "254"), ("GET", "0", "0")):
        assert drover.exchange(request(method, fields=[("Max-Forwards", sent)])).status == 200
        assert server.requests[-1].get("max-forwards") == seen, server.requests[-1].head
    assert drover.exchange(request("OPTIONS", fields=[("Max-Forwards", "x")])).status == 400


@case
def loop(t):
    "a request that comes back through another proxy is answered 508"
    here, there = t.path("here"), t.path("there")
    drover = t.drover(f'listen "unix:{here}" {{ }}\n' + t.pool(f"unix:{there}"), via="true", via_name="edge-1")
    other = t.drover(f'listen "unix:{there}" {{ }}\n' + t.pool(f"unix:{here}"), via="true", name="other")
    answer = drover.get()
    assert answer.status == 508, answer.head
    assert answer.all("via") == ["1.1 drover", "1.1 edge-1"], answer.head
    assert (drover.counters()["requests"], other.counters()["requests"]) == (2, 1)
    assert drover.get(fields=[("Via", "1.1 first, 1.1 Edge-1 (x)")]).status == 508
    assert (drover.counters()["requests"], other.counters()["requests"]) == (3, 1)


@case
def underscores(t):
    "underscores: what becomes of names that CGI takes for others"
    fields = [("X_Forwarded_For", "1.1.1.1"), ("Content.Length", "3"), ("api_key", "k"), ("x.y", "z")]
    for policy, kept in (("guard", ["api_key", "x.y"]), ("pass", ["X_Forwarded_For", "Content.Length", "api_key", "x.y"]),
                         ("drop", [])):
        server, drover = start(t, underscores=policy, name=policy)
        assert drover.get(fields=fields).status == 200
        names = [name for name, _ in server.requests[-1].fields if "_" in name or "." in name]
        assert names == kept, (policy, names)
    server, drover = start(t, underscores="refuse", name="refuse")
    assert drover.get(fields=[("api_key", "k")]).status == 400 and server.count() == 0
    assert drover.get(fields=[("api-key", "k")]).status == 200


def send_slowly(peer, data, stop):
    try:
        for i in range(len(data)):
            peer.send(data[i:i + 1])
            if stop.wait(0.05):
                return
    except OSError:
        pass


@case
def body_rate(t):
    "body-rate-min: a body that trickles has body-timeout in all, one that keeps the pace as long as it takes"
    server, drover = start(t, listen="body-timeout = 1500ms  body-rate-min = 1k")
    stop = threading.Event()
    peer = t.connect(drover)
    peer.send(request("POST", fields=[("Content-Length", "5000")]))
    threading.Thread(target=send_slowly, args=(peer, b"x" * 5000, stop), daemon=True).start()
    answer = peer.read_response()
    stop.set()
    assert answer.status == 408 and answer.get("connection") == "close", answer.head
    assert server.count() == 0

    peer = t.connect(drover)
    peer.send(request("POST", "/paced", fields=[("Content-Length", "200000")]))
    begun = time.monotonic()
    for _ in range(20):
        peer.send(b"x" * 10000)
        stop.clear()
        stop.wait(0.1)
    assert peer.read_response().status == 200
    assert time.monotonic() - begun > 1.5 and len(server.requests[-1].body) == 200000


main()
