"""
Consistency under fire: clients that change things at random, all at once, while
workers are killed, and a model of what must have come of it.

Each client has a pool, a listener and a source of random numbers of its own, so
that it knows what each of its changes does; what all share (the number of
workers, the spreading of connections) is known from the order of the events.
"""

import json
import os
import random
import signal
import threading

import stutter
from drover import ControlError, read_file

PARAMS, IMPOSSIBLE = -32602, -32003
VICTIM = "127.0.9.9"  # the address of those whose sessions are closed
SPARE = 0.25  # of all changes are dry runs
PATIENT = 0.25  # of all changes are waited for ...
PATIENT_WITH_WORKERS = 0.05  # ... but workers may be killed all the time
WORKERS = (2, 5)


class Surprise(AssertionError):
    """A reply that the model has not foreseen."""


def rows_of(rows, name):
    """Servers as the model has them, by the member that names them."""
    return {row[name]: {key: row[key] for key in ("weight", "state", "max-connections")} for row in rows}


class Pool:
    """What one client owns: its pool and listener, as they must be."""

    def __init__(self, number, servers):
        self.name, self.number = f"p{number}", number
        self.listener = f"127.0.1.{number + 1}:0"
        self.addresses = [server.address for server in servers]
        self.anchor = self.addresses[0]  # stays ready, so that the pool can always serve
        self.state = {f"pool {self.name} balance": "round-robin", f"listen {self.listener} paused": False}
        self.servers = {}
        for address in self.addresses[:3]:
            self.servers[address] = {"weight": 1, "state": "ready", "max-connections": 0}

    def text(self):
        rows = "\n".join(f'    server "{address}" {{ }}' for address in self.servers)
        return (f'listen "{self.listener}" {{ pool = "{self.name}" }}\n'
                f'pool "{self.name}" {{\n    balance = round-robin\n    idle-timeout = 500ms\n{rows}\n}}\n')

    def balance(self):
        return self.state[f"pool {self.name} balance"]

    def paused(self):
        return self.state[f"listen {self.listener} paused"]

    def shares(self):
        """The servers that get requests, and the part of each."""
        return {address: row["weight"] for address, row in self.servers.items() if row["state"] == "ready"}

    def concerns(self, change):
        return change["what"] in self.state or change["what"].startswith(f"pool {self.name} ")

    def apply(self, change):
        """Does to the model what a reply says was done; what it was before must agree."""
        what, before, after = change["what"], change["from"], change["to"]
        if what in self.state:
            self.expect(change, self.state[what])
            self.state[what] = after
            return
        words = what.split()
        if words[:3] != ["pool", self.name, "server"] or len(words) not in (4, 5):
            raise Surprise(f"{self.name}: a change of {what}")
        address = words[3]
        if len(words) == 5:
            self.expect(change, self.servers[address][words[4]])
            self.servers[address][words[4]] = after
        elif after is None:
            self.expect(change, self.servers[address])
            del self.servers[address]
        elif before is None and address not in self.servers:
            self.servers[address] = {name: after[name] for name in ("weight", "state", "max-connections")}
        else:
            raise Surprise(f"{self.name}: {change}, but it has {sorted(self.servers)}")

    def expect_config(self, config):
        """What config shows of it must be as the model has it."""
        shown = next(row for row in config["pool"] if row["name"] == self.name)
        if shown["balance"] != self.balance() or rows_of(shown["server"], "address") != self.servers:
            raise Surprise(f"config shows {shown}, but the model has {self.state} {self.servers}")
        paused = next(row["paused"] for row in config["listen"] if row["address"] == self.listener)
        if paused != self.paused():
            raise Surprise(f"config shows {self.listener} paused: {paused}")

    @staticmethod
    def expect(change, known):
        before = change["from"]
        if isinstance(known, dict) and isinstance(before, dict):
            before = {name: before.get(name) for name in known}
        if before != known:
            raise Surprise(f"{change}, but the model has {known}")


