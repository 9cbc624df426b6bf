#!/usr/bin/env python3
"""The control socket: every method, every error, and whatever a careless or hostile client does."""

import json
import os
import socket
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, is_sanitized, process_descriptors, process_memory  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import connect  # pylint: disable=wrong-import-position

PARSE, REQUEST, METHOD, PARAMS, PERMISSION, LIMIT = -32700, -32600, -32601, -32602, -32001, -32002


def start(t, **options):
    drover = t.drover(t.pool(t.server()), **options)
    return drover, t.keep(drover.open_control())


def fails(reply, code, *words):
    """Whether a reply is the error `code`, with a sentence that has the words in it, and a hint."""
    error = reply["error"]
    assert error["code"] == code, reply
    assert set(reply) == {"jsonrpc", "id", "error"} and reply["jsonrpc"] == "2.0", reply
    assert error["message"] and error["data"]["hint"], reply
    text = error["message"] + error["data"]["hint"]
    assert all(word in text for word in words), (words, reply)
    return reply


@case
def every_method(t):
    "every method of help works, as its own example asks"
    drover = t.drover(t.pool(t.server(), name="web"))
    control = t.keep(drover.open_control())
    told = control.call("help")
    methods = told["methods"]
    assert set(told) == {"methods", "errors", "events"} and "worker-died" in [row["event"] for row in told["events"]], told
    assert PERMISSION in [row["code"] for row in told["errors"]], told
    names = [row["method"] for row in methods]
    assert {"help", "version", "status", "workers", "scale", "servers", "config", "log-reopen", "stop"} <= set(names)
    for row in methods:
        assert row["summary"].endswith(".") and row["permission"] in ("read", "operate", "admin"), row
        assert control.call("help", method=row["method"])["methods"] == [row]
        assert row["example"]["method"] == row["method"], row
        if row["permission"] == "read" and row["method"] not in ("servers", "sessions", "logs"):  # all are tried in manual.py
            assert "result" in control.ask(row["example"]), row
    listed = subprocess.run([DROVER, "-L", "commands"], stdout=subprocess.PIPE, check=True, text=True).stdout
    assert [line.split("\t")[0] for line in listed.splitlines()] == names, listed


@case
def results(t):
    "what status, workers, servers, config and version tell"
    drover, control = start(t, workers=3)
    assert control.call("version")["name"] == "drover"
    status = control.call("status")
    assert status["pid"] == drover.pid and status["workers"] == {"desired": 3, "ready": 3}, status
    assert status["config-file"] == drover.conf_path and status["uptime-ms"] >= 0 and not status["stopping"]
    assert status["listeners"][0]["name"] == "127.0.0.1:0" and not status["listeners"][0]["address"].endswith(":0")
    for _ in range(5):
        drover.get()
    totals = control.call("status")["totals"]
    assert totals["requests"] == 5 and totals["server-connects"] + totals["server-reuses"] == 5, totals
    counters = subprocess.run([DROVER, "-L", "counters"], stdout=subprocess.PIPE, check=True, text=True).stdout
    assert list(totals) == [line.split("\t")[0] for line in counters.splitlines()], totals
    workers = control.call("workers")["workers"]
    assert [row["worker"] for row in workers] == [0, 1, 2] and sum(row["requests"] for row in workers) == 5, workers
    assert all(row["state"] == "ready" and row["last-death"] is None for row in workers), workers
    loops = [row["loop"] for row in workers if row["loop"]["count"]]
    assert all(loop["p50-ms"] <= loop["p99-ms"] <= loop["max-ms"] for loop in loops), workers
    servers = control.call("servers", pool="app")["servers"]
    assert len(servers) == 1 and servers[0]["requests"] == 5, servers
    assert servers[0]["state"] == "ready" and servers[0]["up"] and servers[0]["down-reason"] is None, servers
    assert set(servers[0]["latency"]) == {"count", "p50-ms", "p90-ms", "p99-ms", "p99.9-ms", "max-ms"}, servers
    config = control.call("config")["config"]
    assert config["workers"] == 3, config
    assert "app" in json.dumps(config)


