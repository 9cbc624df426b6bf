#!/usr/bin/env python3
"""Rolling restarts: new instances get ready first, old ones drain; what does not get ready is rolled back."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import ControlError, process_exists, read_file  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import MIX, SLOW, Traffic  # pylint: disable=wrong-import-position


def in_front(t, body, *names, **options):
    drover = t.drover(body + f'route {{ pool = "{names[0] if names else "web"}" }}', workers=4, **options)
    for name in names or ["web"]:
        apps.wait_settled(drover, apps.desired(drover, name), name)
    return drover


def watching(t, drover):
    control = t.keep(drover.open_control())
    control.watch()
    return control


def roll_state(drover, name="web"):
    return apps.app_of(drover, name)["roll"]


def wait_roll(t, drover, state, name="web"):
    t.wait(lambda: roll_state(drover, name)["state"] == state, lambda: f"the roll-out is {state}: {roll_state(drover, name)}")
    return roll_state(drover, name)


def under_load(t, command, **options):
    drover = in_front(t, apps.section("web", command, instances=4, **options))
    traffic = t.keep(Traffic(drover, MIX + [SLOW]))
    traffic.wait(100)
    for _ in range(2):
        before = apps.pids(drover)
        reply = drover.call("restart", app="web", wait=True)
        assert reply["state"] == "done", reply
        assert not set(before) & set(apps.pids(drover)) and apps.is_settled(drover, "web", 4), apps.rows(drover)
        assert [row["instance"] for row in apps.rows(drover)] == [0, 1, 2, 3]
        t.wait(lambda old=before: not any(map(process_exists, old)), "the old ones are gone")
        traffic.wait(50)
    traffic.finish()
    return drover


@case
def by_port(t):
    "twice under load by PORT: all are new, and no request fails"
    drover = under_load(t, apps.python("plain.py"))
    assert roll_state(drover)["number"] == 2 and roll_state(drover)["replaced"] == 4, roll_state(drover)


@case
def by_activation(t):
    "the same on passed sockets"
    under_load(t, apps.python("plain.py"), listen="activation")


@case
def by_unix_socket(t):
    "the same on unix sockets, two at a time"
    under_load(t, apps.python("plain.py", "{socket}"), surge=2)


def heights(control):
    """
    From the events of a roll-out: the most and the least instances that were there (started and not
    yet told to end), and the least that were ready, as changes to the number at its begin.
    """
    there = ready = 0
    most = least_ready = 0
    while True:
        event = control.note()["params"]["event"]
        there += {"instance-started": 1, "instance-draining": -1}.get(event, 0)
        ready += {"instance-ready": 1, "instance-draining": -1}.get(event, 0)
        most, least_ready = max(most, there), min(least_ready, ready)
        if event in ("roll-done", "rolled-back"):
            return most, least_ready


@case
def surge_and_unavailable(t):
    "never more than surge above, and max-unavailable below what is wanted"
    for surge, missing in (1, 0), (2, 0), (0, 1), (0, 2):
        body = apps.section("web", apps.python("plain.py"), instances=3, surge=surge, max_unavailable=missing)
        drover = in_front(t, body, name=f"drover-{surge}-{missing}")
        control = watching(t, drover)
        drover.call("restart", app="web", wait=True)
        assert heights(control) == (surge, -missing), (surge, missing)


@case
def rolled_back(t):
    "a new one that does not get ready: the old ones stay, no request fails, the reply and an event tell why"
    body = apps.section("web", apps.python("slow.py"), [f"NEVER={t.path('never')}"], instances=3, start_timeout='"5s"')
    drover = in_front(t, body)
    control = watching(t, drover)
    before = apps.pids(drover)
    traffic = t.keep(Traffic(drover))
    with open(t.path("never"), "w", encoding="ascii"):
        pass
    reply = drover.call("restart", app="web", wait=True)
    assert reply["state"] == "rolled-back" and "start-timeout" in reply["reason"], reply
    assert "start-timeout" in control.event_of("rolled-back", app="web")["text"]
    apps.wait_settled(drover, 3)
    assert apps.pids(drover) == before and roll_state(drover)["state"] == "rolled-back"
    os.unlink(t.path("never"))
    assert drover.call("restart", app="web", wait=True)["state"] == "done"
    assert not set(before) & set(apps.pids(drover))
    traffic.wait(50)
    traffic.finish()


@case
def ends_as_soon_as_it_is_ready(t):
    "a new one that is ready and ends with its first request: those that are not replaced yet stay"
    flaw = t.path("flaw")
    script = 'while test -e "$FLAW" && test "$DROVER_INSTANCE" != 0; do sleep 0.05; done; exec "$@"'
    command = ["/bin/sh", "-c", script, "sh", *apps.python("crash.py")]
    drover = in_front(t, apps.section("web", command, [f"FLAW={flaw}"], instances=4))
    before, control = apps.pids(drover), watching(t, drover)
    with open(flaw, "w", encoding="ascii"):
        pass
    drover.call("restart", app="web")
    t.wait(lambda: drover.get() and roll_state(drover)["state"] == "rolled-back", "it is rolled back")
    text = control.event_of("rolled-back", app="web")["text"]
    assert text.startswith("instance 0 ended as soon as it was ready: exited with status 3"), text
    os.unlink(flaw)
    apps.wait_settled(drover, 4)
    assert apps.pids(drover)[1:] == before[1:]


@case
def one_instance(t):
    "one instance alone is replaced"
    drover = in_front(t, apps.section("web", apps.python("plain.py"), instances=3))
    before = apps.pids(drover)
    assert drover.call("restart", app="web", instance=1, wait=True)["state"] == "done"
    now = apps.pids(drover)
    assert now[0] == before[0] and now[1] != before[1] and now[2] == before[2], (before, now)


@case
def scaled_meanwhile(t):
    "scaled and restarted while it is rolled: it ends as was asked for last, and no request fails"
    drover = in_front(t, apps.section("web", apps.python("slow.py"), ["START_MS=100"], instances=4))
    before = apps.pids(drover)
    traffic = t.keep(Traffic(drover))
    drover.call("restart", app="web")
    traffic.wait(20)
    drover.call("scale", app="web", instances=2)
    traffic.wait(20)
    drover.call("restart", app="web")
    drover.call("scale", app="web", instances=3)
    wait_roll(t, drover, "done")
    apps.wait_settled(drover, 3)
    assert not set(before) & set(apps.pids(drover))
    traffic.wait(50)
    traffic.finish()


@case
def changed_in_the_file(t):
    "HUP replaces the instances of the app whose command has changed, and of no other"
    def body(greeting):
        return (apps.section("web", apps.python("plain.py"), [f"GREETING={greeting}"], instances=2)
                + apps.section("other", apps.python("plain.py")))

    drover = in_front(t, body("good day"), "web", "other")
    before, other = apps.pids(drover), apps.pids(drover, "other")
    traffic = t.keep(Traffic(drover))
    drover.body = body("good night") + 'route { pool = "web" }'
    drover.configure()
    drover.kill(signal.SIGHUP)
    wait_roll(t, drover, "done")
    assert not set(before) & set(apps.pids(drover)) and apps.pids(drover, "other") == other
    assert b"good night" in drover.get("/env").body
    traffic.wait(50)
    traffic.finish()


@case
def wrong_in_the_file(t):
    "a new command that does not get ready: the instances go on as before, and are started so again"
    def body(script, *more):
        return apps.section("web", apps.python(script), more, instances=2, start_timeout='"10s"')

    drover = in_front(t, body("plain.py"))
    before = apps.pids(drover)
    traffic = t.keep(Traffic(drover))
    drover.body = body("crash.py", "CRASH=1") + 'route { pool = "web" }'
    drover.configure()
    drover.kill(signal.SIGHUP)
    roll = wait_roll(t, drover, "rolled-back")
    assert "exited with status 1" in roll["reason"], roll
    apps.wait_settled(drover, 2)
    assert apps.pids(drover) == before
    assert drover.call("scale", app="web", instances=3, wait=True)
    assert len(apps.wait_settled(drover, 3)) == 3
    traffic.wait(50)
    traffic.finish()


@case
def wrong_in_the_middle(t):
    "the first new one is ready and the second is not: both are as before in the end"
    def body(more):
        script = 'if test "$BAD$DROVER_INSTANCE" = yes1; then exit 7; fi; exec "$@"'
        return apps.section("web", ["/bin/sh", "-c", script, "sh", *apps.python("plain.py")], more, instances=2)

    drover = in_front(t, body([]))
    before, control = apps.pids(drover), watching(t, drover)
    drover.body = body(["BAD=yes"]) + 'route { pool = "web" }'
    drover.configure()
    drover.kill(signal.SIGHUP)
    assert "status 7" in control.event_of("rolled-back", app="web")["text"]
    t.wait(lambda: apps.is_settled(drover, "web", 2) and not any("BAD=" in read_file(f"/proc/{pid}/environ") for pid in apps.pids(drover)),
           lambda: f"number 0 is put back: {apps.rows(drover)}")
    assert apps.pids(drover)[1] == before[1]


@case
def nothing_changed(t):
    "HUP without a change touches nothing, and a file with a mistake is refused as a whole"
    drover = in_front(t, apps.section("web", apps.python("plain.py"), instances=2))
    before = apps.pids(drover)
    control = watching(t, drover)
    drover.kill(signal.SIGHUP)
    control.event_of("reloaded")
    with open(drover.conf_path, "a", encoding="ascii") as file:
        file.write("wokers = 3\n")
    drover.kill(signal.SIGHUP)
    assert "wokers" in control.event_of("reload-failed")["text"]
    assert apps.pids(drover) == before and apps.is_settled(drover, "web", 2)


@case
def no_such_app(t):
    "an app that is not there is told with the nearest name"
    drover = in_front(t, apps.section("web", apps.python("plain.py")))
    try:
        drover.call("restart", app="wev")
        assert False, "there is no such app"
    except ControlError as error:
        assert "web" in (error.hint or "") + error.message, error


main()
