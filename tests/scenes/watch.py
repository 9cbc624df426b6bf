#!/usr/bin/env python3
"""Events: each is provoked for real and told to who watches; replay, filters, readers that are slow or gone."""

import json
import os
import resource
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError, is_sanitized, process_descriptors, process_memory  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import SECONDS, request, response  # pylint: disable=wrong-import-position

EAGER = "defer-accept = false"
KEPT = 512


def watching(t, drover, **params):
    """A connection that watches."""
    control = t.keep(drover.open_control())
    control.watch(**params)
    return control


def me():
    return {"uid": os.getuid(), "pid": os.getpid()}


class NoDescriptors:
    """drover's master cannot have another descriptor."""

    def __init__(self, drover):
        self.pid, self.before = drover.pid, resource.prlimit(drover.pid, resource.RLIMIT_NOFILE)

    def __enter__(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (3, self.before[1]))

    def __exit__(self, *_):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.before)


# ---- each kind of event


@case
def reply(t):
    "the reply tells what is watched and what is kept; events are numbered from 1"
    drover = t.drover(t.pool(t.server()), workers=2)
    control = t.keep(drover.open_control())
    result = control.watch(events="worker-*, limit")
    assert result["watching"] is True and result["kept"] == KEPT and result["oldest"] == 1, result
    assert result["newest"] == 4, "two workers were started and got ready"
    assert "worker-died" in result["events"] and "limit" in result["events"], result
    assert "scaled" not in result["events"], result
    control.watch(since=0)
    notes = [control.note() for _ in range(4)]
    assert [note["params"]["number"] for note in notes] == [1, 2, 3, 4], notes
    assert all(note["jsonrpc"] == "2.0" and note["method"] == "event" and "id" not in note for note in notes)
    assert {note["params"]["worker"] for note in notes} == {0, 1}
    assert {note["params"]["pid"] for note in notes} == set(drover.pids())


@case
def worker_dies(t):
    "a worker that is killed: why, and what comes next"
    drover = t.drover(t.pool(t.server()), workers=2)
    control = watching(t, drover)
    pid = drover.workers()[1]["pid"]
    os.kill(pid, signal.SIGKILL)
    died = control.event("worker-died")
    assert died["worker"] == 1 and died["pid"] == pid, died
    assert died["text"].startswith("killed by signal 9") and died["text"].endswith("restarting at once"), died
    started, ready = control.event("worker-started"), control.event("worker-ready")
    assert started["pid"] == ready["pid"] != pid and started["worker"] == ready["worker"] == 1
    assert [died["number"] + 1, died["number"] + 2] == [started["number"], ready["number"]]


@case
def worker_hangs(t):
    "a worker that hangs is killed, and the event says that it hung"
    drover = t.drover(t.pool(t.server()), workers=1, worker_timeout="1s")
    control = watching(t, drover, events="worker-died")
    t.freeze(drover.pids()[0])
    assert "its loop had not turned" in control.event("worker-died")["text"]


@case
def worker_cannot_start(t):
    "no descriptor for a worker: the event has no process, and it is tried again"
    drover = t.drover(t.pool(t.server()), workers=1)
    control = watching(t, drover, events="worker-*")
    pid = drover.pids()[0]
    with NoDescriptors(drover):
        os.kill(pid, signal.SIGKILL)
        assert control.event("worker-died")["pid"] == pid
        failed = control.event("worker-died")
    assert failed["pid"] is None and failed["text"].startswith("cannot be started: "), failed
    assert "restarting in" in failed["text"], failed
    control.event_of("worker-started")  # it may have been tried more than twice
    control.event("worker-ready")


@case
def worker_restarted(t):
    "a worker that is replaced: the new one is ready before the old one drains"
    drover = t.drover(t.pool(t.server()), workers=1)
    control = watching(t, drover, events="worker-*,changed")
    pid = drover.pids()[0]
    drover.call("restart-worker", worker=0, **{"dry-run": True})
    drover.call("restart-worker", worker=0, wait=True)
    assert control.event("worker-started")["worker"] == 1
    control.event("changed")
    control.event("worker-ready")
    draining = control.event("worker-draining")
    assert draining["pid"] == pid and draining["text"] == "another is at work in its stead", draining
    assert control.event("worker-died")["pid"] == pid


