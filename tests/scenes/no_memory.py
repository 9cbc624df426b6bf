#!/usr/bin/env python3
"""
Out of memory: each allocation of a request's way, of a worker's start and of a
control call fails once, and then all do for a while. Somebody gets an error or a
closed connection; nobody crashes or hangs, and afterwards all is as before.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import HELLO  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from starve import EVER, EVERYBODY, Starve, each_allocation  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

def start(t, body=None, **options):
    starve = t.keep(Starve(t))
    if body is None:
        body = t.pool(t.server(lambda seen: response(body=b"x" * 3000, fields=[("Connection", "close")])),
                      options="max-fails = 0")
    return starve, t.drover(body, env=starve.env, workers=1, log_level="warn", **options)


def attempt(t, drover, data):
    """The status of the answer, or None when the connection was closed without a whole one."""
    try:
        peer = t.keep(drover.connect())
        peer.send(data)
        answer = peer.read_response()
        peer.close()
        return answer.status
    except (EOFError, ConnectionError, AssertionError, ValueError):
        return None


def requests(t, data, expected=200, **options):
    """Each allocation of a request in a worker that has just begun, so that nothing is in its free lists."""
    starve, drover = start(t, **options)
    outcomes = set()

    def fresh_worker():
        before = drover.pids()
        drover.call("restart-worker", worker=drover.workers()[0]["worker"], wait=True)
        t.wait(lambda: len(drover.workers()) == 1 and drover.pids() != before, "the new worker")
        return drover.pids()[0]

    def look(_, status, __):
        outcomes.add(status)
        assert status in (None, expected, 500, 502, 503), status
        assert attempt(t, drover, data) == expected, "the next request"
        assert drover.workers()[0]["restarts"] == 0, "the worker lives"

    count = each_allocation(starve, fresh_worker, lambda: attempt(t, drover, data), look)
    assert count >= 4, f"only {count} allocations were seen"
    assert expected in outcomes and len(outcomes) > 1, outcomes


@case
def small_request(t):
    "each allocation of a GET"
    requests(t, request())


@case
def upload(t):
    "each allocation of a POST with a chunked body, with routes and rules on its way"
    server = t.server(lambda seen: response(body=b"x" * 200000, fields=[("Connection", "close")]))
    body = t.pool(server, options="max-fails = 0") + """
        limit-rate = 1000/s
        limit-connections = 100
        request-header  = "set X-One $client-$header.host"
        response-header = "set X-Two $status"
        route { pool = "app" }"""
    data = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fa0\r\n" + b"b" * 4000 + b"\r\n0\r\n\r\n"
    requests(t, data, body=body)


@case
def for_a_while(t):
    "nothing can be allocated for a while: clients hear errors, and then are served again"
    starve, drover = start(t)
    worker = drover.pids()[0]
    starve.begin(worker, 1, EVER)
    for _ in range(30):
        assert attempt(t, drover, request()) in (None, 200, 500, 502, 503)
    starve.end()
    for _ in range(5):
        assert attempt(t, drover, request()) == 200
    assert drover.pids() == [worker], "the worker lives"


@case
def starting_worker(t):
    "a worker that lacks memory at its start is started again"
    starve, drover = start(t)
    old = drover.pids()[0]
    starve.begin(EVERYBODY, 1, EVER)
    os.kill(old, 9)
    drover.wait_log("worker 0 .* exited")
    starve.end()
    t.wait(lambda: drover.workers() and drover.workers()[0]["pid"] not in (0, None, old) and
           drover.workers()[0]["state"] == "ready", "another worker")
    assert attempt(t, drover, request()) == 200


CALLS = (("status", {}), ("servers", {}), ("pools", {}), ("workers", {}), ("config", {}), ("sessions", {}),
         ("counters", {}), ("help", {}), ("routes", {}), ("listeners", {}), ("histograms", {}),
         ("server-add", {"pool": "app", "server": "127.0.0.1:9", "state": "drain"}),
         ("server-set", {"pool": "app", "server": "127.0.0.1:9", "weight": 3}),
         ("server-remove", {"pool": "app", "server": "127.0.0.1:9"}),
         ("balance", {"pool": "app", "algorithm": "least-connections"}),
         ("log-level", {"level": "info", "for": "1s"}))


APP_CALLS = (("apps", {}), ("status", {}), ("servers", {}), ("reload", {}), ("reload", {"dry-run": True}),
             ("signal", {"app": "web", "signal": "CONT"}), ("restart", {"app": "web"}),
             ("restart", {"app": "web", "instance": 0, "dry-run": True}), ("scale", {"app": "web", "instances": 3}),
             ("scale", {"app": "web", "instances": 2, "wait": True}))


def starved_calls(starve, drover, calls):
    """Each allocation of the master fails while it carries these out."""
    for method, params in calls:
        def ask(method=method, params=params):
            control = None
            try:
                control = drover.open_control()
                control.ask({"method": method, "params": params})
            except (AssertionError, OSError, EOFError, ValueError):
                pass
            finally:
                if control is not None:
                    control.close()

        for number in list(range(1, 25)) + [40, 80, 160]:
            starve.begin(drover.pid, number)
            ask()
            seen = starve.end()
            if seen < number:
                break
        assert drover.call("status")["pid"] == drover.pid


@case
def control_calls(t):
    "each allocation of the master while it answers: an error or a closed connection, and then it answers"
    starve, drover = start(t)
    starved_calls(starve, drover, CALLS)
    assert attempt(t, drover, request()) == 200


@case
def control_calls_about_apps(t):
    "the same with what is asked about apps; then it runs as many instances as are wanted"
    body = f'app "web" {{ command = {{ "{os.path.abspath(HELLO)}", "-p", "{{port}}" }} instances = 2 }}\n'
    starve, drover = start(t, body)
    starved_calls(starve, drover, APP_CALLS)
    drover.call("restart", app="web")

    def settled():
        app = drover.call("apps")["apps"][0]
        return app["roll"]["state"] == "done" and app["instances"]["ready"] == app["instances"]["desired"] == 2

    t.wait(settled, "two instances are ready")
    assert attempt(t, drover, request()) == 200


main()
