#!/usr/bin/env python3
"""Requests that wait for a place on a server: exact, in the order in which they came, over all workers."""

import json
import os
import random
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import Server, request, response  # pylint: disable=wrong-import-position

EAGER = "defer-accept = false"


class Turnstile:
    """A server's answer function that lets requests out one by one, and writes down the order in which they came in."""

    def __init__(self):
        self.lock, self.out = threading.Lock(), threading.Semaphore(0)
        self.came, self.inside, self.most = [], 0, 0

    def __call__(self, seen):
        with self.lock:
            self.came.append(seen.target)
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.out.acquire(timeout=60)
        with self.lock:
            self.inside -= 1
        return response(body=b"ok")

    def let_out(self, count):
        for _ in range(count):
            self.out.release()


def queued(drover):
    return drover.counters()["queued"]


def start(t, limit=1, options="", workers=4, **more):
    """A pool of one server with a limit, behind drover."""
    gate = Turnstile()
    server = t.server(gate)
    more.setdefault("balance", "round-robin")
    drover = t.drover(t.pool(server, options="queue-timeout = 60s " + options, server_options=f"max-connections = {limit}"),
                      workers=workers, listen=EAGER, **more)
    return drover, gate, server


def ask(t, drover, target):
    """A request on a connection of its own."""
    peer = t.connect(drover)
    peer.send(request(target=target))
    return peer


def ask_in_turn(t, drover, gate, limit, count):
    """Requests of which each is in the server or in the queue before the next is sent: the peers."""
    peers = []
    for number in range(count):
        peers.append(ask(t, drover, f"/{number}"))
        t.wait(lambda n=number: len(gate.came) + queued(drover) == n + 1, "it is there")
        assert len(gate.came) == min(number + 1, limit)
    return peers


def settled(t, drover):
    """All places are free, and nobody waits."""
    t.wait(lambda: all(row["load"] == 0 for row in drover.servers()) and queued(drover) == 0, "all is free again")


@case
def in_the_order_of_arrival(t):
    "four workers: never more than the limit, no place idle, first come first served over all of them"
    drover, gate, _ = start(t, 3)
    peers = ask_in_turn(t, drover, gate, 3, 23)
    assert queued(drover) == 20 and drover.servers()[0]["load"] == 3
    waits = [row for row in drover.call("workers")["workers"] if row["load"] > 0]
    assert len(waits) == 4, waits
    for number in range(20):
        gate.let_out(1)
        t.wait(lambda n=number: len(gate.came) == 4 + n, "the next has its place")
        assert gate.inside == 3 and drover.servers()[0]["load"] == 3
    assert gate.came == [f"/{number}" for number in range(23)]
    gate.let_out(3)
    assert [peer.read_response().status for peer in peers] == [200] * 23
    assert gate.most == 3
    settled(t, drover)


@case
def full(t):
    "a full queue: 503 with Retry-After, at once"
    drover, gate, _ = start(t, 1, "queue-size = 2")
    control = t.keep(drover.open_control())
    control.watch(events="queue-full")
    peers = ask_in_turn(t, drover, gate, 1, 3)
    for _ in range(4):
        answer = drover.get("/too-many")
        assert answer.status == 503 and answer.get("retry-after") == "1", answer.head
    told = 0
    while told < 4:
        event = control.event("queue-full")
        assert event["pool"] == "app", event
        told += event["count"]
    assert told == 4
    queue = drover.call("pools")["pools"][0]["queue"]
    assert (queue["waiting"], queue["size"], queue["full"], queue["timeouts"]) == (2, 2, 4, 0), queue
    assert 0 < queue["oldest-ms"] < 60000 and queue["wait"]["count"] == 0, queue
    gate.let_out(3)
    assert [peer.read_response().status for peer in peers] == [200] * 3
    totals = drover.counters()
    assert totals["queue-full"] == 4 and totals["no-server"] == 0, totals
    queue = drover.call("pools")["pools"][0]["queue"]
    assert queue["waiting"] == queue["oldest-ms"] == 0 and queue["wait"]["count"] == 2, queue
    assert queue["wait"]["max-ms"] > 0, queue
    settled(t, drover)


