#!/usr/bin/env python3
"""When a request is sent again, and when never; servers that are marked down and come back."""

import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Peer, chunk, request, response  # pylint: disable=wrong-import-position


def is_up(drover, index=0):
    return drover.servers()[index]["up"]


@case
def refused(t):
    "a refused connection: another server answers, for every method"
    gone, server = t.server(listening=False), t.server()
    drover = t.drover(t.pool(gone, server, options="max-fails = 0"))
    peer = t.connect(drover)
    for i in range(10):
        peer.send(request("POST" if i % 2 else "GET", body=b"x" * 1000 if i % 2 else None))
        assert peer.read_response().status == 200
    assert server.count() == 10 and gone.count() == 0


@case
def all_refused(t):
    "no server can be reached: 502 or 503, and all are down"
    servers = [t.server(listening=False) for _ in range(2)]
    drover = t.drover(t.pool(*servers, options="max-fails = 2  fail-timeout = 60s"))
    statuses = [drover.get().status for _ in range(8)]
    assert set(statuses) <= {502, 503}, statuses
    assert not any(row["up"] for row in drover.servers()), drover.servers()
    assert drover.exchange(request("POST", body=b"x")).status in (502, 503)


@case
def no_retries(t):
    "retries = 0: nothing is tried again"
    gone, server = t.server(listening=False), t.server()
    drover = t.drover(t.pool(gone, server, options="max-fails = 0  retries = 0"))
    statuses = [drover.get().status for _ in range(10)]
    assert sorted(set(statuses)) == [200, 502], statuses


@case
def marked_down_and_back(t):
    "max-fails failures take a server out; after fail-timeout it is tried again"
    gone, server = t.server(listening=False), t.server()
    drover = t.drover(t.pool(gone, server, options="max-fails = 2  fail-timeout = 500ms"), workers=2)
    t.wait(lambda: drover.get().status == 200 and not is_up(drover), "it is marked down")
    drover.wait_log(f"warn .* server {gone.address} of pool app is down for 500ms: 2 failures within 500ms, "
                    "the last: connect-refused")
    t.wait(lambda: drover.get().status == 200 and "of pool app is down for another 500ms: connect-refused\n"
           in drover.log(), "it fails its trial")
    gone.accept()
    t.wait(lambda: drover.get().status == 200 and gone.count() > 0, "it gets requests again")
    assert is_up(drover)
    drover.wait_log(f"notice .* server {gone.address} of pool app is up again")


@case
def one_failure_is_not_enough(t):
    "fewer failures than max-fails leave a server up; an answer makes them forgotten"
    server = t.server(lambda seen: None if seen.target == "/fail" else response(body=b"ok"))
    drover = t.drover(t.pool(server, options="max-fails = 3  fail-timeout = 60s  retries = 0  idle-connections = 0"),
                      workers=1)
    for _ in range(4):
        for target, status in (("/fail", 502), ("/fail", 502), ("/", 200)):
            assert drover.get(target).status == status
    assert is_up(drover)
    for _ in range(3):
        assert drover.get("/fail").status == 502
    assert not is_up(drover)


def race(t, **options):
    """A server that closes a kept connection when the second request arrives on it: the keep-alive race."""
    def handler(peer):
        first = peer.read_request()
        server.record(first, peer)
        peer.send(response(body=b"first"))
        second = peer.read_request()
        if second is not None:
            server.record(second, peer)
            second.lost = True

    server = t.server(handler=handler)
    return server, t.drover(t.pool(server, **options), workers=1)


@case
def idle_race_get(t):
    "the keep-alive race: a GET is sent again, on a new connection"
    server, drover = race(t)
    assert drover.get("/1").body == b"first"
    answer = drover.get("/2")
    assert answer.status == 200 and answer.body == b"first", answer.head
    assert [seen.target for seen in server.requests] == ["/1", "/2", "/2"]
    assert is_up(drover)


@case
def idle_race_post(t):
    "the keep-alive race: a POST that may have been acted on is not sent again"
    server, drover = race(t)
    assert drover.get("/1").body == b"first"
    answer = drover.exchange(request("POST", "/2", body=b"order a pizza"))
    assert answer.status == 502, answer.head
    assert [seen.target for seen in server.requests] == ["/1", "/2"]


