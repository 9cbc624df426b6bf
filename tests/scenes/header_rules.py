#!/usr/bin/env python3
"""Rules about header fields: what servers and clients are sent, and what cannot be smuggled in by them."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position


def app(t, **answer):
    """A server that keeps what it was asked, and its pool."""
    seen = []

    def respond(message):
        seen.append(message)
        return response(**answer)

    return seen, t.pool(t.server(respond), name="web")


def rules(*texts):
    return "{ " + ", ".join(f'"{text}"' for text in texts) + " }"


@case
def requests(t):
    "set, add, default and remove, the listener's before the route's"
    seen, pool = app(t)
    drover = t.drover(pool + """
        request-header = """ + rules("set X-Client $client", "add Tag one", "remove Cookie", "default Lang en") + """
        route { pool = web  request-header = """ + rules("add Tag two", "remove X-Debug-*", "set Lang de") + " }")
    head = request(fields=[("X-Client", "forged"), ("X_CLIENT", "forged"), ("tag", "zero"), ("Cookie", "a=b"),
                           ("X-Debug-A", "1"), ("x-debug-b", "2"), ("Lang", "fr")])
    assert drover.exchange(head).status == 200
    asked = seen[0]
    assert asked.all("x-client") == ["127.0.0.1"] and asked.all("x_client") == [], asked.fields
    assert asked.all("tag") == ["zero", "one", "two"], asked.fields
    assert asked.get("cookie") is None and asked.get("x-debug-a") is None and asked.get("x-debug-b") is None
    assert asked.all("lang") == ["de"], asked.fields


@case
def responses(t):
    "fields of responses, with what the request said long ago"
    _, pool = app(t, fields=[("Server", "app/1"), ("X-Powered-By", "x"), ("Tag", "zero")], body=b"hi")
    drover = t.drover(pool + "response-header = " + rules(
        "remove Server", "remove X-Powered-*", "add Tag one", "default Cache-Control no-store",
        "set Where $method $host $path?$query $header.x-a", "set Who $pool $server $status $$1"))
    answer = drover.exchange(request(target="/a/b?c=d", fields=[("X-A", "1"), ("x-a", "2")], host="example.org:81"))
    assert answer.body == b"hi" and answer.get("server") is None and answer.get("x-powered-by") is None
    assert answer.all("tag") == ["zero", "one"] and answer.get("cache-control") == "no-store"
    assert answer.get("where") == "GET example.org /a/b?c=d 1, 2", answer.fields
    assert re.fullmatch(r"web 127\.0\.0\.1:\d+ 200 \$1", answer.get("who")), answer.fields


@case
def own_answers(t):
    "the rules are for drover's own answers, too"
    drover = t.drover(t.pool("127.0.0.1:1") + "retries = 0  response-header = " + rules(
        "set X-Status $status", "set X-Path $path", "set Content-Type text/x", "default Content-Type y"))
    answer = drover.exchange(request(target="/p"))
    assert (answer.status, answer.get("x-status"), answer.get("x-path")) == (502, "502", "/p"), answer.fields
    assert answer.get("content-type") == "text/x" and answer.get("content-length") == str(len(answer.body))
    bad = drover.exchange(b"GET / HTTP/1.1\r\nbad\r\n\r\n")
    assert (bad.status, bad.get("x-status"), bad.get("x-path")) == (400, "400", None), bad.fields


@case
def no_interim_responses(t):
    "1xx responses go on as they are"
    def respond(_):
        return b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + response(body=b"")

    drover = t.drover(t.pool(t.server(respond), name="web") + "response-header = " + rules("set X-A $status"))
    answer = drover.get()
    assert answer.get("x-a") == "200" and [interim.get("x-a") for interim in answer.interim] == [None], answer.head


@case
def drovers_own_fields(t):
    "a rule takes over what drover would say of the client"
    seen, pool = app(t)
    drover = t.drover(pool + "via = true  request-id = true  request-header = " + rules(
        "set X-Forwarded-Proto https", "remove Via", "default X-Request-Id none", "remove X-Forwarded-Host"))
    drover.exchange(request(fields=[("X-Forwarded-Proto", "gopher")]))
    asked = seen[0]
    assert asked.all("x-forwarded-proto") == ["https"] and asked.get("x-forwarded-for") == "127.0.0.1"
    assert asked.get("via") is None and asked.get("x-forwarded-host") is None
    assert len(asked.all("x-request-id")) == 1 and asked.get("x-request-id") != "none", asked.fields


@case
def forged_beside_rules(t):
    "where there are rules a stranger forges nothing of what drover says, either, and defaults are for what nobody says"
    seen, pool = app(t)
    drover = t.drover(pool + "via = true  request-header = " + rules(
        "set X-Other 1", "default X-Forwarded-Host none", "default Via none") + " response-header = " + rules("default Via none"))
    forged = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil"), ("X-Forwarded-For", "192.0.2.1")]
    answer = drover.exchange(request(fields=forged))
    asked = seen[0]
    assert asked.all("x-forwarded-proto") == ["http"] and asked.all("x-forwarded-host") == ["scene.test"], asked.fields
    assert asked.all("x-forwarded-for") == ["127.0.0.1"], asked.fields
    assert len(asked.all("via")) == 1 and asked.get("via") != "none", asked.fields
    assert len(answer.all("via")) == 1 and answer.get("via") != "none", answer.fields
    drover.exchange(request(version="1.0", host=None, fields=forged))
    assert seen[1].all("x-forwarded-host") == ["none"], seen[1].fields


@case
def host(t):
    "the host that the server is told, and one that is none is refused"
    seen, pool = app(t)
    drover = t.drover(pool + "request-header = " + rules("set Host $header.X-Host"))
    assert drover.exchange(request(fields=[("X-Host", "app.internal:8080")])).status == 200
    assert drover.exchange(request(target="http://other/x", host="other", fields=[("X-Host", "app.internal")])).status == 200
    assert drover.exchange(request()).status == 200, "without the field the client's own stays"
    assert [asked.all("host") for asked in seen] == [["app.internal:8080"], ["app.internal"], ["scene.test"]], \
        [asked.fields for asked in seen]
    for value in ("a b", "a/b", "a@b", "a:b"):
        assert drover.exchange(request(fields=[("X-Host", value)])).status == 400, value
    assert len(seen) == 3


@case
def too_long(t):
    "what does not fit is refused, never cut"
    seen, pool = app(t)
    rows = rules(*(f"set X-{i} $header.big" for i in range(4)))
    drover = t.drover(pool + f"header-size = 64k\nroute {{ path = /q  pool = web  request-header = {rows} }}\n"
                             f"route {{ path = /p  pool = web  response-header = {rows} }}")
    big = "x" * 9000
    for target in ("/q", "/p"):
        assert drover.exchange(request(target=target, fields=[("Big", "x" * 900)])).status == 200, target
        assert drover.exchange(request(target=target, fields=[("Big", big)])).status == 431, target
    assert len(seen) == 2 and seen[0].get("x-3") == "x" * 900


@case
def many_at_once(t):
    "each response has what its own request said, however they are mixed"
    drover = t.drover(t.pool(t.server(lambda seen: response(body=seen.target.encode())), name="web")
                      + "response-header = " + rules("set X-Path $path", "set X-Number $header.number"), workers=1)
    peers = [t.connect(drover) for _ in range(20)]
    for turn in range(3):
        for i, peer in enumerate(peers):
            peer.send(request(target=f"/{turn}/{i}", fields=[("Number", str(i))]))
        for i, peer in enumerate(peers):
            answer = peer.read_response()
            assert (answer.body.decode(), answer.get("x-path"), answer.get("x-number")) == \
                (f"/{turn}/{i}", f"/{turn}/{i}", str(i)), answer.fields


main()
