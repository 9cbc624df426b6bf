#!/usr/bin/env python3
"""Bodies that are too long for a buffer: they come through whole, or visibly cut off, and nothing stays behind."""

import hashlib
import os
import resource
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import is_sanitized, process_descriptors, process_memory  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import chunk, request, response  # pylint: disable=wrong-import-position

MEGABYTE = 1 << 20
BLOCK = os.urandom(MEGABYTE)
MANY = 32 if is_sanitized() else 200  # MB


def head(length, fields=()):
    return response(fields=[("Content-Length", str(length)), *fields], length=False)


def digest(data, times=1):
    whole = hashlib.sha256()
    for _ in range(times):
        whole.update(data)
    return whole.hexdigest()


def read_digest(peer, count, step=1 << 18):
    """Reads so many bytes and does not keep them."""
    seen = hashlib.sha256(peer.buffer[:count])
    left = count - len(peer.take(count))
    while left > 0:
        assert peer.receive(min(step, left)), f"{left} bytes are missing"
        data = peer.take(left)
        left -= len(data)
        seen.update(data)
    return seen.hexdigest()


def start(t, talk, **options):
    """A server that runs talk(peer, request) for each request, whose body talk reads itself."""
    def handler(peer):
        while (seen := peer.read_request(body=False)) is not None:
            server.record(seen, peer)
            if talk(peer, seen) is False:
                return

    server = t.server(handler=handler)
    # what the case itself does between two requests may take long
    return server, t.drover(t.pool(server, options="idle-timeout = 60s"), **options)


def idle_again(t, drover, before):
    """Whether nothing of a request is left in the workers."""
    t.wait(lambda: drover.counters()["requests-active"] == 0, "nothing is in progress")
    for pid, count in before.items():  # kept connections and pipes may stay: a few
        assert process_descriptors(pid) <= count + 40, (pid, count)


def descriptors(drover):
    return {pid: process_descriptors(pid) for pid in drover.pids()}


@case
def responses(t):
    "responses of 5 MB and of hundreds, read slowly, come byte for byte and leave the connection usable"
    def talk(peer, seen):
        times = int(seen.target[1:])
        peer.send(head(times * MEGABYTE))
        for _ in range(times):
            peer.send(BLOCK)

    server, drover = start(t, talk, workers=1)
    before = process_memory(drover.pids()[0])
    peer = t.connect(drover)
    for times, step in ((5, 10000), (MANY, 1 << 20), (5, 1 << 18)):
        peer.send(request(target=f"/{times}"))
        assert peer.read_head().status == 200
        assert read_digest(peer, times * MEGABYTE, step) == digest(BLOCK, times)
    assert server.connections() == 1, "the server's connection was kept"
    assert is_sanitized() or process_memory(drover.pids()[0]) < before + 4 * MEGABYTE
    drover.wait_idle()
    counters = drover.counters()
    body = (10 + MANY) * MEGABYTE
    assert body < counters["server-bytes-in"] < body + 2000 and body < counters["client-bytes-out"] < body + 2000
    t.wait(lambda: len(drover.access_lines()) == 3, "all are logged")
    assert f" 200 {5 * MEGABYTE} " in drover.access_lines()[0]


@case
def uploads(t):
    "requests of 5 MB and of hundreds reach a slow server byte for byte"
    sums = []

    def talk(peer, seen):
        sums.append(read_digest(peer, int(seen.get("content-length")), 10000 if len(sums) == 0 else 1 << 20))
        peer.send(response(body=b"got it"))

    server, drover = start(t, talk, workers=1)
    peer = t.connect(drover)
    for times in (5, MANY, 5):
        peer.send(request("PUT", fields=[("Content-Length", str(times * MEGABYTE))]))
        for _ in range(times):
            peer.send(BLOCK)
        assert peer.read_response().body == b"got it"
        assert sums[-1] == digest(BLOCK, times)
    assert server.connections() == 1
    assert drover.counters()["server-bytes-out"] > (10 + MANY) * MEGABYTE


@case
def both_ways_at_once(t):
    "an answer as long as the request, sent while that still comes"
    def talk(peer, seen):
        left = int(seen.get("content-length"))
        peer.send(head(left))
        while left > 0:
            if not peer.buffer:
                assert peer.receive()
            data = peer.take(left)
            left -= len(data)
            peer.send(data)

    _, drover = start(t, talk)
    peer = t.connect(drover)
    peer.send(request("POST", fields=[("Content-Length", str(20 * MEGABYTE))]))
    threading.Thread(target=lambda: [peer.send(BLOCK) for _ in range(20)], daemon=True).start()
    assert peer.read_head().status == 200
    assert read_digest(peer, 20 * MEGABYTE) == digest(BLOCK, 20)


