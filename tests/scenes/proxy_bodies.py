#!/usr/bin/env python3
"""Bodies both ways: framing, trailers, interim responses, streaming, back-pressure and memory."""

import hashlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import is_sanitized, process_memory  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import chunk, request, response  # pylint: disable=wrong-import-position

MEGABYTE = 1 << 20
BLOCK = bytes(range(256)) * 256


def echo(t, **options):
    server = t.server(lambda seen: response(body=seen.body))
    return server, t.drover(t.pool(server), **options)


def one_answer(t, data, **options):
    """A server that answers a request with these bytes and closes."""
    server = t.server(handler=lambda peer: (server.record(peer.read_request(), peer), peer.send(data)))
    return server, t.drover(t.pool(server), **options)


@case
def lengths(t):
    "bodies of every size come through, in both directions"
    server, drover = echo(t)
    peer = t.connect(drover)
    for size in (0, 1, 2, 1000, 16383, 16384, 16385, 65535, 65536, 65537, 300000, 3 * MEGABYTE):
        body = os.urandom(size)
        peer.send(request("POST", body=body))
        answer = peer.read_response()
        assert answer.body == body, (size, len(answer.body))
        assert server.requests[-1].get("content-length") == str(size)


@case
def chunked_request(t):
    "a chunked request goes on as chunks, with its trailers"
    server, drover = echo(t)
    peer = t.connect(drover)
    for sizes in ([], [1], [1, 2, 3], [16384] * 5, [100000, 1, 65536], [7] * 500):
        chunks = [os.urandom(size) for size in sizes]
        peer.send(request("POST", fields=[("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")]))
        for data in chunks:
            peer.send(chunk(data))
        peer.send(b"0\r\nX-Sum: 42\r\nX-Other: a b\r\n\r\n")
        answer = peer.read_response()
        assert answer.body == b"".join(chunks), sizes
        seen = server.requests[-1]
        assert seen.chunked() and seen.get("content-length") is None, seen.head
        assert seen.trailers == [("X-Sum", "42"), ("X-Other", "a b")], seen.trailers


@case
def chunked_request_any_split(t):
    "chunk framing may be cut at any byte, extensions included"
    _, drover = echo(t)
    body = b'5;a=b;c="d;\\""\r\nhello\r\n00a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n'
    head = request("POST", fields=[("Transfer-Encoding", "chunked")])
    peer = t.connect(drover)
    for i in range(1, len(body)):
        peer.send(head + body[:i])
        peer.send(body[i:])
        assert peer.read_response().body == b"hello0123456789", i


@case
def chunked_response(t):
    "a chunked response goes on as chunks, with its trailers"
    data = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" +
            chunk(b"one") + chunk(BLOCK) + chunk(b"two") + b"0\r\nX-Sum: 7\r\n\r\n")
    _, drover = one_answer(t, data)
    answer = drover.get()
    assert answer.whole and answer.body == b"one" + BLOCK + b"two"
    assert answer.trailers == [("X-Sum", "7")], answer.trailers


@case
def chunked_response_to_1_0(t):
    "an HTTP/1.0 client gets the data without the chunks, until the connection ends"
    data = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"one") + chunk(BLOCK) +
            b"0\r\nX-Sum: 7\r\n\r\n")
    _, drover = one_answer(t, data)
    for fields in ([], [("Connection", "keep-alive")]):
        answer = drover.get(version="1.0", fields=fields)
        assert answer.body == b"one" + BLOCK and not answer.all("transfer-encoding"), answer.head
        assert (answer.get("connection") or "close") == "close", answer.head


@case
def until_close(t):
    "a response that ends with its connection"
    _, drover = one_answer(t, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + BLOCK)
    peer = t.connect(drover)
    for _ in range(3):
        peer.send(request())
        answer = peer.read_response()
        assert answer.whole and answer.body == BLOCK, answer.head
        if not answer.chunked():
            assert answer.get("connection") == "close" and peer.ended()
            peer = t.connect(drover)
    answer = drover.get(version="1.0")
    assert answer.body == BLOCK and not answer.chunked()


