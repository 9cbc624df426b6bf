#!/usr/bin/env python3
"""The methods that only read: what they show is what happened."""

import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, ControlError  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

PARAMS = -32602


def refused(drover, method, *words, **params):
    """A call that fails for its parameters, in a sentence with these words."""
    try:
        result = drover.call(method, **params)
    except ControlError as error:
        assert error.code == PARAMS, error
        assert all(word in error.message + error.hint for word in words), error
        return
    raise AssertionError(f"{method} {params}: {result}")


def two_pools(t, **options):
    """Two pools, two servers and one, with a route to each."""
    web, old = [t.server(), t.server()], t.server(lambda message: response(500))
    body = t.pool(*web, name="web", options="balance = round-robin") + t.pool(old, name="old", server_options="weight = 3")
    routes = 'route { host = "old.test"  path = { "/a/", "/b/" }  pool = "old" }\nroute { pool = "web" }\n'
    return t.drover(body + routes, **options), web, old


@case
def pools(t):
    "pools: servers, load, requests and failures are the sums of their servers"
    drover, _, old = two_pools(t, workers=3)
    for _ in range(6):
        assert drover.get().status == 200
    assert drover.get("/a/", host="old.test").status == 500
    # an answer reaches the client a moment before its place is given back
    t.wait(lambda: not any(row["load"] for row in drover.servers()), "nothing is in progress")
    rows = drover.call("pools")["pools"]
    assert [row["pool"] for row in rows] == ["web", "old"], rows
    assert [row["balance"] for row in rows][0] == "round-robin", rows
    assert [row["servers"] for row in rows] == [{"total": 2, "ready": 2, "up": 2}, {"total": 1, "ready": 1, "up": 1}], rows
    assert [(row["requests"], row["load"], row["failures"]) for row in rows] == [(6, 0, 0), (1, 0, 0)], rows
    assert [row["requests"] for row in drover.servers()] == [3, 3, 1]
    old.die()  # nor can a worker use a connection that it kept
    assert drover.get("/a/", host="old.test").status == 502
    t.wait(lambda: drover.call("pools")["pools"][1]["failures"] >= 1, "the failure is counted")


@case
def loads(t):
    "pools and servers: the load is what is in progress"
    gate = threading.Event()
    server = t.server(lambda message: gate.wait(60) and response())
    drover = t.drover(t.pool(server), workers=2)
    peers = [t.connect(drover) for _ in range(3)]
    for peer in peers:
        peer.send(request())
    t.wait(lambda: drover.servers()[0]["load"] == 3, "three requests are in progress")
    assert drover.call("pools")["pools"][0]["load"] == 3
    gate.set()
    assert [peer.read_response().status for peer in peers] == [200] * 3
    t.wait(lambda: drover.call("pools")["pools"][0]["load"] == 0, "they have ended")


@case
def servers(t):
    "servers: of one pool or all, in the order of the file; why one is down"
    drover, _, old = two_pools(t)
    rows = drover.servers(pool="old")
    assert [(row["pool"], row["server"], row["weight"]) for row in rows] == [("old", old.address, 3)], rows
    assert [row["pool"] for row in drover.servers()] == ["web", "web", "old"]
    old.refuse()
    for _ in range(3):
        assert drover.get("/a/", host="old.test").status in (502, 503)
    row = drover.servers(pool="old")[0]
    assert row["state"] == "ready" and not row["up"] and 0 < row["down-for-ms"] <= 10000 and row["down-reason"], row
    assert drover.call("pools")["pools"][1]["servers"] == {"total": 1, "ready": 1, "up": 0}
    assert drover.call("status")["servers"] == {"total": 3, "ready": 3, "up": 2}
    refused(drover, "servers", "'wbe'", "Did you mean web?", pool="wbe")
    refused(drover, "servers", "'frobnicate'", "pools", pool="frobnicate")


@case
def routes(t):
    "routes: in their order, with hosts and paths; none when there are none"
    drover, _, _ = two_pools(t)
    assert drover.call("routes") == {"routes": [
        {"route": 1, "hosts": ["old.test"], "paths": ["/a/", "/b/"], "pool": "old",
         "maintenance": False},
        {"route": 2, "hosts": [], "paths": [], "pool": "web", "maintenance": False}]}
    assert t.drover(t.pool(t.server()), name="other").call("routes") == {"routes": []}


