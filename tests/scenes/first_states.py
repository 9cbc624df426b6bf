#!/usr/bin/env python3
"""What the configuration says that servers and listeners begin with: drain, maintenance, paused."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def named(t, name):
    """A server that answers with its name."""
    return t.server(lambda seen: response(body=name.encode()))


def row(server, state):
    return f'server "{server.address}" {{ state = {state} }}\n'


@case
def servers(t):
    "those in drain and maintenance get no request"
    states = {state: named(t, state) for state in ("drain", "ready", "maintenance")}
    drover = t.drover('pool "app" {\n' + "".join(row(server, state) for state, server in states.items()) + "}")
    assert {row["server"]: row["state"] for row in drover.servers()} == \
        {server.address: state for state, server in states.items()}
    for _ in range(12):
        assert drover.get().body == b"ready"


@case
def no_server(t):
    "a pool may begin with none that is ready: its requests are answered with 503, those of other pools are served"
    away = named(t, "away")
    drover = t.drover('pool "away" {\n' + row(away, "maintenance") + "}\n" + t.pool(named(t, "here"), name="here") +
                      'route { path = "/away/"  pool = "away" }\nroute { pool = "here" }')
    assert drover.get("/away/").status == 503
    assert drover.get("/").body == b"here"
    assert drover.counters()["requests"] == 2


@case
def listener(t):
    "a paused one lets connections wait; the others serve"
    path = t.path("paused.sock")
    drover = t.drover(f'listen "unix:{path}" {{ paused = yes }}\n' + t.pool(named(t, "app")))
    waiting = t.connect(drover, 1)
    waiting.send(request())
    for _ in range(5):
        assert drover.get().body == b"app"
    assert drover.counters()["client-connections"] == 5, drover.counters()
    assert [listen["paused"] for listen in drover.call("config")["config"]["listen"]] == [False, True]


if __name__ == "__main__":
    main()
