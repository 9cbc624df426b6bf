#!/usr/bin/env python3
"""Listeners with mode = tcp: connections go to servers as they are."""

import hashlib
import json
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import process_descriptors  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

MEGABYTE = 1 << 20
TCP = "mode = tcp"


def echo(peer):
    while peer.buffer or peer.receive():
        peer.send(peer.take(len(peer.buffer)))


def greeter(name):
    """A server that speaks first and then echoes."""
    def talk(peer):
        peer.send(b"220 " + name + b"\r\n")
        echo(peer)
    return talk


def start(t, *handlers, options="", listen="", **more):
    servers = [t.server(handler=handler) for handler in handlers]
    return servers, t.drover(t.pool(*servers, options=options), listen=f"{TCP}  {listen}", **more)


def refused(peer):
    """Whether the connection ends with an error and without a byte."""
    return peer.read_all() == b"" and peer.was_reset


def refuses(drover, **more):
    """Whether a new connection does, which may be so quick that it looks like one that fails."""
    try:
        return refused(drover.connect(**more))
    except ConnectionResetError:
        return True


@case
def server_speaks_first(t):
    "a server that greets is heard before the client has said anything"
    _, drover = start(t, greeter(b"hello"))
    peer = t.connect(drover)
    assert peer.read_until(b"\r\n") == b"220 hello\r\n"
    peer.send(b"EHLO \0\xff\r\n")
    assert peer.read(9) == b"EHLO \0\xff\r\n"
    peer.half_close()
    assert peer.ended() and not peer.was_reset
    drover.wait_loads(0)


@case
def is_not_http(t):
    "what looks like a bad request goes through as well, and is counted as a connection only"
    _, drover = start(t, echo)
    peer = t.connect(drover)
    peer.send(b"GET / HTTP/9.9\r\n\r\n\r\n")
    assert peer.read(20) == b"GET / HTTP/9.9\r\n\r\n\r\n"
    peer.close()
    drover.wait_loads(0)
    drover.wait_idle()
    counters = drover.counters()
    assert counters["tcp-connections"] == 1 and counters["requests"] == 0, counters
    assert counters["requests-active"] == 0 and counters["tunnels"] == 0, counters


@case
def many_bytes_both_ways(t):
    "32 MB each way at once, with a slow reader, byte for byte"
    sums = []

    def talk(peer):
        data = os.urandom(MEGABYTE)
        mine = hashlib.sha256()

        def speak():
            for _ in range(32):
                peer.send(data)
                mine.update(data)
            peer.half_close()
        speaker = threading.Thread(target=speak, daemon=True)
        speaker.start()
        theirs = hashlib.sha256()
        while peer.receive(10000):
            theirs.update(peer.take(len(peer.buffer)))
        speaker.join()
        sums.append((mine.hexdigest(), theirs.hexdigest()))

    _, drover = start(t, talk)
    peer = t.connect(drover)
    data, sent, got = os.urandom(MEGABYTE), hashlib.sha256(), hashlib.sha256()

    def speak():
        for _ in range(32):
            peer.send(data)
            sent.update(data)
        peer.half_close()
    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    while peer.receive():
        got.update(peer.take(len(peer.buffer)))
    speaker.join()
    t.wait(lambda: sums, "the server has heard all")
    assert sums == [(got.hexdigest(), sent.hexdigest())]
    drover.wait_loads(0)
    counters = drover.counters()
    assert counters["client-bytes-in"] == counters["server-bytes-out"] == 32 * MEGABYTE, counters
    assert counters["client-bytes-out"] == counters["server-bytes-in"] == 32 * MEGABYTE, counters


@case
def half_closes(t):
    "each side may say all and still hear the other"
    heard = []

    def talk(peer):
        got = peer.read_all()
        peer.send(b"%d" % len(got))
    _, drover = start(t, talk)
    peer = t.connect(drover)
    peer.send(b"x" * MEGABYTE)
    peer.half_close()
    assert peer.read_all() == b"%d" % MEGABYTE and not peer.was_reset

    def bye(peer):
        peer.send(b"bye")
        peer.half_close()
        heard.append(len(peer.read_all()))
    _, other = start(t, bye, name="other")
    peer = t.connect(other)
    assert peer.read_all() == b"bye" and not peer.was_reset
    peer.send(b"y" * MEGABYTE)
    peer.half_close()
    t.wait(lambda: heard, "the server has heard the client's end")
    assert heard == [MEGABYTE]


@case
def resets_go_through(t):
    "a reset of one side is a reset for the other, not an end"
    ends = []

    def talk(peer):
        if peer.read(1) == b"s":
            peer.reset()
            return
        peer.read_all()
        ends.append(peer.was_reset)

    _, drover = start(t, talk)
    peer = t.connect(drover)
    peer.send(b"s")
    assert refused(peer)
    peer = t.connect(drover)
    peer.send(b"cmore")
    t.wait(lambda: drover.counters()["server-bytes-out"] == 6, "the bytes have gone on")
    peer.reset()
    t.wait(lambda: ends, "the server sees the end")
    assert ends == [True]
    drover.wait_loads(0)
    drover.wait_idle()