@case
def other_framings(t):
    "long chunks and bodies until the end, to clients of both versions"
    def talk(peer, seen):
        if seen.target == "/chunks":
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(5):
                peer.send(chunk(BLOCK) + chunk(b"and"))
            peer.send(b"0\r\nX-Sum: 1\r\n\r\n")
            return True
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n" + BLOCK * 5)
        return False

    _, drover = start(t, talk)
    for target, body in (("/chunks", (BLOCK + b"and") * 5), ("/end", BLOCK * 5)):
        for version in ("1.1", "1.0"):
            answer = drover.get(target, version=version)
            assert answer.whole and digest(answer.body) == digest(body), (target, version, len(answer.body))
    answer = drover.get("/chunks")
    assert answer.trailers == [("X-Sum", "1")], answer.trailers
    up = b"".join(chunk(BLOCK) for _ in range(5)) + b"0\r\n\r\n"
    sums = []

    def taker(peer, seen):
        peer.read_body(seen, False)
        sums.append(digest(seen.body))
        peer.send(response(body=b"ok"))

    _, other = start(t, taker, name="other")
    peer = t.connect(other)
    for _ in range(2):
        peer.send(request("POST", fields=[("Transfer-Encoding", "chunked")]) + up)
        assert peer.read_response().body == b"ok" and sums[-1] == digest(BLOCK, 5)


