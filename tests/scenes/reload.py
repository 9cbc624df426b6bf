#!/usr/bin/env python3
"""HUP: the file is read again, and apps follow it."""

import json
import os
import re
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import DROVER  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import GETS, Traffic  # pylint: disable=wrong-import-position


def app(name="web", word="one", script="plain.py", **options):
    """A section whose instances know the word."""
    options.setdefault("instances", 2)
    return apps.section(name, apps.python(script), [f"WORD={word}"], **options)


def start(t, body, **options):
    drover = t.drover(body, listen="pool = web", workers=1, **options)
    apps.wait_settled(drover, 2)
    watcher = t.keep(drover.open_control())
    watcher.watch()
    return drover, watcher


def reload(drover, body=None):
    """Has the file read again, with another body."""
    if body is not None:
        drover.body = body
        drover.configure()
    drover.kill(signal.SIGHUP)


def word(drover):
    return json.loads(drover.get("/env").body)["WORD"]


def pids(drover, name="web"):
    return sorted(apps.pids(drover, name))


@case
def changed_apps_are_rolled(t):
    "an app that is run in another way is replaced, without a failed request; others are not touched"
    drover, watcher = start(t, app() + app("other", instances=1))
    apps.wait_settled(drover, 1, "other")
    before, others = pids(drover), pids(drover, "other")
    assert drover.call("config")["changes"] == []
    traffic = Traffic(drover, GETS)
    traffic.wait(20)
    reload(drover, app(word="two") + app("other", instances=1))
    assert watcher.event_of("reloaded")["text"] == "app web: environment"
    assert watcher.event_of("roll-done", app="web")
    traffic.wait(20)
    apps.wait_settled(drover, 2)
    traffic.finish()
    assert word(drover) == "two" and not set(before) & set(pids(drover))
    assert pids(drover, "other") == others
    drover.wait_log(r"drover\.conf was read again: app web: environment\n")
    shown = drover.call("config")
    words = [[value for value in row["environment"] if value.startswith("WORD")] for row in shown["config"]["app"]]
    assert words == [["WORD=two"], ["WORD=one"]] and shown["changes"] == [], shown
    after = pids(drover)
    reload(drover)
    assert watcher.event_of("reloaded")["text"] == "no app changes"
    assert pids(drover) == after


@case
def instances_are_scaled(t):
    "another number of instances is a matter of scaling; what was scaled by hand stays while the file says nothing new"
    drover, watcher = start(t, app())
    before = pids(drover)
    reload(drover, app(instances=3))
    event = watcher.event_of("app-scaled", app="web")
    assert (event["from"], event["to"]) == (2, 3), event
    assert watcher.event_of("reloaded")["text"] == "app web: instances from 2 to 3"
    apps.wait_settled(drover, 3)
    assert set(before) <= set(pids(drover))
    drover.call("scale", app="web", instances=1)
    apps.wait_settled(drover, 1)
    reload(drover)
    assert watcher.event_of("reloaded")["text"] == "no app changes"
    assert apps.desired(drover) == 1
    reload(drover, app(instances=3, word="two"))
    assert watcher.event_of("reloaded")["text"] == "app web: environment"
    assert watcher.event_of("roll-done", app="web")
    apps.wait_settled(drover, 1)
    assert word(drover) == "two"
    reload(drover, app(instances=2, word="two"))
    assert watcher.event_of("reloaded")["text"] == "app web: instances from 1 to 2"
    apps.wait_settled(drover, 2)


@case
def both_at_once(t):
    "a number and a way to run at once"
    drover, watcher = start(t, app())
    reload(drover, app(instances=1, word="two"))
    assert watcher.event_of("reloaded")["text"] == "app web: environment, instances from 2 to 1"
    assert watcher.event_of("roll-done", app="web")
    apps.wait_settled(drover, 1)
    assert word(drover) == "two"


@case
def bad_files_change_nothing(t):
    "a file with mistakes: all of them are logged, and nothing changes"
    drover, watcher = start(t, app())
    before = pids(drover)
    reload(drover, app(word="two", surge="some") + "\n" + app("other", directory='"/nowhere"'))
    event = watcher.event_of("reload-failed")
    assert "surge is a number" in event["text"] and event["by"] is None, event
    log = drover.wait_log(r"was not reloaded: all stays as it is\n").string
    assert re.search(r"conf:\d+: surge is a number from 0 to 1000, not \"some\"", log), log
    assert re.search(r"conf:\d+: directory: /nowhere: No such file", log), log
    assert pids(drover) == before and word(drover) == "one"
    os.unlink(drover.conf_path)
    reload(drover)
    assert "cannot open the file" in watcher.event_of("reload-failed")["text"]
    reload(drover, app())
    assert watcher.event_of("reloaded")["text"] == "no app changes"
    assert pids(drover) == before