@case
def listeners(t):
    "listeners: names, addresses, pools, and what they have accepted"
    drover = t.drover(t.pool(t.server()) + t.pool(t.server(), name="own") +
                      f'listen "unix:{t.path("x.sock")}" {{ pool = "own" }}\nroute {{ pool = "app" }}\n')
    first, second = drover.call("listeners")["listeners"]
    assert (first["listener"], first["address"], first["pool"]) == ("127.0.0.1:0", drover.addresses[0], None), first
    assert (second["listener"], second["pool"]) == ("unix:" + t.path("x.sock"), "own"), second
    assert not first["paused"] and not second["paused"] and first["backlog"] > 0, first
    assert (first["accepted"], first["waiting"], second["accepted"]) == (0, 0, 0), (first, second)
    for _ in range(3):
        drover.exchange(request(), index=1)
    t.wait(lambda: [row["accepted"] for row in drover.call("listeners")["listeners"]] == [0, 3], "three were accepted")
    only = t.drover(t.pool(t.server()), name="other").call("listeners")["listeners"]
    assert [row["pool"] for row in only] == ["app"], only  # the only pool: there is no route


@case
def counters(t):
    "counters: all, by pattern and by worker; the sum over workers is the total"
    drover = t.drover(t.pool(t.server()), workers=3)
    for _ in range(9):
        drover.get()
    t.wait(lambda: drover.counters()["responses-2xx"] == 9, "the last answer is counted, too")  # behind the client's back
    rows = drover.call("counters")["counters"]
    assert [row["counter"] for row in rows] == list(drover.counters())
    assert all(set(row) == {"counter", "value", "unit", "kind", "sentence"} for row in rows), rows
    kinds = {row["counter"]: row["kind"] for row in rows}
    assert kinds["requests"] == "monotonic" and kinds["client-open"] == "gauge", kinds
    some = drover.call("counters", pattern="responses-?xx")
    assert some["worker"] is None and len(some["counters"]) == 5, some
    assert [row["value"] for row in some["counters"]] == [0, 9, 0, 0, 0], some
    each = [drover.call("counters", pattern="requests", worker=i)["counters"] for i in range(3)]
    assert sum(rows[0]["value"] for rows in each) == 9 and all(len(rows) == 1 for rows in each), each
    refused(drover, "counters", "'reqests'", "Did you mean requests?", pattern="reqests")
    refused(drover, "counters", "'[a]'", "without a pattern", pattern="[a]")
    refused(drover, "counters", "There is no worker 3.", "workers", worker=3)
    refused(drover, "counters", "goes from 0 to 255", worker=256)


@case
def histograms(t):
    "histograms: pools, servers, workers, one pool, with buckets"
    drover, web, old = two_pools(t)
    for _ in range(4):
        drover.get()
    t.wait(lambda: all(row["count"] for row in drover.call("histograms", what="workers")["histograms"]),
           "each worker has come to the end of a turn")
    rows = drover.call("histograms")["histograms"]
    assert [row["of"] for row in rows] == ["pool"] * 2 + ["server"] * 3 + ["worker"] * 2, rows
    assert [row["server"] for row in rows[2:5]] == [server.address for server in (*web, old)], rows
    assert [row["worker"] for row in rows[5:]] == [0, 1], rows
    assert all(row["count"] > 0 and row["p50-ms"] <= row["p99.9-ms"] <= row["max-ms"] for row in rows[5:]), rows
    assert rows[1]["count"] == 0 and rows[1]["p50-ms"] is None and rows[1]["max-ms"] is None, rows[1]
    for what, count in (("pools", 2), ("servers", 3), ("workers", 2), ("all", 7)):
        assert len(drover.call("histograms", what=what)["histograms"]) == count, what
    one = drover.call("histograms", pool="old")["histograms"]
    assert [(row["of"], row["pool"]) for row in one] == [("pool", "old"), ("server", "old")], one
    for row in drover.call("histograms", buckets=True)["histograms"]:
        assert sum(count for _, count in row["buckets"]) == row["count"], row
        assert all(count > 0 for _, count in row["buckets"]), row
        assert not row["buckets"] or row["buckets"][-1][0] == row["max-ms"], row
    refused(drover, "histograms", "'wrkers'", "workers", what="wrkers")
    refused(drover, "histograms", "of no pool", what="workers", pool="old")
    refused(drover, "histograms", "'odl'", "Did you mean old?", pool="odl")


