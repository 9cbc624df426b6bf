#!/usr/bin/env python3
"""
Everything that can be done to apps and can happen to them, in an order that nobody has thought of, under load. Bigger by
hand: APP_FIRE_STEPS=1000, and APP_FIRE_SEED for an order that was seen.
"""

import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import ControlError, process_descriptors, process_exists  # pylint: disable=wrong-import-position
from scene import case, diagnose, main  # pylint: disable=wrong-import-position
from traffic import GETS, Traffic  # pylint: disable=wrong-import-position

STEPS = int(os.environ.get("APP_FIRE_STEPS", "40"))
LONG = '"20s"'  # nothing that can start is late then
SEED = int(os.environ.get("APP_FIRE_SEED", random.randrange(1 << 30)))
HEALTH = '    health { path = "/health"  interval = 100ms }'


class Hand:
    """Does one thing after another to an app; all of them may be done at any time."""

    def __init__(self, t, drover, more=""):
        self.t, self.drover, self.more, self.dice = t, drover, more, random.Random(SEED)
        self.never = t.path("never")

    def scale(self):
        self.drover.call("scale", app="web", instances=self.dice.randint(1, 6))

    def restart(self):
        self.drover.call("restart", app="web")

    def restart_one(self):
        try:
            self.drover.call("restart", app="web", instance=self.dice.randrange(6))
        except ControlError as error:
            assert "has no instance" in error.message, error

    def kill(self, number=signal.SIGKILL):
        """
        One of them dies, but not the last that is ready, even if another one is just replaced; the next one does
        not die before that is known.
        """
        pids = apps.pids(self.drover)
        if len(pids) > 2:
            pid = self.dice.choice(pids)
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
            self.t.wait(lambda: pid not in apps.pids(self.drover), f"the death of {pid} is known")

    def terminate(self):
        self.kill(signal.SIGTERM)

    def reload(self):
        self.drover.kill(signal.SIGHUP)

    def reload_changed(self):
        self.drover.body = body(self.t, self.dice.randint(1, 9), start_timeout=self.dice.choice(['"500ms"', LONG]),
                                more=self.more)
        self.drover.configure()
        self.drover.kill(signal.SIGHUP)

    def forbid(self):
        """From now on new instances do not get ready."""
        with open(self.never, "w", encoding="ascii"):
            pass

    def allow(self):
        if os.path.exists(self.never):
            os.unlink(self.never)

    def step(self):
        self.dice.choice([self.scale, self.scale, self.restart, self.restart_one, self.kill, self.kill, self.terminate,
                          self.reload, self.reload_changed, self.forbid, self.allow, self.allow])()


def body(t, greeting, start_timeout=LONG, max_age='"3s"', more=""):
    return apps.section("web", apps.python("slow.py"), [f"GREETING={greeting}", f"NEVER={t.path('never')}"], more, instances=3,
                        retries=10, queue_timeout='"30s"', start_timeout=start_timeout, max_age=max_age) + 'route { pool = "web" }'


@case
def all_of_it(t):
    "scaled, rolled, reloaded, killed and not able to start, at random: no GET fails, and in the end all is as it should be"
    diagnose(f"APP_FIRE_SEED={SEED}")
    drover = t.drover(body(t, 0), workers=2)
    t.wait(lambda: len(apps.pids(drover)) == 3, lambda: f"three are ready: {apps.rows(drover)}")
    hand = Hand(t, drover)
    traffic = t.keep(Traffic(drover, GETS))
    for _ in range(STEPS):
        hand.step()
        traffic.wait(5)
    hand.allow()
    drover.body = body(t, 10, max_age=0)
    drover.configure()
    drover.call("reload")
    for count in 2, 4:
        drover.call("scale", app="web", instances=count)
        drover.call("restart", app="web", wait=True)
    t.wait(lambda: len(apps.pids(drover)) == 4, lambda: f"four are ready: {apps.rows(drover)}")
    traffic.wait(50)
    traffic.finish()
    nothing_is_left(t, drover)


class KillingHand(Hand):
    """
    The same, but for starts in vain, and kills drover's own processes as well, and the last instance, a moment after
    something was begun.
    """

    def forbid(self):
        """Nobody would be left to answer."""

    def kill_worker(self):
        pids = self.drover.pids()
        if len(pids) > 1:
            self.end(self.dice.choice(pids))

    def kill_prober(self):
        pid = self.drover.call("status")["prober"]["pid"]
        if pid:
            self.end(pid)

    def kill_any(self):
        """An instance in any state, the last one too."""
        pids = [row["pid"] for row in apps.rows(self.drover) if row["pid"]]
        if pids:
            self.end(self.dice.choice(pids))

    def end(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def step(self):
        if self.dice.randrange(2) == 0:
            super().step()
        self.dice.choice([self.kill_worker, self.kill_prober, self.kill_any, self.kill_any])()


def served_by_all(t, drover, traffic, count):
    """Scales and rolls once more: that many are ready, and requests get answers."""
    drover.call("scale", app="web", instances=count)
    drover.call("restart", app="web", wait=True)
    t.wait(lambda: len(apps.pids(drover)) == count, lambda: f"{count} are ready: {apps.rows(drover)}")
    drover.wait_ready()
    traffic.wait(50)


@case
def and_all_processes(t):
    "the same while workers, the prober and instances are killed: clients see ends of connections alone, and all is well in the end"
    diagnose(f"APP_FIRE_SEED={SEED}")
    drover = t.drover(body(t, 0, more=HEALTH), workers=3)
    t.wait(lambda: len(apps.pids(drover)) == 3, lambda: f"three are ready: {apps.rows(drover)}")
    hand = KillingHand(t, drover, HEALTH)
    traffic = t.keep(Traffic(drover, GETS))
    for _ in range(STEPS):
        hand.step()
        traffic.wait(5)
    drover.body = body(t, 10, max_age=0, more=HEALTH)
    drover.configure()
    drover.call("reload")
    for count in 2, 4:
        served_by_all(t, drover, traffic, count)
    traffic.stop()
    assert set(traffic.kinds()) <= {"cut", "reset"}, traffic.failures
    nothing_is_left(t, drover)
    known = children(drover)
    drover.kill(signal.SIGKILL)
    drover.stopped = True
    t.wait(lambda: not any(map(process_exists, known)), "nobody outlives the master")


def nothing_is_left(t, drover):
    """No process, no server and no request that is nobody's."""
    def clean():
        found = {row["pid"] for row in apps.rows(drover)}
        prober = drover.call("status")["prober"] or {"pid": None}  # there is none without health checks
        known = (found | {row["pid"] for row in drover.workers()} | {prober["pid"]}) - {None}
        return (apps.app_of(drover)["instances"]["draining"] == 0 and len(drover.servers()) == len(found)
                and set(children(drover)) == known and sum(row["in-flight"] for row in apps.rows(drover)) == 0)

    t.wait(clean, lambda: f"nothing is left: {apps.rows(drover)}, {drover.servers()}, {children(drover)}")
    assert process_descriptors(drover.pid) < 60, os.listdir(f"/proc/{drover.pid}/fd")


def children(drover):
    return [pid for pid in apps.children_of(drover.pid) if os.path.exists(f"/proc/{pid}/exe")]


main()
