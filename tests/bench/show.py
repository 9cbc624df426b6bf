#!/usr/bin/env python3
"""
Everything at once, by hand: one drover runs six apps, each with 4 instances: Node's http, Express and
socket.io (sticky), python3 -m http.server, gunicorn and uvicorn on passed sockets, and a C app. All are under
load while they are scaled 4, 8, 1, 4, replaced one after the other, and killed at random. Prints how
many requests failed of how many, for each app and event.

    make -C BUILD && SRCDIR=$PWD DROVER=BUILD/src/drover HELLO=BUILD/examples/hello/hello tests/bench/show.py [SECONDS]

SECONDS (20) is how long instances are killed; all of it takes about a minute more.
"""

import collections
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import HELLO, process_exists  # pylint: disable=wrong-import-position
from scene import Case  # pylint: disable=wrong-import-position
from socketio import Refused, SocketIO  # pylint: disable=wrong-import-position
from traffic import GET, GET_SHORT, MIX, Client, Traffic, table  # pylint: disable=wrong-import-position

EVENTS = ["steady", "scale 4-8", "scale 8-1", "scale 1-4", "roll", "kill -9", "after"]
PATIENCE = 60  # seconds for one event
FILES = [GET, GET, GET_SHORT, GET_SHORT]
UPLOADS = [GET, GET, GET_SHORT, GET_SHORT, Client("POST", True, "/upload"), Client("POST", False, "/upload")]


def sections(t):
    """Text of the configuration and clients, by name."""
    with open(t.path("index.html"), "w", encoding="ascii") as file:
        file.write("<title>files</title>\n")
    command, environment = apps.express(t)
    four = {"instances": 4, "start_timeout": '"60s"'}
    passed = {"listen": "activation", "directory": f'"{apps.HERE}"', **four}
    return {
        "node": (apps.section("node", apps.node(t), **four), MIX),
        "express": (apps.section("express", command, environment, sticky='"cookie"', **four), MIX),
        "files": (apps.section("files", apps.http_server(t.dir), **four), FILES),
        "gunicorn": (apps.section("gunicorn", apps.gunicorn(t), **passed), MIX),
        "uvicorn": (apps.section("uvicorn", apps.uvicorn(t, "--fd", "3", "--log-level", "warning"), **passed), MIX),
        "hello": (apps.section("hello", [HELLO, "-p", "{port}"], **four), UPLOADS),
    }


class Chat:
    """Clients of socket.io: a conversation by polling, then by websocket, then another one."""

    def __init__(self, drover, clients=4):
        self.drover, self.event, self.stopping = drover, "steady", False
        self.counts = collections.Counter()  # (event, how it ended) -> conversations
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopping:
            how = self.talk(SocketIO(self.drover, "express.test"))
            with self.lock:
                self.counts[self.event, how] += 1

    def talk(self, client):
        try:
            client.connect()
            for i in range(20):
                if i == 5:
                    client.upgrade()
                client.say()
                time.sleep(0.02)
            return "whole"
        except Refused as problem:
            return str(problem)[:60]
        except (EOFError, OSError) as problem:
            return "websocket ended" if client.websocket else repr(problem)[:60]
        finally:
            client.close()

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(PATIENCE)

    def account(self):
        for event in EVENTS:
            found = {how: count for (when, how), count in self.counts.items() if when == event}
            print(f"  {event:10} " + ", ".join(f"{count} {how}" for how, count in sorted(found.items())))


def at_all(drover, names, method, **params):
    """The same done to all apps at the same time; waits for each."""
    controls = [drover.open_control() for _ in names]
    for control, name in zip(controls, names):
        control.socket.settimeout(PATIENCE)
        control.send_line({"id": name, "method": method, "params": {"app": name, "wait": True, **params}})
    for control in controls:
        reply = control.reply()
        if "error" in reply or reply["result"].get("state") == "rolled-back":
            print("  ", reply)
        control.close()


def kill_at_random(drover, names, seconds):
    """An instance of each app about every second; not its last one."""
    killed, end = collections.Counter(), time.monotonic() + seconds
    while time.monotonic() < end:
        for name in names:
            pids = apps.pids(drover, name)
            if len(pids) > 1:
                os.kill(random.choice(pids), signal.SIGKILL)
                killed[name] += 1
        time.sleep(1)
    return killed


def show(t, seconds):
    chosen = sections(t)
    names = list(chosen)
    routes = "".join(f'route {{ host = {{ "{name}.test" }} pool = "{name}" }}\n' for name in names)
    body = "".join(section for section, _ in chosen.values()) + routes
    drover = t.drover(body, workers=2, queue_timeout='"20s"')
    for name in names:
        apps.wait_settled(drover, 4, name, PATIENCE)
    traffics = [Traffic(drover, clients, f"{name}.test", name) for name, (_, clients) in chosen.items()]
    chat = Chat(drover)

    def during(event):
        for each in traffics + [chat]:
            each.event = event
        print(f"{time.strftime('%T')} {event}", flush=True)

    time.sleep(3)
    for count, event in ((8, "scale 4-8"), (1, "scale 8-1"), (4, "scale 1-4")):
        during(event)
        at_all(drover, names, "scale", instances=count)
    during("roll")
    at_all(drover, names, "restart")
    during("kill -9")
    killed = kill_at_random(drover, names, seconds)
    for name in names:
        apps.wait_settled(drover, 4, name, PATIENCE)
    during("after")
    time.sleep(3)
    for each in traffics + [chat]:
        each.stop()
    print("\nfailed requests of all requests")
    print(table(traffics, EVENTS))
    print(f"\nkilled: {dict(killed)}; slowest answer {max(each.slowest for each in traffics):.2f} s;"
          f" load average {os.getloadavg()[0]:.1f}")
    print("failed GETs:", sum(each.total(method="GET", failed=True) for each in traffics))
    print("conversations by socket.io, how they ended:")
    chat.account()
    for each in traffics:
        for failure in each.failures[:4]:
            print("  ", failure)
    pids = [pid for name in names for pid in apps.pids(drover, name)]
    drover.finish()
    print("left behind:", [pid for pid in pids if process_exists(pid)])


def main():
    t = Case("show")
    try:
        show(t, float(sys.argv[1]) if len(sys.argv) > 1 else 20)
    except BaseException:
        t.explain()
        raise
    finally:
        t.destroy()


main()