@case
def latencies(t):
    "latencies: each request is counted once, for its server, until its answer begins"
    drover, _, _ = two_pools(t, workers=2)
    for _ in range(10):
        assert drover.get().status == 200
    rows = drover.call("pools")["pools"]
    assert [row["latency"]["count"] for row in rows] == [10, 0], rows
    assert [row["latency"]["count"] for row in drover.servers()] == [5, 5, 0]
    assert 0 < rows[0]["latency"]["p50-ms"] <= rows[0]["latency"]["max-ms"], rows


@case
def workers(t):
    "workers: log level, and whether they work by the last change of servers"
    drover = t.drover(t.pool(t.server()), workers=2)
    rows = drover.call("workers")["workers"]
    assert [row["log-level"] for row in rows] == ["info", "info"], rows
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "they know the servers")


@case
def status(t):
    "status: how many servers there are, take requests and are up"
    drover, _, _ = two_pools(t)
    shown = drover.call("status")
    assert shown["pools"] == 2 and shown["servers"] == {"total": 3, "ready": 3, "up": 3}, shown
    assert shown["newest-event"] >= 0


@case
def config(t):
    "config: as an object and as text that drover reads back; what was changed since the file, each with its place"
    drover, web, old = two_pools(t)
    shown = drover.call("config")
    assert shown["config-file"] == drover.conf_path and shown["changes"] == [], shown
    assert [pool["name"] for pool in shown["config"]["pool"]] == ["web", "old"], shown
    drover.call("scale", workers=3)
    drover.call("server-set", pool="web", server=web[0].address, weight=7)
    drover.call("server-add", pool="old", server="127.0.0.1:9", weight=2)
    shown = drover.call("config")
    assert shown["config"]["workers"] == 3 and shown["config"]["pool"][0]["server"][0]["weight"] == 7, shown
    assert [(row["what"], row["from"]) for row in shown["changes"]] == [
        ("workers", 2), (f"pool web server {web[0].address} weight", 1), ("pool old server 127.0.0.1:9", None)], shown
    assert [row["to"] for row in shown["changes"]][:2] == [3, 7] and shown["changes"][2]["to"]["weight"] == 2, shown
    text = drover.call("config", format="text")
    assert text["changes"] == shown["changes"] and text["config-file"] == drover.conf_path
    with open(t.path("again.conf"), "w", encoding="utf-8") as file:
        file.write(text["config"])
    again = subprocess.run([DROVER, "-T", "-c", t.path("again.conf")], stdout=subprocess.PIPE, check=True, text=True)
    assert again.stdout == text["config"], again.stdout
    assert old.address in text["config"]
    refused(drover, "config", "'jsno'", "json", format="jsno")


@case
def config_of_many(t):
    "config of 2,000 servers: both forms, asked for by many at once while it changes; each sees its own change"
    servers = [f"127.1.{i // 250}.{i % 250 + 1}:9" for i in range(2000)]
    drover = t.drover(t.pool(*servers))
    asking = [t.keep(drover.open_control()) for _ in range(8)]
    for weight in range(2, 5):
        for i, control in enumerate(asking):
            server = servers[i * 249]
            control.send_line({"method": "server-set", "params": {"pool": "app", "server": server, "weight": weight}})
            control.send_line({"method": "config", "params": {"format": ("json", "text")[i % 2]}})
        for i, control in enumerate(asking):
            assert "result" in control.reply()
            shown = control.reply()["result"]
            mine = [row for row in shown["changes"] if row["what"] == f"pool app server {servers[i * 249]} weight"]
            assert [(row["from"], row["to"]) for row in mine] == [(1, weight)], (i, mine)
            if i % 2 == 0:
                assert [row["address"] for row in shown["config"]["pool"][0]["server"]] == servers
            else:
                assert shown["config"].count("server ") == 2000


main()
