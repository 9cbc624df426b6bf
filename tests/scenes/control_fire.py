#!/usr/bin/env python3
"""
Consistency under fire: random changes from eight clients at once, while workers
are killed and traffic flows. At the end the replies, the events, `config`, the
scoreboard and what drover does agree, and nothing has leaked.

FIRE_CHANGES, FIRE_KILLS, FIRE_PAUSE (seconds between two of them) and FIRE_SEED
make it bigger, and SCENE_DEADLINE longer.
"""

import collections
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, is_sanitized, process_descriptors, process_memory  # pylint: disable=wrong-import-position
from fire import VICTIM, Client, Door, Killer, Pool, Watcher, rows_of  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from scene import case, diagnose, main  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position

CHANGES = int(os.environ.get("FIRE_CHANGES", "600"))
SEED = os.environ.get("FIRE_SEED", "1")
KILLS = int(os.environ.get("FIRE_KILLS", "10"))
PAUSE = float(os.environ.get("FIRE_PAUSE", "0.1"))
CLIENTS = 8
WORKERS = 3
SLOTS = 16  # of workers that may ever have been used, at most
MEMORY = 16 << 20  # bytes that the master may grow by


class Fire:
    """What burns: drover, its pools, and all that use it."""

    def __init__(self, t):
        self.t = t
        self.servers = [t.hello(f"h{i}") for i in range(6)]
        self.pools = [Pool(i, self.servers) for i in range(CLIENTS)]
        self.drover = t.drover("".join(map(Pool.text, self.pools)), listen=None, workers=WORKERS)
        self.more_changes = 0  # of this scene itself
        self.quiet()
        self.memory = process_memory(self.drover.pid)
        # the connection that asks may linger
        self.before = min(t.wait(self.descriptors, "workers keep nothing") for _ in range(5))
        self.watcher = t.keep(Watcher(self.drover))
        self.loads = [t.keep(Load(Door(self.drover, i), 1, keep_alive=i % 2 == 0)) for i in range(CLIENTS)]
        self.victims = [t.keep(Load(Door(self.drover, i, VICTIM), 1)) for i in range(2)]
        self.clients = [Client(self.drover, pool, -(-CHANGES // CLIENTS), SEED) for pool in self.pools]
        self.killer = t.keep(Killer(self.drover, KILLS, PAUSE, len(self.loads) + len(self.victims), SEED))

    def quiet(self):
        """Nothing is carried any more, by nobody."""
        t, drover = self.t, self.drover
        drover.wait_ready()
        drover.wait_loads(0)
        t.wait(lambda: not any(row["load"] for row in drover.servers()), f"servers carry nothing: {drover.servers()}")
        t.wait(lambda: not any(row["state"] == "leaving" for row in drover.servers()), "who was removed is gone")
        t.wait(lambda: drover.counters()["requests-active"] == 0 and drover.counters()["client-open"] == 0,
               f"gauges are zero: {drover.counters()}")

    def descriptors(self):
        """Of the master, and of a worker that keeps no connection to a server; None while one does."""
        row = min(self.drover.workers(), key=lambda row: row["worker"])
        if self.drover.counters()["server-idle"] > 0:
            return None
        return process_descriptors(self.drover.pid), process_descriptors(row["pid"])

    def leaks_no_descriptors(self):
        """Since a server has had a limit there is one to wake each worker that ever was."""
        now = self.descriptors()
        return now is not None and all(0 <= a - b <= SLOTS for a, b in zip(now, self.before))

    def burn(self):
        for part in (*self.clients, self.killer):
            part.start()
        for client in self.clients:
            client.join()
        self.killer.stop()

    def end_traffic(self):
        """Nobody waits behind a paused listener for ever: they go on meanwhile."""
        paused = [pool for pool in self.pools if pool.paused()]
        for load in (*self.loads, *self.victims):
            load.stopping = True
        self.set_listeners(paused, "listening")
        for load in (*self.loads, *self.victims):
            load.stop()
        self.set_listeners(paused, "paused")

    def set_listeners(self, pools, state):
        for pool in pools:
            self.drover.call("listener-set", listener=pool.listener, state=state)
            self.more_changes += 1

    def tell(self):
        methods = collections.Counter()
        for client in self.clients:
            methods.update(client.methods)
        diagnose(f"{sum(c.done for c in self.clients)} changes, {sum(c.tried for c in self.clients)} dry runs, "
                 f"{sum(c.refused for c in self.clients)} refused, {dict(methods)}",
                 f"{self.killer.kills} kills of workers that carried {self.killer.cost}; "
                 f"{sum(c.closed for c in self.clients)} sessions closed; "
                 f"{sum(load.total() for load in self.loads)} requests, "
                 f"{sum(len(load.failures) for load in self.loads)} failed; "
                 f"victims: {sum(load.total() for load in self.victims)}, "
                 f"{sum(len(load.failures) for load in self.victims)} failed; {len(self.watcher.events)} events")


# ---- what is looked at


def clients_were_right(fire):
    problems = [client.problem for client in fire.clients if client.problem]
    assert not problems, problems


def failures_are_explained(fire):
    failed = [failure for load in fire.loads for failure in load.failures]
    assert not [failure for load in fire.loads + fire.victims for failure in load.refused]
    allowed = fire.killer.cost + sum(client.forced for client in fire.clients)
    assert len(failed) <= allowed, (len(failed), allowed, failed[:20])
    victims = [failure for load in fire.victims for failure in load.failures]
    assert len(victims) <= allowed + sum(client.closed for client in fire.clients), victims[:20]


def events_are_whole(t, fire):
    events = fire.watcher.events
    t.wait(lambda: events and events[-1]["number"] == fire.drover.call("status")["newest-event"],
           "the watcher has the newest event")
    assert fire.watcher.is_whole(), (fire.watcher.strange[:3], [event["number"] for event in events][:50])
    carried_out = fire.more_changes + sum(client.done for client in fire.clients)
    assert fire.watcher.count("changed") == carried_out, (fire.watcher.count("changed"), carried_out)


def config_agrees(t, fire):
    drover = fire.drover
    shown = drover.call("config")
    text = drover.call("config", format="text")["config"]
    with open(t.path("now.conf"), "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([DROVER, "-t", "-c", t.path("now.conf")], check=True, capture_output=True)
    again = subprocess.run([DROVER, "-T", "-c", t.path("now.conf")], check=True, capture_output=True, text=True)
    assert again.stdout == text, "what config gives is not what is read back"
    return shown["config"], shown["changes"]


def models_agree(fire, config):
    listeners = {row["listener"]: row for row in fire.drover.call("listeners")["listeners"]}
    for pool in fire.pools:
        pool.expect_config(config)
        rows = rows_of(fire.drover.servers(pool=pool.name), "server")
        assert rows == pool.servers, (pool.name, rows, pool.servers)
        assert listeners[pool.listener]["paused"] == pool.paused(), (listeners[pool.listener], pool.state)


def drift_agrees(fire, drift):
    """What config says was changed since the file, done to the file, makes what is."""
    for pool in fire.pools:
        again = Pool(pool.number, fire.servers)
        for change in drift:
            if again.concerns(change):
                again.apply(change)
        assert (again.state, again.servers) == (pool.state, pool.servers), (pool.name, drift)


def shared_agrees(fire, config):
    """What all clients change is as the last event says."""
    scaled = [params["workers"] for params in fire.watcher.changed("scale")] or [WORKERS]
    assert fire.drover.call("workers")["desired"] == config["workers"] == scaled[-1], (scaled[-3:], config["workers"])
    spread = [params["algorithm"] for params in fire.watcher.changed("balance") if "pool" not in params]
    assert not spread or config["balance"] == spread[-1], (spread[-3:], config["balance"])


def spread_over(drover, index, count):
    return collections.Counter(drover.exchange(request(), index=index).get("x-instance") for _ in range(count))


def requests_agree(fire):
    """Requests go to the ready servers, and to each its share; a paused listener accepts nothing."""
    names = {server.address: server.name for server in fire.servers}
    for index, pool in enumerate(fire.pools):
        shares = {names[address]: weight for address, weight in pool.shares().items()}
        if pool.paused():
            paused_accepts_nothing(fire, index, pool)
            continue
        laps = 4
        seen = spread_over(fire.drover, index, laps * sum(shares.values()))
        assert set(seen) == set(shares), (pool.name, seen, shares)
        if pool.balance() == "round-robin":
            assert seen == {name: laps * weight for name, weight in shares.items()}, (pool.name, seen, shares)


def listener_of(fire, pool):
    return next(row for row in fire.drover.call("listeners")["listeners"] if row["listener"] == pool.listener)


def paused_accepts_nothing(fire, index, pool):
    accepted = listener_of(fire, pool)["accepted"]
    peer = fire.t.connect(fire.drover, index)
    peer.send(request())
    fire.t.wait(lambda: listener_of(fire, pool)["waiting"] == 1, "the connection waits in the kernel's queue")
    assert listener_of(fire, pool)["accepted"] == accepted, (pool.name, accepted)
    fire.drover.call("listener-set", listener=pool.listener, state="listening")
    assert peer.read_response().status == 200 and listener_of(fire, pool)["accepted"] == accepted + 1
    peer.close()


def nothing_leaks(t, fire):
    drover = fire.drover
    drover.call("scale", workers=WORKERS, wait=True)
    fire.watcher.close()
    t.wait(lambda: len(fire.killer.children()) == WORKERS, "as many processes as workers, and no zombie")
    fire.quiet()
    t.wait(lambda: fire.descriptors() is not None, "workers keep nothing")
    t.wait(fire.leaks_no_descriptors, f"descriptors are {fire.before} again: {fire.descriptors()}")
    memory = process_memory(drover.pid)
    assert is_sanitized() or memory - fire.memory < MEMORY, (memory, fire.memory)
    diagnose(f"memory of the master: {fire.memory >> 10} KiB before, {memory >> 10} KiB after")


@case
def under_fire(t):
    "replies, events, config, scoreboard and behaviour agree after it; nothing leaks"
    fire = Fire(t)
    fire.burn()
    fire.end_traffic()
    fire.tell()
    clients_were_right(fire)
    failures_are_explained(fire)
    fire.quiet()
    events_are_whole(t, fire)
    config, drift = config_agrees(t, fire)
    models_agree(fire, config)
    drift_agrees(fire, drift)
    shared_agrees(fire, config)
    requests_agree(fire)
    nothing_leaks(t, fire)


main()
