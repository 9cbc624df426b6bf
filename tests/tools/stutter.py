"""
A machine that stutters, for scenes: a process of its own stops the programs
of a scene, or all of it, for moments at random, as a busy host does. What a
test takes for granted about the order of things, or about time, then fails
often and not once in a thousand runs.

    SCENE_STUTTER=0.03 scenes/queue.py

SCENE_STUTTER is the mean length of a stop in seconds; 1 in 40 lasts ten times
as long. SCENE_STUTTER_SEED repeats a sequence (not what the processes do).

A scene that stops a process itself does it by freeze(): a process that was just
stopped here as well would go on too early.
"""

import contextlib
import fcntl
import os
import random
import signal
import tempfile
import time

LONG = 40  # one stop of so many is ten times as long
ALL = 6  # one of so many stops everything, the scene's own process included

shared = None  # the file of the process ids that are frozen, while this goes on


def parents():
    """Parent and state of each process that there is."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    state, parent = file.read().rsplit(")", 1)[1].split()[:2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(name)] = (int(parent), state)
    return found


def descendants(top):
    """Those that stem from `top`, except this process, and that nobody else has stopped."""
    found = parents()
    wanted, grown = {top}, True
    while grown:
        more = {pid for pid, (parent, _) in found.items() if parent in wanted} - wanted - {os.getpid()}
        wanted |= more
        grown = bool(more)
    return [pid for pid in sorted(wanted - {top}) if found[pid][1] not in "TtZX"]


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


@contextlib.contextmanager
def frozen():
    """The process ids that are frozen, as a set to be changed; the other process waits meanwhile."""
    fcntl.lockf(shared, fcntl.LOCK_EX)
    try:
        shared.seek(0)
        pids = set(map(int, shared.read().split()))
        yield pids
        shared.seek(0)
        shared.truncate()
        shared.write(" ".join(map(str, pids)).encode())
    finally:
        fcntl.lockf(shared, fcntl.LOCK_UN)


def freeze(pid):
    """Stops a process, until thaw(): it does nothing more when this returns. For one thread of the scene."""
    if shared is not None:
        with frozen() as pids:
            pids.add(pid)
    os.kill(pid, signal.SIGSTOP)
    while parents().get(pid, (0, "X"))[1] not in "TtZX":
        time.sleep(0.001)


def thaw(pid):
    if shared is not None:
        with frozen() as pids:
            pids.discard(pid)
    os.kill(pid, signal.SIGCONT)


def go_on(top, pids):
    """The scene first, which may have been stopped while it had the file for itself."""
    send({top}.intersection(pids), signal.SIGCONT)
    with frozen() as others:
        send(set(pids) - others, signal.SIGCONT)


def stutter(top, mean, dice):
    """Stops and continues until `top` is gone."""
    while os.getppid() == top:
        time.sleep(dice.expovariate(1 / mean) / 2)
        pids = descendants(top)
        if not pids:
            continue
        chosen = pids + [top] if dice.randrange(ALL) == 0 else [dice.choice(pids)]
        length = dice.expovariate(1 / mean) * (10 if dice.randrange(LONG) == 0 else 1)
        send(chosen, signal.SIGSTOP)
        try:
            time.sleep(min(length, 1.0))
        finally:
            go_on(top, chosen)


def start():
    """Begins when the environment asks for it. To be called before there are threads."""
    global shared  # pylint: disable=global-statement
    mean = float(os.environ.get("SCENE_STUTTER") or 0)
    if mean <= 0:
        return
    seed = os.environ.get("SCENE_STUTTER_SEED")
    shared = tempfile.TemporaryFile(buffering=0)  # pylint: disable=consider-using-with
    top = os.getpid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 3)
        try:
            stutter(top, mean, random.Random(seed))
        finally:
            os._exit(0)
