#!/usr/bin/env python3
"""Apps on the control socket and in droverctl: what is shown, what is refused, what waits, what a dry run leaves alone."""

import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, HELLO, Control, ControlError, environment, process_exists  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position

DROVERCTL = os.environ.get("DROVERCTL") or os.path.join(os.path.dirname(DROVER), "droverctl")
ROUTE = 'route { pool = "web" }\n'
PARAMS, PERMISSION, IMPOSSIBLE = -32602, -32001, -32003


def app(name, instances=2, before="", options=""):
    """An app of examples/hello; `before` is what a shell does first."""
    command = f'"/bin/sh", "-c", "{before} exec \\"$0\\" -p {{port}}", "{os.path.abspath(HELLO)}"'
    return f'app "{name}" {{\n  command = {{ {command} }}\n  instances = {instances}\n  {options}\n}}\n'


def ready(t, drover, name, count):
    """Waits until so many instances are ready and all else is over: the app's row."""
    def settled():
        row = drover.call("apps", app=name)["apps"][0]
        counts = row["instances"]
        return row if counts["ready"] == count and counts["starting"] == counts["draining"] == 0 else None

    return t.wait(settled, f"{count} instances of {name}")


def start(t, *bodies, counts=(("web", 2),), **options):
    drover = t.drover("".join(bodies), **options)
    for name, count in counts:
        ready(t, drover, name, count)
    return drover


def instances(drover, name="web"):
    return drover.call("apps", app=name)["instances"]


def pids(drover, name="web"):
    return sorted(row["pid"] for row in instances(drover, name))


def fails(drover, code, words, method, **params):
    try:
        result = drover.call(method, **params)
    except ControlError as error:
        told = f"{error.message} {error.hint}"
        assert error.code == code and all(word in told for word in words), (error.code, told)
        return error
    raise AssertionError(f"{method} {params} gave {result}")