@case
def too_late(t):
    "queue-timeout: 503, the place in the queue is free again, and the log tells how long it was"
    drover, gate, server = start(t, 1, access_log_format="json")
    drover2 = t.drover(t.pool(server, options="queue-timeout = 1s", server_options="max-connections = 1"),
                       name="second", workers=2, access_log_format="json", listen=EAGER)
    held = ask(t, drover2, "/held")
    t.wait(lambda: gate.inside == 1, "the place is taken")
    for peer in [ask(t, drover2, "/late") for _ in range(3)]:
        answer = peer.read_response()
        assert answer.status == 503 and answer.get("retry-after") is None, answer.head
    assert queued(drover2) == 0 and drover2.counters()["queue-timeouts"] == 3
    assert drover2.call("pools")["pools"][0]["queue"]["timeouts"] == 3
    gate.let_out(1)
    assert held.read_response().status == 200
    settled(t, drover2)
    rows = [json.loads(line) for line in t.wait(lambda: len(drover2.access_lines()) == 4 and drover2.access_lines(), "a log")]
    late = [row for row in rows if row["target"] == "/late"]
    assert all(row["reason"] == "queue-timeout" and 400 <= row["queue-ms"] < 20000 for row in late), rows
    assert [row["queue-ms"] for row in rows if row["target"] == "/held"] == [0]
    assert queued(drover) == 0


@case
def clients_go_away(t):
    "abort-on-close: clients that close, reset or half-close while they wait leave the queue at once; the others keep their order"
    drover, gate, _ = start(t, 1, "abort-on-close = true")
    peers = ask_in_turn(t, drover, gate, 1, 31)
    for number in range(1, 31):
        if number % 3 == 1:
            peers[number].reset()
        elif number % 3 == 2:
            peers[number].close()
    t.wait(lambda: queued(drover) == 10, "twenty have left")
    assert drover.counters()["client-aborts"] == 20
    gate.let_out(11)
    assert [peers[number].read_response().status for number in range(0, 31, 3)] == [200] * 11
    assert gate.came == [f"/{number}" for number in range(0, 31, 3)], gate.came
    settled(t, drover)


@case
def half_closed(t):
    "a client that has said all waits for its answer; one that resets does not"
    drover, gate, _ = start(t, 1)
    peers = ask_in_turn(t, drover, gate, 1, 4)
    peers[1].half_close()
    peers[2].reset()
    peers[3].half_close()
    t.wait(lambda: queued(drover) == 2, "one has left")
    gate.let_out(3)
    assert [peers[number].read_response().status for number in (0, 1, 3)] == [200] * 3
    settled(t, drover)


@case
def pipelined(t):
    "a client's next request does not disturb the one that waits, and comes after it"
    drover, gate, _ = start(t, 1, workers=1)
    first = ask(t, drover, "/held")
    t.wait(lambda: gate.inside == 1, "the place is taken")
    peer = ask(t, drover, "/one")
    t.wait(lambda: queued(drover) == 1, "it waits")
    peer.send(request(target="/two") + request(target="/three"))
    gate.let_out(4)
    assert first.read_response().status == 200
    assert [peer.read_response().status for _ in range(3)] == [200] * 3
    assert gate.came == ["/held", "/one", "/two", "/three"], gate.came
    settled(t, drover)


