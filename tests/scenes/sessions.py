#!/usr/bin/env python3
"""Client connections over the control socket: what they are shown as, and how they are closed."""

import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError, is_sanitized  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

LISTEN = "defer-accept = false  header-timeout = 10m"  # for who has said nothing yet, however long the case takes
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
UPGRADE = request(target="/chat", host="chat.example", fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")])


def name(peer):
    """What the client of a session is called."""
    host, port = peer.socket.getsockname()[:2]
    return f"{host}:{port}"


def listed(drover, **params):
    """The rows by client, from a list that must be whole."""
    result = drover.call("sessions", **params)
    assert result["missing-workers"] == [] and result["shown"] == len(result["sessions"]), result
    assert result["truncated"] == (result["matched"] > result["shown"]), result
    rows = {row["client"]: row for row in result["sessions"]}
    assert len(rows) == len(result["sessions"]) == len({row["session"] for row in result["sessions"]}), result
    return rows


def find(t, drover, peer, state, **more):
    """The row of a client once it has the state, and members as given."""
    def there():
        row = listed(drover).get(name(peer), {"state": None})
        return row if row["state"] == state and all(row[key] == more[key] for key in more) else None

    return t.wait(there, f"the client is {state}: {more}")


def fails(call, code, *words):
    try:
        result = call()
    except ControlError as error:
        assert error.code == code and error.hint, error
        assert all(word in error.message + error.hint for word in words), error
    else:
        raise AssertionError(f"it did not fail: {result}")


class Held:
    """A server that answers only when it is told to, echoes in tunnels, and records what it was asked."""

    def __init__(self, t):
        self.go = threading.Event()
        self.server = t.server(handler=self.handle)

    def handle(self, peer):
        while (message := peer.read_request()) is not None:
            self.server.record(message, peer)
            if message.get("upgrade"):
                peer.send(SWITCH)
                while peer.receive():
                    peer.send(peer.take(len(peer.buffer)))
                return
            if message.target.startswith("/held"):
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
                assert self.go.wait(60)
                peer.send(b"cd")
            else:
                peer.send(response(200, b"hello"))


def used(t, drover):
    """A client between two requests."""
    peer = t.connect(drover)
    peer.send(request())
    assert peer.read_response().status == 200
    return peer


@case
def states_and_figures(t):
    "new, idle, reading, active, tunnel and closing, each with its figures"
    held = Held(t)
    drover = t.drover(t.pool(held.server), listen=LISTEN + ' keepalive-timeout = "1m"')
    new, idle, reading, active, tunnel = (t.connect(drover) for _ in range(5))
    ask, reply = request(host="a.example"), 0
    for _ in range(3):
        idle.send(ask)
        answer = idle.read_response()
        reply += len(answer.head) + len(answer.body)
    reading.send(b"GET /half HTTP/1.1\r\nHo")
    active.send(request(target="/held?q=1", host="held.example"))
    assert active.receive()
    tunnel.send(UPGRADE)
    assert tunnel.read_head().status == 101
    tunnel.send(b"x" * 1000)
    assert tunnel.read(1000) == b"x" * 1000
    row = t.wait(lambda: closing(t, drover, t.connect(drover)), "one is closing")
    assert row["requests"] == 1 and row["bytes-in"] >= 12 and row["bytes-out"] > 0 and row["request"] is None, row

    row = find(t, drover, new, "new")
    assert (row["requests"], row["bytes-in"], row["bytes-out"], row["request"]) == (0, 0, 0, None), row
    assert row["listener"] == "127.0.0.1:0" and row["worker"] in (0, 1), row
    row = find(t, drover, idle, "idle", requests=3)
    assert row["bytes-in"] == 3 * len(ask) and row["bytes-out"] == reply and row["request"] is None, (row, reply)
    row = find(t, drover, reading, "reading", requests=0)
    assert row["bytes-in"] == 22 and row["request"] is None, row
    row = find(t, drover, active, "active", requests=1)
    asked = row["request"]
    assert 0 <= asked.pop("age-ms") <= row["age-ms"], row
    assert asked == {"method": "GET", "host": "held.example", "target": "/held?q=1", "pool": "app",
                     "server": held.server.address}, row
    t.wait(lambda: find(t, drover, tunnel, "tunnel", requests=1)["bytes-out"] > 1000, "what it was sent is counted")
    row = find(t, drover, tunnel, "tunnel", requests=1)
    assert row["bytes-in"] == len(UPGRADE) + 1000, row
    assert row["request"]["target"] == "/chat" and row["request"]["server"] == held.server.address, row
    assert {name(peer) for peer in (new, idle, reading, active, tunnel)} <= set(listed(drover))
    held.go.set()
    assert active.read_response().body == b"abcd"


@case
def filters(t):
    "by worker, listener, client and age; limit"
    drover = t.drover('listen "127.0.0.1:0" { defer-accept = false }\n' + t.pool(t.server()), listen=LISTEN,
                      balance="round-robin")
    peers = [t.connect(drover, 0) for _ in range(5)] + [t.connect(drover, 1) for _ in range(3)]
    drover.wait_taken(8)
    assert set(listed(drover)) == set(map(name, peers)) and not listed(drover, active=True)
    workers = [listed(drover, worker=i) for i in (0, 1)]
    assert sorted(map(len, workers)) == [4, 4] and not set(workers[0]) & set(workers[1])
    assert all(row["worker"] == i for i in (0, 1) for row in workers[i].values())
    assert set(listed(drover, listener=drover.addresses[1])) == set(map(name, peers[5:]))
    assert len(listed(drover, client="127.0.0.1")) == len(listed(drover, client="127.0.0.0/8")) == 8
    for nobody in ("127.0.0.2", "::1", "unix"):
        assert not listed(drover, client=nobody)
    assert not listed(drover, **{"min-age-ms": 3600000})
    t.wait(lambda: len(listed(drover, **{"min-age-ms": 20})) == 8, "all are old enough")
    result = drover.call("sessions", limit=3)
    assert (result["matched"], result["shown"], result["truncated"]) == (8, 3, True), result
    result = drover.call("sessions", limit=8)
    assert (result["matched"], result["shown"], result["truncated"]) == (8, 8, False), result
    assert set(listed(drover, limit=3, worker=0)) <= set(workers[0])


@case
def filters_of_requests(t):
    "by pool and by server of the request in progress"
    one, two, three = Held(t), Held(t), Held(t)
    drover = t.drover(t.pool(one.server, name="one") + t.pool(two.server, three.server, name="two") +
                      'route { path = "/held/two"  pool = "two" }\nroute { pool = "one" }', listen=LISTEN)
    idle, first, second, third = used(t, drover), t.connect(drover), t.connect(drover), t.connect(drover)
    first.send(request(target="/held/one"))
    second.send(request(target="/held/two"))
    assert first.receive() and second.receive()
    third.send(request(target="/held/two"))  # one for each server: the second is counted by now
    assert third.receive() and name(idle) in listed(drover)
    assert set(listed(drover, active=True)) == {name(first), name(second), name(third)}
    assert set(listed(drover, pool="one")) == {name(first)}
    assert set(listed(drover, pool="two")) == {name(second), name(third)}
    each = [listed(drover, pool="two", server=held.server.address) for held in (two, three)]
    assert len(each[0]) == len(each[1]) == 1 and not set(each[0]) & set(each[1]), each
    assert not listed(drover, pool="two", client="127.0.0.9")
    fails(lambda: drover.call("sessions", pool="tow"), -32602, "two")
    fails(lambda: drover.call("sessions", server=two.server.address), -32602, "pool")
    fails(lambda: drover.call("sessions", pool="one", server=two.server.address), -32602, "server")
    fails(lambda: drover.call("sessions", listener="*:99"), -32602, "listener")
    fails(lambda: drover.call("sessions", client="10.0.0.0/99"), -32602, "client")
    fails(lambda: drover.call("sessions", worker=200), -32602, "worker")
    fails(lambda: drover.call("sessions", limit=10001), -32602, "10000")
    fails(lambda: drover.call("sessions", activ=True), -32602, "active")
    for held in (one, two, three):
        held.go.set()
    assert {peer.read_response().body for peer in (first, second, third)} == {b"abcd"}


@case
def unix_clients_and_odd_texts(t):
    "a client of a unix socket; a long target and bytes that are no text"
    held = Held(t)
    path = t.path("front.sock")
    drover = t.drover(f'listen "unix:{path}" {{ }}\n' + t.pool(held.server), listen=None)
    peer = t.connect(drover)
    peer.send(b"GET /held/" + b"a" * 2000 + b" HTTP/1.1\r\nHost: " + b"h" * 300 + b"\r\n\r\n")
    assert peer.receive()
    rows = drover.call("sessions", client="unix")["sessions"]
    assert len(rows) == 1 and rows[0]["client"] == "unix", rows
    asked = rows[0]["request"]
    assert asked["target"] == "/held/" + "a" * 89 and asked["host"] == "h" * 63, asked
    held.go.set()
    peer.read_response()
    assert not drover.call("sessions", client="127.0.0.1")["sessions"]


@case
def numbers_stay(t):
    "a session keeps its number and its age when it moves to another worker"
    drover = t.drover(t.pool(t.server()), workers=4, balance="round-robin", listen=LISTEN)
    peers = [used(t, drover) for _ in range(12)]
    before = listed(drover)
    assert {row["worker"] for row in before.values()} == {0, 1, 2, 3}
    drover.call("scale", workers=1, wait=True)
    t.wait(lambda: len(listed(drover)) == 12, "all have moved")
    after = listed(drover)
    for peer in peers:
        old, new = before[name(peer)], after[name(peer)]
        assert new["session"] == old["session"] and new["age-ms"] >= old["age-ms"] and new["worker"] == 0
        assert new["requests"] == 1 and (old["worker"] == 0 or new["bytes-in"] == 0), (old, new)
        peer.send(request())
        assert peer.read_response().status == 200
    assert all(row["requests"] == 2 for row in listed(drover).values())
    new = used(t, drover)
    assert listed(drover)[name(new)]["session"] == 13


def closing(t, drover, peer):
    """Has a session linger, which it does for two seconds: its row, or None when that is over already."""
    peer.send(b"nonsense\r\n\r\n" + b"more")
    assert peer.read_response().status == 400

    def is_known():
        row = listed(drover).get(name(peer))
        return row is None or row["state"] == "closing" and row

    row = t.wait(is_known, "it is closing, or over")
    return None if row is True else row


def close_one(drover, peer, number):
    """Closes a session, first as a dry run."""
    dry = drover.call("session-close", session=number, **{"dry-run": True})
    assert dry["closed"] == 1 and dry["dry-run"], dry
    done = drover.call("session-close", session=number)
    assert done == {"closed": 1, "missing-workers": [],
                    "changes": [{"what": f"session {number}", "from": "open", "to": "closed"}]}, done
    assert name(peer) not in listed(drover)
    return True


@case
def close_at_once(t):
    "session-close cuts what is in progress: new, idle, reading, active, tunnel, closing"
    held = Held(t)
    drover = t.drover(t.pool(held.server), listen=LISTEN)
    new, idle, reading, active, tunnel, other = (t.connect(drover) for _ in range(6))
    idle.send(request())
    idle.read_response()
    reading.send(b"GET /ha")
    active.send(request(target="/held"))
    assert active.receive()
    tunnel.send(UPGRADE)
    assert tunnel.read_head().status == 101
    other.send(request())
    other.read_response()
    for peer, state in zip((new, idle, reading, active, tunnel), ("new", "idle", "reading", "active", "tunnel")):
        number = find(t, drover, peer, state)["session"]
        close_one(drover, peer, number)
        peer.read_all()
        assert peer.was_reset or state not in ("active", "tunnel")
        fails(lambda n=number: drover.call("session-close", session=n), -32003, "sessions", str(number))

    def closing_is_cut():
        peer = t.connect(drover)
        row = closing(t, drover, peer)
        try:
            return row is not None and close_one(drover, peer, row["session"])
        except ControlError as error:
            assert error.code == -32003, error
            return False  # it was over by itself

    t.wait(closing_is_cut, "a session that is closing is cut")
    t.wait(lambda: drover.servers()[0]["load"] == 0, "the servers' places are free")
    t.wait(lambda: drover.counters()["requests-active"] == 0 and drover.counters()["client-open"] == 1, "all is over")
    other.send(request())
    assert other.read_response().status == 200
    held.go.set()


@case
def close_gracefully(t):
    "session-close with graceful lets a request, and a tunnel, end first"
    held = Held(t)
    drover = t.drover(t.pool(held.server), listen=LISTEN)
    idle, active, reading, tunnel = used(t, drover), t.connect(drover), t.connect(drover), t.connect(drover)
    active.send(request(target="/held"))
    assert active.receive()
    reading.send(b"GET / HTTP/1.1\r\n")
    find(t, drover, reading, "reading")
    tunnel.send(UPGRADE)
    assert tunnel.read_head().status == 101
    result = drover.call("session-close", client="127.0.0.0/8", graceful=True)
    assert result["closed"] == 4 and result["changes"] == [
        {"what": "sessions of 127.0.0.0/8", "from": 4, "to": 0}], result
    assert idle.ended() and not idle.was_reset
    assert set(listed(drover)) == {name(active), name(reading), name(tunnel)}
    reading.send(b"Host: a\r\n\r\n")
    answer = reading.read_response()
    assert answer.status == 200 and answer.get("connection") == "close" and reading.ended()
    held.go.set()
    assert active.read_response().body == b"abcd" and active.ended() and not active.was_reset
    tunnel.send(b"still here")
    assert tunnel.read(10) == b"still here"
    tunnel.half_close()
    assert tunnel.ended()
    drover.wait_loads(0)


@case
def close_needs_one_of_two(t):
    "session or client, not both, not neither; a client without sessions is nothing to do"
    drover = t.drover(t.pool(t.server()), listen=LISTEN)
    peer = used(t, drover)
    fails(lambda: drover.call("session-close"), -32602, "session", "client")
    fails(lambda: drover.call("session-close", session=1, client="::1"), -32602, "either")
    fails(lambda: drover.call("session-close", session=0), -32602, "session")
    fails(lambda: drover.call("session-close", session=99), -32003, "99")
    assert drover.call("session-close", client="10.0.0.0/8") == {
        "closed": 0, "missing-workers": [], "changes": []}
    peer.send(request())
    assert peer.read_response().status == 200


@case
def close_that_fails_is_no_change(t):
    "a session that is not there: the log tells why it failed, and nobody is told of a change"
    drover = t.drover(t.pool(t.server()), listen=LISTEN)
    watching = t.keep(drover.open_control())
    watching.watch(events="changed")
    fails(lambda: drover.call("session-close", session=4711), -32003, "There is no session 4711")
    drover.wait_log('session-close {"session":4711}: refused: There is no session 4711')
    drover.call("session-close", client="127.0.0.1")
    assert "client" in watching.event("changed")["text"]


@case
def thousands(t):
    "2,000 sessions are listed whole, closed whole, while requests are served"
    many = 400 if is_sanitized() else 2000
    drover = t.drover(t.pool(t.server()), workers=2, listen=LISTEN, keepalive_timeout='"1m"')
    peers = [t.connect(drover) for _ in range(many)]
    drover.wait_taken(many)
    assert set(listed(drover, limit=10000)) == {name(peer) for peer in peers}
    result = drover.call("sessions", limit=17)
    assert (result["matched"], result["shown"], result["truncated"]) == (many, 17, True), result
    load = t.keep(Load(drover, 4))
    for _ in range(3):
        load.wait(10)
        result = drover.call("sessions", limit=10000)
        assert many <= result["matched"] == result["shown"] <= many + 8, result["matched"]
    load.stop()
    assert not load.failures and not load.refused, (load.failures, load.refused)
    drover.wait_taken(many)
    assert drover.call("session-close", client="127.0.0.1")["closed"] == many
    drover.wait_loads(0)
    assert all(peer.ended() for peer in peers)
    drover.wait_taken(0)


@case
def end_during_listing(t):
    "sessions that end while a listing stands at them, because nobody reads it"
    many = 2000
    drover = t.drover(t.pool(t.server()), workers=1, listen=LISTEN)
    peers = [t.connect(drover) for _ in range(many)]
    drover.wait_taken(many)
    control = t.keep(drover.open_control())
    control.send_line({"method": "sessions", "params": {"limit": 10000}})
    control.read_until(b'"sessions":[{')
    for peer in peers:
        peer.close()
    drover.wait_loads(0)
    text = control.read_until(b"\n")
    rows = text.count(b'"session":')
    assert 0 < rows < many and b'"shown":%d,' % rows in text and b'"missing-workers":[]' in text, (rows, text[-200:])
    assert not listed(drover)


@case
def killed_worker(t):
    "a worker that dies during a listing is told of; the others are listed"
    drover = t.drover(t.pool(t.server()), workers=3, balance="round-robin", listen=LISTEN,
                      worker_timeout='"10s"')
    peers = [t.connect(drover) for _ in range(30)]
    # a connection that a worker has not taken yet goes to another one when that worker dies
    t.wait(lambda: len(listed(drover)) == 30, "each worker has taken its connections")
    victim = drover.workers()[1]
    t.freeze(victim["pid"])
    control, closer = t.keep(drover.open_control()), t.keep(drover.open_control())
    control.send_line({"method": "sessions", "id": 1})
    closer.send_line({"method": "session-close", "params": {"session": 12345}, "id": 2})
    control.read_until(b'"sessions":[{')  # both are in progress
    drover.call("version")  # who asked before has been heard
    os.kill(victim["pid"], signal.SIGKILL)
    while b"\n" not in control.buffer:
        assert control.receive()
    text = control.read_until(b"\n")
    assert b'"missing-workers":[1]' in text and text.count(b'"session":') == 20, text
    result = closer.reply()["result"]
    assert result["closed"] == 0 and result["missing-workers"] == [1], result
    assert len([peer for peer in peers if name(peer) in listed(drover)]) == 20


@case
def silent_worker(t):
    "a worker that does not answer is given up after a while"
    drover = t.drover(t.pool(t.server()), workers=2, balance="round-robin", listen=LISTEN)
    peers = [t.connect(drover) for _ in range(10)]
    drover.wait_taken(10)
    victim, alone = drover.workers()[0]["pid"], t.keep(drover.open_control())
    t.freeze(victim)
    try:
        alone.send_line({"method": "sessions", "params": {"worker": 0}})
        result = drover.call("sessions")
        assert alone.reply()["result"] == {"sessions": [], "matched": 0, "shown": 0, "truncated": False,
                                           "missing-workers": [0]}
    finally:
        t.thaw(victim)
    assert result["missing-workers"] == [0] and result["shown"] == 5, result
    t.wait(lambda: drover.call("sessions")["matched"] == 10, "it answers again")
    assert peers and drover.pids()[0] == victim


@case
def many_listings(t):
    "hundreds of listings at once: some are refused politely, the others are whole, and nothing stays behind"
    many = 100 if is_sanitized() else 400
    drover = t.drover(t.pool(t.server()), workers=2, listen=LISTEN, keepalive_timeout='"1m"')
    peers = [t.connect(drover) for _ in range(many)]
    drover.wait_taken(many)
    controls = [t.keep(drover.open_control()) for _ in range(60)]
    for control in controls:
        for i in range(4):
            control.send_line({"method": "sessions", "params": {"limit": 10000}, "id": i})
    whole = refused = 0
    for control in controls[:40]:
        for i in range(4):
            reply = control.reply()
            assert reply["id"] == i, reply
            if "error" in reply:
                assert reply["error"]["code"] == -32002 and reply["error"]["data"]["hint"], reply
                refused += 1
            else:
                assert reply["result"]["shown"] == many and reply["result"]["missing-workers"] == []
                whole += 1
    assert whole > 0, refused
    for control in controls[40:]:
        control.reset()  # without having read
    t.wait(lambda: listing_works(drover, many), "there is room again")
    for peer in peers:
        peer.close()
    drover.wait_loads(0)
    drover.wait_taken(0)
    drover.wait_idle()


def listing_works(drover, many):
    try:
        return drover.call("sessions", limit=10000)["shown"] == many
    except ControlError:
        return False


main()
