#!/usr/bin/env python3
"""The access log: one line a request, whatever clients send, through rotations."""

import json
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import read_file  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

QUOTED = r'"((?:[^"\\\x00-\x1f\x7f]|\\.)*)"'
COMBINED = re.compile(
    r"(?P<client>\S+) - - \[(?P<time>\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] " + QUOTED +
    r" (?P<status>\d{3}) (?P<bytes>\d+) " + QUOTED + " " + QUOTED + r" host=" + QUOTED + r" upstream=" + QUOTED +
    r" time=(?P<seconds>\d+\.\d{6}) connect=(-|\d+\.\d{6}) first-byte=(-|\d+\.\d{6}) bytes-in=\d+"
    r" retries=(?P<retries>\d+) id=(?P<id>\w+) reason=\"(?P<reason>[^\"\\]+)\"")

HOSTILE = [b'"', b'\\', b'" 200 1 "', b'\\"', b"\xff\xfe\x80", "ä€\U0001f600".encode(), b"\t", b"%0d%0a", b"{}", b"'",
           b"\xc3", b"\xe2\x80\xa8", b"\xc2\x85", b"$(id)"]


def wait_lines(t, drover, count):
    t.wait(lambda: len(drover.access_lines()) >= count, f"{count} lines in the access log")
    return drover.access_lines()


@case
def combined(t):
    "the combined format, with upstream, times and reason"
    server = t.server(lambda seen: response(body=b"12345"))
    drover = t.drover(t.pool(server), workers=1)  # so that the lines are in the order of the requests
    answer = drover.get("/a?b=c", fields=[("Referer", "http://r/"), ("User-Agent", "agent 1.0")])
    assert answer.status == 200
    drover.exchange(b"BAD\r\n\r\n")
    lines = wait_lines(t, drover, 2)
    match = COMBINED.fullmatch(lines[0])
    assert match, lines[0]
    assert match["client"] == "127.0.0.1" and match["status"] == "200" and match["bytes"] == "5", lines[0]
    assert match[3] == "GET /a?b=c HTTP/1.1" and f'upstream="{server.address}"' in lines[0], lines[0]
    assert '"http://r/" "agent 1.0"' in lines[0] and match["reason"] == "-" and float(match["seconds"]) < 60, lines[0]
    match = COMBINED.fullmatch(lines[1])
    assert match and match["status"] == "400" and match["reason"] != "-", lines[1]


@case
def as_json(t):
    "the JSON format: an object a line"
    gone, server = t.server(listening=False), t.server(lambda seen: response(404, b"no"))
    drover = t.drover(t.pool(gone, server, options="max-fails = 0"), access_log_format="json")
    for _ in range(2):
        drover.exchange(request("POST", "/x", body=b"abc", fields=[("User-Agent", "u"), ("Referer", "r")]))
    rows = [json.loads(line) for line in wait_lines(t, drover, 2)]
    for row in rows:
        assert (row["client"], row["method"], row["target"], row["protocol"], row["host"], row["status"]) == \
            ("127.0.0.1", "POST", "/x", "HTTP/1.1", "scene.test", 404), row
        assert row["bytes-out"] == 2 and row["bytes-in"] == 3 and row["upstream"] == server.address, row
        assert row["user-agent"] == "u" and row["referer"] == "r" and row["seconds"] >= row["first-byte-seconds"], row
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\S*", row["time"]), row
    assert max(row["retries"] for row in rows) == 1 and len({row["id"] for row in rows}) == 2, rows


@case
def hostile_bytes(t):
    "no client can break a line or a field"
    for form in ("combined", "json"):
        drover = t.drover(t.pool(t.server()), name=form, access_log_format=form, workers=1)
        for data in HOSTILE:
            drover.exchange(b"GET /" + data.replace(b"\t", b"").decode("latin-1").encode("ascii", "ignore") +
                            b" HTTP/1.1\r\nHost: a\r\nReferer: " + data + b"\r\nUser-Agent: " + data + b"\r\n\r\n")
        with open(drover.access_path, "rb") as file:
            t.wait(lambda: len(drover.access_lines()) >= len(HOSTILE), "all lines are there")
            lines = file.read().split(b"\n")[:-1]
        assert len(lines) == len(HOSTILE), lines
        for line in lines:
            assert not re.search(rb"[\x00-\x1f\x7f]", line), line
            if form == "json":
                assert isinstance(json.loads(line.decode("utf-8")), dict)
            else:
                assert COMBINED.fullmatch(line.decode("utf-8", "replace")), line


