#!/usr/bin/env python3
"""Sticky sessions: the requests of one client stay with one server for as long as that takes requests."""

import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

ALL = 'balance = round-robin  sticky = cookie  sticky-cookie = stay'
WORD = re.compile(r"stay=([0-9a-f]{32}); Path=/; HttpOnly; SameSite=Lax")


def named(t, count, fields=()):
    """Servers that answer with their number."""
    return [t.server(lambda seen, i=i: response(body=b"%d" % i, fields=fields)) for i in range(count)]


def ask(drover, *cookies, fields=(), source=None, target="/", method="GET"):
    """An exchange on a connection of its own; each of `cookies` is a field."""
    peer = drover.connect(source=source)
    try:
        peer.send(request(target=target, method=method, fields=[("Cookie", cookie) for cookie in cookies] + list(fields)))
        answer = peer.read_response()
        assert answer.status == 200, answer.head
        return answer
    finally:
        peer.close()


def word(answer):
    """The value of the cookie that drover has set, or None."""
    lines = [line for line in answer.all("set-cookie") if line.startswith("stay=")]
    if not lines:
        return None
    assert len(lines) == 1, lines
    match = WORD.fullmatch(lines[0])
    assert match, lines
    return match[1]


def words(drover, count):
    """The word of each server, by the number that it answers with."""
    found = {}
    for _ in range(4 * count):
        answer = ask(drover)
        given = word(answer)
        assert given is not None and found.setdefault(int(answer.body), given) == given, answer.head
    assert len(found) == count and len(set(found.values())) == count, found
    return found


def stays(drover, server, given, times=8):
    """With that word all requests go to that server, from whatever worker, and it is not set again."""
    for _ in range(times):
        answer = ask(drover, f"stay={given}")
        assert (int(answer.body), word(answer)) == (server, None), answer.head


def moved(drover, given):
    """A word that is good no more: the server that it goes to instead, whose word is set; the clients stay there."""
    answer = ask(drover, f"stay={given}")
    other = word(answer)
    assert other is not None and other != given, answer.head
    stays(drover, int(answer.body), other)
    return int(answer.body)


@case
def by_cookie(t):
    "four workers: a new client is balanced and told, one with a cookie stays; what else there is of cookies passes"
    servers = named(t, 3, fields=[("Set-Cookie", "sid=7; Path=/"), ("Set-Cookie", "stayed=1")])
    drover = t.drover(t.pool(*servers, options=ALL), workers=4, balance="round-robin")
    found = words(drover, 3)
    for server, given in found.items():
        stays(drover, server, given)
    answer = ask(drover, f"a=b; stay={found[1]}; c=d")
    assert answer.all("set-cookie") == ["sid=7; Path=/", "stayed=1"], answer.head
    seen = [one for one in servers[1].requests if "a=b" in str(one.all("cookie"))]
    assert [one.all("cookie") for one in seen] == [[f"a=b; stay={found[1]}; c=d"]], "the server is sent it as well"
    assert all(row["requests"] > 8 for row in drover.servers())


@case
def hostile_cookies(t):
    "words that are none, long ones, many, torn ones, two of them: a new client, or the first that is good"
    drover = t.drover(t.pool(*named(t, 3), options=ALL), workers=1)
    found = words(drover, 3)
    good = found[2]
    for bad in ("", "=", "stay", "stay=", "stay= ", f"stay={good[:-1]}", f"stay={good}0", f"stay={good.upper()}x",
                "stay=" + "0" * 32, "stay=" + "f" * 32, "stay=" + "g" * 32, f'stay="{good}"', f"Stay={good}",
                f"xstay={good}", f"stayx={good}", f"stay {good}", f"stay=\\{good[1:]}", ";" * 500, "; ; ;=;;",
                "stay=" + "a" * 6000, ";".join(["stay=1"] * 900), f"a=stay={good}", f'a="stay={good}', "stay=%32" * 4,
                f"stay={good[:16]}", "stay=" + "0" * 16 + good[16:], "\xe4=\xff; stay=\x80"):
        answer = ask(drover, bad)
        assert word(answer) in found.values(), (bad, answer.head)
    for cookies in ([f"stay={good}"], [f"stay = x; stay={good}"], [f";;stay={good};"], ["a=1", f"b=2;\t stay={good}"],
                    ["stay=1", "stay=", f"stay={good}"], [f"stay={good}; stay={found[0]}"],
                    [f"stay={good}", f"stay={found[1]}"], [f"stay={'0' * 32};stay={good}"]):
        answer = ask(drover, *cookies)
        assert (answer.body, word(answer)) == (b"2", None), (cookies, answer.head)


