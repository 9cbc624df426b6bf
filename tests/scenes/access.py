#!/usr/bin/env python3
"""Who is served: allow and deny, of all, of a listener and of a route."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def pool(t):
    return t.pool(t.server(lambda seen: response(body=b"served")), name="web")


def asked(drover, target="/"):
    return drover.exchange(request(target=target)).status


@case
def nobody_else(t):
    "whom allow does not have is answered 403"
    drover = t.drover(pool(t) + "allow = { 10.0.0.0/8, ::1 }")
    answer = drover.exchange(request())
    assert (answer.status, answer.body) == (403, b"403 Forbidden\n"), answer


@case
def those_who_are_named(t):
    "whom allow has is served"
    assert asked(t.drover(pool(t) + "allow = { 10.0.0.0/8, 127.0.0.0/8 }")) == 200


@case
def but_not_those(t):
    "deny counts for those that allow has as well"
    drover = t.drover(pool(t) + "allow = 127.0.0.0/8  deny = 127.0.0.1")
    assert asked(drover) == 403


@case
def all_others(t):
    "whom deny does not have is served"
    assert asked(t.drover(pool(t) + "deny = 10.0.0.0/8")) == 200


@case
def by_route(t):
    "a route refuses for itself, after the listener has let the request pass"
    drover = t.drover(pool(t) + """
        route { path = "/admin/"  pool = "web"  allow = 10.0.0.0/8 }
        route { path = "/private/"  pool = "web"  deny = 127.0.0.1 }
        route { pool = "web" }""")
    assert [asked(drover, target) for target in ("/", "/admin/x", "/private/x", "/admin")] == [200, 403, 403, 200]


@case
def in_disguise(t):
    "nobody comes past a route that refuses by another way to write its path"
    drover = t.drover(pool(t) + """
        route { path = "/admin/"  pool = "web"  allow = 10.0.0.0/8 }
        route { pool = "web" }""")
    for target in ("/%61dmin/x", "//admin/x", "/./admin/x", "/x/../admin/x", "/x/%2e%2e/admin/x", "/%2fadmin%2fx"):
        assert asked(drover, target) == 400, target
    assert asked(drover, "/%61dmin/x?y=/../z") == 400
    assert [asked(drover, target) for target in ("/a%2fb", "/x//y", "/x/../y", "/.well-known/x")] == [200] * 4
    assert [asked(drover, target) for target in ("/x?next=/../admin/x", "/x/..//y?u=%2fadmin%2f", "/%78?")] == [200] * 3


main()
