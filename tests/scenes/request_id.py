#!/usr/bin/env python3
"""What tells requests apart, made or kept, and how long they took."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

MADE = re.compile(r"[0-9a-f]{22}")


def app(t):
    seen = []

    def respond(message):
        seen.append(message)
        return response(body=b"ok")

    return seen, t.pool(t.server(respond), name="web")


@case
def made(t):
    "what a client sends is replaced"
    seen, pool = app(t)
    drover = t.drover(pool + "request-id = make  request-id-response = true")
    answer = drover.exchange(request(fields=[("X-Request-Id", "mine")]))
    assert MADE.fullmatch(answer.get("x-request-id")), answer.fields
    assert seen[0].all("x-request-id") == [answer.get("x-request-id")]
    assert drover.exchange(request(target="/", host=None)).get("x-request-id"), "drover's own answer has one"


@case
def kept(t):
    "a good one goes to the server, to the client and to the log; another one is replaced"
    seen, pool = app(t)
    drover = t.drover(pool + 'request-id = keep  request-id-response = true  response-header = "set Also $request-id"')
    for good in ("a", "0af7651916cd43dd8448eb211c80319c", "A-b_c.d~e:f/g+h=i@j", "x" * 128):
        answer = drover.exchange(request(fields=[("x-request-id", good)]))
        assert (answer.get("x-request-id"), answer.get("also"), seen[-1].all("x-request-id")) == (good, good, [good])
        t.wait(lambda good=good: any(f"id={good} " in line for line in drover.access_lines()), "the log has it")
    for bad in ('a"b', "a b", "a,b", "", "x" * 129, "\xe9", "a\tb", "a;b", "<a>"):
        answer = drover.exchange(request(fields=[("X-Request-Id", bad)]))
        assert MADE.fullmatch(answer.get("x-request-id")), (bad, answer.fields)
        assert seen[-1].all("x-request-id") == [answer.get("x-request-id")]
    drover.exchange(request(fields=[("X-Request-Id", "a"), ("X-Request-Id", "b")]))
    assert MADE.fullmatch(seen[-1].get("x-request-id"))


@case
def by_another_name(t):
    "the name of the field is an option"
    seen, pool = app(t)
    drover = t.drover(pool + "request-id = keep  request-id-header = Trace-Id  request-id-response = true")
    answer = drover.exchange(request(fields=[("trace-id", "t1"), ("Trace_Id", "t2"), ("X-Request-Id", "x")]))
    assert seen[0].all("trace-id") == ["t1"] and seen[0].get("trace_id") is None and seen[0].get("x-request-id") == "x"
    assert (answer.get("trace-id"), answer.get("x-request-id")) == ("t1", None), answer.fields


@case
def timing(t):
    "Server-Timing stands beside the server's own, and only where it is asked for"
    pool = t.pool(t.server(lambda _: response(fields=[("Server-Timing", "db;dur=5")])), name="web")
    drover = t.drover(pool + """
        route { path = "/fixed"  respond = "200 ok"  server-timing = true }
        route { path = "/timed"  pool = web  server-timing = true }
        route { pool = web }""", access_log="off")
    own, ours = drover.get("/timed").all("server-timing")
    assert own == "db;dur=5" and re.fullmatch(r"drover;dur=\d+\.\d{3}, queue;dur=\d+\.\d{3}, server;dur=\d+\.\d{3}", ours)
    assert sum(float(part) for part in re.findall(r"dur=([\d.]+)", ours)) > 0, ours
    assert re.fullmatch(r"drover;dur=\d+\.\d{3}, queue;dur=0\.000", drover.get("/fixed").get("server-timing"))
    assert drover.get("/").all("server-timing") == ["db;dur=5"]


main()