@case
def expect_continue(t):
    "100-continue: the server decides, the client waits for it"
    def handler(peer):
        while (seen := peer.read_request(body=False)) is not None:
            server.record(seen, peer)
            assert seen.get("expect") == "100-continue"
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            peer.read_body(seen, False)
            peer.send(response(body=seen.body))

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    for body in (b"hello", BLOCK * 4):
        head = request("POST", body=body, fields=[("Expect", "100-continue")])[:-len(body)]
        peer.send(head)
        assert peer.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        peer.send(body)
        answer = peer.read_response()
        assert answer.status == 200 and answer.body == body and not answer.interim, answer.head


@case
def expect_refused(t):
    "a final answer to an expectation comes through, and the body is not mistaken for a request"
    server = t.server(handler=lambda peer: (
        server.record(peer.read_request(body=False), peer), peer.send(response(401, b"no")), peer.read_all()))
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    peer.send(request("POST", fields=[("Expect", "100-continue"), ("Content-Length", "40")]))
    answer = peer.read_response()
    assert answer.status == 401 and answer.body == b"no"
    peer_alive = answer.get("connection") != "close"
    if peer_alive:  # then the body must come before anything else
        peer.send(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n......"[:40])
        peer.half_close()
    peer.read_all()
    assert [seen.method for seen in server.requests] == ["POST"]


@case
def expect_not_waited_for(t):
    "a client that does not wait for 100 is served as well"
    _, drover = echo(t)
    peer = t.connect(drover)
    for _ in range(3):
        peer.send(request("POST", fields=[("Expect", "100-continue")], body=b"right behind"))
        assert peer.read_response().body == b"right behind"


@case
def interim(t):
    "1xx responses go on to those who can read them"
    data = (b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + response(body=b"ok"))
    _, drover = one_answer(t, data)
    answer = drover.get()
    assert answer.status == 200 and answer.body == b"ok"
    assert [message.status for message in answer.interim] == [102, 103]
    assert answer.interim[1].get("link") == "</a.css>"
    answer = drover.get(version="1.0")
    assert answer.status == 200 and answer.body == b"ok" and not answer.interim


@case
def early_response(t):
    "an answer before the end of the request body reaches the client"
    server = t.server(handler=lambda peer: (
        server.record(peer.read_request(body=False), peer), peer.read(1000), peer.send(response(413, b"enough"))))
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    peer.send(request("POST", fields=[("Content-Length", str(20 * MEGABYTE))]) + BLOCK)
    answer = peer.read_response()
    assert answer.status == 413 and answer.body == b"enough", answer.head
    assert answer.get("connection") == "close", answer.head
    assert drover.exchange(request("POST", body=b"x" * 2000)).status == 413


@case
def early_response_whole_body(t):
    "a server that answers early but reads on gets the whole body, and the client's connection lives"
    def handler(peer):
        while (seen := peer.read_request(body=False)) is not None:
            server.record(seen, peer)
            peer.send(response(body=b"early"))
            peer.read_body(seen, False)

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server), workers=1)
    peer = t.connect(drover)
    for _ in range(3):
        peer.send(request("POST", body=b"x" * 200000)[:-100000])
        answer = peer.read_response()
        assert answer.status == 200 and answer.body == b"early"
        if answer.get("connection") == "close":
            return
        peer.send(b"x" * 100000)
    assert server.connections() == 1
    t.wait(lambda: server.requests[-1].whole, "the server has the whole body")


@case
def streams(t):
    "bytes flow at once, both ways: nothing waits for more"
    def handler(peer):
        seen = peer.read_request(body=False)
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while (data := peer.read(10)) != b"0123456end":
            peer.send(chunk(b"seen " + data))
        peer.send(chunk(data) + b"0\r\n\r\n")
        server.record(seen, peer)

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    peer.send(request("POST", fields=[("Content-Length", "100")]))
    answer = peer.read_head()
    for i in range(9):
        peer.send(b"012345678%d" % i)
        assert peer.read_chunk(answer) and answer.chunks[-1] == b"seen 012345678%d" % i
    peer.send(b"0123456end")
    assert peer.read_chunk(answer) and answer.chunks[-1] == b"0123456end" and not peer.read_chunk(answer)