@case
def until_it_takes_no_more(t):
    "drain, a dead server, one that comes back, one that is taken out: chosen anew, and the cookie set anew"
    servers = named(t, 3)
    drover = t.drover(t.pool(*servers, options=ALL, server_options="max-fails = 1 fail-timeout = 60s"), workers=4)
    found = words(drover, 3)
    drover.call("server-set", pool="app", server=servers[0].address, state="drain", wait=True)
    assert moved(drover, found[0]) != 0
    drover.call("server-set", pool="app", server=servers[0].address, state="ready", wait=True)
    stays(drover, 0, found[0])
    servers[1].die()
    assert moved(drover, found[1]) != 1
    t.wait(lambda: not drover.servers()[1]["up"], "it is down")
    assert moved(drover, found[1]) != 1
    servers[1].accept()
    drover.call("server-set", pool="app", server=servers[1].address, state="drain", wait=True)
    drover.call("server-set", pool="app", server=servers[1].address, state="ready", wait=True)
    stays(drover, 1, found[1])
    drover.call("server-remove", pool="app", server=servers[2].address, wait=True)
    assert moved(drover, found[2]) != 2
    drover.call("server-add", pool="app", server=servers[2].address)
    t.wait(drover.is_known, "the workers know it")
    stays(drover, 2, found[2])


@case
def after_a_worker_is_gone(t):
    "another worker in its place knows the words; another drover does not"
    servers = named(t, 3)
    drover = t.drover(t.pool(*servers, options=ALL), workers=2)
    found = words(drover, 3)
    old = drover.pids()
    drover.call("scale", workers=1)
    drover.call("scale", workers=4)
    t.wait(lambda: len(drover.pids()) == 4, "new workers")
    os.kill(old[0], 9)
    t.wait(lambda: len(drover.pids()) == 4 and old[0] not in drover.pids(), "another worker")
    for server, given in found.items():
        stays(drover, server, given, 12)
    other = t.drover(t.pool(*servers, options=ALL), name="other")
    assert word(ask(other, f"stay={found[0]}")) in words(other, 3).values()
    assert not set(words(other, 3).values()) & set(found.values()), "they have another secret"


@case
def when_it_is_full(t):
    "a server at max-connections is not waited for: another one is chosen, as for a new client"
    out = threading.Event()

    def respond(seen):
        assert seen.target != "/held" or out.wait(60)
        return response(body=b"0")

    drover = t.drover(t.pool(t.server(respond), t.server(lambda seen: response(body=b"1")), options=ALL,
                             server_options="max-connections = 1"), workers=4)
    found = words(drover, 2)

    def goes_home():
        answer = ask(drover, f"stay={found[0]}")
        return (answer.body, word(answer)) == (b"0", None)

    t.wait(goes_home, "it has room: the place of the last request is given back behind its answer")
    t.wait(lambda: drover.servers()[0]["load"] == 0, "nothing is in progress there")
    held = t.connect(drover)
    held.send(request(target="/held", fields=[("Cookie", f"stay={found[0]}")]))
    t.wait(lambda: drover.servers()[0]["load"] == 1, "it is full")
    answer = ask(drover, f"stay={found[0]}")
    assert (answer.body, word(answer)) == (b"1", found[1]), answer.head
    out.set()
    answer = held.read_response()
    assert (answer.body, word(answer)) == (b"0", None), answer.head
    t.wait(goes_home, "it has room again")


@case
def by_field_and_address(t):
    "header:NAME and address: the same server from every worker, another one when it is gone; no cookie"
    servers = named(t, 4)
    fields = t.drover(t.pool(*servers, options="balance = round-robin  sticky = header:X-User"), workers=4)
    homes = {f"u{i}": ask(fields, fields=[("x-user", f"u{i}")]) for i in range(40)}
    assert not any(answer.all("set-cookie") for answer in homes.values())
    homes = {user: int(answer.body) for user, answer in homes.items()}
    assert set(homes.values()) == {0, 1, 2, 3}, homes
    for user, home in homes.items():
        assert int(ask(fields, fields=[("X-User", user)]).body) == home
    assert {int(ask(fields).body) for _ in range(16)} == {0, 1, 2, 3}, "without the field it is balanced"
    fields.call("server-set", pool="app", server=servers[2].address, state="drain", wait=True)
    for user, home in homes.items():
        now = int(ask(fields, fields=[("X-User", user)]).body)
        assert now != 2 and (now == home or home == 2), (user, home, now)
    addresses = t.drover(t.pool(*servers, options="balance = round-robin  sticky = address"), workers=4, name="address")
    where = {i: int(ask(addresses, source=(f"127.0.0.{i}", 0)).body) for i in range(1, 40)}
    assert set(where.values()) == {0, 1, 2, 3}
    for i, home in where.items():
        assert int(ask(addresses, source=(f"127.0.0.{i}", 0)).body) == home


