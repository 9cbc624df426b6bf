#!/usr/bin/env python3
"""Workers are replaced one by one and all at once, while clients are served and processes die."""

import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError, kill_process, process_descriptors, process_exists  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

IMPOSSIBLE = -32003


def each_in_turn(t, keep_alive):
    drover = t.drover(t.pool(t.hello()), workers=3)
    control = t.keep(drover.open_control())
    load = t.keep(Load(drover, 8, keep_alive=keep_alive))
    old = {row["worker"]: row["pid"] for row in drover.workers()}
    for number, pid in old.items():
        load.wait(50)
        reply = control.call("restart-worker", worker=number, wait=True)
        assert reply["workers"] == {"desired": 3, "ready": 3} and reply["pid"] != pid, reply
        assert not process_exists(pid) and len(drover.pids()) == 3
    load.wait(50)
    load.stop()
    assert not load.refused and not load.failures, (load.refused, load.failures)
    assert not set(drover.pids()) & set(old.values()), (drover.pids(), old)
    assert all(death["asked-for"] for death in control.call("status")["last-deaths"])
    drover.wait_loads(0)


@case
def each_in_turn_under_kept_connections(t):
    "every worker is replaced under keep-alive load: nothing fails"
    each_in_turn(t, True)


@case
def each_in_turn_under_short_connections(t):
    "every worker is replaced under short connections: nothing fails"
    each_in_turn(t, False)


@case
def all_at_once(t):
    "all are replaced at once under load; at no time are there fewer at work than wanted"
    drover = t.drover(t.pool(t.hello()), workers=4)
    control = t.keep(drover.open_control())
    load = t.keep(Load(drover, 4))
    old = drover.pids()
    control.send_line([{"method": "restart-worker", "params": {"worker": i}} for i in range(4)])
    assert all("result" in reply for reply in control.reply())

    def over():
        assert control.call("status")["workers"]["ready"] >= 4
        return not any(map(process_exists, old))

    t.wait(over, "the old ones are gone")
    load.wait(20)
    load.stop()
    assert not load.refused and not load.failures, (load.refused, load.failures)
    assert len(drover.pids()) == 4


@case
def the_old_one_finishes_what_it_has(t):
    "a request in progress is finished by the worker that is replaced; wait waits for it"
    let_go = threading.Event()

    def respond(seen):
        if seen.target == "/slow":
            let_go.wait(60)
        return response(body=b"ok")

    drover = t.drover(t.pool(t.server(respond)), workers=1, listen="defer-accept = false")
    control = t.keep(drover.open_control())
    peer, idle = t.connect(drover), t.connect(drover)
    drover.wait_loads(2)
    peer.send(request(target="/slow"))
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the request is in flight")
    control.send_line({"method": "restart-worker", "params": {"worker": 0, "wait": True}})
    t.wait(lambda: [row["state"] for row in drover.workers()] == ["draining", "ready"], "the other one is ready")
    idle.send(request())
    assert idle.read_response().status == 200  # it has moved
    assert drover.workers()[0]["state"] == "draining"
    let_go.set()
    assert peer.read_response().status == 200
    reply = control.reply()["result"]
    assert reply["pid"] is None and reply["workers"] == {"desired": 1, "ready": 1}, reply
    assert [row["worker"] for row in drover.workers()] == [1]


@case
def either_is_killed(t):
    "the old one or the new one is killed in the middle: the number stays right"
    drover = t.drover(t.pool(t.hello()), workers=3)
    control = t.keep(drover.open_control())
    for i in range(12):
        row = drover.workers()[i % 3]
        control.send_line({"method": "restart-worker", "params": {"worker": row["worker"]}})
        pids = drover.pids()
        kill_process(row["pid"] if i % 2 else pids[-1])
        assert "result" in control.reply()
        t.wait(lambda: sorted(row["state"] for row in control.call("workers")["workers"]) == ["ready"] * 3, "three are ready")
    assert control.call("status")["workers"] == {"desired": 3, "ready": 3}
    assert drover.get().status == 200
    drover.wait_loads(0)


