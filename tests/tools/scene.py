"""
Scenes: end-to-end tests of the real program. A scene is a Python file with
functions marked @case; each gets a Case, with a directory of its own and the
means to start drover, servers and clients, which are ended behind it. Prints
TAP. Arguments select cases by name; SCENE_KEEP=1 keeps the directories.

    from scene import case, main

    @case
    def answers(t):
        "drover answers with what the server said"
        server = t.server()
        drover = t.drover(t.pool(server))
        assert drover.get("/").status == 200

    main()
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback

import drover as programs
import stutter
import wire

DEADLINE = float(os.environ.get("SCENE_DEADLINE", "60"))  # seconds for one case, unless it is a long one
LOG_TAIL = 60  # lines of each log shown when a case fails

cases = []


class Skip(Exception):
    """The case cannot run here; says why."""


class Late(Exception):
    """The case has used up its time."""


def case(function):
    function.seconds = DEADLINE
    cases.append(function)
    return function


def long_case(function):
    """A case that is made of many."""
    case(function).seconds = 4 * DEADLINE
    return function


class Case:
    """What a case works with. Everything that it starts is ended by finish()."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix="drover-" + name[:24] + "-")
        os.chmod(self.dir, 0o755)
        self.processes, self.closables = [], []
        self.older, self.thrown = set(threading.enumerate()), []
        threading.excepthook = self.thread_ended

    def path(self, name):
        return os.path.join(self.dir, name)

    def skip(self, why):
        raise Skip(why)

    def wait(self, condition, what, seconds=wire.SECONDS):
        return programs.wait_until(condition, what, seconds)

    def freeze(self, pid):
        """Stops a process, until thaw(); it does nothing more when this returns."""
        stutter.freeze(pid)

    def thaw(self, pid):
        stutter.thaw(pid)

    def drover(self, body, **options):
        name = options.pop("name", "drover")
        started = programs.Drover.__new__(programs.Drover)
        self.processes.append(started)  # first, so that one that never gets ready is ended too
        started.__init__(self.dir, body, name=name, **options)
        return started

    def hello(self, name="hello"):
        if not os.path.exists(programs.HELLO):
            self.skip("examples/hello is not built")
        self.processes.append(programs.Hello(self.dir, name))
        return self.processes[-1]

    def process(self, name, arguments, **more):
        """Another program; it is killed at the end."""
        self.processes.append(programs.Process(self.dir, name, arguments, **more))
        return self.processes[-1]

    def server(self, respond=None, **more):
        return self.keep(wire.Server(respond, **more))

    def keep(self, closable):
        """Has closable.close() called at the end."""
        self.closables.append(closable)
        return closable

    def connect(self, drover, index=0):
        return self.keep(drover.connect(index))

    def pool(self, *servers, name="app", options="", server_options=""):
        """Configuration text of a pool with these servers (or addresses)."""
        rows = "\n".join(f'    server "{getattr(server, "address", server)}" {{ {server_options} }}'
                         for server in servers)
        return f'pool "{name}" {{\n    {options}\n{rows}\n}}\n'

    def thread_ended(self, end):
        """
        A thread of this case has ended by an exception, which nobody else would hear of. That the other end of a
        connection has gone is the case's own business.
        """
        if end.thread not in self.older and not issubclass(end.exc_type, (SystemExit, OSError, EOFError)):
            self.thrown.append(f"{end.thread.name}: {end.exc_type.__name__}: {end.exc_value}")

    def problems(self):
        return self.thrown + [problem for server in self.closables for problem in getattr(server, "problems", [])]

    def reports(self):
        """Those of sanitizers, of whatever program."""
        return [name for name in sorted(os.listdir(self.dir)) if name.startswith("sanitizer")]

    def finish(self):
        """Ends everything in an orderly way and looks at how it ended."""
        for process in self.processes:
            if hasattr(process, "finish"):
                process.finish()
        assert not self.problems(), self.problems()
        assert not self.reports(), f"a sanitizer reports trouble: see below: {self.reports()}"

    def destroy(self):
        for process in self.processes:
            if hasattr(process, "popen"):
                process.destroy()
        for closable in self.closables:
            try:
                closable.close()
            except OSError:
                pass

    def explain(self):
        """The logs, as TAP diagnostics."""
        for name in sorted(os.listdir(self.dir)):
            path = self.path(name)
            if os.path.isfile(path) and name.endswith((".log", ".stderr", ".conf")) or "sanitizer" in name:
                lines = programs.read_file(path).splitlines()[-LOG_TAIL:]
                diagnose(*(f"{name}: {line}" for line in lines))


def diagnose(*lines):
    for line in lines:
        print("#", line.encode("ascii", "backslashreplace").decode("ascii"))


def late(*_):
    raise Late("the case took too long")


def terminated(*_):
    raise SystemExit(1)


def run(number, function):
    """Runs one case and prints its TAP line. True when it passed or was skipped."""
    t = Case(function.__name__)
    title = function.__name__ + (": " + function.__doc__.strip().split("\n")[0] if function.__doc__ else "")
    title = title.replace("#", "number ")
    passed = True
    signal.setitimer(signal.ITIMER_REAL, function.seconds)
    try:
        function(t)
        t.finish()
        print(f"ok {number} - {title}")
    except Skip as why:
        print(f"ok {number} - {title} # SKIP {why}")
    except Exception:  # pylint: disable=broad-except
        signal.setitimer(signal.ITIMER_REAL, 0)
        passed = False
        print(f"not ok {number} - {title}")
        diagnose(*traceback.format_exc().splitlines(), *t.problems())
        t.explain()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        t.destroy()
        if "SCENE_KEEP" in os.environ:
            diagnose(f"kept {t.dir}")
        else:
            shutil.rmtree(t.dir, ignore_errors=True)
        sys.stdout.flush()
    return passed


def main():
    """Runs the cases of the file (all, or those named as arguments) and exits."""
    chosen = [function for function in cases if len(sys.argv) < 2 or function.__name__ in sys.argv[1:]]
    unknown = set(sys.argv[1:]) - {function.__name__ for function in chosen}
    print(f"1..{len(chosen)}")
    if unknown:
        print(f"Bail out! there is no case {', '.join(sorted(unknown))}")
        sys.exit(1)
    if not os.access(programs.DROVER, os.X_OK):
        print(f"Bail out! there is no program {programs.DROVER} (set DROVER)")
        sys.exit(1)
    signal.signal(signal.SIGALRM, late)
    signal.signal(signal.SIGTERM, terminated)
    stutter.start()
    results = [run(number, function) for number, function in enumerate(chosen, 1)]
    sys.exit(0 if all(results) else 1)