@case
def a_worker_is_killed(t):
    "kill -9 of a worker: its own requests are lost, and its places go to those who wait elsewhere"
    drover, gate, _ = start(t, 4)
    peers = ask_in_turn(t, drover, gate, 4, 24)
    mine = {row["pid"]: row["load"] for row in drover.workers()}
    assert sorted(mine.values()) == [6] * 4, mine
    victim = drover.pids()[2]
    os.kill(victim, signal.SIGKILL)
    t.wait(lambda: queued(drover) == 14, "its five are gone, and one has its place")
    t.wait(lambda: len(gate.came) == 5, "the next one is there")
    gate.let_out(20)
    statuses = []
    for peer in peers:
        try:
            statuses.append(peer.read_response().status)
        except EOFError:
            statuses.append(0)
    assert sorted(statuses) == [0] * 6 + [200] * 18, statuses
    settled(t, drover)
    gate.let_out(4)
    assert [drover.get().status for _ in range(4)] == [200] * 4


@case
def workers_come_and_go(t):
    "scaling while requests wait: those of a draining worker are served, those of a new one wait in the same queue"
    drover, gate, _ = start(t, 1, workers=2)
    peers = ask_in_turn(t, drover, gate, 1, 9)
    drover.call("scale", workers=4, wait=True)
    for number in range(9, 13):
        peers.append(ask(t, drover, f"/{number}"))
        t.wait(lambda n=number: queued(drover) == n, "it waits")
    drover.call("scale", workers=1)
    gate.let_out(13)
    assert [peer.read_response().status for peer in peers] == [200] * 13
    assert gate.came == [f"/{number}" for number in range(13)], gate.came
    t.wait(lambda: len(drover.pids()) == 1, "one worker is left")
    settled(t, drover)


@case
def limit_is_changed(t):
    "max-connections raised: as many more go on at once; lowered: none until the load is below it; 0: all"
    drover, gate, server = start(t, 1)
    peers = ask_in_turn(t, drover, gate, 1, 20)
    where = {"pool": "app", "server": server.address}
    drover.call("server-set", **where, **{"max-connections": 5})
    t.wait(lambda: gate.inside == 5, "four more have a place")
    drover.call("server-set", **where, **{"max-connections": 2}, wait=True)
    gate.let_out(3)
    t.wait(lambda: drover.servers()[0]["load"] == 2, "the load comes down")
    assert len(gate.came) == 5 and queued(drover) == 15
    gate.let_out(1)
    t.wait(lambda: len(gate.came) == 6, "one for one")
    drover.call("server-set", **where, **{"max-connections": 0})
    t.wait(lambda: gate.inside == 16, "all have a place")
    gate.let_out(16)
    assert [peer.read_response().status for peer in peers] == [200] * 20
    assert gate.came[5] == "/5" and len(set(gate.came)) == 20, gate.came  # who goes on at once, does so in any order
    settled(t, drover)


@case
def first_limit_at_run_time(t):
    "a limit that is set while requests are in progress counts those"
    gate = Turnstile()
    server = t.server(gate)
    drover = t.drover(t.pool(server, options="queue-timeout = 60s"), workers=4, balance="round-robin", listen=EAGER)
    peers = [ask(t, drover, f"/{number}") for number in range(8)]
    t.wait(lambda: gate.inside == 8, "eight are in progress")
    drover.call("server-set", pool="app", server=server.address, wait=True, **{"max-connections": 4})
    peers += [ask(t, drover, f"/{number}") for number in range(8, 12)]
    t.wait(lambda: queued(drover) == 4, "four wait")
    gate.let_out(4)
    t.wait(lambda: drover.servers()[0]["load"] == 4, "four are left")
    assert len(gate.came) == 8
    gate.let_out(2)
    t.wait(lambda: len(gate.came) == 10, "two go on")
    gate.let_out(6)
    assert [peer.read_response().status for peer in peers] == [200] * 12
    settled(t, drover)