@case
def spread_and_retried(t):
    "connections are spread as the pool says, and those to a server that is down go to another"
    servers, drover = start(t, greeter(b"one"), greeter(b"two"))
    assert sorted(t.connect(drover).read_until(b"\r\n") for _ in range(4)) == \
        [b"220 one\r\n"] * 2 + [b"220 two\r\n"] * 2
    servers[0].refuse()
    for _ in range(8):
        assert t.connect(drover).read_until(b"\r\n") == b"220 two\r\n"
    t.wait(lambda: drover.servers()[0]["up"] is False, "it counts as down")
    assert drover.counters()["retries"] >= 3
    servers[1].refuse()
    assert refuses(drover)
    servers[0].accept()
    servers[1].accept()
    t.wait(lambda: t.connect(drover).receive(), "it serves again")


@case
def all_down_at_the_start(t):
    "a server that is not there at the start is used when it is"
    servers, drover = start(t, greeter(b"late"), options="max-fails = 0", access_log_format="json")
    servers[0].refuse()
    assert refuses(drover)
    servers[0].accept()
    assert t.connect(drover).read_until(b"\r\n") == b"220 late\r\n"
    line = json.loads(t.wait(drover.access_lines, "the refusal is logged")[0])
    assert (line["method"], line["protocol"], line["status"]) == ("TCP", "TCP", 502), line
    assert line["reason"] == "connect-refused" and line["retries"] == 0, line


@case
def connect_timeout(t):
    "a server that does not accept in time: the next one"
    servers, drover = start(t, greeter(b"one"), greeter(b"two"), options="connect-timeout = 200ms")
    servers[0].hang()
    for _ in range(2):
        assert t.connect(drover).read_until(b"\r\n") == b"220 two\r\n"
    assert drover.counters()["server-timeouts"] >= 1


@case
def silent_ones_end(t):
    "a connection on which nobody says anything ends after tunnel-timeout"
    _, drover = start(t, echo, listen="tunnel-timeout = 300ms")
    peer = t.connect(drover)
    assert refused(peer)
    drover.wait_loads(0)
    assert drover.counters()["client-timeouts"] == 1


@case
def allow_and_deny(t):
    "who is denied is closed at once; no server hears of it"
    servers, drover = start(t, greeter(b"hi"), listen='deny = { "127.0.0.2" }')
    assert drover.connect(source=("127.0.0.1", 0)).read_until(b"\r\n") == b"220 hi\r\n"
    assert refuses(drover, source=("127.0.0.2", 0))
    assert servers[0].connections() == 1
    t.wait(lambda: len(drover.access_lines()) == 2, "both are logged")
    denied = [line for line in drover.access_lines() if line.startswith("127.0.0.2 ")][0]
    assert '"TCP" 403 0' in denied and 'reason="denied"' in denied, denied


@case
def places(t):
    "max-connections is for connections; the next is refused, or waits in the queue"
    for size in (0, 1):
        server = t.server(handler=greeter(b"one"))
        drover = t.drover(t.pool(server, options=f"queue-size = {size}  queue-timeout = 60s",
                                 server_options="max-connections = 2"), listen=TCP, name=f"queue{size}")
        peers = [t.connect(drover) for _ in range(2)]
        for peer in peers:
            peer.read_until(b"\r\n")
        if size == 1:
            waiting = t.connect(drover)
            waiting.send(b"early")
            t.wait(lambda: drover.call("pools")["pools"][0]["queue"]["waiting"] == 1, "it waits")
        assert refuses(drover)
        peers[0].close()
        if size == 0:
            t.wait(lambda: drover.servers()[0]["load"] == 1, "its place is free")
            waiting = t.connect(drover)
        assert waiting.read_until(b"\r\n") == b"220 one\r\n"
        assert size == 0 or waiting.read(5) == b"early"


@case
def seen_and_closed(t):
    "sessions shows them, session-close ends them"
    _, drover = start(t, greeter(b"one"))
    peer = t.connect(drover)
    peer.read_until(b"\r\n")
    assert drover.call("listeners")["listeners"][0]["mode"] == "tcp"
    t.wait(lambda: drover.call("sessions")["sessions"][0]["bytes-out"] == 9, "what it was sent is counted")
    row = drover.call("sessions")["sessions"][0]
    assert row["state"] == "tunnel" and row["request"]["method"] == "TCP", row
    assert row["request"]["pool"] == "app", row
    drover.call("session-close", session=row["session"])
    assert refused(peer)
    drover.wait_loads(0)


@case
def maintenance_and_drain(t):
    "drain lets connections end by themselves, maintenance and server-remove end them"
    servers, drover = start(t, greeter(b"one"), greeter(b"two"))
    peers = {}
    for _ in range(2):
        peer = t.connect(drover)
        peers[peer.read_until(b"\r\n")] = peer
    first, second = servers
    row = {"pool": "app", "server": first.address}
    drover.call("server-set", **row, state="drain")
    t.wait(lambda: all(worker["servers-current"] for worker in drover.workers()), "the workers know")
    for _ in range(3):
        assert t.connect(drover).read_until(b"\r\n") == b"220 two\r\n"
    peers[b"220 one\r\n"].send(b"ping")
    assert peers[b"220 one\r\n"].read(4) == b"ping"
    drover.call("server-set", **row, state="maintenance", wait=True)
    assert refused(peers[b"220 one\r\n"])
    drover.call("server-set", **row, state="ready", wait=True)
    drover.call("server-remove", pool="app", server=second.address, force=True, wait=True)
    assert refused(peers[b"220 two\r\n"])
    assert t.connect(drover).read_until(b"\r\n") == b"220 one\r\n"


