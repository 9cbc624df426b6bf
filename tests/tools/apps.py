"""
Apps for drover to run: the ones of tests/apps and what people install, as text of a
configuration, and what drover says of their instances.
"""

import os
import shutil
import sys

import drover as programs
import wire

HERE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "apps"))
QUIET = ["PYTHONDONTWRITEBYTECODE=1"]  # no files beside the sources


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def script(name):
    return os.path.join(HERE, name)


def python(name, *arguments):
    """The command of an app of tests/apps in Python."""
    return [sys.executable, "-S", script(name), *arguments]


def section(name, command, environment=(), more="", **options):
    """An `app` section. Values of options are written as they are: instances=4, start_timeout='"5s"'."""
    def words(values):
        return "{ " + ", ".join(map(quote, values)) + " }"

    lines = [f"    {key.replace('_', '-')} = {value}" for key, value in options.items()]
    return "\n".join([f"app {quote(name)} {{", f"    command = {words(command)}",
                      f"    environment = {words(QUIET + list(environment))}", *lines, more, "}", ""])


# ---- what people install

def need(t, *names):
    """The path of the first of these programs that is there."""
    found = next(filter(None, map(shutil.which, names)), None)
    return found or t.skip(f"there is no {names[0]}")


def node(t, name="node-http.js", *arguments):
    return [need(t, "node", "nodejs"), script(name), *arguments]


def express(t, *arguments):
    """The command of express-socketio and its environment."""
    modules = os.path.join(os.environ.get("SRCDIR", programs.TOP), "build", "npm", "node_modules")
    if not os.path.isdir(os.path.join(modules, "socket.io")):
        t.skip("Express and socket.io are not installed (./dev check does it, when the npm registry can be reached)")
    return node(t, "express-socketio/server.js", *arguments), [f"NODE_PATH={os.path.abspath(modules)}"]


def gunicorn(t, *arguments):
    """Of Debian. It finds wsgi.py in its directory, tests/apps."""
    return [need(t, "/usr/bin/gunicorn", "gunicorn"), "--threads", "8", *arguments, "wsgi:app"]


def uvicorn(t, *arguments):
    return [need(t, "/usr/bin/uvicorn", "uvicorn"), *arguments, "asgi:app"]


def http_server(directory, place="{port}"):
    return [sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", directory, place]


# ---- what drover says

def app_of(drover, name="web"):
    return drover.call("apps", app=name)["apps"][0]


def desired(drover, name="web"):
    return app_of(drover, name)["instances"]["desired"]


def rows(drover, name="web"):
    """All instances, by number; one that is replaced stands beside the one that replaces it."""
    return sorted(drover.call("apps", app=name)["instances"], key=lambda row: row["instance"])


def failed(drover, name="web"):
    """Those that are not started again until asked, with their last lines of output."""
    return drover.call("apps", app=name)["failed-instances"]


def ready_rows(drover, name="web"):
    """The instances that take requests, by number."""
    return [row for row in rows(drover, name) if row["state"] == "ready"]


def pids(drover, name="web"):
    return [row["pid"] for row in ready_rows(drover, name)]


def is_settled(drover, name, instances):
    """Whether there are as many as that, all ready, and nothing else. Workers may not know it yet."""
    found = rows(drover, name)
    return len(found) == instances and all(row["state"] == "ready" for row in found)


def wait_settled(drover, instances, name="web", seconds=2 * wire.SECONDS):  # several big programs may be started
    """Waits until there are as many as that, all ready, none in another state, and all workers know them: their rows."""
    programs.wait_until(lambda: is_settled(drover, name, instances) and drover.is_known(),
                        lambda: f"{instances} instances of {name}, all of them ready: {rows(drover, name)}", seconds)
    return rows(drover, name)


def wait_state(drover, state, name="web", number=0):
    """Waits until an instance is in that state: its row."""
    def found():
        return next((row for row in rows(drover, name) if row["instance"] == number and row["state"] == state), None)

    return programs.wait_until(found, lambda: f"instance {number} of {name} is {state}: {rows(drover, name)}")


class Hold:
    """Requests that the instances of an app made with plain.py keep until they are let go: no time matters."""

    def __init__(self, t, name="hold"):
        self.path = t.path(name)
        self.target = "/hold?file=" + self.path
        with open(self.path, "w", encoding="ascii"):
            pass

    def held(self):
        """The process id of the instance of each request that has come so far."""
        return list(map(int, programs.read_file(self.path + ".held").split()))

    def wait(self, count):
        """Waits until so many have come: the process ids."""
        programs.wait_until(lambda: len(self.held()) >= count, lambda: f"{count} are held: {self.held()}")
        return self.held()

    def let_go(self):
        os.unlink(self.path)


children_of = programs.children_of