@case
def what_fails_is_taken_back(t):
    "an app that does not get ready in its new way goes on in its old one, and the same file tries again"
    drover, watcher = start(t, app())
    before = pids(drover)
    bad = apps.section("web", ["/bin/sh", "-c", "exit 3"], ["WORD=bad"], instances=2)
    for _ in range(2):
        reload(drover, bad)
        assert "command" in watcher.event_of("reloaded")["text"]
        assert watcher.event_of("rolled-back", app="web")
    apps.wait_settled(drover, 2)
    assert pids(drover) == before and word(drover) == "one"
    reload(drover, app())
    assert watcher.event_of("reloaded")["text"] == "no app changes"
    os.kill(before[0], signal.SIGKILL)  # the next one is started in the old way, too
    watcher.event_of("instance-ready", app="web")
    apps.wait_settled(drover, 2)
    assert {word(drover) for _ in range(4)} == {"one"}


@case
def rolled_back_from_the_third(t):
    "a change in the middle of another one, rolled back: none is left of either, it is all as it was at first"
    for never in "two-1", "three-0", "three-1":
        with open(t.path(never), "w", encoding="ascii"):
            pass

    def variant(word, timeout):
        return apps.section("web", apps.python("slow.py"), [f"WORD={word}", f"NEVER={t.path(word)}-{{instance}}"],
                            instances=2, start_timeout=f'"{timeout}"')

    drover, watcher = start(t, variant("one", "30s"))
    before = pids(drover)
    reload(drover, variant("two", "30s"))
    watcher.event_of("instance-ready", app="web")  # number 0, the second way
    t.wait(lambda: any(row["instance"] == 1 and row["state"] == "starting" for row in apps.rows(drover)), "1 starts")
    reload(drover, variant("three", "1s"))
    watcher.event_of("rolled-back", app="web")
    t.wait(lambda: before[1] in apps.pids(drover) and len(apps.pids(drover)) == 2, "two are there")
    t.wait(lambda: apps.is_settled(drover, "web", 2) and {word(drover) for _ in range(8)} == {"one"},
           "all are run in the first way")
    assert "WORD=one" in drover.call("config")["config"]["app"][0]["environment"]


@case
def the_rest_is_for_later(t):
    "what else has changed is named, and left as it is"
    server = t.server()
    drover, watcher = start(t, app())
    before = pids(drover)
    assert drover.call("config")["changes"] == []
    reload(drover, app(queue_size=7, sticky="cookie") + app("fresh") + t.pool(server, name="extra") + "retries = 1\n")
    text = watcher.event_of("reloaded")["text"]
    assert text.startswith("no app changes; "), text
    log = drover.wait_log(r"these take effect when drover is started again: (.*)\n")
    assert log[1] == ("retries, pool extra, app web sticky, app web sticky-cookie, app web queue-size, "
                      "app web retries, app fresh"), log[1]
    assert [row["what"] for row in drover.call("config")["changes"]] == log[1].split(", ")  # against the file
    assert pids(drover) == before and [row["app"] for row in drover.call("apps")["apps"]] == ["web"]
    long = t.pool("unix:/" + "x" * 90, name="long" * 15)
    reload(drover, app() + long)
    assert watcher.event_of("reloaded")
    drover.wait_log("started again: pool " + "long" * 15 + "\n")
    reload(drover, app("other"))
    watcher.event_of("reload-failed")  # the listener names an app that is gone
    assert pids(drover) == before


@case
def arguments_cannot_be_read_again(t):
    "a drover that has its configuration from arguments says so"
    process = t.process("plain", [DROVER, "-l", f"unix:{t.path('web.sock')}", "--", *apps.python("plain.py")])
    t.wait(lambda: ": ready" in process.stderr() or process.exited(), "it is ready")
    process.kill(signal.SIGHUP)
    t.wait(lambda: "there is no file to be read again" in process.stderr(), "it says so")
    process.kill(signal.SIGTERM)
    assert process.wait() == 0, process.stderr()


@case
def systemd_is_told(t):
    "RELOADING and READY, whether it was good or not"
    told = t.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    told.settimeout(20)
    told.bind(t.path("notify.sock"))
    drover, _ = start(t, app(), env={"NOTIFY_SOCKET": t.path("notify.sock")})
    for body in (app(word="two"), "nonsense"):
        reload(drover, body)
        lines = []
        while "RELOADING=1" not in lines:
            lines = told.recv(4096).decode().splitlines()
        assert re.fullmatch(r"MONOTONIC_USEC=\d+", lines[1]), lines
        while "READY=1" not in lines:
            lines = told.recv(4096).decode().splitlines()


main()
