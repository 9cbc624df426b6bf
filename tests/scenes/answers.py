#!/usr/bin/env python3
"""What is answered without a server, paths that servers see otherwise, and pages for errors."""

import email.utils
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def locations(drover, *targets, **more):
    answers = [drover.exchange(request(target=target, **more)) for target in targets]
    return [(answer.status, answer.get("location")) for answer in answers]


@case
def to_https(t):
    "everything goes to the same place by another scheme"
    drover = t.drover('', listen='redirect = "301 https://$host$uri"')
    assert locations(drover, "/", "/a/b?c=d%20e", "http://x.example:80/y", "http://x.example", host="x.example:80") == [
        (301, "https://x.example/"), (301, "https://x.example/a/b?c=d%20e"), (301, "https://x.example/y"),
        (301, "https://x.example/")]
    star = drover.exchange(request(method="OPTIONS", target="*", host="h"))
    assert (star.status, star.get("location")) == (301, "https://h"), star.head
    assert drover.exchange(b"GET / HTTP/1.0\r\n\r\n").status == 400, "no host"


@case
def redirects(t):
    "by route, with each status, and no client makes it lead elsewhere"
    drover = t.drover("".join(f'route {{ path = "/{status}"  redirect = "{status} /new" }}\n'
                              for status in (301, 302, 303, 307, 308)) + """
        route { path = "/x/"  redirect = "/y?$query" }
        route { redirect = "$path" }""")
    assert locations(drover, "/301", "/302", "/303", "/307", "/308") == \
        [(status, "/new") for status in (301, 302, 303, 307, 308)]
    assert locations(drover, "/x/?a=b", "/x/") == [(302, "/y?a=b"), (302, "/y?")]
    assert locations(drover, "//evil.example/", "///evil.example", "/\\evil.example", '/"<>{}|') == [
        (302, "/evil.example/"), (302, "/evil.example"), (302, "/%5Cevil.example"), (302, "/%22%3C%3E%7B%7D%7C")]
    drover = t.drover('route { redirect = "$header.to" }', name="other")
    assert locations(drover, "/", fields=[("To", "http://a/ b\xe9\t")]) == [(302, "http://a/%20b%E9")]
    assert locations(drover, "/", fields=[("To", "a" * 9000)]) == [(414, None)]


@case
def dates(t):
    "drover's own answers say when they were given, once, and rules may change that"
    drover = t.drover("""
        route { path = "/a"  respond = "200 a" }
        route { path = "/b"  redirect = "/c"  response-header = "set Date never" }""")
    for target, status in (("/a", 200), ("/none", 404)):
        begin = int(time.time())
        answer = drover.exchange(request(target=target))
        then = email.utils.parsedate_to_datetime(answer.get("date")).timestamp()
        assert answer.status == status and begin <= then <= time.time(), answer.head
    assert drover.exchange(request(target="/b")).all("date") == ["never"]


@case
def fixed(t):
    "texts and files, their types, and connections that go on"
    page, big = t.path("page.html"), t.path("big.json")
    with open(page, "w", encoding="ascii") as file:
        file.write("<p>page")
    with open(big, "wb") as file:
        file.write(b"[" + b" " * 200000 + b"]")
    drover = t.drover(f"""
        route {{ path = "/text"  respond = "200 all is well" }}
        route {{ path = "/page"  respond = "503 {page}"  response-header = "set Retry-After 5" }}
        route {{ path = "/big"  respond = "404 {big}"  error-page = "404 {page}" }}
        route {{ path = "/json"  respond = "200 {{}}"  respond-type = "application/json" }}
        route {{ path = "/none"  respond = 204 }}
        route {{ path = "/empty"  respond = 200 }}""")
    peer = t.connect(drover)

    def ask(target, method="GET", body=None):
        peer.send(request(method=method, target=target, body=body))
        answer = peer.read_response(method)
        return answer.status, answer.get("content-type"), answer.get("content-length"), answer.body

    text = "text/plain; charset=utf-8"
    assert ask("/text") == (200, text, "11", b"all is well")
    assert ask("/text", "HEAD") == (200, text, "11", b"")
    assert ask("/text", "POST", b"body") == (200, text, "11", b"all is well")
    assert ask("/page") == (503, "text/html; charset=utf-8", "7", b"<p>page")
    status, media, length, body = ask("/big")
    assert (status, media, length, len(body)) == (404, "application/json", "200002", 200002)
    assert ask("/json") == (200, "application/json", "2", b"{}")
    assert ask("/none") == (204, None, None, b"") and ask("/empty") == (200, None, "0", b"")
    peer.send(request(target="/page"))
    assert peer.read_response().get("retry-after") == "5"
    line = t.wait(drover.access_lines, "the access log is written")[0]
    assert 'upstream="-"' in line and 'reason="respond"' in line, line


