#!/usr/bin/env python3
"""auth-request: another server is asked whether a request is let in."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from users import file_of, login  # pylint: disable=wrong-import-position
from wire import chunk, request, response  # pylint: disable=wrong-import-position


def judge(seen):
    """What the server that is asked says, by a field of the request."""
    words = {"yes": response(204, length=False, fields=[("X-User", "ann"), ("X-Groups", "a"), ("X-Groups", "b")]),
             "page": response(200, b"x" * 1000, fields=[("X-User", "ann")]),
             "no": response(401, b"who are you?", fields=[("WWW-Authenticate", "Custom"), ("Set-Cookie", "a=1")]),
             "never": response(403, b"go away"),
             "login": response(302, b"", fields=[("Location", "https://login.test/")]),
             "teapot": response(418), "broken": b"garbage\r\n\r\n", "not-modified": response(304, length=False),
             "upgrade": b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
             "hints": b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + response(204, length=False),
             "chunks": response(200, chunk(b"ok") + chunk(b""), length=False, fields=[("Transfer-Encoding", "chunked")]),
             "bad-chunks": response(200, b"zz\r\n", length=False, fields=[("Transfer-Encoding", "chunked")]),
             "hop": response(204, length=False, fields=[("Connection", "x-user"), ("X-User", "root")]),
             "short": response(200, b"ok", length=False, fields=[("Content-Length", "1000")])}
    return words.get(seen.get("x-say"))


def site(t, options="", listen="", pool_options="", respond=judge, **more):
    t.asked = t.server(respond)
    t.site = t.server(lambda seen: response(body=b"in"))
    return t.drover(t.pool(t.site) + t.pool(t.asked, name="who", options=pool_options) + f"""
        route {{ path = "/open"  pool = "app" }}
        route {{ pool = "app"  auth-request = "who /check?now"  auth-request-copy = {{ "X-User", "X-Groups" }}
            {options} }}""", listen=listen, **more)


def say(drover, word, method="GET", fields=(), **more):
    return drover.exchange(request(method, fields=[("X-Say", word), *fields], **more), method)


@case
def let_in(t):
    "a request goes on with what the server said of it, and with nothing that the client made up"
    drover = site(t)
    forged = [("X-User", "root"), ("x_user", "root"), ("X-Groups", "wheel")]
    answer = say(drover, "yes", "POST", forged + ["If-None-Match: *", "Range: bytes=0-1", "Cookie: c"],
                 target="/a?b", body=b"hello")
    assert (answer.status, answer.body) == (200, b"in"), answer.head
    asked, seen = t.asked.requests[-1], t.site.requests[-1]
    assert (asked.method, asked.target) == ("GET", "/check?now"), asked.head
    assert (asked.get("x-original-method"), asked.get("x-original-uri")) == ("POST", "/a?b"), asked.head
    assert asked.get("host") == "scene.test" and asked.get("cookie") == "c", asked.head
    assert asked.get("x-forwarded-for") == "127.0.0.1", asked.head
    for name in ("content-length", "if-none-match", "range", "x-user", "x_user"):
        assert not asked.all(name), asked.head
    assert (seen.method, seen.target, seen.body) == ("POST", "/a?b", b"hello"), seen.head
    assert seen.get("x-user") == "ann" and seen.all("x-groups") == ["a", "b"], seen.head
    assert b"root" not in seen.head and b"wheel" not in seen.head and seen.get("range"), seen.head
    assert say(drover, "hop").status == 200 and not t.site.requests[-1].all("x-user"), "what is for one hop is not copied"
    drover.get("/open")
    assert len(t.asked.requests) == 2 and drover.counters()["auth-requests"] == 2


@case
def refused(t):
    "401 and 403 go to the client with all that the server says; anything else is 502"
    drover = site(t)
    peer = t.connect(drover)
    peer.send(request(fields=[("X-Say", "no")]) + request("HEAD", fields=[("X-Say", "no")]) +
              request("POST", fields=[("X-Say", "never")], body=b"small") + request(fields=[("X-Say", "yes")]))
    answer = peer.read_response()
    assert (answer.status, answer.body) == (401, b"who are you?"), answer.head
    assert answer.get("www-authenticate") == "Custom" and answer.get("set-cookie") == "a=1", answer.head
    assert peer.read_response("HEAD").status == 401
    answer = peer.read_response()
    assert (answer.status, answer.body) == (403, b"go away"), answer.head
    assert peer.read_response().body == b"in", "the connection goes on"
    assert drover.counters()["auth-denied"] == 3
    for word in ("login", "teapot", "broken", "upgrade", "not-modified", "bad-chunks", "silence"):
        assert say(drover, word).status == 502, word
    assert len(t.site.requests) == 1


@case
def redirected(t):
    "a login page is shown where that is wanted"
    drover = site(t, "auth-request-redirect = true")
    answer = say(drover, "login")
    assert (answer.status, answer.get("location")) == (302, "https://login.test/"), answer.head
    assert say(drover, "not-modified").status == 502


@case
def connections(t):
    "connections to the server that is asked are kept, whatever the body of its answer"
    drover = site(t, workers=1)
    for word in ("yes", "page", "hints", "chunks", "no", "yes"):
        answer = say(drover, word)
        assert answer.status in (200, 401) and answer.interim == [], (word, answer.interim)
    assert len(t.asked.peers) == 1, len(t.asked.peers)
    assert len(t.site.peers) == 1, len(t.site.peers)


@case
def bodies(t):
    "a body waits for the verdict, and is then whole; without one nobody reads it"
    drover = site(t)
    body = os.urandom(500000)
    assert say(drover, "yes", "PUT", body=body).status == 200
    assert t.site.requests[-1].body == body
    for word in ("no", "teapot"):
        peer = t.connect(drover)
        peer.send(request("POST", fields=[("X-Say", word), "Content-Length: 5", "Expect: 100-continue"]))
        answer = peer.read_response()
        assert answer.status in (401, 502) and answer.interim == [], answer.head
        assert peer.ended(), "what would follow is not a request"
    assert not any(seen.body for seen in t.asked.requests)


@case
def dead(t):
    "a server that is asked and is not there, says nothing, or ends halfway, lets nobody in"
    drover = site(t, pool_options="response-timeout = 2s  retries = 0  max-fails = 0")
    t.asked.refuse()
    assert say(drover, "yes").status == 502
    t.asked.accept()
    assert say(drover, "yes").status == 200
    assert say(drover, "short").status == 504, "half an answer is none"
    drover.call("server-set", pool="who", server=t.asked.address, state="maintenance")
    assert say(drover, "yes").status == 503
    quiet = t.server(handler=lambda peer: peer.read_all())
    drover = t.drover(t.pool(t.site) + t.pool(quiet, name="who", options="response-timeout = 300ms") + """
        route { pool = "app"  auth-request = "who /" }""", name="second")
    assert say(drover, "yes", body=b"x" * 100000).status == 504
    assert len(t.site.requests) == 1


@case
def another(t):
    "when a server that is asked fails, another is, and so it is with the request"
    gone = t.server(listening=False)
    t.asked, t.site = t.server(judge), t.server()
    drover = t.drover(t.pool(gone, t.site) + t.pool(gone, t.asked, name="who") +
                      'route { pool = "app"  auth-request = "who /" }')
    assert [say(drover, "yes", "PUT", body=b"body").status for _ in range(6)] == [200] * 6
    assert {seen.body for seen in t.site.requests} == {b"body"}


@case
def client_leaves(t):
    "when the client goes away the server is asked no more"
    ended, asked = threading.Event(), threading.Event()

    def hear(peer):
        peer.read_request()
        asked.set()
        peer.read_all()
        ended.set()

    waiting = t.server(handler=hear)
    drover = t.drover(t.pool(t.server()) + t.pool(waiting, name="who") + 'route { pool = "app"  auth-request = "who /" }')
    peer = t.connect(drover)
    peer.send(request())
    assert asked.wait(20)
    peer.reset()
    assert ended.wait(20), "the connection is given up"
    t.wait(lambda: drover.counters()["requests-active"] == 0, "the request is over")


@case
def limits(t):
    "the limits of the pool that is asked hold, and requests wait in its queue"
    most, now, lock = [0], [0], threading.Lock()

    def slow(seen):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.02)
        with lock:
            now[0] -= 1
        return judge(seen)

    t.asked, t.site = t.server(slow), t.server()
    drover = t.drover(t.pool(t.site) + t.pool(t.asked, name="who", server_options="max-connections = 2") +
                      'route { pool = "app"  auth-request = "who /" }')
    peers = [t.connect(drover) for _ in range(12)]
    for peer in peers:
        peer.send(request(fields=[("X-Say", "yes")]))
    assert [peer.read_response().status for peer in peers] == [200] * 12
    assert most[0] <= 2, most[0]


@case
def nothing_stays(t):
    "what the asking came to does not count for the request: the key of its pool, and how long it may wait"
    servers = [t.server(lambda seen, n=n: response(body=b"%d" % n)) for n in range(4)]
    let_in, busy = threading.Semaphore(0), threading.Semaphore(0)

    def held(seen):
        busy.acquire(timeout=60)
        return response()

    def slow(seen):
        let_in.acquire(timeout=60)
        return judge(seen)

    held_one, slow_one = t.server(held), t.server(slow)
    drover = t.drover(
        t.pool(*servers, name="keys", options='balance = consistent-hash  hash-key = "header x-key"') +
        t.pool(t.server(judge), t.server(judge), name="paths", options="balance = consistent-hash  hash-key = path") +
        t.pool(held_one, options="queue-timeout = 200ms", server_options="max-connections = 1") +
        t.pool(slow_one, name="slow", options="queue-timeout = 60s", server_options="max-connections = 1") + """
        route { path = "/keys/"  pool = "keys"  auth-request = "paths /" }
        route { path = "/held"  pool = "app" }
        route { pool = "app"  auth-request = "slow /" }""", workers=1)
    answers = {say(drover, "yes", target=f"/keys/{n}", fields=[("X-Key", "same")]).body for n in range(24)}
    assert len(answers) == 1, answers
    peers = [t.connect(drover) for _ in range(3)]
    peers[0].send(request(target="/held"))
    t.wait(lambda: held_one.count() == 1, "the pool is full")
    for peer in peers[1:]:
        peer.send(request(fields=[("X-Say", "yes")]))
    t.wait(lambda: drover.counters()["queued"] == 1, "one waits to be asked for")
    for _ in range(2):
        let_in.release()
    assert [peer.read_response().status for peer in peers[1:]] == [503] * 2
    assert drover.counters()["queue-timeouts"] == 2
    busy.release()
    assert peers[0].read_response().status == 200


@case
def with_passwords(t):
    "a password, a listener that asks and a route that asks: all of them, in turn"
    t.asked, t.site = t.server(judge), t.server()
    users = file_of(t.path("users"), {"bob": "pw"})
    drover = t.drover(t.pool(t.site) + t.pool(t.asked, name="who") + f"""
        response-header = "set X-Path $path"
        route {{ pool = "app"  auth-request = "who /route"  auth-request-copy = "X-User"
            response-header = "set X-Seen $method"  auth-basic = "x"  auth-users = "{users}"
            auth-user-header = "X-Login" }}""", listen='auth-request = "who /listener"')
    assert say(drover, "yes").status == 401
    answer = say(drover, "yes", fields=[login("bob", "pw")], target="/p")
    assert answer.status == 200 and answer.get("x-path") == "/p" and answer.get("x-seen") == "GET", answer.head
    assert [seen.target for seen in t.asked.requests] == ["/listener", "/listener", "/route"]
    assert t.asked.requests[-1].get("x-login") == "bob", "who is asked is told what is known"
    seen = t.site.requests[-1]
    assert (seen.get("x-login"), seen.get("x-user")) == ("bob", "ann"), seen.head
    answer = say(drover, "no", target="/q")
    assert answer.status == 401 and answer.get("x-path") == "/q", answer.head


main()
