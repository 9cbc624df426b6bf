#!/usr/bin/env python3
"""Instances with health checks: none takes a request before it answers them, and one that hangs is replaced."""

import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import GET, GET_SHORT, Traffic  # pylint: disable=wrong-import-position


def start(t, options="", health="", timeout="3s", healthy=True, **more):
    """drover with the app "web": it is healthy while there is no file `unhealthy`."""
    if not healthy:
        make_unhealthy(t)
    return t.drover(body(t, options, health, timeout), **more)


def body(t, options, health="", timeout="3s"):
    more = f'{options}\n health {{ path = "/health"  interval = 100ms  timeout = {timeout}  {health} }}'
    return apps.section("web", apps.python("slow.py"), [f"UNHEALTHY={t.path('unhealthy')}", f"SEEN={t.path('seen')}"], more,
                        stop_timeout='"1s"')


def make_unhealthy(t):
    with open(t.path("unhealthy"), "w", encoding="ascii"):
        pass


def make_healthy(t):
    os.unlink(t.path("unhealthy"))


def instances(drover):
    return drover.call("apps")["instances"]


def wait_instances(t, drover, state, count):
    def found():
        rows = [row for row in instances(drover) if row["state"] == state]
        return rows if len(rows) == count else None

    return t.wait(found, lambda: f"{count} instances are {state}: {instances(drover)}")


def wait_checked(t, drover, result, count):
    """Waits until the checks of so many starting instances ended so."""
    def found():
        rows = [row for row in drover.servers() if row["state"] == "starting" and row["check"]["result"] == result]
        return len(rows) == count

    t.wait(found, lambda: f'checks of {count} starting instances end with "{result}": {drover.servers()}')


def event_names(drover, since=0):
    watch = drover.open_control()
    try:
        newest = watch.watch(since=since)["newest"]
        return [watch.note()["params"]["event"] for _ in range(newest - since)]
    finally:
        watch.close()


class Waiting(threading.Thread):
    """A request that may have to wait; its answer is in `response` behind join()."""

    def __init__(self, drover):
        super().__init__(daemon=True)
        self.drover, self.response = drover, None
        self.start()

    def run(self):
        self.response = self.drover.get()


@case
def no_request_before_it_is_healthy(t):
    "an instance whose port accepts takes no request until its health path answers 2xx"
    drover = start(t, "instances = 2", healthy=False)
    wait_checked(t, drover, "status 503", 2)
    waiting = Waiting(drover)
    t.wait(lambda: drover.call("pools")["pools"][0]["queue"]["waiting"] == 1, "the request waits")
    checks = drover.call("status")["prober"]["checks"]
    t.wait(lambda: drover.call("status")["prober"]["checks"] > checks + 4, "there are more checks")
    assert waiting.response is None
    make_healthy(t)
    waiting.join()
    assert waiting.response.status == 200
    wait_instances(t, drover, "ready", 2)
    assert not os.path.exists(t.path("seen"))
    assert "is down" not in drover.log() and "is up again" not in drover.log()
    assert not {"server-down", "server-up"} & set(event_names(drover))
    assert drover.call("status")["prober"]["checks-failed"] == 0
    assert all(row["check"]["state"] == "up" for row in drover.servers())


@case
def never_healthy(t):
    "an instance that does not get healthy within start-timeout is given up, with what the checks found"
    drover = start(t, "instances = 1\n  start-timeout = 5s\n  start-retries = 0", healthy=False)
    wait_instances(t, drover, "failed", 1)
    assert "status 503" in str(drover.call("apps")["failed-instances"])
    assert drover.get().status == 503
    assert not os.path.exists(t.path("seen"))
    make_healthy(t)
    drover.call("restart", app="web")
    wait_instances(t, drover, "ready", 1)
    assert drover.get().status == 200


@case
def one_that_hangs_is_replaced(t):
    "an instance that hangs is found by checks and replaced; others serve meanwhile, and no request fails"
    drover = start(t, "instances = 3", "fall = 2", timeout="1s")
    wait_instances(t, drover, "ready", 3)
    control = t.keep(drover.open_control())
    control.watch()
    traffic = Traffic(drover, [GET, GET, GET_SHORT, GET_SHORT])
    try:
        traffic.wait(100)
        victim = instances(drover)[0]
        t.freeze(victim["pid"])
        control.event_of("server-down", server=victim["address"])
        died = control.event_of("instance-died", pid=victim["pid"])
        assert died["instance"] == victim["instance"]
        traffic.wait(100)
        control.event_of("instance-ready", instance=victim["instance"])
        traffic.wait(100)
    finally:
        traffic.finish()
    rows = wait_instances(t, drover, "ready", 3)
    assert victim["pid"] not in [row["pid"] for row in rows]
    assert "check" in str(next(row for row in rows if row["instance"] == victim["instance"])["last-death"])


@case
def one_that_answers_badly_lives(t):
    "instances that answer badly get no requests until they are good again, and are not killed"
    drover = start(t, "instances = 2", "fall = 2")
    pids = {row["pid"] for row in wait_instances(t, drover, "ready", 2)}
    make_unhealthy(t)
    t.wait(lambda: all(row["check"]["state"] == "down" for row in drover.servers()), "both are down")
    t.wait(lambda: drover.get().status == 503, "workers know it")
    checks = drover.call("status")["prober"]["checks-failed"]
    t.wait(lambda: drover.call("status")["prober"]["checks-failed"] > checks + 6, "they stay so")
    make_healthy(t)
    t.wait(lambda: drover.get().status == 200, "they are up again")
    assert {row["pid"] for row in wait_instances(t, drover, "ready", 2)} == pids


@case
def the_prober_dies_meanwhile(t):
    "instances start when the prober is killed while they do"
    drover = start(t, "instances = 2", healthy=False)
    wait_checked(t, drover, "status 503", 2)
    pid = drover.call("status")["prober"]["pid"]
    os.kill(pid, signal.SIGKILL)
    t.wait(lambda: drover.call("status")["prober"]["pid"] not in (None, pid), "there is another prober")
    make_healthy(t)
    wait_instances(t, drover, "ready", 2)
    assert drover.get().status == 200


@case
def the_prober_hangs_meanwhile(t):
    "instances start when one prober and the next hang for longer than their start-timeout: that is not their fault"
    drover = start(t, "instances = 2\n  start-timeout = 5s", worker_timeout="3s")
    wait_instances(t, drover, "ready", 2)
    first, newest = drover.call("status")["prober"]["pid"], drover.call("status")["newest-event"]
    t.freeze(first)
    make_unhealthy(t)
    drover.call("scale", app="web", instances=4)
    second = int(t.wait(lambda: [pid for pid in re.findall(r"the prober \(pid (\d+)\) is ready", drover.log())
                                 if int(pid) != first], "there is another prober")[0])
    t.freeze(second)
    make_healthy(t)
    wait_instances(t, drover, "ready", 4)
    assert drover.call("status")["prober"]["pid"] not in (first, second)
    assert "instance-died" not in event_names(drover, newest)


@case
def from_none_to_some(t):
    "an app that begins without instances has its checks when they come"
    drover = start(t, "instances = 0")
    assert drover.get().status == 503
    drover.call("scale", app="web", instances=2)
    wait_instances(t, drover, "ready", 2)
    assert drover.get().status == 200
    assert all(row["check"]["state"] == "up" for row in drover.servers())


if __name__ == "__main__":
    main()
