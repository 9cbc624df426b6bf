#!/usr/bin/env python3
"""droverctl top on a terminal of its own: figures, keys, sizes, restarts of drover, and the terminal afterwards."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, HELLO, environment  # pylint: disable=wrong-import-position
from fake import Fake  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from terminal import Terminal  # pylint: disable=wrong-import-position
from wire import Server  # pylint: disable=wrong-import-position

DROVERCTL = os.environ.get("DROVERCTL") or os.path.join(os.path.dirname(DROVER), "droverctl")
TERMINFO = ("/etc/terminfo", "/lib/terminfo", "/usr/lib/terminfo", "/usr/share/terminfo")


def start(t, **options):
    servers = [t.keep(Server()), t.keep(Server())]
    body = t.pool(servers[0], name="app") + t.pool(servers[1], name="other") + 'route { path = "/other/" pool = "other" }\n' \
        'route { pool = "app" }\n'
    return t.drover(body, **options)


def top(t, drover, rows=40, columns=120, ready=True, **env):
    if not any(os.path.exists(os.path.join(place, first, "xterm")) for place in TERMINFO for first in ("x", "78")):
        t.skip("the system does not know the terminal xterm")
    env = environment(t.dir, dict({"TERM": "xterm", "DROVER_CONTROL": drover.control_path}, **env))
    terminal = t.keep(Terminal([DROVERCTL, "top"], env, rows, columns))
    if ready:
        terminal.wait_text("workers ready", "worker-ready")
    return terminal


def ends(terminal, status=0):
    assert terminal.end() == status, (terminal.popen.returncode, terminal.raw[-500:])
    assert terminal.restored(), "the terminal is set as it was"
    assert b"\x1b[?1049h" in terminal.raw and terminal.raw.rindex(b"\x1b[?1049l") > terminal.raw.rindex(b"\x1b[?1049h")
    assert not terminal.screen.strange, terminal.screen.strange


@case
def figures(t):
    "the overview shows workers, pools, servers, events and rates under load"
    drover = start(t, workers=3)
    load = t.keep(Load(drover, clients=4))
    terminal = top(t, drover)
    terminal.wait(lambda text: re.search(r"^requests/s [1-9]", text, re.MULTILINE), "a rate of requests")
    terminal.wait(lambda text: re.search(r"^127\.0\.0\.1:\d+ +app +ready +\d+ +[1-9][\d.]*k? +0 +[\d.]+ m?s +[\d.]+ m?s",
                                         text, re.MULTILINE), "rate and latencies of a server")
    for pattern in (r"^drover .*workers ready 3/3 .*servers up 2/2", r"^ +2  ready ", r"^app +1 +1 ", "^──",
                    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  worker-ready worker 0 pid \d+"):
        terminal.wait(lambda text, p=pattern: re.search(p, text, re.MULTILINE), pattern)
    late = {31} if b"slow to answer" in terminal.raw else set()  # on a busy machine, and in red
    assert {31, 32, 33} & terminal.screen.colours - late == {32}, terminal.screen.colours
    load.stop()
    drover.call("scale", workers=1)
    terminal.wait_text("workers ready 1/1", "from 3 to 1")
    terminal.type("q")
    ends(terminal)


@case
def apps(t):
    "instances of apps, in the overview and alone"
    command = f'"{os.path.abspath(HELLO)}", "-p", "{{port}}"'
    drover = t.drover(f'app "web" {{ command = {{ {command} }} instances = 2 }}\n', workers=1)
    terminal = top(t, drover, columns=180)
    row = r"^ +{} +web +ready +\d+ +[\d.]+ MB +0 +[\d.]+ +0 "
    for instance in (0, 1):
        terminal.wait(lambda text, i=instance: re.search(row.format(i), text, re.MULTILINE), f"instance {instance}")
    os.kill(drover.call("apps")["instances"][1]["pid"], signal.SIGKILL)
    terminal.wait(lambda text: re.search(r"instance-died app web instance 1 pid \d+: killed by signal 9", text), "its death")
    terminal.type("6")
    terminal.wait(lambda text: "loop p99" not in text and re.search(r"^ +1 +web +ready .* 127\.0\.0\.1:\d+ +killed by", text, re.MULTILINE),
                  "the instances alone")
    terminal.type("0")
    terminal.wait_text("loop p99", "cpu%", "events (")
    terminal.type("q")
    ends(terminal)


@case
def keys(t):
    "lists alone, sorting, pause, pace, help, sessions"
    drover = start(t, workers=3)
    client = t.connect(drover)
    drover.wait_loads(1)
    terminal = top(t, drover)
    terminal.type("1")
    terminal.wait(lambda text: "events (" not in text and "loop p99" in text and "0 overview" in text, "the workers alone")
    terminal.type(">")
    terminal.wait_text("worker*")
    terminal.wait(lambda text: [line.split()[0] for line in text.splitlines()[4:7]] == ["2", "1", "0"], "the last first")
    terminal.type("r")
    terminal.wait_text("worker^")
    terminal.wait(lambda text: [line.split()[0] for line in text.splitlines()[4:7]] == ["0", "1", "2"], "the other order")
    terminal.type("<")
    terminal.wait(lambda text: "worker^" not in text, "no order")
    terminal.type("4")
    here = "{}:{}".format(*client.socket.getsockname())
    terminal.wait(lambda text: re.search(rf"^ +1  {here} +\d  new ", text, re.MULTILINE), "the client among the sessions")
    terminal.type(" ")
    terminal.wait_text("paused")
    terminal.type(" ")
    terminal.wait_text("every 1s")
    terminal.type("-")
    terminal.wait_text("every 2s")
    terminal.type("++")
    terminal.wait_text("every 500ms")
    terminal.type("h")
    terminal.wait_text("the next list; the list alone")
    terminal.type("x")
    terminal.wait(lambda text: "the next list" not in text, "the end of the help")
    terminal.type("5")
    terminal.wait_text("events (", "worker-ready")
    terminal.type("0")
    terminal.wait_text("loop p99", "weight", "events (")
    terminal.type("\t\t\t\r")
    terminal.wait(lambda text: "weight" in text and "loop p99" not in text, "the servers alone, by tab and enter")
    terminal.type("\x04")
    ends(terminal)


@case
def scrolling(t):
    "a list longer than the screen"
    servers = "".join(f'server "127.0.0.1:{i}" {{ }} ' for i in range(1001, 1101))
    drover = t.drover('pool "app" { ' + servers + "}\n", workers=1)
    terminal = top(t, drover, rows=24, columns=80)
    terminal.type("3")
    terminal.wait_text("127.0.0.1:1001 ", "127.0.0.1:1018")
    terminal.type("\x1b[6~")
    terminal.wait(lambda text: "127.0.0.1:1030" in text and "127.0.0.1:1001 " not in text, "the next page")
    terminal.type("\x1bOF")
    terminal.wait_text("127.0.0.1:1100")
    terminal.type("jjj\x1bOA")
    terminal.wait(lambda text: "127.0.0.1:1100" not in text and "127.0.0.1:1099" in text, "one row up")
    terminal.type("\x1bOH")
    terminal.wait_text("127.0.0.1:1001 ")
    terminal.type("q")
    ends(terminal)


@case
def sizes(t):
    "every size is used, and one that is too small is told"
    drover = start(t, workers=2)
    terminal = top(t, drover, rows=24, columns=80)
    for rows, columns in ((50, 200), (12, 60), (24, 80), (8, 40), (200, 30), (3, 200), (1, 1), (24, 300)):
        terminal.resize(rows, columns)
        if rows >= 8 and columns >= 40:
            # both in one look: a picture of the former size may still be on its way
            terminal.wait(lambda text, n=rows: len(text.splitlines()) == n and "q quit" in text.splitlines()[-1] and
                          "drover " in text.splitlines()[0], f"a head, and keys on the last of {rows} lines")
        elif columns >= 10:
            terminal.wait_text("too small")
    terminal.type("q")
    ends(terminal)


@case
def drover_goes_and_comes(t):
    "drover ends and is started again: told, connected again, no absurd rates"
    drover = start(t, workers=1)
    for _ in range(50):
        drover.get()
    terminal = top(t, drover)
    terminal.wait(lambda text: re.search(r"^requests/s 0 ", text, re.MULTILINE), "a rate")
    assert drover.stop() == 0
    terminal.wait_text("no drover: ", "Trying again.")
    again = t.drover(drover.body, workers=1, name="again")
    again.stopped = True
    assert again.stop() == 0
    again = t.drover(drover.body, workers=2, name="drover")
    terminal.wait_text("workers ready 2/2", "every 1s")
    terminal.wait(lambda text: re.search(r"^requests/s 0 +5xx/s 0 +connections \d+ +active \d+ +in/s 0 B +out/s 0 B", text,
                                         re.MULTILINE), "all rates again")
    terminal.wait(lambda text: text.count("worker-ready") == 2, "the events of the new drover alone")
    terminal.type("q")
    ends(terminal)
    assert again.pid


@case
def endings(t):
    "^C, signals and a terminal that goes away: set back, with the right status"
    drover = start(t, workers=1)
    terminal = top(t, drover)
    terminal.type("\x03")
    ends(terminal)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        terminal = top(t, drover)
        os.kill(terminal.pid, number)
        ends(terminal, -number)
    drover.wait_loads(0)


@case
def plain(t):
    "no colours with NO_COLOR, ASCII without UTF-8"
    drover = start(t, workers=1)
    terminal = top(t, drover, NO_COLOR="1", LC_ALL="C")
    assert not terminal.screen.colours, terminal.screen.colours
    text = terminal.wait(lambda text: re.search("^-- .* ---+$", text, re.MULTILINE) and text, "a line of dashes")
    assert text.isascii(), text
    terminal.type("q")
    ends(terminal)


@case
def not_drover(t):
    "nonsense, silence and floods: told, nothing of it on the screen, and keys still work"
    evil = "\x1b]0;title\x07\x1b[2J\u009b31m" + "x" * 300
    flood = json.dumps({"method": "event", "params": {"event": evil, "text": evil, evil: evil}}).encode() + b"\n"
    row = {name: evil for name in ("pool", "server", "state", "balance", "down-reason", "log-level", "client")}
    rows = {name: [dict(row, worker=evil, load=-1, requests=1e300), 7, None, []] for name in ("workers", "pools", "servers")}
    answers = {"status": {"version": evil, "started": evil, "uptime-ms": -1, "totals": [], "workers": rows},
               "histograms": {"histograms": [dict(row, of="server", buckets=[[1], "x", {}]), 3]},
               **{name: {name: rows[name]} for name in rows}}

    def odd(connection):
        for line in connection.makefile("rb"):
            request = json.loads(line)
            connection.sendall(json.dumps({"id": 1, "result": answers.get(request["method"], {})}).encode() + b"\n")
            while request["method"] == "watch":
                connection.sendall(flood * 100)

    def garbage(connection):
        connection.sendall(b"garbage\x1b[2J\n")

    def full(connection):
        connection.sendall(b'{"id":null,"error":{"code":-32002,"message":"Too many control connections are open."}}\n')

    silent = threading.Event()
    for i, (talk, words) in enumerate(((odd, "every 1s"), (garbage, "no drover: what answers"),
                                       (full, "no drover: Too many control connections"),
                                       (lambda connection: silent.wait(20), "drover is slow to answer"))):
        fake = t.keep(Fake(t.path(f"fake{i}"), talk))
        terminal = top(t, fake, ready=False)
        terminal.wait_text(words)
        terminal.type("1")
        terminal.wait_text("0 overview")
        terminal.type("3")
        terminal.type("q")
        ends(terminal)
        assert b"]0;" not in terminal.raw.replace(b"\\x1b]0;", b""), terminal.raw
    silent.set()


@case
def no_screen(t):
    "what is said when there is no terminal, no drover, or a terminal that nobody knows"
    drover = start(t, workers=1)
    done = subprocess.run([DROVERCTL, "top"], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          env=environment(t.dir, {"DROVER_CONTROL": drover.control_path}))
    assert done.returncode == 2 and b"needs a terminal" in done.stderr and not done.stdout, done
    # ncurses itself leaks what it had made for a terminal that it then does not know
    terminal = top(t, drover, ready=False, TERM="no-such-terminal", ASAN_OPTIONS="detect_leaks=0")
    assert terminal.end() == 2 and b"no-such-terminal" in terminal.raw and terminal.restored(), terminal.raw
    terminal = top(t, drover, ready=False, DROVER_CONTROL=t.path("nothing"))
    assert terminal.end() == 3 and b"Is drover running?" in terminal.raw, terminal.raw


main()
