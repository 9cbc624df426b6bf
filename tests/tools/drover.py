"""
The real programs under test: drover with a configuration of the scene's own,
and examples/hello. Each lives in the directory of its case, is started in the
foreground, ended by its process id, and looked at afterwards: exit status,
sanitizer reports, broken invariants.
"""

import json
import os
import re
import signal
import subprocess
import time

import wire

TOP = os.environ.get("SRCDIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.path.join(TOP, "build", "plain")
DROVER = os.environ.get("DROVER") or os.path.join(BUILD, "src", "drover")
HELLO = os.environ.get("HELLO") or os.path.join(BUILD, "examples", "hello", "hello")

BAD_SIGNS = re.compile(r"Sanitizer|runtime error:|broken invariant|Assertion .* failed"
                       r"|(?:worker \d+|the prober) \(pid \d+\) killed by signal (?:4|6|7|8|11) ")  # scenes kill otherwise


def wait_until(condition, what, seconds=wire.SECONDS):
    """Polls until condition() is true and returns what it gave; fails with `what` (or what it gives) after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds:g} s: {what() if callable(what) else what}"
        time.sleep(0.005)


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except (FileNotFoundError, ProcessLookupError):  # of /proc: gone while it is read
        return ""


def is_sanitized():
    """Whether drover is an ASan build: then it is slower and its memory says little."""
    with open(DROVER, "rb") as file:
        return b"__asan_init" in file.read()


def environment(directory, extra=None):
    """What a child process is given: nothing of ours that could change what it does."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    reports = os.path.join(directory, "sanitizer")
    keep["ASAN_OPTIONS"] = f"log_path={reports}:quarantine_size_mb=4:detect_leaks=1"
    keep["UBSAN_OPTIONS"] = f"log_path={reports}:print_stacktrace=1"
    keep["LC_ALL"] = "C.UTF-8"
    keep.update(extra or {})
    return keep


def late(env):
    """The environment of a drover, which does things later than it would when SCENE_LATE says so: tools/late.c."""
    if "SCENE_LATE" not in os.environ:
        return env
    preload = [os.path.join(os.getcwd(), "tools", "late.so"), (env or {}).get("LD_PRELOAD")]
    return {**(env or {}), "LATE": os.environ["SCENE_LATE"], "LD_PRELOAD": ":".join(filter(None, preload))}


def process_exists(pid):
    """Whether the process runs: neither gone nor a zombie."""
    stat = read_file(f"/proc/{pid}/stat")
    return stat != "" and stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def started(pid):
    """When a process was started, by which it is told from a later one of that number; None: it is no more."""
    stat = read_file(f"/proc/{pid}/stat")
    return stat.rsplit(")", 1)[1].split()[19] if stat and process_exists(pid) else None


def children_of(pid):
    """Process ids of all that descend from it."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        stat = read_file(f"/proc/{name}/stat")
        if stat:
            parents[int(name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def process_memory(pid):
    """Resident bytes of a process."""
    return int(re.search(r"VmRSS:\s+(\d+) kB", read_file(f"/proc/{pid}/status"))[1]) * 1024


def process_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def kill_process(pid, number=signal.SIGKILL):
    """Sends a signal to a process that may have ended by now."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class ControlError(Exception):
    """An error reply. `code`, `message` and `hint` are its members."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.code, self.message = error["code"], error["message"]
        self.hint, self.errors = error.get("data", {}).get("hint"), error.get("data", {}).get("errors")


class Control(wire.Peer):
    """A connection to the control socket."""

    def __init__(self, path):
        super().__init__(wire.connect(path).socket)
        self.notes = []  # notifications that came before a reply, or that nobody has asked for yet

    def send_line(self, value):
        """Sends text or bytes as they are, anything else as JSON; the newline is added."""
        if isinstance(value, str):
            value = value.encode()
        elif not isinstance(value, bytes):
            value = json.dumps(value).encode()
        self.send(value + b"\n")

    def line(self):
        """What comes next: a reply, or a notification."""
        return json.loads(self.read_until(b"\n"))

    def reply(self):
        while True:
            line = self.line()
            if not isinstance(line, dict) or "method" not in line:
                return line
            self.notes.append(line)

    def note(self):
        """The next notification of `watch`."""
        return self.notes.pop(0) if self.notes else self.line()

    def watch(self, **params):
        return self.call("watch", **params)

    def event(self, name):
        """The next event, which is to have that name: its params."""
        note = self.note()
        assert note.get("method") == "event" and note["params"]["event"] == name, f"no {name}, but {note}"
        return note["params"]

    def event_of(self, name, **members):
        """The next event of that name and with these members, whatever comes before it: its params."""
        while True:
            note = self.note()
            params = note["params"]
            if params.get("event") == name and all(params.get(key) == value for key, value in members.items()):
                return params

    def ask(self, value):
        self.send_line(value)
        return self.reply()

    def call(self, method, /, **params):
        """The result of a method, or ControlError."""
        reply = self.ask({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if "error" in reply:
            raise ControlError(reply["error"])
        assert reply["id"] == 1 and reply["jsonrpc"] == "2.0", reply
        return reply["result"]


class Process:
    """A child process whose standard output and error are files in `directory`."""

    def __init__(self, directory, name, arguments, env=None, pass_fds=(), shell=None,
                 launcher=None):
        self.directory, self.name = directory, name
        self.out_path = os.path.join(directory, name + ".stdout")
        self.err_path = os.path.join(directory, name + ".stderr")
        if shell is not None:  # what a shell does first, in the same process
            arguments = ["/bin/sh", "-c", shell + '; exec "$0" "$@"'] + arguments
        if launcher is not None:  # a program that becomes this one
            arguments = launcher + arguments
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.popen = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=directory,
                env=environment(directory, env), pass_fds=pass_fds)
        self.pid = self.popen.pid

    def stdout(self):
        return read_file(self.out_path)

    def stderr(self):
        return read_file(self.err_path)

    def kill(self, number):
        os.kill(self.pid, number)

    def exited(self):
        return self.popen.poll() is not None

    def wait(self, seconds=wire.SECONDS):
        """Waits for its end: the exit status, negative for a signal."""
        return self.popen.wait(seconds)

    def destroy(self):
        if not self.exited():
            self.popen.kill()
            self.popen.wait()


class Hello(Process):
    """examples/hello on a port of the kernel's choice."""

    def __init__(self, directory, name="hello"):
        super().__init__(directory, name, [HELLO, "-p", "0", "-n", name])
        line = wait_until(lambda: re.search(r"listening on http://(127\.0\.0\.1:(\d+))", self.stdout()),
                          f"hello says where it listens: {self.stderr()}")
        self.address, self.port = line[1], int(line[2])

    def finish(self):
        if not self.exited():
            self.kill(signal.SIGQUIT)  # it would wait for what a test has left in progress
        assert self.wait() == 0, f"hello ended with {self.popen.returncode}: {self.stderr()}"


class Drover(Process):
    """
    drover in the foreground. `body` is configuration text; what it does not
    say is filled in: one listener on a port of the kernel's choice, a control
    socket, logs in the case's directory. Keyword arguments are top-level
    options (workers=4, keepalive_timeout="1s"); `listen` holds the options of
    the listener, or None for none.
    """

    def __init__(self, directory, body, name="drover", listen="", wait=True, control="", env=None,
                 pass_fds=(), shell=None, launcher=None, arguments=(), **options):
        self.control_path = os.path.join(directory, name + ".sock")
        self.log_path = os.path.join(directory, name + ".log")
        self.access_path = os.path.join(directory, name + ".access")
        self.conf_path = os.path.join(directory, name + ".conf")
        self.body, self.listen, self.control_options = body, listen, control
        self.options = {"workers": 2, "error_log": f'"{self.log_path}"', "log_level": "info",
                        "access_log": f'"{self.access_path}"'}
        self.options.update(options)
        self.stopped = False  # the case itself has looked at its end
        self.processes = {}  # those that it had then, and when they were started
        self.configure()
        super().__init__(directory, name, [DROVER, "-c", self.conf_path, *arguments], late(env), pass_fds, shell,
                         launcher)
        self.addresses = []
        if wait:
            self.wait_ready()

    def configure(self):
        lines = [f"{key.replace('_', '-')} = {value}" for key, value in self.options.items()]
        lines.append(f'control "{self.control_path}" {{ {self.control_options} }}')
        if self.listen is not None:
            lines.append(f'listen "127.0.0.1:0" {{ {self.listen} }}')
        with open(self.conf_path + ".new", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(lines) + "\n" + self.body + "\n")
        os.rename(self.conf_path + ".new", self.conf_path)  # whole for one that reads it just now

    # ---- looking at it

    def log(self):
        return read_file(self.log_path)

    def access_lines(self):
        """Whole lines of the access log: one may be read while it is written."""
        return [line[:-1] for line in read_file(self.access_path).splitlines(True) if line.endswith("\n")]

    def wait_log(self, pattern, seconds=wire.SECONDS):
        """Waits for a line in the error log: the match."""
        return wait_until(lambda: re.search(pattern, self.log()), f"a log line like {pattern}", seconds)

    def open_control(self):
        return Control(self.control_path)

    def call(self, method, /, **params):
        control = self.open_control()
        try:
            return control.call(method, **params)
        finally:
            control.close()

    def lets_in(self):
        """Whether a new connection to the control socket is served: then all older ones have been accepted."""
        try:
            return self.call("version")
        except (ControlError, OSError, EOFError):
            return False

    def descriptors(self):
        """How many the master has open, none of them for somebody at the control socket who has left."""
        control = self.open_control()
        try:
            for _ in range(3):  # it hears of those who left in the turn of the first at the latest
                control.call("version")
            return process_descriptors(self.pid) - 1
        finally:
            control.close()

    def answers(self):
        """The status, or None while it cannot be asked."""
        assert not self.exited(), f"drover ended with {self.popen.returncode}: {self.stderr()}{self.log()}"
        try:
            return self.call("status")
        except (OSError, EOFError):
            return None

    def wait_ready(self):
        """Waits until as many workers as wanted are ready, and learns the addresses."""
        def ready():
            status = self.answers()
            workers = status["workers"] if status else None
            return status if workers and workers["ready"] == workers["desired"] else None

        status = wait_until(ready, "the workers are ready")
        self.addresses = [listener["address"] for listener in status["listeners"]]

    def workers(self):
        """Rows of the workers that have a process, by number."""
        return [row for row in self.call("workers")["workers"] if row.get("pid")]

    def pids(self):
        return [row["pid"] for row in self.workers()]

    def loads(self):
        return [row["load"] for row in self.workers()]

    def is_known(self):
        """Whether all workers work by the last change of servers, which the master tells of earlier."""
        return all(row["servers-current"] for row in self.workers())

    def servers(self, **params):
        return self.call("servers", **params)["servers"]

    def counters(self):
        return self.call("status")["totals"]

    def wait_loads(self, total):
        """Waits until the workers together carry so many connections: the loads."""
        def carried():
            loads = self.loads()
            return loads if sum(loads) == total else None

        return wait_until(carried, f"workers carry {total} connections (they carry {self.loads()})")

    def wait_taken(self, total):
        """Waits until the workers have so many connections of clients: of those that are handed over they may know later."""
        wait_until(lambda: self.counters()["client-open"] == total,
                   f"workers have taken {total} connections (they have {self.counters()['client-open']})")

    def wait_idle(self):
        """Waits until no request is in progress, all of them are counted, and no server carries any."""
        wait_until(lambda: self.counters()["requests-active"] == 0 and not any(row["load"] for row in self.servers()),
                   f"no request is in progress: {self.servers()}")

    # ---- using it

    def where(self, index=0):
        """What connect() takes for a listener."""
        address = self.addresses[index]
        if address.startswith("unix:"):
            return address[len("unix:"):]
        host, port = address.rsplit(":", 1)
        return {"*": "127.0.0.1"}.get(host, host.strip("[]")), int(port)

    def connect(self, index=0, source=None):
        return wire.connect(self.where(index), source)

    def exchange(self, data, method="GET", index=0):
        """One exchange on a connection of its own."""
        peer = self.connect(index)
        try:
            peer.send(data)
            return peer.read_response(method)
        finally:
            peer.close()

    def get(self, target="/", **more):
        return self.exchange(wire.request(target=target, **more))

    def refuses(self):
        """Whether a connection to it is refused."""
        try:
            self.connect().close()
            return False
        except OSError:
            return True

    # ---- ending it

    def stop(self, number=signal.SIGTERM):
        """Ends it by a signal: its exit status."""
        if number != signal.SIGKILL:
            self.processes = {pid: started(pid) for pid in children_of(self.pid)}
        self.kill(number)
        self.stopped = True
        return self.wait()

    def left_behind(self):
        """Those of its processes that are there still."""
        return [pid for pid, when in self.processes.items() if when is not None and started(pid) == when]

    def trouble(self):
        """Sanitizer reports, broken invariants and crashes, as text."""
        texts = [self.stderr(), self.log()]
        texts += [read_file(os.path.join(self.directory, file)) for file in sorted(os.listdir(self.directory))
                  if file.startswith("sanitizer")]
        return "\n".join(text for text in texts if BAD_SIGNS.search(text))

    def finish(self):
        """The end of every case: it exits 0 when it is told to, and no process of it stays."""
        seen = self.stopped  # then its status is the case's business
        status = self.wait() if seen or self.exited() else self.stop(signal.SIGQUIT)
        assert not self.trouble(), "a sanitizer or drover itself reports trouble: see below"
        assert seen or status == 0, f"drover ended with {status}"
        wait_until(lambda: not self.left_behind(), lambda: f"no process stays behind: {self.left_behind()}")
