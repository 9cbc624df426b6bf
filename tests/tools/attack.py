#!/usr/bin/env python3
"""
Attacks on the control socket, to be run beside the real program: what careless
and hostile clients do, as fast as they can, until they are killed.

    attack.py SOCKET NAME [COUNT]     COUNT: for the attacks that hold connections

Run by root it becomes `nobody` first, so that drover does not count it among its
own. `attacks` lists them; scenes/control_hostile.py holds drover against each.
"""

import itertools
import json
import os
import random
import resource
import selectors
import socket
import sys
import time

NOBODY = 65534
MEGABYTE = 1 << 20
FULL_SWING = 100  # pieces
DEAR = [b'{"method":"servers"}', b'{"method":"config"}', b'{"method":"config","params":{"format":"text"}}',
        b'{"method":"help"}', b'{"method":"histograms","params":{"what":"all","buckets":true}}',
        b'{"method":"counters"}', b'{"method":"pools"}', b'{"method":"workers"}', b'{"method":"routes"}',
        b'{"method":"listeners"}', b'{"method":"status"}', b'{"method":"sessions","params":{"limit":10000}}']

attacks = {}


def attack(function):
    attacks[function.__name__.replace("_", "-")] = function
    return function


def begun():
    """Says once that the attack is in full swing, for those who wait for it."""
    if not begun.said:
        begun.said = True
        print("begun", flush=True)


begun.said = False


def connect(path, timeout=5.0, begins=True):
    """A connection; waits while drover's queue is full."""
    while True:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        try:
            sock.connect(path)
            if begins:
                begun()
            return sock
        except (BlockingIOError, TimeoutError):
            sock.close()
            time.sleep(0.001)


def send_for_ever(path, pieces):
    """Sends one piece after another and reads what comes; connects again when it is thrown out."""
    pieces, sent = itertools.cycle(pieces), 0
    while True:
        sock = connect(path, begins=False)
        try:
            for piece in pieces:
                sent += 1
                send_and_drop(sock, piece)
                if sent >= FULL_SWING:
                    begun()
        except OSError:
            pass
        sock.close()


def send_and_drop(sock, data):
    """Sends all of it, and throws away what is there to read meanwhile."""
    sock.setblocking(False)
    view = memoryview(data)
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while view:
            for _, events in selector.select(5):
                if events & selectors.EVENT_READ and not sock.recv(MEGABYTE):
                    raise ConnectionResetError
                if events & selectors.EVENT_WRITE:
                    view = view[sock.send(view[:MEGABYTE]):]