@case
def servers_come_and_go(t):
    "a server that is added or made ready takes those who wait; one in maintenance gives none; when none is left, 503"
    drover, gate, server = start(t, 1)
    other_gate = Turnstile()
    other = t.server(other_gate)
    peers = ask_in_turn(t, drover, gate, 1, 6)
    drover.call("server-add", pool="app", server=other.address, **{"max-connections": 1})
    t.wait(lambda: other_gate.came == ["/1"], "the added one has the next")
    drover.call("server-set", pool="app", server=other.address, state="maintenance")
    t.wait(lambda: all(row["servers-current"] for row in drover.workers()), "the workers know")
    other_gate.let_out(1)
    assert peers[1].read_response().status == 200
    gate.let_out(1)
    t.wait(lambda: gate.came == ["/0", "/2"], "one goes on, on the first")
    t.wait(lambda: [row["load"] for row in drover.servers()] == [1, 0], "the other has none")
    drover.call("server-set", pool="app", server=other.address, state="ready")
    t.wait(lambda: other_gate.came == ["/1", "/3"] and queued(drover) == 2, "the other takes the next")
    drover.call("server-set", pool="app", server=other.address, state="drain")
    drover.call("server-set", pool="app", server=server.address, state="drain")
    assert [peer.read_response().status for peer in peers[4:]] == [503] * 2
    gate.let_out(1)
    other_gate.let_out(1)
    assert [peers[number].read_response().status for number in (0, 2, 3)] == [200] * 3
    assert drover.counters()["no-server"] == 2
    settled(t, drover)


@case
def retries_wait(t):
    "a request that failed on one server waits for the other, and is not sent to the first again"
    gate = Turnstile()
    dead, server = t.keep(Server(listening=False)), t.server(gate)
    drover = t.drover(f'pool "app" {{ queue-timeout = 60s max-fails = 0 server "{dead.address}" {{ max-connections = 9 }}\n'
                      f'server "{server.address}" {{ max-connections = 1 }} }}', workers=2, listen=EAGER)
    peers = [ask(t, drover, f"/{number}") for number in range(8)]
    t.wait(lambda: gate.inside == 1 and queued(drover) == 7, "one is served, the others wait for the same server")
    for number in range(1, 8):
        gate.let_out(1)
        t.wait(lambda n=number: len(gate.came) == n + 1, "the next")
        assert gate.inside == 1
    gate.let_out(1)
    assert [peer.read_response().status for peer in peers] == [200] * 8
    settled(t, drover)


@case
def nobody_left_to_wait_for(t):
    "a request that has failed on all servers is answered at once, however many wait for them"
    gate = Turnstile()
    server = t.server(lambda seen: None if gate(seen) else None)
    drover = t.drover(t.pool(server, options="queue-timeout = 60s max-fails = 0", server_options="max-connections = 1"),
                      workers=2, listen=EAGER)
    peers = ask_in_turn(t, drover, gate, 1, 9)
    server.refuse()
    gate.let_out(1)
    assert [peer.read_response().status for peer in peers] == [502] * 9
    settled(t, drover)


def wait_for_one(t, more="", name="drover"):
    """Of two servers the first fails; one request is served by the other, four more wait for it: drover, that server, its gate, the peers."""
    gate = Turnstile()
    dead, server = t.keep(Server(listening=False)), t.server(gate)
    drover = t.drover(f'pool "app" {{ queue-timeout = 60s max-fails = 0 server "{dead.address}" {{ max-connections = 9 }}\n'
                      f'server "{server.address}" {{ max-connections = 1 }}\n{more} }}', workers=2, listen=EAGER, name=name)
    peers = ask_in_turn(t, drover, gate, 1, 5)
    return drover, server, gate, peers


@case
def the_other_server_leaves(t):
    "requests that have failed on one server and wait for another are answered at once when that leaves"
    for how in ("server-remove", "drain", "maintenance"):
        drover, server, gate, peers = wait_for_one(t, name=how)
        if how == "server-remove":
            drover.call(how, pool="app", server=server.address)
        else:
            drover.call("server-set", pool="app", server=server.address, state=how)
        assert [peer.read_response().status for peer in peers[1:]] == [502] * 4, how
        gate.let_out(1)
        assert peers[0].read_response().status == 200
        settled(t, drover)


