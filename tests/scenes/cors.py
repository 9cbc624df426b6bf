#!/usr/bin/env python3
"""CORS: which pages of other origins may use what is served."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from users import file_of, login  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

APP = "https://app.example"
OWN = [("Access-Control-Allow-Origin", "https://evil.example"), ("access-control-allow-credentials", "true"),
       ("Access-Control-Max-Age", "9"), ("Vary", "Accept")]


def site(t, options, more="", **others):
    t.site = t.server(lambda seen: response(body=b"in", fields=OWN))
    return t.drover(t.pool(t.site) + f'route {{ pool = "app"  {options}  {more} }}', **others)


def asked(drover, origin=None, method="GET", fields=()):
    origins = [("Origin", origin)] if origin else []
    return drover.exchange(request(method, fields=[*origins, *fields]), method)


def preflight(drover, origin, method="PUT", headers=None):
    fields = [("Access-Control-Request-Method", method)]
    fields += [("Access-Control-Request-Headers", headers)] if headers else []
    return asked(drover, origin, "OPTIONS", fields)


def said(answer):
    """What is said of other origins, without its prefix."""
    return {name.lower().removeprefix("access-control-"): value for name, value in answer.fields
            if name.lower().startswith("access-control-")}


@case
def preflights(t):
    "what a browser asks first is answered by drover"
    drover = site(t, f'cors-origins = {{ "{APP}", "https://*.example.org", "http://*.dev:8080" }}',
                  'cors-methods = { "PUT", "DELETE" }  cors-headers = { "X-A", "Content-Type" }  cors-credentials = true'
                  '  cors-max-age = 10m')
    for origin in (APP, "https://a.example.org", "https://a.b.example.org", "http://x.dev:8080"):
        answer = preflight(drover, origin, headers="x-a")
        assert answer.status == 204 and answer.get("content-length") is None, answer.head
        assert said(answer) == {"allow-origin": origin, "allow-methods": "GET, HEAD, POST, PUT, DELETE",
                                "allow-headers": "X-A, Content-Type", "allow-credentials": "true", "max-age": "600"}, answer.head
        assert answer.get("vary") == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    for origin in ("http://app.example", APP + ":8443", "https://example.org", "https://aexample.org", "null", "*",
                   "https://a.example.org.evil", "https://evil/.example.org", "https://.example.org:1", "http://x.dev"):
        answer = preflight(drover, origin)
        assert answer.status == 403 and said(answer) == {}, (origin, answer.head)
        assert "Origin" in answer.get("vary"), answer.head
    assert not t.site.requests


@case
def responses(t):
    "a response says who may read it, whatever the server says"
    drover = site(t, f'cors-origins = {{ "{APP}", "null" }}', 'cors-expose = { "X-Total", "ETag" }')
    for origin in (APP, "null"):
        answer = asked(drover, origin)
        assert said(answer) == {"allow-origin": origin, "expose-headers": "X-Total, ETag"}, answer.head
        assert answer.all("vary") == ["Accept", "Origin"] and answer.body == b"in", answer.head
    for origin in ("https://evil.example", None):
        answer = asked(drover, origin)
        assert answer.status == 200 and said(answer) == {} and answer.all("vary") == ["Accept", "Origin"], answer.head
    answer = asked(drover, APP, "OPTIONS")
    assert answer.status == 200 and said(answer)["allow-origin"] == APP, "an OPTIONS of its own goes to the server"
    answer = drover.exchange(request(fields=[("Origin", APP), ("Origin", "https://evil.example")]))
    assert said(answer) == {}, answer.head


@case
def long_origins(t):
    "an origin longer than any host's name is not one that is allowed, and everything has room for those that are"
    drover = site(t, 'cors-origins = "https://*.example.org"  cors-methods = "*"  cors-headers = "*"  cors-credentials = true',
                  "cors-expose = { " + ", ".join(f'"X-{"e" * 60}{n}"' for n in range(30)) + " }  response-header = \"set X-A $path\"",
                  workers=1)
    worker = drover.pids()
    for length in (200, 450, 2000, 7900, 8150, 12000):
        origin = "https://" + "a" * length + ".example.org"
        allowed = length < 500
        answer = asked(drover, origin)
        assert answer.status == 200 and said(answer).get("allow-origin") == (origin if allowed else None), answer.head
        answer = preflight(drover, origin, headers="x" * 2000)
        assert answer.status == (204 if allowed else 403), answer.head
    assert drover.pids() == worker


@case
def for_all(t):
    "any origin, any method, any field"
    drover = site(t, 'cors-origins = "*"  cors-methods = "*"  cors-headers = "*"')
    answer = preflight(drover, "https://any.example", "PATCH", "x-one, x-two")
    assert said(answer) == {"allow-origin": "*", "allow-methods": "GET, HEAD, POST, PATCH",
                            "allow-headers": "x-one, x-two", "max-age": "3600"}, answer.head
    answer = asked(drover, "https://any.example")
    assert said(answer) == {"allow-origin": "*"} and answer.get("vary") == "Accept", answer.head
    assert preflight(drover, "https://any.example", "PATCH", "x-" + "y" * 4000).status == 403, "not without end"


@case
def with_login(t):
    "a preflight comes without credentials, and drover's own answers can be read as well"
    users = file_of(t.path("users"), {"ann": "pw"})
    drover = site(t, f'cors-origins = "{APP}"', f'auth-basic = "x"  auth-users = "{users}"  response-header = "set X-A b"')
    assert preflight(drover, APP, headers="authorization").status == 204
    answer = asked(drover, APP)
    assert answer.status == 401 and said(answer) == {"allow-origin": APP} and answer.get("vary") == "Origin", answer.head
    assert answer.get("x-a") == "b", answer.head
    answer = asked(drover, APP, fields=[login("ann", "pw")])
    assert answer.status == 200 and said(answer) == {"allow-origin": APP}, answer.head
    t.site.die()
    answer = asked(drover, APP, fields=[login("ann", "pw"), ("Connection", "close")])
    assert answer.status == 502 and said(answer) == {"allow-origin": APP}, answer.head


@case
def unset(t):
    "where nothing is set the server speaks for itself"
    drover = site(t, "")
    answer = asked(drover, APP)
    assert said(answer)["allow-origin"] == "https://evil.example" and answer.get("vary") == "Accept", answer.head
    assert preflight(drover, APP).status == 200


@case
def defaults_of_rules(t):
    "a rule gives a default for what drover does not say itself"
    drover = site(t, f'cors-origins = "{APP}"', more='response-header = "default Vary none"')
    t.site.respond = lambda seen: response(body=b"in")
    answer = asked(drover, APP)
    assert answer.all("vary") == ["Origin"], answer.fields


main()
