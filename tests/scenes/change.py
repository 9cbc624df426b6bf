#!/usr/bin/env python3
"""What all methods that change something have in common, and those that need no scene of their own."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError, process_exists  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

PARAMS, IMPOSSIBLE = -32602, -32003


def fails(control, code, words, method, **params):
    """Whether a method fails with `code`, and sentence and hint have the words in them."""
    try:
        result = control.call(method, **params)
    except ControlError as error:
        assert error.code == code and error.hint, error
        text = f"{error.message} {error.hint}"
        assert all(word in text for word in words), (words, error)
        return
    raise AssertionError(f"{method} {params} was carried out: {result}")


def shown(control):
    """All that could have changed."""
    levels = control.call("log-level")["levels"]
    workers = [(row["worker"], row["state"], row["pid"]) for row in control.call("workers")["workers"]]
    pools = [(row["pool"], row["balance"]) for row in control.call("pools")["pools"]]
    paused = [row["paused"] for row in control.call("listeners")["listeners"]]
    return workers, levels, pools, paused, control.call("config"), control.call("servers")["servers"]


def each_change(servers, listener):
    """Each method with parameters that change something, and what it says that it changes."""
    pool = {"pool": "web", "server": servers[0].address}
    name = f"pool web server {servers[0].address}"
    return (
        ("scale", {"workers": 3}, [("workers", 2, 3)]),
        ("restart-worker", {"worker": 1}, [("worker 1 state", "ready", "draining")]),
        ("server-add", {"pool": "web", "server": "127.0.0.1:9"},
         [("pool web server 127.0.0.1:9", None, {"address": "127.0.0.1:9", "weight": 1, "max-connections": 0,
                                                 "backup": False, "state": "ready", "max-fails": 3, "fail-timeout": "10s", "slow-start": "0", "family": None, "addresses": None})]),
        ("server-set", {**pool, "weight": 7, "state": "drain", "max-connections": 9},
         [(name + " weight", 1, 7), (name + " max-connections", 0, 9), (name + " state", "ready", "drain")]),
        ("balance", {"algorithm": "round-robin"}, [("balance", "least-connections", "round-robin")]),
        ("balance", {"algorithm": "least-connections", "pool": "web"},
         [("pool web balance", "round-robin", "least-connections")]),
        ("listener-set", {"listener": listener, "state": "paused"}, [("listen 127.0.0.1:0 paused", False, True)]),
        ("log-level", {"level": "warn", "process": "master"}, [("log-level", "info", "warn")]),
        ("log-level", {"level": "debug", "process": "worker 0"}, [("worker 0 log-level", "info", "debug")]),
        ("stop", {}, [("stopping", False, True)]),
    )


def start(t):
    servers = [t.server(), t.server()]
    drover = t.drover(t.pool(*servers, name="web"))
    return drover, t.keep(drover.open_control()), servers


def noted(reply):
    return [(change["what"], change["from"], change["to"]) for change in reply["changes"]]


@case
def a_dry_run_changes_nothing(t):
    "every method tells with dry-run what it would change, and changes nothing"
    drover, control, servers = start(t)
    before = shown(control)
    for method, params, changes in each_change(servers, drover.addresses[0]):
        reply = control.call(method, **params, **{"dry-run": True})
        assert noted(reply) == changes and reply["dry-run"] is True, (method, reply)
    removed = control.call("server-remove", pool="web", server=servers[0].address, **{"dry-run": True})
    assert [what for what, _, _ in noted(removed)] == [f"pool web server {servers[0].address}"], removed
    assert control.call("log-reopen", **{"dry-run": True})["changes"] == []
    for method in [row["method"] for row in control.call("help")["methods"] if row["permission"] != "read"]:
        names = [param["name"] for param in control.call("help", method=method)["methods"][0]["params"]]
        assert "dry-run" in names, method
    after = shown(control)
    assert after == before, (before, after)
    assert drover.get().status == 200


@case
def a_change_is_told_and_shown(t):
    "the same without dry-run is carried out, and the second time nothing is left to change"
    drover, control, servers = start(t)
    expected = []
    for method, params, changes in each_change(servers, drover.addresses[0]):
        if method in ("stop", "restart-worker"):
            continue
        expected += [change for change in changes if not change[0].startswith("worker ")]
        reply = control.call(method, **params)
        assert noted(reply) == changes and "dry-run" not in reply, (method, reply)
        if method != "server-add":
            assert control.call(method, **params)["changes"] == [], method
    assert control.call("status")["workers"]["desired"] == 3
    assert control.call("listeners")["listeners"][0]["paused"] is True
    assert control.call("pools")["pools"][0]["balance"] == "least-connections"
    levels = [(row["process"], row["level"], row["then"]) for row in control.call("log-level")["levels"]]
    assert levels[:3] == [("master", "warn", "warn"), ("worker 0", "debug", "debug"), ("worker 1", "info", "info")], levels
    rows = {row["server"]: row for row in control.call("servers")["servers"]}
    row = rows[servers[0].address]
    assert (row["weight"], row["state"], row["max-connections"]) == (7, "drain", 9), row
    assert rows["127.0.0.1:9"]["state"] == "ready", rows
    expected += noted(control.call("server-remove", pool="web", server=servers[1].address, wait=True))
    config = control.call("config")
    assert sorted(noted(config), key=str) == sorted(expected, key=str), (config["changes"], expected)


@case
def errors_change_nothing(t):
    "a mistake has its own sentence, says what to do, and nothing is changed"
    drover, control, servers = start(t)
    before, server = shown(control), servers[0].address
    other = {"pool": "web", "server": server}
    fails(control, PARAMS, ["worker 9", "workers"], "restart-worker", worker=9)
    fails(control, PARAMS, ["255"], "restart-worker", worker=256)
    fails(control, PARAMS, ["'wbe'", "web"], "server-add", pool="wbe", server="127.0.0.1:9")
    fails(control, PARAMS, ["address"], "server-add", pool="web", server="example..org:80")
    fails(control, PARAMS, ["port"], "server-add", pool="web", server="127.0.0.1")
    fails(control, PARAMS, ["127"], "server-add", pool="web", server="unix:/" + "x" * 200)
    fails(control, PARAMS, ["256"], "server-add", pool="web", server="127.0.0.1:9", weight=0)
    fails(control, IMPOSSIBLE, [server, "server-set"], "server-add", **other)
    fails(control, PARAMS, ["weight, state"], "server-set", **other)
    fails(control, PARAMS, ["maintenance"], "server-set", **other, state="maintenanc")
    fails(control, PARAMS, [server], "server-set", pool="web", server=server[:-1], weight=3)
    fails(control, PARAMS, ["web"], "server-remove", pool="wed", server=server)
    fails(control, PARAMS, ["least-connections"], "balance", algorithm="least-connection")
    fails(control, PARAMS, ["web"], "balance", algorithm="round-robin", pool="webb")
    fails(control, PARAMS, ["127.0.0.1:0"], "listener-set", listener="127.0.0.1:1", state="paused")
    fails(control, PARAMS, ["listening"], "listener-set", listener="127.0.0.1:0", state="running")
    fails(control, PARAMS, ["debug"], "log-level", level="debugg")
    fails(control, PARAMS, ["master"], "log-level", level="debug", process="mastr")
    fails(control, PARAMS, ["worker 9"], "log-level", level="debug", process="worker 9")
    fails(control, PARAMS, ["level"], "log-level", **{"for-ms": 100})
    control.call("server-remove", pool="web", server=servers[1].address, wait=True)
    fails(control, IMPOSSIBLE, ["last", "maintenance"], "server-remove", **other)
    fails(control, IMPOSSIBLE, ["last"], "server-remove", **other, force=True, **{"dry-run": True})
    control.call("server-add", pool="web", server=servers[1].address)
    after = shown(control)
    assert before[:4] == after[:4] and drover.get().status == 200


@case
def nothing_is_changed_any_more(t):
    "while drover is stopping, methods that would change it are refused, and stop may still be hastened"
    hello = t.hello()
    drover = t.drover(t.pool(hello, name="web"), listen="defer-accept = false")
    control = t.keep(drover.open_control())
    peer = t.connect(drover)
    peer.send(request(target="/slow/60000"))
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the request is in flight")
    assert noted(control.call("stop")) == [("stopping", False, True)]
    server = {"pool": "web", "server": hello.address}
    for method, params in (("scale", {"workers": 3}), ("restart-worker", {"worker": 0}),
                           ("server-add", {"pool": "web", "server": "127.0.0.1:9"}), ("server-set", {**server, "weight": 3}),
                           ("server-remove", server), ("balance", {"algorithm": "round-robin"}),
                           ("listener-set", {"listener": "127.0.0.1:0", "state": "paused"})):
        fails(control, IMPOSSIBLE, ["stopping"], method, **params)
        fails(control, IMPOSSIBLE, ["stopping"], method, **params, **{"dry-run": True})
    assert control.call("log-level", level="debug")["changes"] and control.call("log-reopen") is not None
    assert control.call("stop", mode="now")["changes"] == []
    drover.stopped = True
    assert drover.wait() == 0


@case
def waits_end_with_drover(t):
    "what waits is answered as it stands when drover stops"
    hello, other = t.hello(), t.hello("other")
    drover = t.drover(t.pool(hello, other, name="web"), listen="defer-accept = false")
    control, second = t.keep(drover.open_control()), t.keep(drover.open_control())
    peers = [t.connect(drover) for _ in range(2)]
    for peer in peers:
        peer.send(request(target="/slow/60000"))
    t.wait(lambda: all(row["load"] == 1 for row in drover.servers()), "the requests are in flight")
    control.send_line({"method": "server-set", "params": {"pool": "web", "server": hello.address, "state": "drain", "wait": True}})
    t.wait(lambda: any(row["state"] == "drain" for row in drover.servers()), "the first waits")
    second.send_line({"method": "server-remove", "params": {"pool": "web", "server": hello.address, "wait": True}})
    first = control.reply()["result"]  # somebody else takes it out: it is not waited for any longer
    assert first["state"] == "leaving" and first["load"] == 1, first
    assert drover.call("stop", mode="now")["stopping"] == "now"
    removed = second.reply()["result"]
    assert removed["gone"] is False and removed["changes"], removed
    drover.stopped = True
    assert drover.wait() == 0


@case
def balance_switches_under_load(t):
    "the algorithms of the dispatcher and of a pool change under load: nothing fails, and the new one is at work"
    servers = [t.hello(), t.hello("second")]
    drover = t.drover(t.pool(*servers, name="web"), workers=3)
    control = t.keep(drover.open_control())
    load = t.keep(Load(drover, 6, keep_alive=False))
    for i in range(20):
        control.call("balance", algorithm=("round-robin", "least-connections")[i % 2])
        control.call("balance", pool="web", algorithm=("least-connections", "round-robin")[i % 2])
        load.wait(20)
    load.stop()
    assert not load.refused and not load.failures, (load.refused, load.failures)
    drover.wait_loads(0)


def spread(t, drover, count=6):
    """How many connections each worker gets, when one worker begins with two more than the other."""
    peers = [t.connect(drover) for _ in range(count)]
    loads = drover.wait_loads(count)
    for peer in peers:
        peer.close()
    drover.wait_loads(0)
    return loads


@case
def the_dispatcher_obeys(t):
    "round-robin ignores what workers carry, least-connections does not"
    drover = t.drover(t.pool(t.server(), name="web"), workers=1, listen="defer-accept = false")
    held = [t.connect(drover) for _ in range(4)]
    drover.wait_loads(4)
    drover.call("scale", workers=2, wait=True)
    drover.call("balance", algorithm="least-connections")
    more = [t.connect(drover) for _ in range(4)]
    drover.wait_loads(8)
    assert sorted(drover.loads()) == [4, 4], drover.loads()
    for peer in more:
        peer.close()
    drover.wait_loads(4)
    drover.call("balance", algorithm="round-robin")
    more = [t.connect(drover) for _ in range(4)]
    drover.wait_loads(8)
    assert sorted(drover.loads()) == [2, 6], drover.loads()
    assert held and more


@case
def the_pool_obeys(t):
    "requests of a pool are spread by the new algorithm at once, in each worker"
    servers = [t.hello(), t.hello("second")]
    drover = t.drover(t.pool(*servers, name="web"), listen="defer-accept = false")
    drover.call("balance", pool="web", algorithm="least-connections")
    busy = [t.connect(drover) for _ in range(2)]
    drover.call("server-set", pool="web", server=servers[1].address, state="drain", wait=True)
    for peer in busy:
        peer.send(request(target="/slow/60000"))
    t.wait(lambda: drover.servers()[0]["load"] == 2, "the first server is busy")
    drover.call("server-set", pool="web", server=servers[1].address, state="ready", wait=True)
    before = [row["requests"] for row in drover.servers()]
    for _ in range(8):
        assert drover.get().status == 200
        t.wait(lambda: drover.servers()[1]["load"] == 0, "its place is given back")
    assert [row["requests"] for row in drover.servers()] == [before[0], before[1] + 8]
    drover.call("balance", pool="web", algorithm="round-robin")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    assert all(drover.get().status == 200 for _ in range(8))
    assert [row["requests"] for row in drover.servers()] == [before[0] + 4, before[1] + 12]


@case
def a_paused_listener_keeps_connections_waiting(t):
    "nothing is accepted while a listener is paused, none is refused, all are served after; others go on"
    drover = t.drover(t.pool(t.server(), name="web") + 'listen "127.0.0.1:0" { defer-accept = false }\n',
                      listen="defer-accept = false", workers=1)
    first, other = drover.addresses
    assert drover.call("listener-set", listener=first, state="paused")["state"] == "paused"
    peers = [t.connect(drover) for _ in range(20)]
    for peer in peers:
        peer.send(request())
    assert all(drover.exchange(request(), index=1).status == 200 for _ in range(5))
    t.wait(lambda: drover.call("listener-set", listener=first, state="paused")["waiting"] == 20, "20 wait")
    assert drover.counters()["client-connections"] == 5, drover.counters()
    old = drover.pids()  # without any worker the dispatcher stops accepting, and goes on with the next
    os.kill(old[0], signal.SIGKILL)
    t.wait(lambda: drover.pids() not in ([], old), "there is another worker")
    assert drover.exchange(request(), index=1).status == 200
    assert drover.counters()["client-connections"] == 6
    rows = {row["address"]: row for row in drover.call("listeners")["listeners"]}
    assert rows[first]["paused"] is True and rows[first]["waiting"] == 20 and rows[first]["accepted"] == 0, rows
    assert rows[other]["paused"] is False and rows[other]["waiting"] == 0 and rows[other]["accepted"] == 6, rows
    drover.call("listener-set", listener=first, state="listening")
    assert all(peer.read_response().status == 200 for peer in peers)


@case
def a_listener_pauses_under_load(t):
    "a listener that pauses and goes on again and again costs no request"
    drover = t.drover(t.pool(t.hello(), name="web"))
    load = t.keep(Load(drover, 6, keep_alive=False))
    for _ in range(15):
        load.wait(20)
        drover.call("listener-set", listener=drover.addresses[0], state="paused")
        drover.call("listener-set", listener=drover.addresses[0], state="listening")
    load.stop()
    assert not load.refused and not load.failures, (load.refused, load.failures)


@case
def a_listener_by_its_name(t):
    "a name that two listeners share is not enough; a unix socket pauses as well"
    path = t.path("web.sock")
    drover = t.drover(t.pool(t.server(), name="web") + f'listen "127.0.0.1:0" {{ }}\nlisten "unix:{path}" {{ }}\n')
    control = t.keep(drover.open_control())
    fails(control, PARAMS, ["2 listeners", "address"], "listener-set", listener="127.0.0.1:0", state="paused")
    assert control.call("listener-set", listener="unix:" + path, state="paused")["changes"]
    peer = t.connect(drover, 2)
    peer.send(request())
    assert drover.get().status == 200 and drover.counters()["client-connections"] == 1
    control.call("listener-set", listener="unix:" + path, state="listening")
    assert peer.read_response().status == 200


@case
def log_files_are_tried(t):
    "log-reopen with dry-run tells what could not be opened, and makes no file"
    logs = t.path("logs")
    os.mkdir(logs)
    drover = t.drover(t.pool(t.server()), access_log=f'"{logs}/access"')
    assert drover.call("log-reopen", **{"dry-run": True})["dry-run"] is True
    os.rename(logs + "/access", logs + "/access.1")
    assert drover.call("log-reopen", **{"dry-run": True})
    assert os.listdir(logs) == ["access.1"]
    os.rename(logs, logs + ".1")
    control = t.keep(drover.open_control())
    fails(control, IMPOSSIBLE, [logs], "log-reopen", **{"dry-run": True})
    fails(control, IMPOSSIBLE, [logs], "log-reopen")
    os.rename(logs + ".1", logs)
    assert control.call("log-reopen")["changes"] == [] and "access" in os.listdir(logs)
    assert all(map(process_exists, drover.pids()))


main()