@case
def worker_dies(t):
    "a killed worker takes its own connections with it and no other"
    _, drover = start(t, greeter(b"one"), workers=2)
    peers = [t.connect(drover) for _ in range(4)]
    for peer in peers:
        peer.read_until(b"\r\n")
    os.kill(drover.pids()[0], signal.SIGKILL)
    drover.wait_ready()
    alive = 0
    for peer in peers:
        try:
            peer.send(b"ping")
            alive += peer.read(4) == b"ping"
        except (EOFError, OSError):
            pass
    assert alive == 2, alive
    assert t.connect(drover).read_until(b"\r\n") == b"220 one\r\n"
    t.wait(lambda: drover.servers()[0]["load"] == 3, "the places of the dead are free")


@case
def worker_restart(t):
    "restart-worker leaves connections to the old worker until they end"
    _, drover = start(t, greeter(b"one"), workers=1)
    peer = t.connect(drover)
    peer.read_until(b"\r\n")
    old = drover.pids()[0]
    drover.call("restart-worker", worker=0)
    t.wait(lambda: any(row["pid"] == old and row["state"] == "draining" for row in drover.workers()),
           "the new one has taken over")
    peer.send(b"still here")
    assert peer.read(10) == b"still here"
    assert t.connect(drover).read_until(b"\r\n") == b"220 one\r\n"
    peer.close()
    t.wait(lambda: old not in drover.pids(), "the old one ends")


@case
def unix_sockets(t):
    "a listener and a server on unix sockets"
    _, inner = start(t, greeter(b"one"), name="inner")
    outer = t.drover(t.pool(inner.addresses[0]) + f'listen "unix:{t.path("web")}" {{ mode = tcp  socket-mode = "0600" }}',
                     listen=None, name="outer")
    assert os.stat(t.path("web")).st_mode & 0o777 == 0o600
    peer = t.connect(outer)
    assert peer.read_until(b"\r\n") == b"220 one\r\n"
    peer.send(b"x" * MEGABYTE)
    assert peer.read(MEGABYTE) == b"x" * MEGABYTE


@case
def http_beside(t):
    "both modes on one pool"
    server = t.server()
    drover = t.drover(t.pool(server) + 'listen "127.0.0.1:0" { mode = tcp }')
    for index in range(2):
        assert drover.exchange(request(), index=index).status == 200
    assert server.requests[0].get("x-forwarded-for") and not server.requests[1].get("x-forwarded-for")


def proxy_server(t, version):
    """A server that reads a head of the PROXY protocol, keeps it, and answers requests."""
    heads = []

    def talk(peer):
        if version == "v1":
            heads.append(peer.read_until(b"\r\n"))
        else:
            fixed = peer.read(16)
            heads.append(fixed + peer.read(int.from_bytes(fixed[14:], "big")))
        while peer.read_request() is not None:
            peer.send(response(body=b"ok"))

    return t.server(handler=talk), heads


@case
def send_proxy(t):
    "servers are told who the client is, in both versions and both modes"
    for version in ("v1", "v2"):
        server, heads = proxy_server(t, version)
        drover = t.drover(t.pool(server, options=f"send-proxy = {version}") + 'listen "127.0.0.1:0" { mode = tcp }'
                          f'listen "unix:{t.path(version)}" {{ mode = tcp }}', name=version)
        for index in range(2):
            peer = t.connect(drover, index)
            for _ in range(2):  # in HTTP a connection each, as the next client may be another one
                peer.send(request())
                assert peer.read_response().status == 200
                port, own = peer.socket.getsockname()[1], drover.where(index)[1]
                if version == "v1":
                    assert heads[-1] == b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (port, own), heads
                else:
                    assert heads[-1] == (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([127, 0, 0, 1]) * 2 +
                                         port.to_bytes(2, "big") + own.to_bytes(2, "big")), heads
        assert len(heads) == 3, heads
        peer = t.connect(drover, 2)
        peer.send(request())
        assert peer.read_response().status == 200
        assert heads[-1] == (b"PROXY UNKNOWN\r\n" if version == "v1" else b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"), heads


@case
def nothing_stays(t):
    "after hundreds of short connections no descriptor is left"
    _, drover = start(t, greeter(b"one"), workers=1)
    pid = drover.pids()[0]
    before = process_descriptors(pid)
    for _ in range(300):
        peer = drover.connect()
        peer.read_until(b"\r\n")
        peer.close()
    drover.wait_loads(0)
    t.wait(lambda: process_descriptors(pid) == before, f"no descriptor is left, of {process_descriptors(pid)}")


main()