class Client(threading.Thread):
    """One of those that change things. Until it has carried out `count` changes."""

    def __init__(self, drover, pool, count, seed):
        super().__init__(daemon=True)
        self.drover, self.pool, self.count = drover, pool, count
        self.random = random.Random(f"{seed}/{pool.number}")
        self.control = drover.open_control()
        self.control.socket.settimeout(60)
        self.done, self.tried, self.refused, self.forced, self.closed = 0, 0, 0, 0, 0
        self.methods, self.last, self.problem = {}, None, None
        own = [self.add] * 5 + [self.remove] * 4 + [self.set] * 8 + [self.pool_balance] * 3
        own += [self.pause] * 3 + [self.look]
        self.moves = own + [self.scale, self.restart, self.spread, self.level, self.close_sessions]

    def run(self):
        try:
            while self.done < self.count:
                self.random.choice(self.moves)()
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = f"{self.pool.name}: {problem!r}"
        self.control.close()

    # ---- asking

    def ask(self, method, may_refuse=(), patience=0, **params):
        """Carries a change out, or tries it; returns the changes that the reply tells, None when it was refused."""
        dry = self.random.random() < SPARE
        if dry:
            params["dry-run"] = True
        elif self.random.random() < patience:
            params["wait"] = True
        try:
            result = self.control.call(method, **params)
        except ControlError as problem:
            if problem.code not in may_refuse:
                raise Surprise(f"{method} {params}: {problem}") from problem
            self.refused += 1
            return None
        if result.get("dry-run", False) is not dry:
            raise Surprise(f"{method} {params}: {result}")
        self.tried, self.done = self.tried + dry, self.done + (not dry)
        self.methods[method] = self.methods.get(method, 0) + 1
        self.last = (dry, result)
        return [] if dry else result["changes"]

    def change(self, expected, method, **params):
        """A change of what the client owns: `expected` is {what: to}, or None when it must be refused."""
        refusals = () if expected is not None else (PARAMS, IMPOSSIBLE)
        changes = self.ask(method, refusals, PATIENT if method in ("server-set", "server-remove") else 0, **params)
        if changes is None:
            return
        if expected is None:
            raise Surprise(f"{method} {params} must be refused: {self.last[1]}")
        told = {change["what"]: change["to"] for change in self.last[1]["changes"]}
        if {what: bool(to) for what, to in told.items()} != {what: bool(to) for what, to in expected.items()} or any(
                told[what] != to for what, to in expected.items() if not isinstance(to, dict)):
            raise Surprise(f"{method} {params}: {self.last[1]}, but expected {expected}")
        for change in changes:
            self.pool.apply(change)

    def only_leaving(self):
        """What could be changed was a server on its way out: the model has it no more."""
        if any(change["from"] != "leaving" for change in self.last[1]["changes"]):
            raise Surprise(f"nothing could be changed: {self.last[1]}")

    # ---- what the client owns

    def any_address(self):
        return self.random.choice(self.pool.addresses)

    def add(self):
        address, pool = self.any_address(), self.pool
        row = {"weight": self.random.randint(1, 5), "max-connections": self.random.choice((0, 100, 1000))}
        if self.random.random() < 0.2:
            row["state"] = self.random.choice(("ready", "drain", "maintenance"))
        expected = None if address in pool.servers else {f"pool {pool.name} server {address}": row}
        self.change(expected, "server-add", pool=pool.name, server=address, **row)

    def remove(self):
        address, pool = self.random.choice(self.pool.addresses[1:]), self.pool
        more = {"force": True} if self.random.random() < 0.1 else {}
        self.forced += len(more)
        if address in pool.servers:
            what = f"pool {pool.name} server {address}"
            self.change({what: None}, "server-remove", pool=pool.name, server=address, **more)
        elif self.ask("server-remove", (PARAMS,), PATIENT, pool=pool.name, server=address, **more) is not None:
            self.only_leaving()

    def set(self):
        address, pool = self.any_address(), self.pool
        wanted = {"weight": self.random.randint(1, 5), "max-connections": self.random.choice((0, 100, 1000)),
                  "state": self.random.choice(("ready", "ready", "drain", "maintenance"))}
        if address == pool.anchor:
            wanted["state"] = "ready"
        wanted = dict(self.random.sample(sorted(wanted.items()), self.random.randint(1, 3)))
        expected = None
        if address in pool.servers:
            expected = {f"pool {pool.name} server {address} {name}": value for name, value in wanted.items()
                        if pool.servers[address][name] != value}
        self.change(expected, "server-set", pool=pool.name, server=address, **wanted)

    def pool_balance(self):
        algorithm = self.random.choice(("round-robin", "least-connections"))
        what = f"pool {self.pool.name} balance"
        self.change({} if self.pool.state[what] == algorithm else {what: algorithm}, "balance", pool=self.pool.name,
                    algorithm=algorithm)

    def pause(self):
        state = "listening" if self.pool.paused() else "paused"
        self.change({f"listen {self.pool.listener} paused": state == "paused"}, "listener-set",
                    listener=self.pool.listener, state=state)

    def look(self):
        """Nobody else changes the pool: config must show it as it is, whatever others do meanwhile."""
        self.pool.expect_config(self.control.call("config")["config"])

    # ---- what all share

    def scale(self):
        self.ask("scale", (), PATIENT_WITH_WORKERS, workers=self.random.randint(*WORKERS))

    def restart(self):
        worker = self.random.randrange(2 * WORKERS[1])
        self.ask("restart-worker", (PARAMS, IMPOSSIBLE), PATIENT_WITH_WORKERS, worker=worker)

    def spread(self):
        self.ask("balance", algorithm=self.random.choice(("round-robin", "least-connections")))

    def level(self):
        process = self.random.choice(("all", "master", f"worker {self.random.randrange(2 * WORKERS[1])}"))
        more = {"for-ms": self.random.randint(20, 2000)} if self.random.random() < 0.5 else {}
        self.ask("log-level", (PARAMS, IMPOSSIBLE), process=process,
                 level=self.random.choice(("error", "warn", "notice", "info")), **more)

    def close_sessions(self):
        graceful = self.random.random() < 0.5
        if self.ask("session-close", (IMPOSSIBLE,), client=VICTIM, graceful=graceful) is not None:
            self.closed += self.last[1]["closed"]