@case
def short_form(t):
    "jsonrpc and id may be left out; ids come back as they were"
    _, control = start(t)
    control.send(b'{"method":"version"}\n')
    reply = control.reply()
    assert reply["id"] is None and reply["jsonrpc"] == "2.0" and "result" in reply, reply
    for value in (0, 1, -7, 4503599627370497, "", "a", "ä\n\"", 1.5, None):
        reply = control.ask({"jsonrpc": "2.0", "id": value, "method": "version"})
        assert reply["id"] == value and type(reply["id"]) is type(value), reply
    control.send(b'  {"method":"version"}  \r\n')
    assert "result" in control.reply()
    control.send(b'\n \n{"method":"version"}\n')
    assert "result" in control.reply()


@case
def the_words_of_the_design(t):
    "the reply to scale is the one in the manual, byte for byte"
    _, control = start(t, workers=1)
    control.send(b'{"method":"scale","params":{"workers":1}}\n')
    assert control.read_until(b"\n") == \
        b'{"jsonrpc":"2.0","id":null,"result":{"workers":{"desired":1,"ready":1},"changes":[]}}\n'


@case
def errors(t):
    "each mistake has its own sentence and a hint"
    drover, control = start(t)
    pids = drover.pids()
    for line in (b"garbage", b"{", b'{"method":"version"', b'{"method":"version"}x', b"\x00", b"\xff\xfe",
                 b'{"method":"\xff"}', b'{"method":"status","method":"version"}', b"[" * 5000, b'{"a":' * 3000,
                 b"GET / HTTP/1.1", b'{"method":"version","id":1e999}'):
        control.send(line + b"\n")
        reply = control.reply()
        assert reply["error"]["code"] in (PARSE, REQUEST) and reply["id"] is None, (line[:50], reply)
    for value in (1, '"version"', None, True, {}, {"id": 1}, {"method": 1}, {"method": "version", "params": [1]},
                  {"method": "version", "params": 1}, {"method": "version", "jsonrpc": "1.0"},
                  {"method": "version", "jsonrpc": 2.0}, {"method": "version", "id": {}}, {"method": "version", "id": [1]},
                  {"method": "version", "id": True}):
        reply = control.ask(value)
        assert reply["error"]["code"] in (REQUEST, PARAMS), (value, reply)
    fails(control.ask({"method": "statsu"}), METHOD, "statsu", "status")
    fails(control.ask({"method": ""}), METHOD)
    fails(control.ask({"method": "scale", "params": {"worker": 3}}), PARAMS, "worker", "workers")
    fails(control.ask({"method": "scale"}), PARAMS, "workers")
    fails(control.ask({"method": "scale", "params": {"workers": "8"}}), PARAMS, "workers")
    fails(control.ask({"method": "scale", "params": {"workers": 0}}), PARAMS, "1", "256")
    fails(control.ask({"method": "scale", "params": {"workers": 8, "wait": 1}}), PARAMS, "wait")
    fails(control.ask({"method": "stop", "params": {"mode": "gracefull"}}), PARAMS, "graceful")
    fails(control.ask({"method": "servers", "params": {"pool": "ap"}}), PARAMS, "app")
    fails(control.ask({"method": "help", "params": {"method": "stat"}}), PARAMS)
    assert fails(control.ask({"id": 7, "method": "nothing"}), METHOD)["id"] == 7
    assert drover.pids() == pids and control.call("status")["workers"]["desired"] == 2


