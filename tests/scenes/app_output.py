#!/usr/bin/env python3
"""What apps print: in the error log, to those who ask and follow, in floods, and when they die."""

import json
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, Control, ControlError, is_sanitized, process_memory  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position

DROVERCTL = os.environ.get("DROVERCTL") or os.path.join(os.path.dirname(DROVER), "droverctl")

# An app that does what the path of a request says.
APP = r'''
import http.server, os, subprocess, sys, urllib.parse

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        what, _, text = urllib.parse.unquote_to_bytes(self.path)[1:].partition(b":")
        if what in (b"out", b"err"):
            os.write(1 if what == b"out" else 2, text)
        elif what == b"flood":
            block = b"".join(b"line %d of a flood\n" % i for i in range(int(text)))
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        elif what == b"die":
            os.write(1, b"said before\n" * 2000)
            os.write(2, b"Traceback: " + text)
            os._exit(3)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
print("hello from", os.environ["DROVER_INSTANCE"], flush=True)
server.serve_forever()
'''


def start(t, instances=1, options="", **more):
    path = t.path("app.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(APP)
    drover = t.drover(f'app "web" {{\n  command = {{ "{sys.executable}", "{path}" }}\n  instances = {instances}\n'
                      f'  retries = 0\n  {options}\n}}\nroute {{ pool = "web" }}\n', **more)
    t.wait(lambda: drover.call("apps")["apps"][0]["instances"]["ready"] == instances, "the instances are ready")
    t.wait(lambda: sum(text.startswith("hello from") for text in texts(drover)) == instances, "and have said so")
    return drover


def say(drover, what, text):
    """Has an instance do something; the request that kills it gets an error."""
    quoted = "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogateescape"))
    return drover.get(f"/{what}:{quoted}")


def lines(drover, **params):
    return drover.call("logs", app="web", **params)["lines"]


def texts(drover, **params):
    return [row["text"] for row in lines(drover, **params)]


def follow(t, drover, **params):
    control = t.keep(Control(drover.control_path))
    return control, control.call("logs", app="web", follow=True, **params)


def refused(drover, words, **params):
    try:
        result = drover.call("logs", **params)
    except ControlError as error:
        assert error.code == -32602 and words in f"{error.message} {error.hint}", error
    else:
        raise AssertionError(f"{params} gave {result}")


@case
def lines_in_the_log(t):
    "stdout and stderr, line by line, with app and instance, in the log whatever its level; nothing is forged"
    drover = start(t, 2, log_level="error")
    say(drover, "out", "one\ntwo\n")
    say(drover, "err", "\x1b[2J\x00evil\r\n2026-01-01T00:00:00.000 notice master[1]: forged\n")
    drover.wait_log(r"master\[\d+\]: web/0 stdout: hello from 0\n")
    drover.wait_log(r"master\[\d+\]: web/1 stdout: hello from 1\n")
    drover.wait_log(r"master\[\d+\]: web/\d stdout: one\n(?s:.*)web/\d stdout: two\n")
    drover.wait_log(r"web/\d stderr: \\x1b\[2J\\x00evil\n")
    drover.wait_log(r"web/\d stderr: 2026-01-01T00:00:00.000 notice master\[1\]: forged\n")
    assert not re.search(r"(?m)^2026-01-01", drover.log())