@case
def scaled(t):
    "scale tells who did it, before what comes of it; workers that drain say why"
    drover = t.drover(t.pool(t.server()), workers=1)
    control = watching(t, drover)
    drover.call("scale", workers=2, wait=True)
    event = control.event("scaled")
    assert (event["from"], event["to"], event["by"]) == (1, 2, me()), event
    assert "text" not in event and "worker" not in event, event
    control.event("worker-started")
    event = control.event("changed")
    assert event["by"] == me() and event["text"] == 'scale {"workers":2,"wait":true}', event
    control.event("worker-ready")
    drover.call("scale", workers=1, wait=True)
    control.event("scaled")
    event = control.event("worker-draining")
    assert event["worker"] == 1 and event["text"] == "fewer workers are wanted", event
    control.event("changed")
    assert "exited with status 0" in control.event("worker-died")["text"]


@case
def changed(t):
    "only what was carried out is told: not what was refused, not what only shows something"
    os.mkdir(t.path("logs"))
    drover = t.drover(t.pool(t.server()), workers=1, access_log='"%s"' % t.path("logs/access"))
    control = t.keep(drover.open_control())
    newest = control.watch()["newest"]
    os.rename(t.path("logs"), t.path("gone"))
    for method, params in (("scale", {"workers": 0}), ("scale", {"worker": 1}), ("log-reopen", {})):
        try:
            drover.call(method, **params)
            assert False, "refused"
        except ControlError:
            pass
    os.rename(t.path("gone"), t.path("logs"))
    drover.call("status")
    drover.call("log-reopen")
    event = control.event("changed")
    assert event["text"] == 'log-reopen {}' and event["number"] == newest + 1 == control.watch()["newest"], event


@case
def server_down_and_up(t):
    "a server that refuses connections is told, with why, and again when it is back"
    server, other = t.server(), t.server()
    drover = t.drover(t.pool(server, other, name="web", options="balance = round-robin",
                             server_options="max-fails = 1 fail-timeout = 50ms"), workers=1)
    control = watching(t, drover, events="server-*")
    server.refuse()
    for _ in range(4):
        assert drover.get().status == 200
    down = control.event("server-down")
    assert (down["pool"], down["server"]) == ("web", server.address), down
    assert down["text"].startswith("connect-refused"), down
    server.accept()

    def is_used():
        return drover.get().status == 200 and server.requests
    t.wait(is_used, "the server is tried again")
    up = control.event("server-up")
    assert (up["pool"], up["server"]) == ("web", server.address) and "it has answered" in up["text"], up


@case
def server_is_forgiven(t):
    "a server that is down and that an admin sets ready is up"
    server, other = t.server(), t.server()
    drover = t.drover(t.pool(server, other, name="web", options="balance = round-robin",
                             server_options="max-fails = 1 fail-timeout = 1h"), workers=1)
    control = watching(t, drover, events="server-*,changed")
    server.refuse()
    for _ in range(2):
        assert drover.get().status == 200
    control.event("server-down")
    for state in ("maintenance", "ready"):
        drover.call("server-set", pool="web", server=server.address, state=state)
        control.event("changed")
    assert control.event("server-up")["server"] == server.address


@case
def server_removed(t):
    "a server that is removed: when its last request has ended, and once"
    let_go = threading.Event()

    def respond(_):
        let_go.wait(60)
        return response(body=b"late")

    server, other = t.server(respond), t.server()
    drover = t.drover(t.pool(server, other, name="web"), workers=1)
    drover.call("server-set", pool="web", server=other.address, state="drain")
    control = watching(t, drover, events="server-*,changed")
    peer = t.connect(drover)
    peer.send(request())
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the request is in progress")
    drover.call("server-set", pool="web", server=other.address, state="ready")
    drover.call("server-remove", pool="web", server=server.address, **{"dry-run": True})
    drover.call("server-remove", pool="web", server=server.address)
    assert control.event("changed")["text"].startswith("server-set ")
    assert control.event("changed")["text"].startswith("server-remove "), "a dry run is no change"
    let_go.set()
    assert peer.read_response().status == 200
    gone = control.event("server-removed")
    assert (gone["pool"], gone["server"]) == ("web", server.address) and "text" not in gone, gone
    drover.call("log-reopen")
    control.event("changed")