@case
def order_and_batches(t):
    "requests are answered in order, batches as arrays; half-closed clients get everything"
    drover, control = start(t)
    control.send(b"".join(b'{"id":%d,"method":"version"}\n' % i for i in range(3000)))
    assert [control.reply()["id"] for _ in range(3000)] == list(range(3000))
    replies = control.ask([{"id": 1, "method": "version"}, {"id": 2, "method": "nothing"}, 3])
    assert [reply["id"] for reply in replies] == [1, 2, None], replies
    assert "result" in replies[0] and replies[1]["error"]["code"] == METHOD
    assert replies[2]["error"]["code"] == REQUEST
    fails(control.ask([]), REQUEST)
    reply = control.ask([{"method": "version"}] * 1000)
    assert reply["error"]["code"] == LIMIT, reply
    last = t.keep(drover.open_control())
    last.send(b'{"id":1,"method":"version"}\n{"id":2,"method":"status"}')  # no newline at the end
    last.half_close()
    assert [json.loads(line)["id"] for line in last.read_all().splitlines()] == [1, 2]


@case
def wait_keeps_order(t):
    "wait: true holds back what follows on that connection, and nothing on others"
    drover, control = start(t, workers=1)
    control.send(b'{"id":1,"method":"scale","params":{"workers":4,"wait":true}}\n{"id":2,"method":"workers"}\n')
    assert drover.call("version")["name"] == "drover"
    first, second = control.reply(), control.reply()
    assert (first["id"], second["id"]) == (1, 2)
    assert first["result"]["workers"] == {"desired": 4, "ready": 4}, first
    assert second["result"]["ready"] == 4
    control.send_line({"method": "scale", "params": {"workers": 1, "wait": True}})
    control.close()  # a client that does not wait for its answer
    t.wait(lambda: len(drover.pids()) == 1, "the scale is carried out all the same")


@case
def endless_line(t):
    "a line without an end is refused and costs no memory"
    drover, control = start(t)
    before = process_memory(drover.pid)
    control.send(b'{"method":"version","id":"' + b"x" * 100000 + b'"}\n{"id":2,"method":"version"}\n')
    reply = control.reply()
    assert reply["error"]["code"] == LIMIT, reply
    try:
        assert control.reply()["id"] == 2
    except (EOFError, OSError):
        pass  # closing is right too
    endless = t.keep(drover.open_control())
    try:
        for _ in range(1000):
            endless.send(b"x" * 100000)
    except OSError:
        pass
    assert process_memory(drover.pid) - before < 8 << 20
    assert drover.call("version")


@case
def half_lines_and_vanishing(t):
    "clients that stop in the middle, vanish or never read do no harm"
    drover, control = start(t)
    assert control.call("version")
    before = drover.descriptors()
    line = b'{"method":"status"}\n'
    for i in range(len(line) * 4):
        peer = drover.open_control()
        try:
            peer.send(line[:i % (len(line) + 1)])
        except OSError:
            pass  # refused: those before it are not all forgotten yet
        if i % 2:
            peer.close()
        else:
            peer.reset()
        if i % 16 == 15 or i == len(line) * 4 - 1:  # more at a time than are let in would be refused
            t.wait(lambda: drover.lets_in() and process_descriptors(drover.pid) <= before, "those who left are forgotten")
    deaf = t.keep(drover.open_control())
    deaf.socket.settimeout(0.2)
    try:
        while True:
            deaf.send(b'{"method":"help"}\n' * 1000)
    except TimeoutError:
        pass  # it is not read from any more, because it does not read itself
    assert control.call("version")
    assert process_memory(drover.pid) < 200 << 20
    deaf.close()
    t.wait(lambda: process_descriptors(drover.pid) <= before, "all descriptors are closed")
    assert drover.get().status == 200