@case
def asked_for(t):
    "the last lines, of all instances or one, behind a number; bytes that are no UTF-8"
    drover = start(t, 2, "sticky = address")  # all requests go to one of them
    for text in ("a\n", "\udcff\u00e9\n", "c"):
        say(drover, "out", text)
    say(drover, "out", "\n")
    t.wait(lambda: len(lines(drover)) == 5, "all lines are there")
    result = drover.call("logs", app="web")
    assert (result["oldest"], result["lost"], result["following"]) == (1, 0, False), result
    assert [row["number"] for row in result["lines"]] == list(range(1, 6)), result
    assert texts(drover)[2:] == ["a", "?\u00e9", "c"], texts(drover)
    assert texts(drover, lines=1) == texts(drover)[-1:]
    assert texts(drover, since=2) == texts(drover)[2:]
    assert texts(drover, lines=0) == []
    for number in (0, 1):
        rows = lines(drover, instance=number)
        assert rows and {row["instance"] for row in rows} == {number}, rows
        assert rows[0]["text"] == f"hello from {number}" and rows[0]["stream"] == "stdout", rows
    assert lines(drover, instance=999) == []
    result = drover.call("logs", app="web", since=10 ** 9)
    assert result["restarted"] and len(result["lines"]) == 5, result
    refused(drover, "web", app="wob")
    refused(drover, "lines", app="web", lines=1001)
    refused(drover, "follo", app="web", follo=True)


@case
def long_lines(t):
    "what is longer than 1024 bytes is cut, and goes on"
    drover = start(t)
    say(drover, "out", "x" * 2500 + "\n")
    rows = t.wait(lambda: [row for row in lines(drover) if row["text"][:1] == "x"][2:] and lines(drover)[-3:], "the line")
    assert [(len(row["text"]), row["part"]) for row in rows] == [(1024, True), (1024, True), (452, False)], rows
    drover.wait_log(r"web/0 stdout: x{1024}\n(?s:.*)web/0 stdout\+: x{1024}\n(?s:.*)web/0 stdout\+: x{452}\n")


@case
def follows(t):
    "a connection follows one app, watches events and asks, all at once; several follow"
    drover = start(t, 2, "sticky = address")  # all requests go to one of them
    control, result = follow(t, drover, lines=1)
    other, _ = follow(t, drover, instance=5)
    assert result["following"] and len(result["lines"]) == 1, result
    control.call("watch", events="changed")
    for number in range(3):
        say(drover, "out", f"line {number}\n")
    notes = [control.note() for _ in range(3)]
    assert [note["method"] for note in notes] == ["line"] * 3, notes
    assert [note["params"]["text"] for note in notes] == ["line 0", "line 1", "line 2"], notes
    assert [note["params"]["app"] for note in notes] == ["web"] * 3, notes
    first = result["newest"] + 1
    assert [note["params"]["number"] for note in notes] == [first, first + 1, first + 2], notes
    drover.call("balance", algorithm="round-robin")
    assert control.note()["method"] == "event"
    assert control.call("version")["version"]
    say(drover, "err", "more\n")
    assert control.note()["params"]["text"] == "more"
    assert other.call("version")["version"] and other.notes == [], "it was told nothing"


@case
def flood(t):
    "more than output-rate is thrown away and told; what an app says afterwards is not"
    drover = start(t, options="output-rate = 50")
    memory = process_memory(drover.pid)
    assert say(drover, "flood", "100000").status == 200
    drover.wait_log(r"web/0: \d+ lines lost: more than output-rate\n")
    row = t.wait(lambda: [row for row in lines(drover) if row["stream"] == "drover"], "it is told")[0]
    assert row["text"].endswith("lines lost: more than output-rate"), row

    def complete():
        lost = sum(int(number) for number in re.findall(r": (\d+) lines? lost: ", drover.log()))
        return lost + len(re.findall(r"stdout: line \d+ of a flood\n", drover.log())) == 100000

    t.wait(complete, "each line is logged or counted")
    assert drover.call("apps")["instances"][0]["lines-lost"] > 90000

    def heard():
        say(drover, "out", "afterwards\n")
        return "afterwards" in texts(drover)

    t.wait(heard, "it is heard again")
    assert is_sanitized() or process_memory(drover.pid) < memory + 4 * 1024 * 1024