@case
def idle_race_large_body(t):
    "the keep-alive race: a body that is not held any more is not sent again"
    server, drover = race(t)
    assert drover.get("/1").body == b"first"
    answer = drover.exchange(request("PUT", "/2", body=b"x" * 1000000))
    assert answer.status in (200, 502)
    whole = [seen for seen in server.requests if seen.method == "PUT"]
    assert all(len(seen.body) == 1000000 for seen in whole)


@case
def dead_idle_connection(t):
    "a kept connection that the server has closed is not used, not even for a POST"
    def handler(peer):
        server.record(peer.read_request(), peer)
        peer.send(response(body=b"ok"))

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server, options="retries = 0  max-fails = 0"), workers=1)
    for i in range(20):
        assert drover.exchange(request("POST", body=b"x")).status == 200, i
        t.wait(lambda: server.peers[-1].socket.fileno() < 0, "the server has closed")
    assert server.connections() == 20


def slow_reader(t, drover):
    """A client whose connection takes little before it has read."""
    sock = t.keep(socket.socket())
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(drover.where())
    return t.keep(Peer(sock))


@case
def kept_within_a_turn(t):
    "what was heard of the end of a response, after it was read, is not held against the next request"
    ends = threading.Event()

    def handler(peer):
        while (seen := peer.read_request()) is not None:
            server.record(seen, peer)
            if seen.target == "/long":
                peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                ends.wait()
            else:
                peer.send(response(body=b"ok"))

    server = t.server(handler=handler)
    drover = t.drover(t.pool(server, options="retries = 0  max-fails = 0"), workers=1)
    reader, other = slow_reader(t, drover), t.connect(drover)
    other.send(request())
    assert other.read_response().status == 200
    reader.send(request(target="/long"))
    t.wait(lambda: server.count() == 2, "the response has begun")
    sent, went = [], [0]

    def is_full():
        before, went[0] = went[0], drover.counters()["client-bytes-out"]
        if went[0] == before < sum(sent) - 40000:
            return True
        piece = chunk(b"x" * (16000 if sent else 1500000))
        server.peers[-1].send(piece)
        sent.append(len(piece))
        return False

    t.wait(is_full, "drover has more than the reader takes")
    worker = drover.pids()[0]
    t.freeze(worker)
    # now there is room: of this it hears first, of the request next, of the end last
    reader.read(went[0] - 1000)
    other.send(request("POST", body=b"order a pizza"))
    server.peers[-1].send(b"0\r\n\r\n")
    ends.set()
    t.thaw(worker)
    assert other.read_response().status == 200
    reader.read_until(b"\r\n0\r\n\r\n")
    assert server.count() == 3


@case
def never_after_a_byte(t):
    "a response that has begun is never asked for again"
    server = t.server(handler=lambda peer: (server.record(peer.read_request(), peer), peer.send(b"HTTP/1.1 2")))
    other = t.server(handler=lambda peer: (other.record(peer.read_request(), peer), peer.send(b"HTTP/1.1 2")))
    drover = t.drover(t.pool(server, other, options="max-fails = 0"))
    for i in range(1, 6):
        assert drover.get().status == 502
        assert server.count() + other.count() == i


@case
def not_on_a_fresh_connection(t):
    "a server that takes the request and closes may have acted on it: a POST is not sent to another"
    server = t.server(handler=lambda peer: server.record(peer.read_request(), peer))
    other = t.server(handler=lambda peer: other.record(peer.read_request(), peer))
    drover = t.drover(t.pool(server, other, options="max-fails = 0"))
    for i in range(1, 6):
        assert drover.exchange(request("POST", body=b"x")).status == 502
        assert server.count() + other.count() == i


@case
def recovers_in_the_middle(t):
    "a server that goes and comes back under a client's eyes"
    server, other = t.server(), t.server()
    drover = t.drover(t.pool(server, other, options="max-fails = 1  fail-timeout = 300ms"))
    peer = t.connect(drover)

    def answered():
        peer.send(request())
        return peer.read_response().status == 200

    for _ in range(3):
        server.die()
        for _ in range(10):
            assert answered()
        before = server.count()
        server.accept()
        t.wait(lambda: answered() and server.count() > before, "the server is used again")


main()