@case
def no_body(t):
    "HEAD and 304 speak of a long body and have none"
    def talk(peer, seen):
        peer.send(head(5 * MEGABYTE) if seen.method == "HEAD" else
                  b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000000\r\n\r\n")

    server, drover = start(t, talk, workers=1)
    peer = t.connect(drover)
    for method, status in (("HEAD", 200), ("GET", 304)) * 2:
        peer.send(request(method))
        assert peer.read_response(method).status == status
    assert server.connections() == 1


@case
def bytes_behind_the_end(t):
    "what a server sends behind a long body goes to nobody, and its connection is not used again"
    def talk(peer, _):
        peer.send(head(MEGABYTE) + BLOCK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")

    server, drover = start(t, talk, workers=1)
    peer = t.connect(drover)
    for i in range(4):
        peer.send(request())
        answer = peer.read_response()
        assert answer.status == 200 and digest(answer.body) == digest(BLOCK), answer.head
        assert not peer.buffer
        assert server.connections() == i + 1
    server.refuse()


@case
def cut_off_by_the_server(t):
    "a server that ends, or resets, at any stage of a long body: the client sees that it is not whole"
    def talk(peer, seen):
        _, how, sent = seen.target.split("/")
        peer.send(head(3 * MEGABYTE) + (BLOCK * 3)[:int(sent)])
        if how == "reset":
            peer.socket.recv(1)  # until the client has all that was sent
            peer.reset()
        return False

    _, drover = start(t, talk)
    before = descriptors(drover)
    for how in ("end", "reset"):
        for sent in (0, 1, 16000, 65536, 70000, MEGABYTE, 3 * MEGABYTE - 1):
            peer = t.connect(drover)
            peer.send(request("POST", f"/{how}/{sent}", fields=[("Content-Length", "1")]))
            answer = peer.read_head()
            assert answer.status == 200
            assert read_digest(peer, sent) == digest((BLOCK * 3)[:sent]), (how, sent)
            peer.send(b"x")
            assert peer.read_all() == b""
    idle_again(t, drover, before)
    assert drover.counters()["server-bad-responses"] == 14


@case
def cut_off_by_the_client(t):
    "a client that goes away in the middle of a long body, up or down"
    gone = threading.Semaphore(0)

    def talk(peer, seen):
        try:
            if seen.method == "GET":
                peer.send(head(64 * MEGABYTE))
                for _ in range(64):
                    peer.send(BLOCK)
            else:
                read_digest(peer, int(seen.get("content-length")))
        except (OSError, AssertionError):
            gone.release()
        return False

    _, drover = start(t, talk)
    before = descriptors(drover)
    for size in (0, 1, 100000, 2 * MEGABYTE):
        for end in ("close", "reset"):
            peer = t.connect(drover)
            peer.send(request())
            peer.read_head()
            read_digest(peer, size)
            getattr(peer, end)()
            assert gone.acquire(timeout=20)
            peer = t.connect(drover)
            peer.send(request("PUT", fields=[("Content-Length", str(64 * MEGABYTE))]) + (BLOCK * 2)[:size])
            t.wait(lambda: drover.counters()["requests-active"] == 1, "it has begun")
            getattr(peer, end)()
            assert gone.acquire(timeout=20)
    for _ in range(4):  # and what they left behind goes to nobody
        peer = t.connect(drover)
        peer.send(request())
        peer.read_head()
        assert read_digest(peer, 2 * MEGABYTE) == digest(BLOCK, 2)
        peer.reset()
        assert gone.acquire(timeout=20)
    idle_again(t, drover, before)
    assert drover.counters()["client-aborts"] == 20


@case
def server_goes_while_it_is_sent_to(t):
    "a server that resets within a long request: 502, or the answer that it gave before"
    def talk(peer, seen):
        peer.read(200000)
        if seen.target == "/answer":
            peer.send(response(413, b"enough"))
            peer.read(200000)
            return False
        peer.reset()
        return False

    _, drover = start(t, talk)
    for target, status in (("/", 502), ("/answer", 413)):
        peer = t.connect(drover)
        peer.send(request("PUT", target, fields=[("Content-Length", str(64 * MEGABYTE))]))
        threading.Thread(target=lambda p=peer: send_quietly(p, 64), daemon=True).start()
        answer = peer.read_response()
        assert answer.status == status, answer.head
    t.wait(lambda: drover.counters()["requests-active"] == 0, "nothing is in progress")


def send_quietly(peer, times):
    try:
        for _ in range(times):
            peer.send(BLOCK)
    except OSError:
        pass


@case
def nobody_reads_on(t):
    "a client, or a server, that stops reading in the middle is waited for no longer than the time-outs say"
    def talk(peer, seen):
        if seen.method == "GET":
            peer.send(head(64 * MEGABYTE))
            send_quietly(peer, 64)
        else:
            hold.acquire(timeout=60)  # reads nothing
        return False

    hold = threading.Semaphore(0)
    _, drover = start(t, talk, send_timeout="500ms", server_send_timeout="500ms")
    peer = t.connect(drover)
    peer.send(request())
    peer.read_head()
    t.wait(lambda: drover.counters()["client-timeouts"] == 1, "the client is given up")
    other = t.connect(drover)
    other.send(request("PUT", fields=[("Content-Length", str(64 * MEGABYTE))]))
    threading.Thread(target=send_quietly, args=(other, 64), daemon=True).start()
    assert other.read_response().status == 504
    hold.release()
    assert drover.counters()["server-timeouts"] == 1


@case
def nobody_writes_on(t):
    "a server, or a client, that pauses in the middle is waited for no longer than the time-outs say"
    hold = threading.Semaphore(0)

    def talk(peer, seen):
        if seen.method == "GET":
            peer.send(head(64 * MEGABYTE) + BLOCK)
            hold.acquire(timeout=60)
        else:
            peer.read_all()
        return False

    _, drover = start(t, talk, response_timeout="1500ms", body_timeout="1500ms")
    peer = t.connect(drover)
    peer.send(request())
    peer.read_head()
    assert digest(peer.read_all()) == digest(BLOCK)
    hold.release()
    peer = t.connect(drover)
    peer.send(request("PUT", fields=[("Content-Length", str(64 * MEGABYTE))]) + BLOCK)
    assert peer.read_response().status == 408
    counters = drover.counters()
    assert counters["server-timeouts"] == 1 and counters["client-timeouts"] == 1, counters


@case
def slow_movement_is_movement(t):
    "what moves slowly, but moves, meets no time-out"
    def talk(peer, _):
        peer.send(head(2 * MEGABYTE) + BLOCK)
        for i in range(16):
            t.wait(lambda i=i: read >= MEGABYTE + i * 65536, "the client reads on")
            peer.send(BLOCK[i * 65536:(i + 1) * 65536])

    read = 0
    _, drover = start(t, talk, response_timeout="2s", send_timeout="2s")
    peer = t.connect(drover)
    peer.send(request())
    peer.read_head()
    seen = hashlib.sha256()
    while read < 2 * MEGABYTE:
        data = peer.read(65536)
        seen.update(data)
        read += len(data)
    assert seen.hexdigest() == digest(BLOCK, 2)


@case
def without_descriptors(t):
    "when there is no descriptor left for a pipe, bodies come through all the same"
    def talk(peer, _):
        peer.send(head(3 * MEGABYTE) + BLOCK * 3)

    server, drover = start(t, talk, workers=1)
    pid = drover.pids()[0]
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    limit = [number for number in range(1000) if number not in used][1] + 1  # for the client and the server
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, 4096))
    for _ in range(3):
        answer = drover.get()
        assert answer.whole and digest(answer.body) == digest(BLOCK, 3)
        t.wait(lambda: process_descriptors(pid) == len(used) + 1, "there is the server's connection, and no pipe")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (4096, 4096))
    t.wait(lambda: drover.get().whole and process_descriptors(pid) > len(used) + 2, "there are pipes again")
    assert server.connections() == 1


@case
def many_at_once(t):
    "a hundred slow readers at once do not share bytes"
    def talk(peer, seen):
        byte = bytes([int(seen.target[1:])])
        peer.send(head(2 * MEGABYTE))
        peer.send(byte * (2 * MEGABYTE))

    _, drover = start(t, talk, workers=2)
    peers = [t.connect(drover) for _ in range(100)]
    for i, peer in enumerate(peers):
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.send(request(target=f"/{i}"))
        assert peer.read_head().status == 200
    for i, peer in enumerate(peers):
        assert read_digest(peer, 2 * MEGABYTE) == digest(bytes([i]) * (2 * MEGABYTE)), i


main()