class Killer(threading.Thread):
    """
    kill -9 of a worker every `pause` seconds, `count` times. `cost` is how many
    connections the killed ones carried, `most` how many there are.
    """

    def __init__(self, drover, count, pause, most, seed):
        super().__init__(daemon=True)
        self.drover, self.count, self.pause, self.most = drover, count, pause, most
        self.random = random.Random(f"{seed}/killer")
        self.stopping = threading.Event()
        self.kills, self.cost = 0, 0

    def children(self):
        return [int(pid) for pid in read_file(f"/proc/{self.drover.pid}/task/{self.drover.pid}/children").split()]

    def carried(self, pid):
        """What a worker has, or may have when nobody knows."""
        rows = [row for row in self.drover.workers() if row["pid"] == pid]
        return min(self.most, rows[0]["load"]) if rows else self.most

    def run(self):
        while self.kills < self.count and not self.stopping.wait(self.pause):
            pids = self.children()
            if pids:
                self.kill(self.random.choice(pids))

    def kill(self, pid):
        try:
            stutter.freeze(pid)  # what it carries does not change any more
            try:
                self.cost += self.carried(pid)
            finally:
                os.kill(pid, signal.SIGKILL)
            self.kills += 1
        except ProcessLookupError:
            pass  # it has ended by itself

    def stop(self):
        self.stopping.set()
        self.join()

    close = stop


class Watcher(threading.Thread):
    """Reads every event, and keeps them."""

    def __init__(self, drover):
        super().__init__(daemon=True)
        self.control = drover.open_control()
        self.control.socket.settimeout(None)
        self.newest = self.control.watch()["newest"]
        self.events, self.strange = [], []
        self.start()

    def run(self):
        try:
            while True:
                line = self.control.note()
                if line.get("method") == "event":
                    self.events.append(line["params"])
                else:
                    self.strange.append(line)
        except ValueError as problem:
            self.strange.append(repr(problem))
        except (EOFError, OSError):
            pass

    def close(self):
        self.control.close()
        self.join()

    def is_whole(self):
        """Whether no number is missing and nothing but events came."""
        numbers = [event["number"] for event in self.events]
        return not self.strange and numbers == list(range(self.newest + 1, self.newest + 1 + len(numbers)))

    def count(self, name):
        return sum(event["event"] == name for event in self.events)

    def changed(self, method):
        """The parameters of all changes by that method, in the order in which they were carried out."""
        rows = [event["text"].split(" ", 1) for event in self.events if event["event"] == "changed"]
        return [json.loads(words[1]) for words in rows if words[0] == method]


class Door:
    """One listener of drover, for Load: whom it connects to, and from where."""

    def __init__(self, drover, index, source=None):
        self.drover, self.index, self.source = drover, index, source

    def connect(self):
        peer = self.drover.connect(self.index, (self.source, 0) if self.source else None)
        peer.socket.settimeout(90)  # a paused listener keeps everybody waiting
        return peer
