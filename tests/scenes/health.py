#!/usr/bin/env python3
"""Active checks: they take a server out and bring it back, by the results that the server gave, not by time."""

import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Server, chunk, request, response  # pylint: disable=wrong-import-position

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
UPGRADE = request(target="/chat", fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")])


class Checked:
    """What a server answers to its checks: first what is planned, one after the other, then `always`."""

    def __init__(self, t, always=200, path="/health"):
        self.plan, self.always, self.path = [], always, path
        self.lock = threading.Lock()
        self.answered = []  # to checks, in their order
        self.server = t.server(self.respond)
        self.address = self.server.address

    def respond(self, message):
        if message.target != self.path:
            return response(body=self.address.encode())
        with self.lock:
            answer = self.plan.pop(0) if self.plan else self.always
            self.answered.append(answer)
        return answer if answer is None or isinstance(answer, bytes) else response(answer)

    def count(self):
        with self.lock:
            return len(self.answered)

    def follow(self, *plan, always):
        with self.lock:
            self.plan, self.always = list(plan), always


def start(t, servers, checks, options="", **more):
    for name, value in (("interval", "20ms"), ("timeout", "3s")):
        checks += "" if f"{name} =" in checks else f"  {name} = {value}"
    health = f"health {{ {checks} }}\n{options}"
    drover = t.drover(t.pool(*servers, name="web", options=health), listen="defer-accept = false", **more)
    return drover, t.keep(drover.open_control())


def row_of(drover, server):
    return next((row for row in drover.servers() if row["server"] == server.address), None)


def check_of(drover, server):
    return row_of(drover, server)["check"]


def wait_state(t, drover, server, state):
    def row():
        found = row_of(drover, server)
        return found if found["check"]["state"] == state else None

    return t.wait(row, f"checks call {server.address} {state}: {row_of(drover, server)['check']}")


def wait_result(t, drover, server, result):
    return t.wait(lambda: (lambda c: c if c["result"] == result else None)(check_of(drover, server)),
                  f"a check results in {result}: {check_of(drover, server)}")


def wait_checks(t, server, more):
    before = server.count()
    t.wait(lambda: server.count() >= before + more, f"{more} more checks")


def wait_unchecked(t, server, other):
    """Waits until a server is checked no more, while another one is: how often it was."""
    def count():
        before = server.count()
        wait_checks(t, other, 5)
        return before if server.count() == before else None

    return t.wait(count, "it is checked no more")


def prober_of(drover):
    return drover.call("status")["prober"]


@case
def first_one_decides(t):
    "a server begins up; its first check decides alone"
    good, bad = Checked(t), Checked(t, 500)
    drover, _ = start(t, [good, bad], "path = /health  interval = 1h  fall = 5")
    row = wait_state(t, drover, bad, "down")
    assert row["up"] is False and row["down-reason"] == "check: status 500" and row["down-for-ms"] == 0, row
    assert row["check"]["in-a-row"] == 1 and row["check"]["changed"] is not None, row
    row = wait_state(t, drover, good, "up")
    assert row["up"] is True and row["down-reason"] is None and row["check"]["result"] == "ok", row
    for _ in range(4):
        assert drover.get().body == good.address.encode()
    assert drover.call("status")["servers"] == {"total": 2, "ready": 2, "up": 1}
    assert drover.call("pools")["pools"][0]["servers"]["up"] == 1
    assert good.count() == 1 and bad.count() == 1


@case
def rise_and_fall(t):
    "so many failures in a row take it out, so many good results bring it back, and no fewer"
    server = Checked(t)
    drover, control = start(t, [server], "path = /health  fall = 3  rise = 2")
    wait_state(t, drover, server, "up")
    newest = control.watch(events="server-*")["newest"]
    server.follow(*[500, 500, 200] * 4, always=200)
    t.wait(lambda: not server.plan, "the plan is followed")
    server.follow(503, 503, 503, 200, 503, 200, 503, always=503)
    assert control.event("server-down")["text"] == "check: status 503, 3 in a row"
    t.wait(lambda: not server.plan, "the plan is followed")
    wait_checks(t, server, 3)
    assert check_of(drover, server)["state"] == "down"
    server.follow(always=200)
    up = control.event("server-up")
    assert up["text"] == "check: ok, 2 in a row" and up["number"] > newest, up
    assert drover.get().status == 200
    # by the prober, at about the time of the events
    drover.wait_log("is down: check: status 503, 3 in a row")
    drover.wait_log("is up again: check: ok, 2 in a row")


@case
def tcp(t):
    "without a path it is enough that a connection is taken"
    server, other = t.server(), t.server()
    drover, control = start(t, [server, other], "fall = 2")
    wait_state(t, drover, server, "up")
    control.watch(events="server-*")
    server.refuse()
    assert control.event("server-down")["text"] == "check: connect-refused, 2 in a row"
    for _ in range(4):
        assert drover.get().status == 200
    assert drover.counters()["server-connect-errors"] == 0
    server.accept()
    assert control.event("server-up")["server"] == server.address
    assert not server.problems


@case
def all_down(t):
    "when checks call all servers down requests are answered 503, and none is tried"
    servers = [Checked(t, 500), Checked(t, 500)]
    drover, _ = start(t, servers, "path = /health")
    for server in servers:
        wait_state(t, drover, server, "down")
    for _ in range(4):
        assert drover.get().status == 503
    assert sum(row["requests"] for row in drover.servers()) == 0
    assert drover.counters()["no-server"] == 4


@case
def results(t):
    "each way of failing has its word, and whatever a server sends a check ends and does not grow"
    stop = threading.Event()
    t.keep(type("Stop", (), {"close": staticmethod(stop.set)}))

    def endless(first, piece):
        def handler(peer):
            peer.read_request()
            peer.send(first)
            while not stop.is_set():
                peer.send(piece)
        return handler

    def drip(peer):
        peer.read_request()
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10000:
            peer.send(bytes([byte]))
            if stop.wait(0.02):
                return

    def silent(peer):
        peer.read_request()
        stop.wait()

    def once(data):
        def handler(peer):
            peer.read_request()
            peer.send(data)
        return handler

    head = b"HTTP/1.1 200 OK\r\n"
    ways = {
        "response-timeout": [silent, drip],
        "closed-by-server": [once(b"")],
        "truncated-response": [once(head + b"X: 1\r\n"), once(head + b"Content-Length: 9\r\n\r\nno")],
        "bad-response": [endless(head, b"X: y\r\n" * 100), once(b"SSH-2.0-drover\r\n"), once(SWITCH),
                         once(b"HTTP/1.1 103 Early\r\n\r\n" * 20),
                         once(head + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n")],
        "body-mismatch": [endless(head + b"Content-Length: 67108864\r\n\r\n", b"z" * 65536),
                          endless(head + b"Transfer-Encoding: chunked\r\n\r\n", chunk(b"z") * 1000),
                          once(head + b"Content-Length: 4\r\n\r\nredy"), once(b"HTTP/1.1 204 No\r\n\r\n"),
                          once(head + b"\r\n" + b"z" * 65536 + b"ready")],
        "status 302": [once(b"HTTP/1.1 302 F\r\nContent-Length: 0\r\n\r\n")],
        "ok": [once(b"HTTP/1.1 103 Early\r\n\r\n" * 8 + b"HTTP/1.1 299 X\r\nContent-Length: 99\r\n\r\nit is rereready"),
               once(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"rea") + chunk(b"dy")),
               once(head + b"\r\n" + b"z" * 65531 + b"ready")],
    }
    servers = {t.keep(Server(handler=handler)): word for word, handlers in ways.items() for handler in handlers}
    drover, _ = start(t, servers, "path = /health  body = ready  status = { 200, 204, 299 }  timeout = 1s  interval = 100ms")
    for server, word in servers.items():
        wait_result(t, drover, server, word)
    pid = prober_of(drover)["pid"]
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    assert memory < 200000, f"the prober has {memory} kB"
    stop.set()
    for server in servers:
        server.problems.clear()


@case
def request_as_configured(t):
    "the request says what the section says: method, path, host, fields"
    server, plain = t.server(), t.server()
    start(t, [server],
          'path = "/a?b=c"  method = HEAD  host = "check.test:81"  header = { "X-One: 1 2", "User-Agent: me" }')
    seen = t.wait(lambda: server.requests, "it is checked")[0]
    assert (seen.method, seen.target) == ("HEAD", "/a?b=c"), (seen.method, seen.target)
    assert seen.fields == [("Host", "check.test:81"), ("X-One", "1 2"), ("User-Agent", "me"),
                           ("Connection", "close")], seen.fields
    start(t, [plain], "type = http", name="second")
    seen = t.wait(lambda: plain.requests, "it is checked")[0]
    assert (seen.method, seen.target) == ("GET", "/")
    assert seen.get("Host") == plain.address and seen.get("User-Agent").startswith("drover/"), seen.fields


@case
def proxy_protocol(t):
    "servers that expect a head of the PROXY protocol get one from checks as well"
    def serve(peer):
        heads.append(peer.read(15))
        while (message := peer.read_request()) is not None:
            peer.send(response(body=message.target.encode()))

    heads = []
    server = t.keep(Server(handler=serve))
    drover, _ = start(t, [server], "path = /health", "send-proxy = v1")
    wait_state(t, drover, server, "up")
    assert set(heads) == {b"PROXY UNKNOWN\r\n"}, heads


@case
def another_port(t):
    "a port of its own is checked instead of that of the server"
    server, health = t.server(), Checked(t, 500)
    drover, _ = start(t, [server], f"path = /health  port = {health.server.port}")
    wait_state(t, drover, server, "down")
    health.follow(always=200)
    wait_state(t, drover, server, "up")
    assert drover.get().status == 200 and server.count() == 1


@case
def unix_socket(t):
    "a server on a unix socket is checked there"
    path = t.path("app.sock")
    drover, control = start(t, [f"unix:{path}"], "path = /health  fall = 1  rise = 1")
    t.wait(lambda: drover.servers()[0]["check"]["result"] == "no-such-socket", "there is nothing")
    control.watch(events="server-*")
    server = t.keep(Server())
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    server.take_from(listener)
    assert control.event("server-up")["text"] == "check: ok, 1 in a row"
    assert drover.get().status == 200
    assert server.requests[0].get("Host") == "localhost", server.requests[0].fields


@case
def added_and_removed(t):
    "a server that is added is checked at once; one that is removed no more"
    first, second = Checked(t), Checked(t, 500)
    drover, control = start(t, [first], "path = /health")
    control.call("server-add", pool="web", server=second.address)
    wait_state(t, drover, second, "down")
    control.call("server-remove", pool="web", server=second.address, wait=True)
    count = wait_unchecked(t, second, first)
    control.call("server-add", pool="web", server=second.address)
    wait_state(t, drover, second, "down")
    assert second.count() > count


@case
def states(t):
    "in maintenance a server is not checked, and begins anew; in a drain it is checked"
    server, other = Checked(t, 500), Checked(t)
    drover, control = start(t, [server, other], "path = /health")
    wait_state(t, drover, server, "down")
    place = {"pool": "web", "server": server.address}
    control.call("server-set", **place, state="drain", wait=True)
    wait_checks(t, server, 3)
    control.call("server-set", **place, state="maintenance", wait=True)
    count = wait_unchecked(t, server, other)
    assert row_of(drover, server)["up"] is False
    server.follow(always=200)
    control.call("server-set", **place, state="ready", wait=True)
    row = wait_state(t, drover, server, "up")
    assert row["check"]["in-a-row"] >= 1 and server.count() > count


@case
def prober_dies(t):
    "a prober that is killed is replaced and goes on from what was found; without one, that counts for a while only"
    server = Checked(t, 500)
    drover, control = start(t, [server], "path = /health  timeout = 2s")  # what was found counts a little longer
    t.wait(lambda: (check_of(drover, server)["in-a-row"] or 0) > 20, "it has been down for a while")
    control.watch(events="prober-*,server-*")
    victim = prober_of(drover)["pid"]
    os.kill(victim, signal.SIGKILL)
    died = control.event("prober-died")
    assert died["pid"] == victim and "signal 9" in died["text"], died
    ready = [control.event("prober-started"), control.event("prober-ready")][1]
    assert ready["pid"] == prober_of(drover)["pid"] != victim
    wait_checks(t, server, 2)
    assert check_of(drover, server)["in-a-row"] > 20 and drover.get().status == 503
    status = drover.call("status")
    assert status["prober"]["restarts"] == 1 and status["last-deaths"][0]["worker"] is None, status
    t.freeze(ready["pid"])
    up = control.event("server-up")
    assert "silent" in up["text"], up
    assert row_of(drover, server)["check"]["state"] == "unknown" and row_of(drover, server)["up"]
    assert drover.get().status == 200
    t.thaw(ready["pid"])
    control.event("server-down")
    assert drover.get().status == 503


@case
def prober_comes_and_goes(t):
    "there is no prober unless a pool is checked; with drover it ends, also when drover is killed"
    plain = t.drover(t.pool(t.server()))
    assert prober_of(plain) is None
    drover, _ = start(t, [Checked(t)], "path = /health", name="checking")
    prober = t.wait(lambda: (lambda row: row if row["state"] == "ready" else None)(prober_of(drover)), "it is ready")
    assert prober["restarts"] == 0, prober
    with open(f"/proc/{prober['pid']}/cmdline", "rb") as file:
        assert file.read().rstrip(b"\0") == b"drover: prober"
    assert drover.stop() == 0
    assert not process_exists(prober["pid"])
    drover, _ = start(t, [Checked(t)], "path = /health", name="orphaned")
    prober = prober_of(drover)
    drover.kill(signal.SIGKILL)
    drover.stopped = True
    t.wait(lambda: not process_exists(prober["pid"]), "the prober has seen that its master is gone")


@case
def idle_connections(t):
    "connections that are kept to a server that goes down are closed; a tunnel only when that is wanted"
    def serve(peer):
        while (message := peer.read_request()) is not None:
            if message.target == "/chat":
                peer.send(SWITCH)
                peer.read_all()
                return
            peer.send(health.respond(message) if message.target == "/health" else response(body=b"x"))

    for option, ends in (("false", False), ("true", True)):
        health = Checked(t)
        server = t.keep(Server(handler=serve))
        drover, _ = start(t, [server], f"path = /health  fall = 1  close-tunnels = {option}", "idle-timeout = 1h",
                          workers=1, name=f"drover-{option}")
        wait_state(t, drover, server, "up")
        assert drover.get().status == 200
        tunnel = t.connect(drover)
        tunnel.send(UPGRADE)
        assert tunnel.read_response().status == 101
        assert drover.get().status == 200
        t.wait(lambda: drover.counters()["server-idle"] == 1, "a connection is kept")
        health.follow(always=500)
        t.wait(lambda: drover.counters()["server-idle"] == 0, "the idle one is closed")
        if ends:
            tunnel.read_all()
        else:
            tunnel.send(b"x")
            assert not row_of(drover, server)["up"]
            assert drover.wait_loads(1) and drover.counters()["requests-active"] == 1


@case
def passive_and_active(t):
    "a server that requests have taken out is brought back by its checks before fail-timeout is over"
    server = t.keep(Server(lambda message: response(200) if message.target == "/health" else b"nonsense\r\n\r\n"))
    drover, control = start(t, [server], "path = /health  rise = 2", "max-fails = 1  fail-timeout = 1h  retries = 0")
    wait_state(t, drover, server, "up")
    control.watch(events="server-*")
    assert drover.get().status == 502
    assert "bad-response" in control.event("server-down")["text"]
    control.event("server-up")
    assert row_of(drover, server)["up"]
    drover.wait_log("checks succeed")


@case
def many(t):
    "500 servers are checked, not all at once, by a prober that does not run out of anything"
    servers = [t.keep(Server()) for _ in range(4)]
    refused = [f'127.0.{1 + i // 250}.{1 + i % 250}:1' for i in range(500)]
    pools = [t.pool(*servers, name="good", options="health { path = /  interval = 100ms }"),
             t.pool(*refused, name="bad", options="health { interval = 100ms }"), 'route { pool = "good" }']
    drover = t.drover("".join(pools))
    t.wait(lambda: sum(row["up"] for row in drover.servers(pool="bad")) == 0, "all that refuse are down")
    assert all(row["up"] for row in drover.servers(pool="good"))
    assert drover.get().status == 200
    assert prober_of(drover)["restarts"] == 0


main()
