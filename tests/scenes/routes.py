#!/usr/bin/env python3
"""Which pool a request goes to: by listener, host and path, in the order of the file."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def pools(t, *names):
    """Configuration of pools whose server answers with the pool's name."""
    return "".join(t.pool(t.server(lambda seen, name=name: response(body=name.encode())), name=name) for name in names)


def asked(drover, target="/", host="scene.test", index=0):
    """The pool that answers, or the status."""
    answer = drover.exchange(request(target=target, host=host), index=index)
    return answer.body.decode() if answer.status == 200 else answer.status


@case
def by_path(t):
    "a path prefix; the first route that fits wins"
    drover = t.drover(pools(t, "a", "b", "c", "rest") + """
        route { path = "/a/b/"  pool = "b" }
        route { path = { "/a/", "/alpha/" }  pool = "a" }
        route { path = "/c"  pool = "c" }
        route { pool = "rest" }""")
    for target, pool in (("/a/x", "a"), ("/a/", "a"), ("/alpha/1?q", "a"), ("/a/b/1", "b"), ("/a/b", "a"), ("/c", "c"),
                         ("/c/d", "c"), ("/c?x=1", "c"), ("/", "rest"), ("/x/a/", "rest"), ("/A/", "rest"),
                         ("http://scene.test/a/1", "a"), ("http://scene.test", "rest"), ("/?/a/", "rest")):
        assert asked(drover, target) == pool, (target, asked(drover, target))


@case
def by_host(t):
    "exact names, names under a domain; case and port do not count"
    drover = t.drover(pools(t, "exact", "under", "both", "rest") + """
        route { host = "www.example.org"  pool = "exact" }
        route { host = { "*.example.org", "other.test" }  pool = "under" }
        route { host = "third.test"  path = "/app/"  pool = "both" }
        route { pool = "rest" }""")
    for host, pool in (("www.example.org", "exact"), ("WWW.Example.ORG", "exact"), ("www.example.org:8080", "exact"),
                       ("a.example.org", "under"), ("a.b.example.org", "under"), ("example.org", "rest"),
                       ("badexample.org", "rest"), ("other.test", "under"), ("www.example.org.evil.test", "rest"),
                       ("third.test", "rest"), ("127.0.0.1", "rest"), ("[::1]:80", "rest")):
        assert asked(drover, "/", host) == pool, (host, asked(drover, "/", host))
    assert asked(drover, "/app/x", "third.test") == "both"
    assert asked(drover, "http://www.example.org/app/", "www.example.org") == "exact"


@case
def no_route(t):
    "no route fits: 404"
    drover = t.drover(pools(t, "a") + 'route { path = "/a/"  pool = "a" }')
    peer = t.connect(drover)
    for target, status in (("/b", 404), ("/a/", 200), ("/b", 404)):
        peer.send(request(target=target))
        answer = peer.read_response()
        assert answer.status == status, answer.head
        if answer.get("connection") == "close":
            peer = t.connect(drover)


@case
def no_route_with_body(t):
    "a request without a route may have a body: it is not taken for the next request"
    server = t.server()
    drover = t.drover(t.pool(server) + 'route { path = "/a/"  pool = "app" }')
    peer = t.connect(drover)
    peer.send(request("POST", "/b", body=request(target="/a/smuggled")) + request(target="/a/real"))
    answer = peer.read_response()
    assert answer.status == 404
    if answer.get("connection") == "close":
        assert peer.ended()
    else:
        assert peer.read_response().status == 200
    assert [seen.target for seen in server.requests] in ([], ["/a/real"])


@case
def by_listener(t):
    "a listener with a pool of its own"
    drover = t.drover(pools(t, "a", "b") + 'listen "127.0.0.1:0" { pool = "b" }\nroute { pool = "a" }', listen=None)
    assert asked(drover) == "b"
    drover = t.drover(pools(t, "a", "b") + f'listen "unix:{t.path("web.sock")}" {{ pool = "b" }}\n'
                      'route { pool = "a" }', name="two")
    assert {asked(drover, index=0), asked(drover, index=1)} == {"a", "b"}


@case
def one_pool(t):
    "with a single pool and no route, everything goes to it"
    drover = t.drover(pools(t, "only"))
    assert asked(drover, "/x", "anything.test") == "only"


main()