@case
def limits_of_workers(t):
    "503 for max-connections, lost lines of the access log, workers that are full"
    drover = t.drover(t.pool(t.hello(), options="queue-size = 0", server_options="max-connections = 1"), workers=1, listen=EAGER,
                      worker_connections=16, access_log='"/dev/full"')
    control = watching(t, drover, events="limit")
    peers = [t.connect(drover) for _ in range(16)]
    full = control.event("limit")
    assert full["text"].startswith("worker-connections: ") and full["count"] == 1, full
    peers[0].send(request(target="/slow/60000"))
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the server is full")
    for _ in range(3):
        peers[1].send(request())
        assert peers[1].read_response().status == 503
    seen = {}
    while len(seen) < 2:
        event = control.event("limit")
        seen[event["text"].split(":")[0]] = event["count"]
    assert set(seen) == {"no-server", "log-lines-lost"} and 1 <= min(seen.values()) <= max(seen.values()) <= 3, seen


@case
def limits_of_the_master(t):
    "no descriptors to accept connections with; no room for control connections"
    drover = t.drover(t.pool(t.server()), workers=1, listen=EAGER)
    control = watching(t, drover, events="limit")
    with NoDescriptors(drover):
        peer = t.connect(drover)
        event = control.event("limit")
        assert event["text"].startswith("open-files: ") and event["count"] == 1, event
    peer.send(request())
    assert peer.read_response().status == 200
    peers = [t.keep(drover.open_control()) for _ in range(70)]
    assert control.event("limit")["text"].startswith("control connections: ")
    for peer in peers:
        peer.close()
    t.wait(drover.lets_in, "there is room again")


@case
def errors(t):
    "errors above alert-errors, and that they are normal again"
    drover = t.drover(t.pool(t.server(lambda seen: response(503))), workers=1, alert_errors=5)
    control = watching(t, drover, events="errors-*")

    control.socket.settimeout(0.05)
    high = None
    while high is None:
        drover.get()
        try:
            high = control.event("errors-high")
        except TimeoutError:
            pass
    control.socket.settimeout(SECONDS)
    assert high["rate"] >= high["threshold"] == 5, high
    normal = control.event("errors-normal")
    assert normal["rate"] < 5 == normal["threshold"], normal


@case
def stopping(t):
    "who watches hears of the end before it comes, and why workers end"
    drover = t.drover(t.pool(t.server()), workers=2)
    control = watching(t, drover)
    drover.kill(signal.SIGTERM)
    assert "are finished" in control.event("stopping")["text"]
    rest = [json.loads(line) for line in control.read_all().splitlines()]
    names = [note["params"]["event"] for note in rest]
    assert sorted(names) == ["worker-died"] * 2 + ["worker-draining"] * 2, names
    assert all("drover is stopping" in note["params"]["text"] for note in rest), rest
    assert drover.wait() == 0
    drover.stopped = True


# ---- which events, and since when


@case
def filters(t):
    "names and patterns; one that fits nothing is an error that names the nearest"
    drover = t.drover(t.pool(t.server()), workers=1)
    narrow, wide = watching(t, drover, events="stopping, scaled"), watching(t, drover, events="*")
    drover.call("log-reopen")
    drover.call("scale", workers=2, wait=True)
    assert narrow.event("scaled")["number"] == wide.event_of("scaled")["number"]
    wide.event_of("worker-ready")
    for names, hint in (("wroker-died", "worker-died"), ("stopping,xyz-*", "worker-started"), ("limit,", "limit")):
        try:
            narrow.watch(events=names)
            assert False, names
        except ControlError as error:
            assert error.code == -32602 and hint in error.hint, error
    drover.call("scale", workers=3)
    narrow.event("scaled")  # the first watch is still there


@case
def since(t):
    "what is kept is replayed; a number that is yet to come is of an earlier drover"
    drover = t.drover(t.pool(t.server()), workers=1)
    for _ in range(3):
        drover.call("log-reopen")
    control = t.keep(drover.open_control())
    newest = control.watch(since=0)["newest"]
    numbers = [control.note()["params"]["number"] for _ in range(newest)]
    assert numbers == list(range(1, newest + 1)), numbers
    control = watching(t, drover, since=newest - 1)
    assert control.event("changed")["number"] == newest
    control = watching(t, drover, since=newest)
    drover.call("log-reopen")
    assert control.event("changed")["number"] == newest + 1
    control = watching(t, drover, since=newest + 1000)
    lost = control.note()
    assert lost["method"] == "lost" and "id" not in lost, lost
    assert lost["params"] == {"from": None, "to": None, "count": None, "restarted": True}, lost
    assert control.note()["params"]["number"] == 1


# ---- readers


