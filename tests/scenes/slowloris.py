#!/usr/bin/env python3
"""
Crowds of clients that are as slow as they can be: with heads, with bodies, and in
taking answers. Others are served as if they were not there, and they are gone when
their time is up. SLOWLORIS=10000 makes the crowds so large, for a run by hand.
"""

import os
import selectors
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import is_sanitized, process_memory  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, diagnose, main  # pylint: disable=wrong-import-position

CROWD = int(os.environ.get("SLOWLORIS", "0"))
ROUND = 0.1  # seconds between two bytes of one client
BUFFERS = 64 << 10  # bytes that a client may cost drover: a buffer each way, and itself


class Crowd:
    """Connections that each send one byte a round, and take one of what they are sent, until drover has enough of them."""

    def __init__(self, drover, count, head, byte):
        self.selector = selectors.DefaultSelector()
        self.byte, self.open, self.answers, self.reset = byte, set(), {}, 0
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(drover.where())
            client.send(head)
            client.setblocking(False)
            self.open.add(client)
            self.selector.register(client, selectors.EVENT_READ)

    def close(self):
        for client in self.open:
            client.close()
        self.selector.close()

    def end(self, client):
        self.selector.unregister(client)
        self.open.discard(client)
        client.close()

    def take(self, client):
        """Takes a byte. An answer is known by its status; what comes when drover has closed ends it."""
        try:
            data = client.recv(1 if self.byte == b"" else 4096)
        except BlockingIOError:
            return
        except OSError:
            self.reset += 1
            data = b""
        if data == b"":
            self.end(client)
        elif self.byte != b"":
            status = data.split(b" ")[1:2]
            self.answers[status[0] if status else b""] = self.answers.get(status[0] if status else b"", 0) + 1

    def round(self):
        begun = time.monotonic()
        for client in list(self.open) if self.byte else ():
            try:
                client.send(self.byte)
            except OSError:
                pass  # its end is seen below
        for key, _ in self.selector.select(0):
            self.take(key.fileobj)
        time.sleep(max(0, ROUND - (time.monotonic() - begun)))  # that it passes slowly is what is tested

    def last(self, over, seconds):
        """Goes on until it is over."""
        end = time.monotonic() + seconds
        while not over():
            assert time.monotonic() < end, f"{len(self.open)} are still there"
            self.round()


def crowd(usual):
    return CROWD or (usual // 4 if is_sanitized() else usual)


def patience(count):
    """Seconds that drover is to have: they must all be there before the first is thrown out."""
    return 2 + count // 1000


def memory(drover):
    return sum(process_memory(pid) for pid in drover.pids())


def besiege(t, drover, count, head, byte, seconds):
    """A crowd comes and lasts until it is thrown out, while others work. Returns the crowd."""
    load = Load(drover, clients=4)
    t.wait(lambda: all(load.done), "others are served")
    before, known = memory(drover), drover.counters()["client-connections"]
    slow = t.keep(Crowd(drover, count, head, byte))
    done, begun = load.total(), time.monotonic()
    t.wait(lambda: drover.counters()["client-connections"] >= known + count, "drover has had them all")
    more = memory(drover) - before
    t.wait(lambda: load.total() > done + 20, "others are served among them")
    if byte:
        slow.last(lambda: not slow.open, seconds)
    else:  # what was sent before they were given up, they go on to take for long
        slow.last(lambda: drover.counters()["client-timeouts"] == count, seconds)
    elapsed = time.monotonic() - begun
    load.stop()
    diagnose(f"{count} slow clients were there for {elapsed:.1f} s, {more // count} bytes of memory each; "
             f"{(load.total() - done) / elapsed:.0f} requests/s of others")
    assert not load.failures and not load.refused, load.failures[:3] + load.refused[:3]
    assert is_sanitized() or more < count * BUFFERS + (16 << 20), f"{more} bytes for {count} slow clients"
    drover.wait_loads(0)
    return slow


@case
def heads(t):
    "heads that come byte by byte are answered with 408 when header-timeout is over"
    count = crowd(2000)
    drover = t.drover(t.pool(t.hello()), listen=f"header-timeout = {patience(count)}s", access_log="off")
    slow = besiege(t, drover, count, b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"b", 60)
    assert slow.answers == {b"408": count} and slow.reset == 0, (slow.answers, slow.reset)
    assert drover.counters()["client-timeouts"] == count


@case
def bodies(t):
    "bodies that come byte by byte are answered with 408 when they are too slow for body-rate-min"
    count = crowd(500)
    drover = t.drover(t.pool(t.hello(), options="max-fails = 0"), access_log="off",
                      listen=f"body-timeout = {patience(count)}s  body-rate-min = 1k")
    slow = besiege(t, drover, count, b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"b", 60)
    assert slow.answers == {b"408": count} and slow.reset == 0, (slow.answers, slow.reset)
    assert drover.counters()["client-timeouts"] == count


@case
def readers(t):
    "clients that take an answer byte by byte are given up after send-timeout"
    count = crowd(200)
    drover = t.drover(t.pool(t.hello(), options="max-fails = 0"), listen=f"send-timeout = {patience(count)}s", access_log="off")
    besiege(t, drover, count, b"GET /bytes/100000000 HTTP/1.1\r\nHost: a\r\n\r\n", b"", 60)
    assert drover.counters()["client-timeouts"] == count
    drover.wait_idle()


main()
