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
from drover import ControlError, process_descriptors  # pylint: disable=wrong-import-position
from scene import case, diagnose, main  # pylint: disable=wrong-import-position
from traffic import GETS, Traffic  # pylint: disable=wrong-import-position

STEPS = int(os.environ.get("APP_FIRE_STEPS", "40"))
LONG = '"20s"'  # nothing that can start is late then
SEED = int(os.environ.get("APP_FIRE_SEED", random.randrange(1 << 30)))


class Hand:
    """Does one thing after another to an app; all of them may be done at any time."""

    def __init__(self, t, drover):
        self.t, self.drover, self.dice = t, drover, random.Random(SEED)
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
        self.drover.body = body(self.t, self.dice.randint(1, 9), start_timeout=self.dice.choice(['"500ms"', LONG]))
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


def body(t, greeting, start_timeout=LONG, max_age='"3s"'):
    return apps.section("web", apps.python("slow.py"), [f"GREETING={greeting}", f"NEVER={t.path('never')}"], instances=3,
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


def nothing_is_left(t, drover):
    """No process, no server and no request that is nobody's."""
    def clean():
        found = {row["pid"] for row in apps.rows(drover)}
        known = found | {row["pid"] for row in drover.workers()}
        return (apps.app_of(drover)["instances"]["draining"] == 0 and len(drover.servers()) == len(found)
                and set(children(drover)) == known and sum(row["in-flight"] for row in apps.rows(drover)) == 0)

    t.wait(clean, lambda: f"nothing is left: {apps.rows(drover)}, {drover.servers()}, {children(drover)}")
    assert process_descriptors(drover.pid) < 60, os.listdir(f"/proc/{drover.pid}/fd")


def children(drover):
    return [pid for pid in apps.children_of(drover.pid) if os.path.exists(f"/proc/{pid}/exe")]


main()