def ctl(t, drover, *arguments):
    """Runs droverctl to its end: status, standard output, standard error."""
    env = environment(t.dir, {"DROVER_CONTROL": drover.control_path})
    done = subprocess.run([DROVERCTL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=t.dir, env=env, timeout=40, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def touch(path):
    with open(path, "w", encoding="ascii"):
        pass


@case
def shown(t):
    "apps, status, servers and pools tell of apps and their instances"
    drover = start(t, t.pool(t.server(), name="plain"), app("web"), app("jobs", 0), ROUTE)
    assert drover.get().status == 200
    apps = drover.call("apps")
    assert [(row["app"], row["instances"]["desired"], row["roll"]["state"]) for row in apps["apps"]] == [
        ("web", 2, "never"), ("jobs", 0, "never")], apps
    assert apps["apps"][0]["listen"] == "port" and apps["apps"][0]["command"].endswith("hello"), apps
    rows = apps["instances"]
    assert [(row["app"], row["instance"], row["state"], row["restarts"]) for row in rows] == [
        ("web", 0, "ready", 0), ("web", 1, "ready", 0)], rows
    assert sum(row["requests"] for row in rows) == 1 and apps["failed-instances"] == [], apps
    assert all(process_exists(row["pid"]) and row["last-death"] is None and row["reason"] is None for row in rows), rows
    assert drover.call("apps", app="jobs")["instances"] == []
    t.wait(lambda: all(row["memory-bytes"] and row["processes"] for row in instances(drover)), "what they use is known")
    status = drover.call("status")
    assert status["apps"][0] == {"app": "web", "desired": 2, "ready": 2, "starting": 0, "draining": 0, "failed": 0,
                                 "roll": "never"}, status
    assert status["failed-instances"] == [] and len(status["apps"]) == 2, status
    servers = {row["address"]: (row["app"], row["instance"], row["state"]) for row in drover.servers(pool="web")}
    assert servers == {row["address"]: ("web", row["instance"], "ready") for row in rows}, servers
    assert [row["app"] for row in drover.servers(pool="plain")] == [None]
    assert [row["app"] for row in drover.call("pools")["pools"]] == [False, True, True]


@case
def mistakes(t):
    "what is not there, what does not fit together and what is not for apps is refused with what to do"
    drover = start(t, t.pool(t.server(), name="plain"), app("web"), ROUTE)
    for method, params in (("apps", {}), ("restart", {}), ("signal", {"signal": "HUP"}), ("scale", {"instances": 3})):
        fails(drover, PARAMS, ["There is no app 'wep'.", "Did you mean web?"], method, app="wep", **params)
        fails(drover, PARAMS, ["The pool 'plain' is no app"], method, app="plain", **params)
        fails(drover, PARAMS, ["There is no app 'x'.", "The method apps"], method, app="x", **params)
    for params in ({"workers": 2, "app": "web", "instances": 2}, {"workers": 2, "app": "web"}, {"workers": 2, "instances": 2}):
        fails(drover, PARAMS, ["either the workers or an app"], "scale", **params)
    fails(drover, PARAMS, ["needs the parameter instances"], "scale", app="web")
    fails(drover, PARAMS, ["needs the parameter workers, or app"], "scale", instances=3)
    fails(drover, PARAMS, ["needs the parameter workers, or app"], "scale")
    for wrong in (-1, 1001):
        fails(drover, PARAMS, ["0 to 1000"], "scale", app="web", instances=wrong)
    fails(drover, PARAMS, ["no instance 2"], "restart", app="web", instance=2)
    fails(drover, PARAMS, ["no instance 999"], "signal", app="web", instance=999, signal="HUP")
    fails(drover, PARAMS, ["did you mean HUP?"], "signal", app="web", signal="HPU")
    fails(drover, PARAMS, ["signal"], "signal", app="web")
    address = instances(drover)[0]["address"]
    fails(drover, IMPOSSIBLE, ["web is an app", "scale"], "server-add", pool="web", server="127.0.0.1:1")
    fails(drover, IMPOSSIBLE, ["web is an app", "scale"], "server-add", pool="web", server="host.example:1")
    for force in (False, True):
        fails(drover, IMPOSSIBLE, ["an instance of the app web", "scale"], "server-remove", pool="web", server=address, force=force)
    assert drover.call("server-set", pool="web", server=address, weight=7)["weight"] == 7
    for state in ("drain", "ready"):
        assert drover.call("server-set", pool="web", server=address, state=state, wait=True)["state"] == state
        assert drover.get().status == 200 and len(instances(drover)) == 2
    assert len(drover.servers(pool="web")) == 2


@case
def permissions(t):
    "who may only look does not change apps; who may operate does not reload"
    drover = start(t, app("web"), control="permission = read")
    limited = t.drover(app("web"), name="other", control="permission = operate")
    before = pids(drover)
    for method, params in (("restart", {"app": "web"}), ("signal", {"app": "web", "signal": "KILL"}),
                           ("scale", {"app": "web", "instances": 0}), ("reload", {})):
        fails(drover, PERMISSION, ["needs the permission"], method, **params)
    assert pids(drover) == before
    fails(limited, PERMISSION, ["reload needs the permission admin"], "reload")
    assert limited.call("scale", app="web", instances=1)["instances"]["desired"] == 1


@case
def secrets(t):
    "values in `environment` and of fields for servers are for admins; others see that they are there"
    body = "".join(f'control "{t.path(permission + ".sock")}" {{ permission = {permission} }}\n' for permission in ("read", "operate"))
    body += app("web", 1, options='environment = { "KEY=s3cret" }') + \
        'route { pool = "web"  request-header = { "set X-Key s3cret" } }\n'
    drover = t.drover(body)
    file = open(drover.conf_path, encoding="utf-8").read()
    for _ in range(2):  # what is kept for one is not given to another
        for path, seen in ((t.path("read.sock"), "***"), (drover.control_path, "s3cret"), (t.path("operate.sock"), "***")):
            control = t.keep(Control(path))
            result = control.call("config")
            assert result["config"]["app"][0]["environment"] == [f"KEY={seen}"], (path, result["config"]["app"])
            assert result["config"]["route"][0]["request-header"] == [f"set X-Key {seen}"], (path, result["config"]["route"])
            text = control.call("config", format="text")
            assert f'"KEY={seen}"' in text["config"] and f'"set X-Key {seen}"' in text["config"], text
            assert ("s3cret" in json.dumps([result, text])) == (seen == "s3cret"), (result, text)
        with open(drover.conf_path, "w", encoding="utf-8") as out:
            out.write(file.replace("KEY=s3cret", "KEY=n3w").replace("X-Key s3cret", "X-Key l4ter"))
        told = drover.call("reload", **{"dry-run": True})
        assert "n3w" not in json.dumps(told) and "l4ter" not in json.dumps(told) and "environment" in json.dumps(told), told


@case
def dry_runs(t):
    "a dry run tells what would change, and changes nothing"
    drover = start(t, app("web"))
    before = pids(drover), drover.call("status")["newest-event"]
    result = drover.call("scale", app="web", instances=5, wait=True, **{"dry-run": True})
    assert result["changes"] == [{"what": "app web instances", "from": 2, "to": 5}] and result["dry-run"], result
    assert result["instances"]["desired"] == 2 and result["succeeded"] is None and result["settled"] is False, result
    result = drover.call("restart", app="web", wait=True, **{"dry-run": True})
    assert result["changes"] == [{"what": "app web roll", "from": 0, "to": 1}] and result["state"] is None, result
    result = drover.call("restart", app="web", instance=1, **{"dry-run": True})
    assert result["instance"] == 1 and result["roll"] is None and result["succeeded"] is None, result
    assert drover.call("signal", app="web", signal="KILL", **{"dry-run": True})["processes"] == 2
    assert drover.call("signal", app="web", instance=0, signal="KILL", **{"dry-run": True})["processes"] == 1
    result = drover.call("reload", **{"dry-run": True})
    assert result["changes"] == [] and result["dry-run"] and result["later"] == [], result
    assert drover.call("apps")["apps"][0]["roll"]["number"] == 0
    assert (pids(drover), drover.call("status")["newest-event"]) == before


@case
def scaling(t):
    "scale with wait answers when that many are ready and the others are gone"
    drover = start(t, app("web"))
    for count in (4, 1, 0, 2):
        result = drover.call("scale", app="web", instances=count, wait=True)
        assert result["instances"] == {"desired": count, "configured": 2, "ready": count, "starting": 0, "draining": 0,
                                       "failed": 0}, result
        assert result["settled"] and result["succeeded"] and result["app"] == "web", result
        assert [row["instance"] for row in instances(drover)] == list(range(count))
        drift = [{"what": "app web instances", "from": 2, "to": count}] if count != 2 else []
        assert drover.call("config")["changes"] == drift
    result = drover.call("scale", app="web", instances=2, wait=True)
    assert result["changes"] == [] and result["succeeded"], result
    result = drover.call("scale", app="web", instances=3)
    assert result["succeeded"] is None and not result["settled"] and result["changes"], result


@case
def overtaken(t):
    "a scale that waits answers when somebody asks for another number, or drover ends"
    drover = start(t, app("web", before=f"while ! test -e {t.path('go')}; do sleep 0.01; done;"), counts=())
    control, other = t.keep(drover.open_control()), t.keep(drover.open_control())
    control.send_line({"id": 1, "method": "scale", "params": {"app": "web", "instances": 3, "wait": True}})
    t.wait(lambda: drover.call("apps")["apps"][0]["instances"]["desired"] == 3, "three are wanted")
    other.send_line({"id": 2, "method": "scale", "params": {"app": "web", "instances": 1, "wait": True}})
    result = control.reply()["result"]
    assert result["instances"]["desired"] == 1 and not result["settled"] and result["succeeded"] is False, result
    drover.call("stop", mode="now")
    result = other.reply()["result"]
    assert not result["settled"] and result["succeeded"] is False, result
    assert drover.wait() == 0
    drover.stopped = True


@case
def failed(t):
    "an instance that cannot be started is named with the reason and its last lines"
    body = app("web", before=f"if test -e {t.path('broken')}; then echo no database; echo giving up >&2; exit 3; fi;",
               options="start-retries = 0")
    drover = start(t, body)
    touch(t.path("broken"))
    result = drover.call("scale", app="web", instances=3, wait=True)
    assert result["instances"]["failed"] == 1 and result["settled"] and result["succeeded"] is False, result
    assert [row["instance"] for row in result["failed-instances"]] == [2], result
    assert "exited with status 3" in result["failed-instances"][0]["reason"], result
    status = drover.call("status")
    assert status["apps"][0]["failed"] == 1 and status["failed-instances"] == [dict(result["failed-instances"][0], app="web")], status
    apps = drover.call("apps")
    row = apps["instances"][2]
    assert row["state"] == "failed" and row["pid"] is None and row["age-ms"] is None and row["failed-starts"] == 1, row
    assert row["last-death"]["cause"] == "exit status 3" and row["last-death"]["asked-for"] is False, row
    lines = {(line["stream"], line["text"]) for line in apps["failed-instances"][0]["output"]}
    assert {("stdout", "no database"), ("stderr", "giving up")} <= lines, lines
    os.unlink(t.path("broken"))
    result = drover.call("scale", app="web", instances=3, wait=True)
    assert result["instances"]["ready"] == 3 and result["succeeded"] and result["failed-instances"] == [], result


@case
def restarting(t):
    "restart with wait answers when all instances, or the one, are others"
    drover = start(t, app("web"))
    before = {row["instance"]: row["pid"] for row in instances(drover)}
    result = drover.call("restart", app="web", instance=1, wait=True)
    assert result["state"] == "done" and result["roll"] == 1 and result["total"] == result["replaced"] == 1, result
    after = {row["instance"]: row["pid"] for row in instances(drover)}
    assert after[0] == before[0] and after[1] != before[1], (before, after)
    result = drover.call("restart", app="web", wait=True)
    assert result["state"] == "done" and result["succeeded"] and result["replaced"] == result["total"] == 2, result
    assert result["changes"] == [{"what": "app web roll", "from": 1, "to": 2}] and result["reason"] is None, result
    assert not set(after.values()) & set(pids(drover))
    roll = drover.call("apps")["apps"][0]["roll"]
    assert roll["state"] == "done" and roll["number"] == 2 and roll["began"] and roll["ended"], roll
    result = drover.call("restart", app="web")
    assert result["state"] == "running" and result["succeeded"] is None and result["roll"] == 3, result


@case
def rolled_back(t):
    "restart with wait tells that the old ones stay, and why; droverctl ends with 1"
    drover = start(t, app("web", before=f"test ! -e {t.path('broken')} || exit 3;"))
    before = pids(drover)
    touch(t.path("broken"))
    result = drover.call("restart", app="web", wait=True)
    assert result["state"] == "rolled-back" and result["succeeded"] is False, result
    assert "exited with status 3" in result["reason"] and result["instances"]["ready"] == 2, result
    assert pids(drover) == before
    status, out, err = ctl(t, drover, "restart", "web", "wait")
    assert status == 1 and "rolled-back" in out and "exited with status 3" in out and err == "", (status, out, err)
    status, out, err = ctl(t, drover, "-j", "restart", "web", "wait")
    assert status == 1 and json.loads(out)["succeeded"] is False and err == "", (status, out, err)
    os.unlink(t.path("broken"))
    status, out, err = ctl(t, drover, "restart", "web", "wait")
    assert status == 0 and re.search(r"^state: +done$", out, re.MULTILINE), (status, out, err)


@case
def superseded(t):
    "a restart that waits tells when another one takes over, when its time is over, and when drover ends"
    drover = start(t, app("web", before=f"while test -e {t.path('wait')}; do sleep 0.01; done;"))
    touch(t.path("wait"))
    control, other = t.keep(drover.open_control()), t.keep(drover.open_control())
    result = drover.call("restart", app="web", wait=True, **{"timeout-ms": 50})
    assert result["state"] == "running" and result["succeeded"] is False and result["roll"] == 1, result
    control.send_line({"id": 1, "method": "restart", "params": {"app": "web", "wait": True}})
    t.wait(lambda: drover.call("apps")["apps"][0]["roll"]["number"] == 2, "it has begun")
    other.send_line({"id": 1, "method": "restart", "params": {"app": "web", "wait": True}})
    result = control.reply()["result"]
    assert result["state"] == "superseded" and result["succeeded"] is False and result["roll"] == 2, result
    assert result["replaced"] is None and "another" in result["reason"], result
    drover.call("stop", mode="now")
    result = other.reply()["result"]
    assert result["state"] == "running" and result["succeeded"] is False and result["roll"] == 3, result
    assert drover.wait() == 0
    drover.stopped = True


@case
def signals(t):
    "signal reaches one instance or all; one that ends by it is started again"
    trap = "trap 'echo usr1 >> {file}' USR1; \\\"$0\\\" -p {{port}} & while wait; test $? -gt 128; do :; done; exit; "
    drover = start(t, app("web", before=trap.format(file=t.path("got"))))
    assert drover.call("signal", app="web", signal="USR1") == {
        "app": "web", "instance": None, "signal": "USR1", "processes": 2, "changes": []}
    t.wait(lambda: os.path.exists(t.path("got")) and open(t.path("got"), encoding="ascii").read() == "usr1\n" * 2, "both have it")
    assert drover.call("signal", app="web", signal="USR1", instance=1)["processes"] == 1
    t.wait(lambda: open(t.path("got"), encoding="ascii").read() == "usr1\n" * 3, "one has it")
    before = instances(drover)
    drover.call("signal", app="web", instance=0, signal="KILL")
    t.wait(lambda: instances(drover)[0]["restarts"] == 1, "another process")
    ready(t, drover, "web", 2)
    row = instances(drover)[0]
    assert row["instance"] == 0 and row["pid"] != before[0]["pid"] and instances(drover)[1]["pid"] == before[1]["pid"], row
    death = row["last-death"]
    assert death["pid"] == before[0]["pid"] and death["cause"] == "signal 9 (Killed)" and not death["asked-for"], death
    assert "killed by signal 9" in death["text"], death
    drover.call("scale", app="web", instances=0, wait=True)
    fails(drover, IMPOSSIBLE, ["has no process"], "signal", app="web", signal="HUP")
    fails(drover, IMPOSSIBLE, ["has no process"], "signal", app="web", signal="HUP", **{"dry-run": True})


@case
def reloading(t):
    "reload tells what it does, does it, and refuses a file with mistakes with all of them"
    drover = start(t, app("web"), app("jobs"), ROUTE, counts=(("web", 2), ("jobs", 2)))
    before = pids(drover), pids(drover, "jobs")
    result = drover.call("reload")
    assert [(row["app"], row["action"]) for row in result["apps"]] == [("web", "same"), ("jobs", "same")], result
    assert result["changes"] == result["later"] == [] and result["config-file"] == drover.conf_path, result
    drover.body = app("web", options='environment = { "NEW=1" }') + app("jobs", 3) + ROUTE
    drover.configure()
    for dry_run in (True, False):
        result = drover.call("reload", **{"dry-run": dry_run})
        assert [(row["app"], row["action"]) for row in result["apps"]] == [("web", "roll"), ("jobs", "scale")], result
        assert "environment" in result["apps"][0]["text"], result
        assert result["changes"] == [{"what": "app web roll", "from": 0, "to": 1},
                                     {"what": "app jobs instances", "from": 2, "to": 3}], result
    ready(t, drover, "jobs", 3)
    t.wait(lambda: drover.call("apps")["apps"][0]["roll"]["state"] == "done", "the roll-out is done")
    ready(t, drover, "web", 2)
    assert not set(before[0]) & set(pids(drover)) and set(before[1]) < set(pids(drover, "jobs"))
    after = pids(drover), pids(drover, "jobs")
    drover.body = app("web", options='max-memry = 1m\n start-timeout = never') + app("jobs", 3) + ROUTE
    drover.configure()
    for dry_run in (True, False):
        error = fails(drover, IMPOSSIBLE, ["2 mistakes", "Nothing is changed"], "reload", **{"dry-run": dry_run})
        assert error.message == "The file has 2 mistakes.", error
    reply = t.keep(drover.open_control()).ask({"method": "reload"})
    errors = reply["error"]["data"]["errors"]
    assert len(errors) == 2 and all(re.match(r".*drover\.conf:\d+: ", line) for line in errors), errors
    assert "max-memory" in errors[0], errors
    status, out, err = ctl(t, drover, "reload")
    assert status == 1 and out == "" and all(line in err for line in errors), (status, out, err)
    assert (pids(drover), pids(drover, "jobs")) == after


@case
def for_people(t):
    "droverctl: the table of apps, values without names, words for completion"
    drover = start(t, app("web"), f'app long {{ command = {{ "/bin/true", "{"ü" * 100}" }}  instances = 0 }}', ROUTE)
    assert drover.call("apps", app="long")["apps"][0]["command"] == "/bin/true " + "ü" * 73 + "...", "cut between characters"
    status, out, err = ctl(t, drover, "apps")
    assert status == 0 and err == "", (status, out, err)
    assert re.search(r"^ *web +2 of 2 ready +- +port +", out, re.MULTILINE), out
    assert re.search(r"^ *instance +state +pid +age +address +in-flight +requests +restarts +cpu-% +memory +note$",
                     out, re.MULTILINE), out
    assert re.search(r"^ *web/1 +ready +\d+ +[\d.]+ m?s +:\d+ +0 ", out, re.MULTILINE), out
    status, out, err = ctl(t, drover, "scale", "web", "3", "wait")
    assert status == 0 and re.search(r"^succeeded: +yes$", out, re.MULTILINE), (status, out, err)
    assert ctl(t, drover, "signal", "web", "2", "CONT")[0] == 0
    assert ctl(t, drover, "signal", "web", "CONT")[0] == 0
    status, out, err = ctl(t, drover, "restart", "wbe")
    assert status == 1 and "Did you mean web?" in err, (status, out, err)
    status, out, err = ctl(t, drover, "restart", "web", "one")
    assert status == 2 and "instance=one: a whole number" in err, (status, out, err)
    assert ctl(t, drover, "signal", "web/2", "CONT")[0] == 0
    status, out, err = ctl(t, drover, "restart", "web/9")
    assert status == 1 and "App web has no instance 9." in err, (status, out, err)
    old = {row["instance"]: row["pid"] for row in instances(drover)}
    status, out, err = ctl(t, drover, "restart", "web/1", "wait")
    new = {row["instance"]: row["pid"] for row in instances(drover)}
    assert status == 0 and old.keys() == new.keys(), (status, out, err, old, new)
    assert [number for number in new if new[number] != old[number]] == [1], (old, new)
    assert "APP/INSTANCE" in ctl(t, drover, "help", "restart")[1] and "APP/INSTANCE" not in ctl(t, drover, "help", "scale")[1]
    words = {line.split("\t")[0]: line.split("\t")[1:] for line in ctl(t, drover, "-w")[1].splitlines()}
    assert {"app=web", "web", "web/0", "app=web/2", "instance=", "wait"} <= set(words["restart"]), words["restart"]
    assert {"app=web", "web/1", "signal=HUP", "HUP"} <= set(words["signal"]), words["signal"]
    assert "web" in words["scale"] and "web/0" not in words["scale"], words["scale"]
    os.kill(instances(drover)[0]["pid"], signal.SIGKILL)
    t.wait(lambda: "killed by signal 9" in ctl(t, drover, "apps")[1], "the death in the table")


main()