@case
def last_words(t):
    "what an instance wrote before it died is taken in, also when that was too much, and how it ended is among it"
    drover = start(t, options="output-rate = 100")
    say(drover, "die", "out of luck")
    t.wait(lambda: any("exited with status 3" in text for text in texts(drover)), "its end is told")
    rows = lines(drover, lines=1000)
    words = [row for row in rows if row["text"] == "Traceback: out of luck"]
    assert len(words) == 1 and words[0]["stream"] == "stderr", rows[-5:]
    end = [row for row in rows if "exited with status 3" in row["text"]][0]
    assert end["stream"] == "drover" and end["pid"] == words[0]["pid"], end
    drover.wait_log(r"web/0 stderr: Traceback: out of luck\n")
    t.wait(lambda: sum(text == "hello from 0" for text in texts(drover, lines=1000)) == 2, "the next one is there")


@case
def never_read(t):
    "a follower that does not read costs nothing, is told what it lost, and holds up nobody"
    drover = start(t, options="output-rate = 0")
    deaf, result = follow(t, drover)
    memory = process_memory(drover.pid)
    rows = 0
    while rows < 30000:
        say(drover, "flood", "3000")
        rows += 3000
        t.wait(lambda: drover.call("logs", app="web", lines=0)["newest"] >= rows * 3 // 4, "they are taken in")
    assert is_sanitized() or process_memory(drover.pid) < memory + 4 * 1024 * 1024
    numbers, lost = result["newest"], 0
    while not lost:
        note = deaf.note()
        if note["method"] == "lost":
            assert note["params"]["from"] == numbers + 1 and note["params"]["app"] == "web", note
            lost = note["params"]["count"]
            numbers = note["params"]["to"]
            assert lost == numbers - note["params"]["from"] + 1, note
        else:
            numbers += 1
            assert note["params"]["number"] == numbers, note
    assert deaf.note()["params"]["number"] == numbers + 1


@case
def rotated(t):
    "the error log is rotated while an app writes: no line is lost, none twice"
    drover = start(t)
    old = drover.log_path + ".1"
    for number in range(60):
        say(drover, "out", f"line {number}.\n")
        if number == 20:
            t.wait(lambda: "line 20." in drover.log(), "it is in the old one")
            os.rename(drover.log_path, old)
        if number == 40:
            drover.call("log-reopen")
    t.wait(lambda: os.path.exists(drover.log_path) and "line 59." in drover.log(), "the last line")
    with open(old, encoding="utf-8") as file:
        both = file.read() + drover.log()
    assert re.findall(r"stdout: line (\d+)\.", both) == [str(number) for number in range(60)], both


@case
def for_people(t):
    "droverctl logs: the last lines, one instance, follow, JSON, and on across a restart of drover"
    drover = start(t, 2)
    say(drover, "err", "careful\n")
    t.wait(lambda: len(lines(drover)) == 3, "all lines are there")
    arguments = [DROVERCTL, "-S", drover.control_path, "logs", "web"]
    one = t.process("one", arguments + ["-i", "1", "-n", "1000"])
    assert one.wait() == 0
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  web/1 stdout: hello from 1\n", one.stdout()), one.stdout()
    last = t.process("last", arguments + ["-n", "1", "-j"])
    assert last.wait() == 0 and json.loads(last.stdout())["lines"][0]["text"] == "careful"
    following = t.process("following", arguments + ["-f", "-n", "1"])
    t.wait(lambda: re.search(r"web/\d stderr: careful\n", following.stdout()), "it shows the last line")
    say(drover, "out", "tab\tand \x1b[2J\n")
    t.wait(lambda: re.search(r"web/\d stdout: tab\\x09and \\x1b\[2J\n", following.stdout()), "it goes on")
    assert following.stdout().count("\n") == 2, following.stdout()
    assert drover.stop(signal.SIGQUIT) == 0
    t.wait(lambda: "Waiting for it to come back" in following.stderr(), "it says that drover is gone")
    start(t, 2)
    t.wait(lambda: following.stdout().count("hello from") == 2, "it goes on with the next drover")
    following.kill(signal.SIGINT)
    assert following.wait() == 0
    wrong = t.process("wrong", [DROVERCTL, "-S", drover.control_path, "status", "-f"])
    assert wrong.wait() == 2 and "options of logs" in wrong.stderr(), wrong.stderr()


main()