@case
def secure(t):
    "Secure when a proxy that is believed says that the client came by https, and not when anybody else does"
    for name, trusted, proto, wanted in (("a", "127.0.0.1", "https", True), ("b", "127.0.0.1", "http", False),
                                         ("c", "127.0.0.2", "https", False)):
        drover = t.drover(t.pool(*named(t, 1), options=ALL), name=name, trusted_proxies=f'{{ "{trusted}" }}')
        line = ask(drover, fields=[("X-Forwarded-Proto", proto)]).get("set-cookie")
        assert line.endswith("; SameSite=Lax; Secure" if wanted else "; SameSite=Lax"), line


@case
def beside_other_additions(t):
    "with cors, with rules about responses, on a 304 and on an upgrade; not in drover's own answers"
    def respond(seen):
        if seen.target == "/upgrade":
            return (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        return response(304 if seen.target == "/old" else 200, length=seen.target != "/old")

    server = t.server(respond)
    rules = 'route { pool = app  cors-origins = { "https://a.test" }  response-header = { "set X-Rule yes" } }'
    drover = t.drover(t.pool(server, options=ALL) + rules)
    answer = ask(drover, fields=[("Origin", "https://a.test")])
    assert word(answer) and answer.get("access-control-allow-origin") == "https://a.test", answer.head
    assert answer.get("x-rule") == "yes" and answer.all("vary") == ["Origin"], answer.head
    peer = t.connect(drover)
    peer.send(request(target="/old"))
    answer = peer.read_response()
    assert answer.status == 304 and word(answer), answer.head
    peer.send(request(target="/upgrade", fields=[("Connection", "upgrade"), ("Upgrade", "echo")]))
    answer = peer.read_response()
    assert answer.status == 101 and word(answer), answer.head
    peer.close()
    drover.call("server-set", pool="app", server=server.address, state="drain", wait=True)
    answer = drover.get("/")
    assert answer.status == 503 and word(answer) is None, answer.head


def instance_of(drover, fields):
    answer = ask(drover, fields=fields)
    return int(answer.get("x-instance")), int(answer.get("x-pid")), answer


@case
def instances_of_an_app(t):
    "one is killed: its clients alone move, and by field they come back to its next process; a cookie is of one process"
    def app(name, sticky):
        return t.drover(apps.section(name, apps.python("plain.py"), instances=3, sticky=sticky, queue_timeout='"30s"'),
                        name=name, workers=4)

    fields, cookies = app("fields", "header:X-User"), app("cookies", "cookie")
    users = [[("X-User", f"u{i}")] for i in range(24)]
    apps.wait_settled(fields, 3, "fields")
    homes = [instance_of(fields, user)[:2] for user in users]
    assert {number for number, _ in homes} == {0, 1, 2}, homes
    victim = next(pid for number, pid in homes if number == 1)
    os.kill(victim, signal.SIGKILL)
    for user, home in zip(users, homes):
        assert home[0] == 1 or instance_of(fields, user)[:2] == home
    t.wait(lambda: [instance_of(fields, user)[0] for user in users] == [number for number, _ in homes], "all are back")
    assert victim not in [instance_of(fields, user)[1] for user in users]

    apps.wait_settled(cookies, 3, "cookies")
    _, first, answer = instance_of(cookies, [])
    line = answer.get("set-cookie")
    assert line.startswith("drover-cookies="), line
    cookie = [("Cookie", line.split(";")[0])]
    assert all(instance_of(cookies, cookie)[1] == first for _ in range(8))
    os.kill(first, signal.SIGKILL)
    _, second, answer = instance_of(cookies, cookie)
    other = answer.get("set-cookie")
    assert second != first and other is not None and other != line, answer.head
    apps.wait_settled(cookies, 3, "cookies")
    assert instance_of(cookies, cookie)[2].get("set-cookie") is not None, "it means nobody"
    assert all(instance_of(cookies, [("Cookie", other.split(";")[0])])[1] == second for _ in range(8))


main()