def many_changes(drover, count):
    """So many events, on a connection of their own."""
    control = drover.open_control()
    batch = [{"method": "scale", "params": {"workers": 1}}] * 50
    for _ in range(count // len(batch)):
        assert len(control.ask(batch)) == len(batch)
    control.close()


def read_all_events(control, last):
    """Reads up to event `last`: the numbers that were told and those that were lost; they are in order and complete."""
    next_number, lost = None, 0
    while next_number is None or next_number <= last:
        note = control.note()
        params = note["params"]
        first = params["from"] if note["method"] == "lost" else params["number"]
        assert next_number in (None, first), f"{next_number} was to come, not {note}"
        if note["method"] == "lost":
            assert params["count"] == params["to"] - params["from"] + 1 > 0, note
            lost += params["count"]
            next_number = params["to"] + 1
        else:
            next_number = first + 1
    return lost


@case
def slow_reader(t):
    "a reader that falls behind is told which events it lost, goes on, and costs no memory"
    drover = t.drover(t.pool(t.server()), workers=1, log_level="error")
    slow = [watching(t, drover) for _ in range(20)]
    quick = watching(t, drover, events="stopping")
    before = process_memory(drover.pid)
    many_changes(drover, 8000)
    grown = process_memory(drover.pid) - before
    assert is_sanitized() or grown < 4 << 20, f"{grown} bytes more for {len(slow)} readers"
    newest = quick.watch()["newest"]
    assert newest > 8000
    lost = read_all_events(slow[0], newest)
    assert lost > 1000, lost
    drover.call("log-reopen")
    assert slow[0].event("changed")["number"] > newest, "it goes on"
    for control in slow[1:]:
        control.reset()


@case
def vanished_reader(t):
    "a reader that is gone is noticed although nothing is to be told"
    drover = t.drover(t.pool(t.server()), workers=1)
    drover.call("version")
    t.wait(lambda: drover.lets_in(), "older connections are gone")
    before = drover.descriptors()
    controls = [watching(t, drover, events="stopping") for _ in range(10)]
    for control in controls[:5]:
        control.half_close()
    assert process_descriptors(drover.pid) >= before + 10 - 1
    for control in controls:
        control.close()
    t.wait(lambda: process_descriptors(drover.pid) <= before, "all are forgotten")


@case
def half_closed_reader(t):
    "a reader that has shut down its side is told of events until it is gone"
    drover = t.drover(t.pool(t.server()), workers=1)
    control = t.keep(drover.open_control())
    control.send(b'{"method":"watch","params":{"events":"changed"}}')  # no newline: the end of input is one
    control.half_close()
    assert control.reply()["result"]["watching"]
    for _ in range(3):
        drover.call("log-reopen")
        assert control.event("changed")["text"] == 'log-reopen {}'
    plain = t.keep(drover.open_control())
    plain.send(b'{"method":"version"}')
    plain.half_close()
    assert plain.reply() and plain.ended(), "who does not watch is let go"


@case
def among_requests(t):
    "requests are answered in order, with events between replies; those of a batch come behind its array"
    drover = t.drover(t.pool(t.server()), workers=1)
    control = t.keep(drover.open_control())
    control.send_line([{"id": 1, "method": "watch", "params": {"events": "scaled,changed"}},
                       {"id": 2, "method": "scale", "params": {"workers": 2, "wait": True}},
                       {"id": 3, "method": "version"}])
    replies = control.line()
    assert [row["id"] for row in replies] == [1, 2, 3] and replies[0]["result"]["watching"], replies
    control.event("scaled")
    control.event("changed")
    control.send(b"".join(b'{"id":%d,"method":"log-reopen"}\n' % i for i in range(50)))
    lines = [control.line() for _ in range(100)]
    assert [line["id"] for line in lines if "id" in line] == list(range(50))
    assert sum(line.get("method") == "event" for line in lines) == 50
    control.send_line({"id": "x", "method": "scale", "params": {"workers": 1, "wait": True}})
    lines = [control.line() for _ in range(3)]
    assert [line["id"] for line in lines if "id" in line] == ["x"], lines


@case
def another_watch(t):
    "a second watch on a connection takes the place of the first"
    drover = t.drover(t.pool(t.server()), workers=1)
    control = watching(t, drover, events="changed")
    control.watch(events="scaled")
    drover.call("scale", workers=2)
    control.event("scaled")
    drover.call("scale", workers=1)
    control.event("scaled")


@case
def whoever_may_read(t):
    "watch needs the permission read"
    drover = t.drover(t.pool(t.server()), workers=1, control='permission = "read"')
    assert drover.call("watch")["watching"]


main()