@case
def long_replies(t):
    "a reply of 4,000 rows, and many of them at once to clients that do not read, cost next to no memory"
    servers = [f"127.1.{i // 250}.{i % 250 + 1}:9" for i in range(4000)]
    drover = t.drover(t.pool(*servers))
    control = t.keep(drover.open_control())
    control.send(b'{"id":1,"method":"servers"}\n{"id":2,"method":"version"}\n')
    rows = control.reply()["result"]["servers"]
    assert [row["server"] for row in rows] == servers and control.reply()["id"] == 2
    assert [row["server"] for row in control.ask([{"method": "servers"}] * 2)[1]["result"]["servers"]] == servers
    before = process_memory(drover.pid)
    slow = [t.keep(drover.open_control()) for _ in range(20)]
    for peer in slow:
        peer.send(b'{"id":1,"method":"servers"}\n' * 50)
    seen = [before]
    while len(seen) <= 40 or max(seen[-40:]) > max(seen[:-40]):  # until it grows no more
        seen.append(process_memory(drover.pid))
        assert control.call("version")
    bound = (64 if is_sanitized() else 8) << 20
    assert max(seen) - before < bound, (before, max(seen))
    assert len(slow[0].reply()["result"]["servers"]) == 4000
    slow[1].reset()
    assert control.call("version") and len(slow[2].reply()["result"]["servers"]) == 4000


@case
def many_connections(t):
    "500 connections: the surplus is told so, the rest works, the data path goes on"
    drover, control = start(t)
    load = t.keep(Load(drover, 2))
    before = drover.descriptors()
    peers = []
    for _ in range(500):
        try:
            peers.append(connect(drover.control_path))
        except BlockingIOError:
            pass  # the socket's own queue is full
    assert len(peers) >= 100
    answered = refused = 0
    for peer in peers:
        try:
            peer.send(b'{"method":"version"}\n')
            reply = json.loads(peer.read_until(b"\n"))
            answered, refused = answered + ("result" in reply), refused + ("error" in reply)
            assert "result" in reply or reply["error"]["code"] == LIMIT, reply
        except (EOFError, OSError):
            refused += 1
    assert answered >= 48 and refused >= 1, (answered, refused)
    assert control.call("version")  # who was there before is served as before
    for peer in peers:
        peer.close()
    t.wait(lambda: process_descriptors(drover.pid) <= before, "all descriptors are closed")
    load.wait(10)
    load.stop()
    assert not load.failures and drover.call("version")


@case
def permissions(t):
    "a socket gives no more than its permission; mode and owner are those of the file"
    for permission, allowed, denied in (("read", ["status", "workers", "config", "help"], ["scale", "stop", "log-reopen"]),
                                        ("operate", ["status", "log-reopen"], ["stop"])):
        drover = t.drover(t.pool(t.server()), name=permission, control=f"permission = {permission}  mode = \"0600\"")
        control = t.keep(drover.open_control())
        for method in allowed:
            assert "result" in control.ask({"method": method}), method
        for method in denied:
            params = {"workers": 3} if method == "scale" else {}
            reply = control.ask({"method": method, "params": params})
            if method in ("scale", "log-reopen") and permission == "operate":
                continue
            fails(reply, PERMISSION)
        assert stat.S_IMODE(os.stat(drover.control_path).st_mode) == 0o600
        assert control.call("status")["workers"]["desired"] == 2


@case
def changes_are_logged(t):
    "who changed what is in the log"
    drover, control = start(t)
    control.call("scale", workers=3)
    line = drover.wait_log(r".*scale.*")[0]
    assert "uid" in line and str(os.getpid()) in line and "3" in line, line


@case
def two_masters(t):
    "a second drover on the same control socket does not take it away from the first"
    drover, control = start(t)
    second = t.process("second", [DROVER, "-c", t.path("drover.conf")])
    assert second.wait() == 1
    assert drover.control_path in second.stderr(), second.stderr()
    assert control.call("version") and drover.call("version")


@case
def left_over_socket(t):
    "a socket that nobody listens on is replaced; a file that is no socket is not"
    path = t.path("drover.sock")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.close()
    drover, _ = start(t)
    assert drover.call("version")
    with open(t.path("other.sock"), "w", encoding="ascii") as file:
        file.write("precious")
    other = t.drover(t.pool(t.server()), name="other", wait=False)
    other.stopped = True
    assert other.wait() == 1 and "other.sock" in other.stderr(), other.stderr()
    with open(t.path("other.sock"), encoding="ascii") as file:
        assert file.read() == "precious"


main()
