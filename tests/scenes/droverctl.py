#!/usr/bin/env python3
"""droverctl: calls, exit statuses, output for people and programs, and servers that are not drover."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, TOP, environment  # pylint: disable=wrong-import-position
from fake import Fake, answering  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from terminal import Terminal  # pylint: disable=wrong-import-position
from wire import Server  # pylint: disable=wrong-import-position

DROVERCTL = os.environ.get("DROVERCTL") or os.path.join(os.path.dirname(DROVER), "droverctl")


def start(t, **options):
    server = t.keep(Server())
    return t.drover(t.pool(server), **options)


def ctl(t, *arguments, drover=None, env=None, timeout=40):
    """Runs droverctl to its end: status, standard output, standard error."""
    env = environment(t.dir, env)
    if drover is not None:
        env["DROVER_CONTROL"] = getattr(drover, "control_path", drover)
    done = subprocess.run([DROVERCTL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=t.dir, env=env, timeout=timeout, check=False)
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def fails(result, status, *words):
    assert result[0] == status and result[1] == "", result
    assert result[2].startswith("droverctl: ") and all(word in result[2] for word in words), (words, result)


@case
def command_line(t):
    "-h, -V and mistakes in options"
    status, out, err = ctl(t, "-h")
    assert status == 0 and err == "" and all(len(line) <= 80 for line in out.splitlines()), out
    assert ctl(t, "--help") == (status, out, err)
    status, out, err = ctl(t, "-V")
    assert status == 0 and re.fullmatch(r"droverctl \d+\.\d+\.\d+\n", out) and err == "", out
    assert ctl(t, "--version") == (status, out, err)
    fails(ctl(t), 2, "a method is missing", "-h")
    fails(ctl(t, "-x"), 2, "-x")
    fails(ctl(t, "--colour", "status"), 2, "--colour")
    fails(ctl(t, "-S"), 2, "-S")
    for text in ("0", "x", "-1", "1.5", ""):
        fails(ctl(t, "-t", text, "status"), 2, "-t wants")


@case
def sockets(t):
    "which socket: -S, DROVER_CONTROL, and what is said when there is none"
    drover = start(t)
    assert ctl(t, "-S", drover.control_path, "version")[0] == 0
    assert ctl(t, "version", "-S", drover.control_path)[0] == 0, "options may come later"
    assert ctl(t, "version", drover=drover)[0] == 0
    assert ctl(t, "-S", drover.control_path, "version", env={"DROVER_CONTROL": t.path("nothing")})[0] == 0
    fails(ctl(t, "-S", t.path("nothing"), "version"), 3, t.path("nothing"), "Is drover running?")
    fails(ctl(t, "-S", "x" * 200, "version"), 3, "too long")
    gone = socket.socket(socket.AF_UNIX)
    gone.bind(t.path("gone"))
    gone.close()
    fails(ctl(t, "-S", t.path("gone"), "version"), 3, "nobody listens on " + t.path("gone"))
    fails(ctl(t, "-S", drover.conf_path, "version"), 3, drover.conf_path)
    if os.getuid() != 0:
        os.chmod(drover.control_path, 0)
        fails(ctl(t, "version", drover=drover), 3, "no permission")


@case
def calls(t):
    "results as tables and as JSON, parameters by their types"
    drover = start(t, workers=2)
    status, out, err = ctl(t, "workers", drover=drover)
    assert status == 0 and err == "", (out, err)
    assert "desired:  2\n" in out and re.search(r"^ +0 +ready +\d+ ", out, re.MULTILINE), out
    assert all(line == line.rstrip() for line in out.splitlines()) and "\x1b" not in out, out
    header = next(line for line in out.splitlines() if "requests-active" in line)
    assert len(header) > 80, "a pipe gets all columns"
    status, out, err = ctl(t, "-j", "workers", drover=drover)
    assert status == 0 and out.count("\n") == 1 and [row["state"] for row in json.loads(out)["workers"]] == ["ready"] * 2
    assert json.loads(ctl(t, "-j", "scale", "workers=3", "wait", drover=drover)[1])["workers"] == {"desired": 3, "ready": 3}
    assert ctl(t, "scale", "workers=1", "wait=yes", drover=drover)[1].startswith("workers.desired:  1\nworkers.ready:    1\n")
    assert re.search(r"^app +127\.0\.0\.1:\d+ ", ctl(t, "servers", "pool=app", drover=drover)[1], re.MULTILINE)


@case
def mistakes(t):
    "what is unknown or refused: the nearest word, the sentence, the status"
    drover = start(t, workers=1)
    fails(ctl(t, "statsu", drover=drover), 2, "statsu", "did you mean status?")
    fails(ctl(t, "scale", "worker=3", drover=drover), 2, "did you mean workers?")
    fails(ctl(t, "restart-worker", drover=drover), 2, "worker=INTEGER")
    fails(ctl(t, "scale", drover=drover), 1, "needs the parameter workers, or app and instances")
    fails(ctl(t, "scale", "8", "wiat", drover=drover), 2, "did you mean wait?")
    fails(ctl(t, "scale", "web", drover=drover), 2, "INSTANCES is missing", "scale WORKERS, or scale APP INSTANCES")
    fails(ctl(t, "signal", "web", drover=drover), 2, "SIGNAL is missing", "signal APP SIGNAL, or signal APP INSTANCE SIGNAL")
    fails(ctl(t, "server-add", "app", drover=drover), 2, "SERVER is missing", "server-add POOL SERVER")
    fails(ctl(t, "session-close", "127.0.0.1", drover=drover), 2, "NAME=VALUE", "droverctl help session-close")
    assert "workers.desired:  1" in ctl(t, "scale", "1", drover=drover)[1]
    fails(ctl(t, "scale", "workers=x", drover=drover), 2, "whole number")
    fails(ctl(t, "stop", "mode=nwo", drover=drover), 2, "did you mean now?")
    fails(ctl(t, "help", "sacle", drover=drover), 2, "did you mean scale?")
    fails(ctl(t, "servers", "pool=ap", drover=drover), 1, "There is no pool 'ap'.\n", "Did you mean app?\n")
    status, out, err = ctl(t, "-j", "servers", "pool=ap", drover=drover)
    assert status == 1 and out == "" and json.loads(err)["code"] == -32602, (out, err)
    assert drover.call("status")["workers"]["desired"] == 1


@case
def help_texts(t):
    "help for people and for programs, and the words for completion"
    drover = start(t)
    status, out, err = ctl(t, "help", drover=drover)
    assert status == 0 and re.search(r"^scale +operate  Changes the number of workers, or of an app's instances\.$", out, re.MULTILINE), out
    status, out, err = ctl(t, "help", "scale", drover=drover)
    assert status == 0 and "workers=INTEGER  (1 to 256, optional)" in out and "droverctl scale workers=8 wait" in out, out
    assert "droverctl scale WORKERS\n" in out and "droverctl scale APP INSTANCES\n" in out, out
    assert ctl(t, "help", "method=scale", drover=drover)[1] == out
    assert json.loads(ctl(t, "-j", "help", drover=drover)[1]) == drover.call("help")
    assert json.loads(ctl(t, "-j", "help", "scale", drover=drover)[1]) == drover.call("help", method="scale")
    names = [row["method"] for row in drover.call("help")["methods"]]
    status, out, err = ctl(t, "-w", drover=drover)
    words = {line.split("\t")[0]: line.split("\t")[1:] for line in out.splitlines()}
    assert status == 0 and err == "" and list(words) == names, (out, err)
    assert "workers=" in words["scale"] and "wait" in words["scale"] and words["version"] == [], words
    assert words["stop"][:2] == ["mode=graceful", "mode=now"] and "pool=app" in words["servers"], words
    assert "method=scale" in words["help"], words


@case
def terminals(t):
    "on a terminal: colours and its width, unless NO_COLOR or a dumb one"
    rows = [{"name": f"row {i}", "state": "down", "text": "x" * 60} for i in range(3)]
    fake = t.keep(Fake(t.path("fake"), answering({"rows": {"rows": rows}})))

    def shown(**env):
        terminal = t.keep(Terminal([DROVERCTL, "-S", fake.path, "rows"],
                                   environment(t.dir, dict({"TERM": "xterm"}, **env)), columns=50))
        assert terminal.end() == 0, terminal.raw
        return terminal.raw.decode()

    text = shown()
    assert "\x1b[31mdown\x1b[0m" in text and "\x1b[1mname\x1b[0m" in text, text
    plain = re.sub(r"\x1b\[\d+m", "", text)
    assert all(len(line) <= 50 for line in plain.splitlines()) and "…" in plain, plain
    assert shown(NO_COLOR="1") == plain and shown(TERM="dumb") == plain and shown(TERM="") == plain
    assert shown(NO_COLOR="") == text
    ascii_only = shown(LC_ALL="C", NO_COLOR="1")
    assert ascii_only == plain.replace("…", "~") and ascii_only.isascii(), ascii_only


@case
def no_control_characters(t):
    "whatever drover says, no control character of it reaches the output"
    evil = "".join(map(chr, range(1, 0xa0))) + "\u202e\u200b"
    result = {evil: evil, "list": [evil], "rows": [{evil: evil, "b": {evil: evil}}], "deep": {"a": [{"b": [{evil: evil}]}]},
              "text": evil + "\n" + evil}
    methods = answering({"evil": result, evil: 1})

    def talk(connection):
        methods(connection)

    def refusing(connection):
        connection.makefile("rb").readline()
        connection.sendall(json.dumps({"id": None, "error": {"code": 1, "message": evil, "data": {"hint": evil}}}).encode() + b"\n")

    good = t.keep(Fake(t.path("good"), talk))
    bad = t.keep(Fake(t.path("bad"), refusing))
    raw = t.keep(Fake(t.path("raw"), lambda connection: connection.sendall(evil.encode() + b"\n")))
    for arguments in (["evil"], ["-j", "evil"], ["help"], ["help", "evil"], ["-w"]):
        for fake in (good, bad, raw):
            status, out, err = ctl(t, *arguments, drover=fake)
            assert status == (0 if fake is good else 1 if fake is bad else 3), (arguments, status, err)
            wrong = [c for c in out + err if (ord(c) < 0x20 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0]
            assert not wrong, (arguments, wrong, out, err)
            assert "\u202e" not in out + err or "-j" in arguments, (arguments, out, err)
    assert json.loads(ctl(t, "-j", "evil", drover=good)[1]) == result
    for locale, kept in (("C", False), ("C.UTF-8", True)):  # U+00DB has the byte 9b, which is a control character without UTF-8
        plain = t.keep(Fake(t.path(f"plain {locale}"), answering({"plain": {"a": "\u00db"}})))
        terminal = t.keep(Terminal([DROVERCTL, "-S", plain.path, "-j", "plain"], environment(t.dir, {"LC_ALL": locale})))
        assert terminal.end() == 0 and (b"\xc3\x9b" in terminal.raw) == kept and (b"\\u00DB" in terminal.raw) != kept, terminal.raw


@case
def not_drover(t):
    "garbage, half lines, early ends, silence and a line without end: a sentence and status 3"
    def saying(text, then=None):
        def talk(connection):
            connection.sendall(text)
            if then:
                then(connection)
        return talk

    def flood(connection):
        while True:
            connection.sendall(b"x" * 1000000)

    def drip(connection):
        while connection.recv(65536):
            connection.sendall(b"{")

    silent = threading.Event()
    cases = [(saying(text + b"\n"), words) for text, words in (
        (b"garbage", ["'garbage'"]), (b"", ["''"]), (b"[1]", ["'[1]'"]), (b"{}", ["protocol"]), (b'{"result":', ["protocol"]),
        (b'{"result":1}', ["methods"]), (b'{"result":{"methods":{}}}', ["methods"]), (b"\xff\xfe" * 100, ["\\xff", "..."]),
        (b"[" * 100000, ["[[["]), (b'{"a":' * 100000, ["protocol"]), (b"HTTP/1.1 400 Bad Request", ["HTTP/1.1"]))]
    cases += [(saying(b'{"result":{"meth'), ["in the middle of its answer"]), (saying(b""), ["closed the connection"]),
              (saying(b"", lambda connection: silent.wait(20)), ["no answer", "within 300ms", "-t"]),
              (drip, ["no answer"]), (flood, ["without end"])]
    for i, (talk, words) in enumerate(cases):
        fake = t.keep(Fake(t.path(f"fake{i}"), talk))
        fails(ctl(t, "-t", "300ms" if words[0] == "no answer" else "30", "status", drover=fake), 3, *words)
    silent.set()
    rows = [3, None, {"method": 4}, {"method": "x", "params": [1, {"name": 2}, {"type": "word", "words": [1]}]},
            {"method": "y", "params": {"a": 1}}]
    odd = t.keep(Fake(t.path("odd"), saying(json.dumps({"result": {"methods": rows}}).encode() + b"\n", lambda c: c.recv(9))))
    for arguments in (["help"], ["help", "x"], ["help", "y"], ["-w"]):
        assert ctl(t, *arguments, drover=odd)[0] == 0, arguments
    fails(ctl(t, "x", "y=1", drover=odd), 2, "y")


@case
def closed_streams(t):
    "nothing that is printed goes to drover when standard output or error are closed"
    answers = answering({"rows": {"rows": [{"number": i} for i in range(3000)]}})
    asked = []

    class Listening:
        """A connection whose lines are written down."""
        def __init__(self, connection):
            self.sendall, self.file = connection.sendall, connection.makefile("rb")

        def makefile(self, _):
            for line in self.file:
                asked.append(line)
                if not line.startswith(b"{"):
                    return
                yield line

    fake = t.keep(Fake(t.path("fake"), lambda connection: answers(Listening(connection))))
    for closed, status in ((">&-", 1), ("<&- >&-", 1), ("<&- >&- 2>&-", 1), ("2>&-", 0)):
        asked.clear()
        done = subprocess.run(["/bin/sh", "-c", f'"$0" -S "$1" rows {closed}', DROVERCTL, fake.path], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20)
        assert done.returncode == status and len(asked) == 2, (closed, done, asked)


@case
def big_results(t):
    "a result of more than a megabyte comes through whole, in pieces of any size"
    rows = [{"number": i, "text": "t" * 100} for i in range(10000)]
    fake = t.keep(Fake(t.path("fake"), answering({"rows": {"rows": rows}})))
    status, out, err = ctl(t, "-j", "rows", drover=fake)
    assert status == 0 and json.loads(out) == {"rows": rows}, err
    status, out, err = ctl(t, "rows", drover=fake)
    assert status == 0 and out.count("\n") == 10001, err
    if os.path.exists("/dev/full"):
        for arguments in (["rows"], ["-j", "rows"], ["-h"], ["-V"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([DROVERCTL, "-S", fake.path, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
            assert done.returncode == 1, done
            assert done.stderr == b"droverctl: cannot write the output: No space left on device\n", done
    head = subprocess.Popen([DROVERCTL, "-S", fake.path, "rows"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    head.stdout.readline()
    head.stdout.close()
    assert head.wait(20) == 0 and head.stderr.read() == b"", "a reader that has seen enough is no failure"
    head.stderr.close()


def completions(t, line, drover=None):
    """What bash would offer at the end of a line; the text before the last ':' or '=' is not repeated."""
    script = 'compopt() { :; }; source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; _droverctl; printf "%s\\n" "${COMPREPLY[@]}"'
    env = environment(t.dir, {"DROVER_CONTROL": drover.control_path if drover else t.path("nothing")})
    os.makedirs(t.path("bin"), exist_ok=True)
    with open(t.path("bin/droverctl"), "w", encoding="ascii") as file:  # as it is, but for its patience
        file.write(f'#!/bin/sh\n[ "$1 $2" = "-t 1" ] || exit 9\nshift 2\nexec "{DROVERCTL}" -t 20 "$@"\n')
    os.chmod(file.name, 0o755)
    env["PATH"] = os.path.dirname(file.name) + ":" + env["PATH"]
    done = subprocess.run(["bash", "-c", script, "bash", os.path.join(TOP, "etc", "droverctl.bash"), line], env=env, cwd=t.dir,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == "", done
    return done.stdout.splitlines()


@case
def completion(t):
    "bash completes methods, parameters, their words and names of things; quiet without drover"
    if shutil.which("bash") is None:
        t.skip("there is no bash")
    drover = start(t)
    assert {"status ", "scale ", "watch ", "top "} <= set(completions(t, "droverctl ", drover))
    assert completions(t, "droverctl sta", drover) == ["status "]
    assert completions(t, "droverctl -j scale w", drover) == ["workers=", "wait "]
    assert completions(t, "droverctl stop mode=", drover)[:2] == ["graceful ", "now "]
    assert completions(t, "droverctl servers pool=a", drover) == ["app "]
    port = drover.servers()[0]["server"].split(":")[1]
    assert completions(t, f"droverctl sessions server=127.0.0.1:{port[:2]}", drover) == [port + " "]
    assert completions(t, "droverctl help sca", drover) == ["scale "]
    assert completions(t, f"droverctl -S {drover.control_path} versi") == ["version "], "the socket of the line is asked"
    assert completions(t, "droverctl -S dr", drover) == ["drover.sock"], "sockets and folders alone"
    assert "-S" in completions(t, "droverctl -", drover)
    assert completions(t, "droverctl -t ", drover) == [""] and completions(t, "droverctl sta") == [""]


@case
def watching(t):
    "watch: events for people and programs, across a restart, until nobody reads"
    drover = start(t, workers=1)
    pid = drover.pids()[0]
    for name, arguments in (("people", ["watch", "events=worker-*,scaled", "since=0"]), ("programs", ["-j", "watch", "since=0"])):
        t.process(name, [DROVERCTL, "-S", drover.control_path, *arguments])
    people, programs = t.processes[-2:]
    t.wait(lambda: f"  worker-ready worker 0 pid {pid}\n" in people.stdout(), "the first events")
    drover.call("scale", workers=2, wait=True)
    t.wait(lambda: re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  scaled .*from 1 to 2$", people.stdout(), re.MULTILINE),
           "the change")
    t.wait(lambda: '"event":"scaled"' in programs.stdout(), "the change as JSON")
    for line in programs.stdout().splitlines():
        event = json.loads(line)
        assert event["method"] == "event" and event["params"]["number"] > 0, line
    assert drover.stop() == 0
    t.wait(lambda: "Waiting for it to come back." in people.stderr(), "that drover is gone")
    assert people.stdout().count("worker-started") == 2, people.stdout()
    again = t.drover(drover.body, workers=10)  # which soon has more events than the old one had
    t.wait(lambda: "-- connected again: drover was restarted\n" in people.stderr(), "the new connection")
    t.wait(lambda: people.stdout().count("worker-ready") == 12, "the events of the new drover, all")
    assert people.stdout().count("worker-started") == 12, "from the first on"
    people.kill(signal.SIGINT)
    assert people.wait() == 0
    t.wait(lambda: programs.stdout().count('"worker-ready"') == 12, "the same as JSON")
    reader = subprocess.Popen([DROVERCTL, "-S", again.control_path, "watch", "since=0"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    assert b"worker-" in reader.stdout.readline()
    reader.stdout.close()
    assert reader.wait(20) == 0 and reader.stderr.read() == b"", "it does not wait for an event to see that nobody reads"
    reader.stderr.close()
    fails(ctl(t, "watch", "events=wroker-died", drover=again), 1, "worker-died")
    fails(ctl(t, "watch", "sinc=1", drover=again), 2, "since")


@case
def stopping(t):
    "drover can be stopped with it"
    drover = start(t)
    assert ctl(t, "stop", "mode=now", drover=drover)[0] == 0
    drover.stopped = True
    assert drover.wait() == 0
    fails(ctl(t, "status", drover=drover), 3, "Is drover running?")


main()
