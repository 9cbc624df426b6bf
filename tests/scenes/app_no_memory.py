#!/usr/bin/env python3
"""
Out of memory in the master while apps are started, replaced, ended and reloaded: each allocation
fails once, and then all do for a while. The master goes on, loses no process and no descriptor,
tells what happened, and in the end runs what is wanted.
"""

import os
import re
import resource
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import ControlError, HELLO, is_sanitized, process_descriptors, process_exists, read_file  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from starve import EVER, Starve  # pylint: disable=wrong-import-position

SOME = 13  # one of so many


def body(greeting=0, **options):
    return apps.section("web", [os.path.abspath(HELLO), "-p", "{port}"], [f"GREETING={greeting}"], **options) \
        + 'route { pool = "web" }'


def start(t, instances=1, **options):
    starve = t.keep(Starve(t))
    drover = t.drover(body(instances=instances, **options), env=starve.env, workers=1)
    apps.wait_settled(drover, instances)
    return starve, drover


def again(drover, instances=1):
    """All anew, so that no seat remembers a death; once it is said that they are ready they take requests."""
    drover.call("scale", app="web", instances=0, wait=True)
    drover.call("scale", app="web", instances=instances, wait=True)
    assert drover.get().status == 200, (drover.servers(), apps.rows(drover))


def nothing_is_left(t, drover, instances):
    def clean():
        found = {row["pid"] for row in apps.rows(drover)}
        known = found | {row["pid"] for row in drover.workers()}
        return len(drover.servers(pool="web")) == len(found) == instances and set(apps.children_of(drover.pid)) == known

    t.wait(clean, f"nothing is left: {apps.rows(drover)}, {drover.servers()}, {apps.children_of(drover.pid)}")


def some_of(total):
    """Numbers of allocations: all, or of many the last ones and some of the others."""
    last = range(max(1, total - 40), total + 1)
    return [*range(1, last[0], max(1, total // 20)), *last]


def each(t, prepare, act, outcome, fewest):
    """
    The allocations of the master from act(drover, what prepare(drover) gave) until a line like `outcome` is in the
    log fail, one by one. For some of those by which it could not be started it is waited until it was tried again.
    """
    starve, drover = start(t, start_retries=0)
    again(drover)
    failed, before = [], drover.descriptors()

    def attempt(number):
        prepared, mark = prepare(drover), len(drover.log())
        starve.begin(drover.pid, number)
        act(drover, prepared)
        found = t.wait(lambda: re.search(outcome, drover.log()[mark:]), "what came of it")[0]
        seen = starve.end()
        if "cannot be started" in found:
            failed.append(number)
            if len(failed) % SOME == 1:
                apps.wait_settled(drover, 1)
        again(drover)
        return seen, re.sub(r"[\d.]+", "N", found)

    total = attempt(EVER)[0]
    assert total >= fewest, f"only {total} allocations were seen"
    outcomes = {attempt(number)[1] for number in some_of(total)}
    assert len(outcomes) > 1, outcomes
    nothing_is_left(t, drover, 1)
    t.wait(lambda: process_descriptors(drover.pid) <= before, f"{before} descriptors are open: "
           f"{os.listdir(f'/proc/{drover.pid}/fd')}")


@case
def killed(t):
    "each allocation of the way from a death to the next process that is ready"
    each(t, lambda drover: apps.pids(drover)[0], lambda drover, pid: os.kill(pid, signal.SIGKILL),
         r"web/0 \(pid \d+\) is ready at|cannot be started: .*", 20)


def reload_with(t, name, more):
    """The first HUP, with a large file, of a drover that may have so many more bytes. Whether it was followed."""
    drover = t.drover(body(), name=name, workers=1)
    apps.wait_settled(drover, 1)
    drover.body = body(1) + "".join(f'pool "p{i}" {{ server "127.0.0.1:{i + 1}" {{ }} }}\n' for i in range(200))
    drover.configure()
    before = drover.descriptors()
    size = int(read_file(f"/proc/{drover.pid}/statm").split()[0]) * resource.getpagesize()
    resource.prlimit(drover.pid, resource.RLIMIT_AS, (size + more, resource.RLIM_INFINITY))
    drover.kill(signal.SIGHUP)
    t.wait(lambda: drover.exited() or re.search(r"instances were replaced|rolled back|not reloaded", drover.log()),
           "what came of it")
    assert not drover.exited(), f"with {more} bytes it ends: {drover.popen.returncode} {drover.stderr()}"
    resource.prlimit(drover.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    apps.wait_settled(drover, 1)
    assert drover.get().status == 200
    nothing_is_left(t, drover, 1)
    assert process_descriptors(drover.pid) <= before, os.listdir(f"/proc/{drover.pid}/fd")
    return "not reloaded" not in drover.log()


@case
def reloaded(t):
    "HUP while drover may have so and so much more memory: the file is followed or refused"
    if is_sanitized():
        t.skip("the sanitizer has memory of its own")
    outcomes = [reload_with(t, f"drover{step}", (8 << 20) + step * (1400 << 10)) for step in range(10)]
    assert not outcomes[0] and outcomes[-1], outcomes


@case
def killed_without(t):
    "instances die while nothing can be allocated: they come back behind it, and the master does not run in circles meanwhile"
    starve, drover = start(t, 3)
    old = apps.pids(drover)
    starve.begin(drover.pid, 1, EVER)
    began, busy = time.monotonic(), run_time(drover.pid)
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    t.wait(lambda: not any(map(process_exists, old)) and time.monotonic() > began + 0.5, "they are dead, for a while")
    busy = run_time(drover.pid) - busy
    starve.end()
    assert busy < 0.25, f"it ran {busy} s of the {time.monotonic() - began} s"
    apps.wait_settled(drover, 3)
    again(drover, 3)
    nothing_is_left(t, drover, 3)


@case
def scaled_without(t):
    "more are asked for than there is memory to keep: the rest comes when there is, and no request fails"
    starve, drover = start(t)
    many = 12

    def scale(number):
        """Whether the call itself had what it needed; if not, there is memory again, and one instance."""
        starve.begin(drover.pid, number, EVER)
        try:
            return drover.call("scale", app="web", instances=many)
        except (ControlError, EOFError, OSError):
            starve.end()
            drover.call("scale", app="web", instances=1, wait=True)
            return None

    number = next(number for number in range(60, 200) if scale(number))
    began, busy = time.monotonic(), run_time(drover.pid)
    assert drover.get().status == 200
    drover.wait_log(r"no memory for another instance|cannot be started: out of memory")
    t.wait(lambda: time.monotonic() > began + 0.5, "a while")
    busy = run_time(drover.pid) - busy
    assert starve.end() > number, "something was asked for in vain"
    assert busy < 0.25, f"it ran {busy} s of the {time.monotonic() - began} s"
    assert drover.get().status == 200
    apps.wait_settled(drover, many)
    nothing_is_left(t, drover, many)


def run_time(pid):
    """Seconds that a process has run."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


main()