def flood(path, request, connections=8):
    """Many connections that have always more requests waiting than are answered, and read all replies."""
    data = (request + b"\n") * max(1, 4096 // len(request))
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        selector.register(connect(path), selectors.EVENT_READ | selectors.EVENT_WRITE)
    while True:
        for key, events in selector.select(1):
            try:
                if events & selectors.EVENT_READ and not key.fileobj.recv(MEGABYTE):
                    raise ConnectionResetError
                if events & selectors.EVENT_WRITE:
                    key.fileobj.setblocking(False)
                    key.fileobj.send(data)
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                selector.register(connect(path), selectors.EVENT_READ | selectors.EVENT_WRITE)


def drip(path, count, data, pause=0.02, read=0):
    """Holds `count` connections; each has sent `data`, and reads so many bytes at a time, seldom."""
    held = []
    while True:
        while len(held) < count:
            sock = connect(path)
            sock.setblocking(False)
            try:
                sock.send(data)
            except OSError:
                pass
            held.append(sock)
        time.sleep(pause)
        for sock in list(held):
            try:
                if read and not sock.recv(read):
                    raise ConnectionResetError
                if not read:
                    sock.send(b" ")
            except BlockingIOError:
                pass
            except OSError:
                held.remove(sock)
                sock.close()


# ---- what is sent


@attack
def garbage(path, _):
    chance = random.Random(1)
    send_for_ever(path, [chance.randbytes(60000) + b"\n" for _ in range(16)])


@attack
def endless_line(path, _):
    "lines of a gigabyte"
    send_for_ever(path, [b"x" * MEGABYTE] * 1024 + [b"\n"])


@attack
def deep(path, _):
    "arrays and objects as deep as a line can be"
    nested = b"[" * 31000 + b"]" * 31000
    send_for_ever(path, [b"[" * 65000 + b"\n", b'{"a":' * 13000 + b"\n",
                         b'{"method":"version","params":%s}\n' % nested, b'{"method":"version","id":%s}\n' % nested])


@attack
def huge(path, _):
    "lines as long and with as many values as is allowed, and somewhat more"
    rows = [b'{"method":"version","params":{"a":"%s"}}\n' % (b"x" * 65000),
            b'{"method":"version","params":{"a":[%s1]}}\n' % (b"1," * 4000),
            b'{"method":"version","params":{"a":[%s1]}}\n' % (b"1," * 30000),
            b'{"method":"version","params":{%s"a":1}}\n' % b"".join(b'"k%d":1,' % i for i in range(2000)),
            b'{"method":"version","id":"%s"}\n' % (b"\\u00e4" * 10000),
            b'{"method":"%s"}\n' % (b"v" * 65000),
            b"[" + b",".join([b'{"method":"nothing"}'] * 64) + b"]\n"]
    send_for_ever(path, rows)


@attack
def wrong(path, _):
    "wrong types, members twice, bytes that are no UTF-8, words that do not exist"
    values = [b"1", b'"x"', b"null", b"true", b"[]", b"{}", b"-1", b"1e308", b'"\\u0000"', b'"\xff\xfe"', b'"\xc3"']
    rows = [b'{"method":%s,"params":%s}\n' % pair for pair in itertools.product(values, values)]
    rows += [b'{"method":"%s","params":{"%s":%s}}\n' % (method, name, value)
             for method in (b"help", b"servers", b"scale", b"watch", b"sessions", b"server-set", b"stpo")
             for name in (b"method", b"pool", b"workers", b"since", b"limit", b"nothing") for value in values]
    rows += [b'{"method":"version","method":"version"}\n', b'{"id":1,"id":2,"method":"help"}\n', b"\x00\n", b"\xff\n"]
    send_for_ever(path, [b"".join(rows)])


# ---- who reads, and when


@attack
def slow_readers(path, count):
    "big replies, read in small pieces"
    drip(path, min(count, 40), b"\n".join(DEAR[:5] * 20) + b"\n", read=64)


@attack
def never_reads(path, count):
    "requests on requests, and not one reply is read"
    held = []
    while True:
        while len(held) < min(count, 40):
            held.append(connect(path))
            held[-1].setblocking(False)
        for sock in held:
            try:
                while sock.send(b"\n".join(DEAR * 8) + b"\n"):
                    pass
            except BlockingIOError:
                pass
            except OSError:
                sock.close()
                held.remove(sock)
                break
        time.sleep(0.01)


@attack
def watchers_vanish(path, _):
    "a watch is begun, and the reader is gone"
    while True:
        sock = connect(path)
        try:
            sock.send(b'{"method":"watch","params":{"since":0}}\n')
            if random.random() < 0.5:
                sock.recv(16)
        except OSError:
            pass
        sock.close()


@attack
def watchers_deaf(path, count):
    "watches whose events nobody reads"
    drip(path, min(count, 40), b'{"method":"watch","params":{"since":0}}\n' * 50)


@attack
def half_closed(path, _):
    "all is asked at once, nothing more is sent, and half of it is read"
    while True:
        sock = connect(path)
        try:
            sock.sendall(b"\n".join(DEAR))
            sock.shutdown(socket.SHUT_WR)
            if random.random() < 0.5:
                while sock.recv(MEGABYTE):
                    pass
        except OSError:
            pass
        sock.close()


# ---- connections


@attack
def half_lines(path, count):
    "connections that send a byte now and then, and never a newline"
    drip(path, min(count, 64), b'{"method":')


@attack
def come_and_go(path, _):
    "connections that are closed as soon as they are made, with and without a request"
    for i in itertools.count():
        sock = connect(path)
        try:
            if i % 3:
                sock.send(b'{"method":"version"}\n'[:i % 3 * 10])
        except OSError:
            pass
        sock.close()


@attack
def crowd(path, count):
    "thousands of connections at once; who is refused comes again"
    held = set()
    selector = selectors.DefaultSelector()
    while True:
        for _ in range(200):
            if len(held) >= count:
                break
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            try:
                sock.connect(path)
            except OSError:
                sock.close()
                break
            begun()
            held.add(sock)
            selector.register(sock, selectors.EVENT_READ)
        for key, _ in selector.select(0.001):
            try:
                ended = not key.fileobj.recv(4096)
            except OSError:
                ended = True
            if ended and random.random() < 0.2:
                selector.unregister(key.fileobj)
                held.remove(key.fileobj)
                key.fileobj.close()


# ---- dear requests


@attack
def batches(path, _):
    "batches of as many dear requests as are allowed"
    flood(path, b"[" + b",".join(list(itertools.islice(itertools.cycle(DEAR), 64))) + b"]")


@attack
def everything(path, _):
    "all dear requests by turns"
    flood(path, b"\n".join(DEAR))


@attack
def denied(path, _):
    "what the caller may not do"
    flood(path, b'{"method":"stop"}\n{"method":"scale","params":{"workers":9}}\n{"method":"log-reopen"}')


@attack
def let_in_by_nobody(path, _):
    "who is turned away at the door (to be run against a socket with permission = none), and comes again"
    send_for_ever(path, [b'{"method":"status"}\n'] * 10)


@attack
def dry_runs(path, _):
    "changes that are only tried"
    flood(path, b"\n".join([
        b'{"method":"scale","params":{"workers":9,"dry-run":true}}',
        b'{"method":"server-add","params":{"pool":"app","server":"127.9.9.9:9","dry-run":true}}',
        b'{"method":"balance","params":{"algorithm":"round-robin","dry-run":true}}',
        b'{"method":"session-close","params":{"client":"0.0.0.0/0","dry-run":true}}']))


def add_flood(request):
    name = json.loads(request)["method"]
    attacks.setdefault("flood-" + name, lambda path, _: flood(path, request))


for dear in DEAR:
    add_flood(dear)


def main():
    path, name = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    attacks[name](path, min(count, limit - 50))


if __name__ == "__main__":
    main()
