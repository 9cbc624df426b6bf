#!/usr/bin/env python3
"""drover-control(7) as its reader would use it: every session is pasted into a shell, every example tried."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import manual  # pylint: disable=wrong-import-position
from dns import Dns, a  # pylint: disable=wrong-import-position
from drover import HELLO, TOP, Drover, environment, wait_until  # pylint: disable=wrong-import-position
from scene import case, diagnose, long_case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

PAGE = os.path.join(TOP, "man", "drover-control.7")
OPTIONAL = ("jq", "node")  # sessions with these are left out where they are not installed

# For machines without socat: what `socat [-t SECONDS] - UNIX-CONNECT:PATH` does.
SOCAT = '''#!%s
import socket, sys, threading
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[-1].split(":", 1)[1])
def send():
    for line in sys.stdin.buffer:
        peer.sendall(line)
    peer.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := peer.recv(65536):
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
'''


class PageDrover(Drover):
    """drover with a configuration of the page's."""

    def __init__(self, directory, text, **options):
        self.text = text
        super().__init__(directory, "", **options)

    def configure(self):
        with open(self.conf_path, "w", encoding="utf-8") as file:
            file.write(self.text)


class Reader:
    """Who reads the page: has its servers and its drover, and pastes its sessions into a shell."""

    def __init__(self, t):
        self.t, self.settings, self.count = t, "", 0
        self.held, self.holding, self.peers = threading.Event(), 0, []
        self.names, self.addresses, self.drover = {}, {}, None
        with open(PAGE, encoding="utf-8") as file:
            self.displays = manual.displays(file.read())
        self.conf = "\n".join(next(d for d in self.displays if ["configuration"] in d.directives).lines) + "\n"
        shown = "\n".join(line for display in self.displays for line in display.lines)
        self.servers = {name: t.server(self.respond).address for name in set(re.findall(r"127\.0\.0\.1:3\d{3}", shown))}
        self.dns = t.keep(Dns())
        self.dns.set("app.internal", a("127.0.0.1"), ttl=30)
        self.listeners = re.findall(r'listen "([^"]+)"', self.conf)
        self.make_tools()
        self.start()

    def make_tools(self):
        os.mkdir(self.t.path("bin"))
        real = shutil.which("socat")
        # the time that socat waits for a reply behind the end of its input is short for a busy machine
        text = f'#!/bin/sh\nexec {real} -t 30 "$@"\n' if real else SOCAT % sys.executable
        with open(self.t.path("bin/socat"), "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.t.path("bin/socat"), 0o755)

    def respond(self, message):
        if message.target.startswith("/report"):
            self.holding += 1
            self.held.wait(240)
        return response(body=b"ok")

    # ---- names of the page and of this machine

    def start(self):
        self.count += 1
        name = f"drover{self.count}"
        self.names = {"/run/drover/control.sock": self.t.path(name + ".sock"),
                      "/run/drover/status.sock": self.t.path(name + "-status.sock"),
                      "/var/log/drover/error.log": self.t.path(name + ".log"),
                      "/var/log/drover/access.log": self.t.path(name + ".access"),
                      "/etc/drover/drover.conf": self.t.path(name + ".conf"), "10.0.0.2:53": self.dns.address,
                      "/usr/local/bin/hello": os.path.abspath(HELLO), **self.servers}
        self.drover = PageDrover.__new__(PageDrover)
        self.t.processes.append(self.drover)
        self.drover.__init__(self.t.dir, self.to_real(self.conf), name=name)
        wait_until(self.has_apps, "the instances of all apps are ready and have said so")
        # as its replies say it: the addresses that the listeners got
        self.addresses = dict(zip(self.drover.addresses, self.listeners))

    def has_apps(self):
        return all(app["ready"] == app["desired"] == len(self.drover.call("logs", app=app["app"])["lines"])
                   for app in self.drover.call("status")["apps"])

    def listener(self, page):
        if page.startswith("unix:"):
            return "unix:" + self.t.path(os.path.basename(page))
        return page.rsplit(":", 1)[0] + ":0"

    def to_real(self, text):
        for page, real in self.names.items():
            text = text.replace(page, real)
        for page in self.listeners:
            text = text.replace(page, self.listener(page))
        return text

    def to_page(self, text):
        for real, page in self.addresses.items():
            text = text.replace(real, page)
        for page in self.listeners:
            text = text.replace(self.listener(page), page)
        for page, real in self.names.items():
            text = re.sub(re.escape(real) + r"(?!\d)", page, text)
        return text

    # ---- what the page tells the test to do

    def prepare(self, directives):
        for word, *rest in directives:
            getattr(self, "do_" + word.replace("-", "_"))(*rest)

    def do_fresh(self):
        """A drover to which nothing has been done yet."""
        self.release()
        assert self.drover.exited() or self.drover.stop(signal.SIGQUIT) == 0
        self.start()

    def do_requests(self, count):
        for _ in range(int(count)):
            assert self.drover.get().status == 200
        self.t.wait(lambda: self.drover.counters()["requests-active"] == len(self.peers), "the requests are over")

    def do_hold(self, target):
        """A request that is in progress until there is a fresh drover."""
        self.held.clear()
        peer = self.t.keep(self.drover.connect())
        peer.send(request(target=target, host="www.example.org"))
        self.peers.append(peer)
        self.t.wait(lambda: self.holding == len(self.peers), "the server has the request")

    def release(self):
        self.held.set()
        for peer in self.peers:
            peer.close()
        self.peers, self.holding = [], 0

    def do_kill_worker(self, number):
        pid = self.drover.workers()[int(number)]["pid"]
        os.kill(pid, signal.SIGKILL)
        self.t.wait(lambda: self.drover.workers()[int(number)]["pid"] != pid, "another worker")
        self.drover.wait_ready()

    def do_program(self, name):
        """The display is a file."""

    def do_configuration(self):
        """The display is the configuration."""

    # ---- pasting

    def run(self, session, expected):
        """What the command prints, which must succeed. Of a stream no more lines are awaited than the page has."""
        stream = '"watch"' in session.command or '"follow":true' in session.command
        env = environment(self.t.dir, {"PATH": self.t.path("bin") + ":" + os.environ["PATH"]})
        popen = subprocess.Popen(["/bin/sh", "-c", self.to_real(self.settings + session.command)], cwd=self.t.dir,
                                 env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True, text=True)
        try:
            if not stream:
                printed = self.to_page(popen.communicate(timeout=40)[0])
                return printed if popen.returncode == 0 else f"(status {popen.returncode}) {printed}"
            return self.to_page("".join(popen.stdout.readline() for _ in range(expected)))
        finally:
            try:
                os.killpg(popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            popen.stdout.close()
            popen.wait()

    def paste(self, session):
        """Runs a session: what differs from the page."""
        if re.fullmatch(r"\w+=\S+", session.command):
            self.settings += session.command + "\n"
            return []
        if any(word in session.command and not shutil.which(word) for word in OPTIONAL):
            return []
        if self.drover.exited() or self.drover.stopped:
            self.start()
        self.drover.wait_ready()  # what the session before has started is there by now
        if session.method == "stop":
            self.drover.stopped = True
        wanted = manual.values(session.text())
        printed = self.run(session, len(wanted or []))
        if not session.output:
            return [] if printed else [f"line {session.line}: nothing is printed"]
        got = manual.values(printed) if wanted is not None else None
        if wanted is None or got is None:
            page = "\n".join(session.output)
            same = manual.without_numbers(page.strip()) == manual.without_numbers(printed.strip())
            problems = [] if same else ["what is printed differs"]
        elif len(wanted) != len(got):
            problems = [f"the page has {len(wanted)} replies, drover gave {len(got)}"]
        else:
            problems = [p for a, b in zip(wanted, got) for p in manual.compare(a, b)]
        if problems:
            shown = [line for reply in printed.splitlines() for line in manual.laid_out(reply)]
            problems = [f"line {session.line}: {p}" for p in problems] + ["$ " + session.command] + shown
        return problems

    def read(self, display):
        """Does what a display says: what differs."""
        self.prepare(display.directives)
        name = next((d[1] for d in display.directives if d[0] == "program"), None)
        if name:
            with open(self.t.path(name), "w", encoding="utf-8") as file:
                file.write(self.to_real("\n".join(display.lines) + "\n"))
        if not display.lines[0].startswith("$ "):
            return []
        return [problem for session in manual.sessions(display) for problem in self.paste(session)]


@long_case
def sessions(t):
    "each session of drover-control(7) gives what the page shows"
    reader = Reader(t)
    problems = [problem for display in reader.displays for problem in reader.read(display)]
    diagnose(*problems)
    assert not problems, "man/drover-control.7 and drover differ: see above"


@case
def every_method(t):
    "drover-control(7) has a session for each method, in its entry"
    reader = Reader(t)
    shown = {}
    for display in reader.displays:
        for session in manual.sessions(display) if display.lines[0].startswith("$ ") else []:
            if session.output:
                shown.setdefault(session.method, []).extend(re.findall(r'"method":"([^"]+)"', session.command))
    methods = [row["method"] for row in reader.drover.call("help")["methods"]]
    missing = [method for method in methods if method not in shown.get(method, [])]
    assert methods and not missing, f"methods without a session in their entry: {', '.join(missing)}"


@case
def help_examples(t):
    "each example of help works as it stands with the page's configuration; what changes something, as a dry run"
    reader = Reader(t)
    for row in reader.drover.call("help")["methods"]:
        example = json.loads(reader.to_real(json.dumps(row["example"])))
        if any(param["name"] == "dry-run" for param in row["params"]):
            example.setdefault("params", {})["dry-run"] = True
        elif row["permission"] != "read" and row["method"] != "log-reopen":
            continue
        control = t.keep(reader.drover.open_control())
        reply = control.ask(example)
        assert "result" in reply, (row["example"], reply)
    assert reader.drover.call("status")["workers"]["ready"] == 2


main()