@case
def unread_body(t):
    "a body that has not come yet is not waited for, and what follows is no request"
    drover = t.drover('route { respond = "200 ok" }')
    peer = t.connect(drover)
    peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nGET /")
    answer = peer.read_response()
    assert (answer.status, answer.get("connection")) == (200, "close"), answer.head


@case
def prefixes(t):
    "what servers see of the path, and what the access log does"
    seen = []

    def respond(message):
        seen.append(message.target)
        return response()

    pool = t.pool(t.server(respond), name="web")
    drover = t.drover(pool + """
        route { path = "/api"  pool = web  strip-prefix = "/api" }
        route { path = "/old/"  pool = web  replace-prefix = "/old /new/"  add-prefix = "/v2/" }
        route { pool = web  add-prefix = "/all" }""")
    for target in ("/api/x?y=/api", "/api", "/apix", "/api//evil.example", "/old/a", "/", "/?q", "http://scene.test/api/z",
                   "http://scene.test"):
        assert drover.get(target).status == 200, target
    drover.exchange(request(method="OPTIONS", target="*"))
    drover.exchange(request(method="OPTIONS", target="http://scene.test"))
    assert seen == ["/x?y=/api", "/", "/apix", "/evil.example", "/v2/new/a", "/all/", "/all/?q", "/z", "/all/", "*",
                    "*"], seen
    t.wait(lambda: any('"GET /api/x?y=/api HTTP/1.1"' in line for line in drover.access_lines()),
           "the log has what the client asked for")


@case
def error_pages(t):
    "drover's own answers have the page of their status, the route's before the listener's"
    for name, text in (("a.html", "<p>a"), ("b.txt", "b" * 5000)):
        with open(t.path(name), "w", encoding="ascii") as file:
            file.write(text)
    drover = t.drover(t.pool("127.0.0.1:1", name="down") + f"""
        retries = 0
        error-page = {{ "502 503 {t.path('a.html')}", "404 {t.path('b.txt')}" }}
        route {{ path = "/a"  pool = down }}
        route {{ path = "/b"  pool = down  error-page = "502 {t.path('b.txt')}" }}""")
    peer = t.connect(drover)
    peer.send(request(target="/a"))
    answer = peer.read_response()
    assert (answer.status, answer.get("content-type"), answer.body) == (502, "text/html; charset=utf-8", b"<p>a")
    peer.send(request(target="/b", method="HEAD"))
    answer = peer.read_response("HEAD")
    assert (answer.status, answer.get("content-length")) == (502, "5000")
    peer.send(request(target="/c"))
    answer = peer.read_response()
    assert (answer.status, answer.get("content-type"), answer.body) == (404, "text/plain; charset=utf-8", b"b" * 5000)
    assert drover.exchange(b"GET / HTTP/1.1\r\n\r\n").body == b"400 Bad Request\n"


@case
def error_pages_of_servers(t):
    "a page takes the place of what a server says, whatever its framing"
    with open(t.path("a.html"), "w", encoding="ascii") as file:
        file.write("<p>sorry")
    answers = {
        "/length": response(503, b"x" * 100000, fields=[("Retry-After", "9"), ("Set-Cookie", "a"), ("Content-Encoding", "gzip")]),
        "/chunked": b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "/401": response(401, b"no", fields=[("WWW-Authenticate", 'Basic realm="a"')]),
        "/404": response(404, b"own"),
        "/ok": response(200, b"ok"),
    }
    pool = t.pool(t.server(lambda seen: answers[seen.target]), name="web")
    drover = t.drover(pool + f"""
        error-page = "503 401 {t.path('a.html')}"  error-page-servers = true
        route {{ pool = web }}""", workers=1)
    peer = t.connect(drover)

    def ask(target, method="GET"):
        peer.send(request(method=method, target=target))
        return peer.read_response(method)

    for target in ("/length", "/chunked"):
        answer = ask(target)
        assert (answer.status, answer.body, answer.get("set-cookie")) == (503, b"<p>sorry", None), answer.head
        assert answer.get("content-encoding") is None and answer.get("content-type") == "text/html; charset=utf-8"
    assert ask("/length").get("retry-after") == "9"
    assert ask("/401").get("www-authenticate") == 'Basic realm="a"'
    assert ask("/length", "HEAD").get("content-length") == "8"
    assert (ask("/404").body, ask("/ok").body) == (b"own", b"ok")


main()