@case
def scaled_meanwhile(t):
    "scaling and restarting at the same time come to the number asked for"
    drover = t.drover(t.pool(t.hello()), workers=4)
    control = t.keep(drover.open_control())
    load = t.keep(Load(drover, 4))
    for workers in (2, 6, 1, 5, 3):
        batch = [{"method": "restart-worker", "params": {"worker": row["worker"]}} for row in drover.workers()
                 if row["state"] == "ready"]
        batch.insert(len(batch) // 2, {"method": "scale", "params": {"workers": workers}})
        control.send_line(batch)
        control.reply()
        result = control.call("scale", workers=workers, wait=True)
        assert result["workers"] == {"desired": workers, "ready": workers}, result
        assert len(drover.pids()) == workers
        load.wait(20)
    load.stop()
    assert not load.refused and not load.failures, (load.refused, load.failures)


@case
def one_that_pauses_is_started(t):
    "a worker that waits for its next start is started at once"
    drover = t.drover(t.pool(t.server()), workers=2)
    control = t.keep(drover.open_control())

    def backs_off():
        row = control.call("workers")["workers"][0]
        if row["state"] == "ready":
            kill_process(row["pid"])
        # behind its first death there is no pause
        ends = re.findall(rf"worker {row['worker']} .*; (restarting .*)", drover.log())
        return row if row["state"] == "backoff" and ends[-1:] != ["restarting at once"] else None

    def started():
        number = t.wait(backs_off, "a worker is to pause after quick deaths")["worker"]
        reply = control.call("restart-worker", worker=number, wait=True)
        if reply["changes"] != [{"what": f"worker {number} state", "from": "backoff", "to": "starting"}]:
            return False  # it was at work again, and another one is now
        assert reply["state"] == "ready", reply
        return True

    t.wait(started, "it is started while it pauses, if the pause is not over before it is asked for")


@case
def no_other_can_be_started(t):
    "while no process can be made the old one stays at work; when one can, it is replaced"
    drover = t.drover(t.pool(t.server()), workers=1, shell="ulimit -n 48", listen="defer-accept = false")
    control = t.keep(drover.open_control())
    row, others = drover.workers()[0], []
    while process_descriptors(drover.pid) < 47:
        others.append(t.keep(drover.open_control()))
        others[-1].call("version")
    control.call("restart-worker", worker=0)
    drover.wait_log("worker 1 cannot be started")
    states = {worker["worker"]: worker["state"] for worker in control.call("workers")["workers"]}
    assert states == {0: "ready", 1: "backoff"}, states
    others.pop().close()
    assert drover.get().status == 200
    while others:
        others.pop().close()
    t.wait(lambda: drover.lets_in() and process_descriptors(drover.pid) < 40, "there is room again")
    reply = control.call("restart-worker", worker=1, wait=True)  # it need not wait for its pause to end
    assert reply["state"] == "ready" and reply["workers"]["ready"] == 1, reply
    assert not process_exists(row["pid"])


@case
def who_is_not_there(t):
    "a worker on its way out is not restarted; one that is being replaced is not replaced twice"
    hello = t.hello()
    drover = t.drover(t.pool(hello), workers=1, listen="defer-accept = false")
    control = t.keep(drover.open_control())
    peer = t.connect(drover)
    peer.send(request(target="/slow/60000"))
    t.wait(lambda: drover.servers()[0]["load"] == 1, "the request is in flight")
    control.call("restart-worker", worker=0)
    t.wait(lambda: [row["state"] for row in drover.workers()] == ["draining", "ready"], "the other one is ready")
    try:
        control.call("restart-worker", worker=0)
        raise AssertionError("it was restarted")
    except ControlError as error:
        assert error.code == IMPOSSIBLE and "on its way out" in error.message, error


main()