@case
def reasons(t):
    "502, 503 and 504 say why"
    broken = t.server(lambda seen: b"garbage\r\n\r\n")
    gone = t.server(listening=False)
    silent = t.server(handler=lambda peer: (peer.read_request(), peer.read_all()))
    drover = t.drover(
        t.pool(broken, name="broken") + t.pool(gone, name="gone", options="max-fails = 0") +
        t.pool(silent, name="silent", options="response-timeout = 200ms") +
        "".join(f'route {{ path = "/{name}"  pool = "{name}" }}\n' for name in ("broken", "gone", "silent")),
        access_log_format="json")
    for path, status in (("/broken", 502), ("/gone", 502), ("/silent", 504), ("/none", 404)):
        assert drover.get(path).status == status, path
    rows = {row["target"]: row for row in map(json.loads, wait_lines(t, drover, 4))}
    assert len({row["reason"] for row in rows.values()}) == 4, rows
    assert all(row["reason"] for row in rows.values()), rows


@case
def client_gone(t):
    "a client that goes away before the end is in the log too"
    server = t.server(handler=lambda peer: (server.record(peer.read_request(), peer), peer.read_all()))
    drover = t.drover(t.pool(server), access_log_format="json")
    peer = t.connect(drover)
    peer.send(request(target="/leaving"))
    t.wait(lambda: server.count() == 1, "the server has the request")
    peer.reset()
    row = json.loads(wait_lines(t, drover, 1)[0])
    assert row["target"] == "/leaving" and row["reason"] and row["status"] in (0, 499), row


@case
def as_many_lines_as_requests(t):
    "four workers in one file: as many whole lines as requests, and each id once"
    drover = t.drover(t.pool(t.hello()), workers=4)
    load = t.keep(Load(drover, 8))
    load.wait(1000)
    load.stop()
    assert not load.failures, load.failures[:3]
    assert drover.stop(signal.SIGTERM) == 0
    lines = drover.access_lines()
    assert len(lines) == load.total(), (len(lines), load.total())
    matches = [COMBINED.fullmatch(line) for line in lines]
    assert all(matches) and len({match["id"] for match in matches}) == len(lines)


@case
def rotation(t):
    "USR1 and log-reopen go on in new files; not a line is lost"
    drover = t.drover(t.pool(t.hello()), workers=4)
    load = t.keep(Load(drover, 4))
    pieces = []
    for i in range(4):
        load.wait(200)
        for path in (drover.access_path, drover.log_path):
            os.rename(path, f"{path}.{i}")
        pieces.append(f"{drover.access_path}.{i}")
        if i % 2:
            drover.call("log-reopen")
        else:
            drover.kill(signal.SIGUSR1)
        t.wait(lambda: drover.access_lines(), "lines arrive in the new access log")
        assert os.path.exists(drover.log_path), "the error log was not opened again"
    load.wait(100)
    load.stop()
    assert not load.failures, load.failures[:3]
    assert drover.stop(signal.SIGTERM) == 0
    lines = [line for path in pieces + [drover.access_path] for line in read_file(path).splitlines()]
    assert len(lines) == load.total() and all(map(COMBINED.fullmatch, lines)), (len(lines), load.total())


@case
def cannot_reopen(t):
    "log-reopen that cannot open keeps the old files, and says so"
    os.makedirs(t.path("logs"))
    drover = t.drover(t.pool(t.server()), access_log=f'"{t.path("logs/access")}"')
    drover.get()
    os.rename(t.path("logs"), t.path("moved"))
    reply = drover.open_control().ask({"method": "log-reopen"})
    assert "error" in reply and "logs/access" in reply["error"]["message"], reply
    drover.get()
    drover.access_path = t.path("moved/access")
    assert len(wait_lines(t, drover, 2)) == 2


@case
def to_stdout(t):
    "access-log = stdout"
    drover = t.drover(t.pool(t.server()), access_log="stdout")
    for _ in range(3):
        drover.get()
    t.wait(lambda: len(drover.stdout().splitlines()) == 3, "three lines on standard output")
    assert all(map(COMBINED.fullmatch, drover.stdout().splitlines()))


main()