@case
def another_server_is_left(t):
    "when that leaves and there is a backup server, they go to it"
    backup = t.server()
    drover, server, gate, peers = wait_for_one(t, f'server "{backup.address}" {{ backup = true }}')
    drover.call("server-remove", pool="app", server=server.address)
    assert [peer.read_response().status for peer in peers[1:]] == [200] * 4 and len(backup.requests) == 4
    gate.let_out(1)
    settled(t, drover)


@case
def a_down_server_comes_back(t):
    "those who wait are sent to a server that was down as soon as its fail-timeout is over"
    gate = Turnstile()
    first, second = t.server(gate), t.keep(Server(gate, listening=False))
    drover = t.drover(f'pool "app" {{ queue-timeout = 60s max-fails = 1 fail-timeout = 2s balance = round-robin\n'
                      f'server "{first.address}" {{ max-connections = 1 }}\nserver "{second.address}" {{ max-connections = 1 }} }}',
                      workers=2, listen=EAGER)
    peers = [ask(t, drover, f"/{number}") for number in range(4)]
    t.wait(lambda: gate.inside == 1 and queued(drover) == 3, "three wait for the one that is up")
    second.accept()
    t.wait(lambda: gate.inside == 2, "the other is tried")
    gate.let_out(4)
    assert [peer.read_response().status for peer in peers] == [200] * 4
    settled(t, drover)


@case
def a_crowd(t):
    "many wait, half of them leave in any order: the rest is served, and never more than the limit at once"
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    pick = random.Random(seed)
    drover, gate, server = start(t, 1, "queue-size = 2000  abort-on-close = true")
    held = ask(t, drover, "/held")
    t.wait(lambda: gate.inside == 1, "the place is taken")
    peers = [ask(t, drover, f"/{number}") for number in range(400)]
    t.wait(lambda: queued(drover) == 400, "all wait")
    pick.shuffle(peers)
    for number, peer in enumerate(peers[:200]):
        if number % 2:
            peer.reset()
        else:
            peer.close()
    t.wait(lambda: queued(drover) == 200, "half have left")
    drover.call("server-set", pool="app", server=server.address, **{"max-connections": 6})
    gate.let_out(201)
    assert {peer.read_response().status for peer in [held] + peers[200:]} == {200}
    assert gate.most <= 6 and len(gate.came) == 201, (gate.most, len(gate.came))
    settled(t, drover)


@case
def kills_under_load(t):
    "kill -9 of workers while requests wait: at most what they had fails, and all places are free afterwards"
    drover = t.drover(t.pool(t.hello("one"), t.hello("two"), server_options="max-connections = 2"), workers=4, listen=EAGER)
    load = t.keep(Load(drover, 16))
    load.wait(200)
    t.wait(lambda: queued(drover) > 0, "some wait")
    for _ in range(5):
        row = t.wait(lambda: next((r for r in drover.workers() if r["state"] == "ready"), None), "a worker is ready")
        os.kill(row["pid"], signal.SIGKILL)
        load.wait(200)
    load.stop()
    assert not load.refused and len(load.failures) <= 5 * 16, (load.refused, load.failures)
    drover.wait_ready()
    settled(t, drover)
    assert drover.counters()["queue-timeouts"] == 0
    assert drover.get().status == 200


@case
def two_pools(t):
    "a full pool with a full queue does not hold up another one"
    gate, other = Turnstile(), t.server()
    full_one = t.server(gate)
    drover = t.drover(t.pool(full_one, name="full", options="queue-timeout = 60s queue-size = 8", server_options="max-connections = 1") +
                      t.pool(other, name="other", server_options="max-connections = 2") +
                      'route { path = "/full/" pool = "full" }\nroute { pool = "other" }', workers=2, listen=EAGER)
    peers = [ask(t, drover, f"/full/{number}") for number in range(9)]
    t.wait(lambda: queued(drover) == 8, "eight wait")
    assert all(drover.get(f"/{number}").status == 200 for number in range(30))
    assert drover.get("/full/more").status == 503
    gate.let_out(9)
    assert [peer.read_response().status for peer in peers] == [200] * 9
    settled(t, drover)


main()