@case
def large_both_ways(t):
    "48 MB up and down at the same time, with equal checksums"
    size = 48 * MEGABYTE

    def handler(peer):  # sends back what it gets, as it gets it
        peer.read_request(body=False)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        left = size
        while left > 0:
            if not peer.buffer:
                peer.receive() or sys.exit("cut")
            left -= len(peer.buffer)
            peer.send(peer.take(len(peer.buffer)))

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server))
    peer = t.connect(drover)
    block = os.urandom(MEGABYTE)
    up, down = hashlib.sha1(), hashlib.sha1()

    def upload():
        peer.send(request("POST", fields=[("Content-Length", str(size))]))
        for i in range(size // MEGABYTE):
            data = block[i:] + block[:i]
            up.update(data)
            peer.send(data)

    thread = threading.Thread(target=upload, daemon=True)
    thread.start()
    assert peer.read_head().status == 200
    got = 0
    while got < size:
        if not peer.buffer:
            assert peer.receive(), f"cut after {got} bytes"
        down.update(peer.buffer)
        got += len(peer.take(len(peer.buffer)))
    thread.join()
    assert got == size and up.digest() == down.digest()


def settled(t, figure):
    """Waits until figure() stands still for half a second; a slow machine makes that longer, never shorter."""
    last, since = figure(), time.monotonic()

    def still():
        nonlocal last, since
        if figure() != last:
            last, since = figure(), time.monotonic()
        return time.monotonic() - since > 0.5

    t.wait(still, "the flow stands still")
    return last


def memory_of(drover):
    return max(process_memory(pid) for pid in drover.pids())


@case
def slow_readers(t):
    "clients that do not read stop the servers, not the memory"
    sent = [0]

    def handler(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MEGABYTE))
        for _ in range(64 * MEGABYTE // len(BLOCK)):
            peer.send(BLOCK)
            sent[0] += len(BLOCK)

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server), workers=1)
    before = memory_of(drover)
    peers = [t.connect(drover) for _ in range(8)]
    for peer in peers:
        peer.send(request())
        assert peer.read_head().status == 200
    stuck = settled(t, lambda: sent[0])
    assert stuck < 8 * 64 * MEGABYTE, "the servers could send everything"
    grown = memory_of(drover) - before
    assert grown < 8 * MEGABYTE or is_sanitized(), f"the worker grew by {grown} bytes"
    peers[0].buffer = b""
    for peer in peers[1:]:
        peer.reset()
    t.wait(lambda: sum(drover.loads()) == 1, "the clients that left are forgotten")
    got = 0
    while got < 60 * MEGABYTE:
        assert peers[0].receive(), "cut"
        got += len(peers[0].take(len(peers[0].buffer)))


@case
def slow_servers(t):
    "a server that does not read stops the client, not the memory"
    go, total = threading.Event(), [0]

    def handler(peer):
        peer.read_request(body=False)
        go.wait(60)
        left = 64 * MEGABYTE - len(peer.buffer)
        while left > 0:
            data = peer.socket.recv(1 << 18)
            if not data:
                return
            left -= len(data)
        peer.send(response(body=b"all"))

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server), workers=1)
    before = memory_of(drover)
    peer = t.connect(drover)

    def upload():
        peer.send(request("POST", fields=[("Content-Length", str(64 * MEGABYTE))]))
        for _ in range(64 * MEGABYTE // len(BLOCK)):
            peer.send(BLOCK)
            total[0] += len(BLOCK)

    threading.Thread(target=upload, daemon=True).start()
    stuck = settled(t, lambda: total[0])
    assert stuck < 64 * MEGABYTE, "the client could send everything"
    grown = memory_of(drover) - before
    assert grown < 8 * MEGABYTE or is_sanitized(), f"the worker grew by {grown} bytes"
    go.set()
    answer = peer.read_response()
    assert answer.body == b"all"


@case
def half_a_gigabyte(t):
    "512 MB through a few megabytes of memory"
    hello = t.hello()
    drover = t.drover(t.pool(hello), workers=1)
    before = memory_of(drover)
    peer = t.connect(drover)
    size, got, most = 512 * MEGABYTE, 0, 0
    peer.send(request(target=f"/bytes/{size}"))
    assert peer.read_head().get("content-length") == str(size)
    got = len(peer.buffer)
    into = memoryview(bytearray(MEGABYTE))
    while got < size:
        count = peer.socket.recv_into(into)
        assert count > 0, f"cut after {got} bytes"
        if got // (64 * MEGABYTE) != (got + count) // (64 * MEGABYTE):
            most = max(most, memory_of(drover))
            assert into[0] == got % 251, "the bytes are not those that were sent"
        got += count
    assert got == size and (most - before < 8 * MEGABYTE or is_sanitized()), most - before


main()
