"""
Load that keeps account of each request: how many there were of each kind, which failed and how,
and what was done to the apps at that moment.
"""

import collections
import threading
import time

import wire

LATE = 10  # seconds that an answer may take, on a machine with much else to do


class Failed(Exception):
    """A request that did not get its answer; says how in a word."""


# One client: it sends one request after another.
Client = collections.namedtuple("Client", "method keep_alive target")
GET = Client("GET", True, "/")
GET_SHORT = Client("GET", False, "/")
POST = Client("POST", True, "/post")
POST_SHORT = Client("POST", False, "/post")
SLOW = Client("GET", True, "/slow?ms=50")
MIX = [GET, GET, GET_SHORT, GET_SHORT, POST, POST_SHORT]
GETS = [GET, GET, GET_SHORT, GET_SHORT, SLOW]


class Traffic:
    """
    A thread for each of `clients` against a running drover, until stop(). A request fails when it is
    refused (no connection could be made), reset, cut (the connection ended before the answer
    did), answered with another status than 200 (kind "502" and the like), or late. A failure belongs to the
    event that was named by during() when it showed.
    """

    def __init__(self, drover, clients=None, host="scene.test", app="web"):
        self.drover, self.app = drover, app
        self.fields = [("Host", host)]
        self.event = "steady"
        self.lock = threading.Lock()
        self.counts = collections.Counter()  # (event, method, kind) -> requests; kind "ok" when it did not fail
        self.answered = collections.Counter()  # process id -> requests, where the app tells it
        self.failures = []  # a line each
        self.slowest = 0.0
        self.stopping = False
        self.threads = [threading.Thread(target=self.run, args=(client,), daemon=True) for client in clients or MIX]
        for thread in self.threads:
            thread.start()

    # ---- a client

    def run(self, client):
        peer = None
        while not self.stopping:
            began = time.monotonic()
            kind, detail, pid = "ok", "", None
            try:
                peer, pid = self.exchange(client, peer)
            except Failed as failure:
                kind, detail = failure.args
                peer = None
            except (wire.Malformed, AssertionError) as problem:
                kind, detail, peer = "wrong", repr(problem), None
            took = time.monotonic() - began
            if kind == "ok" and took > LATE:
                kind = "late"
            self.account(client.method, kind, detail, took, pid)
            if kind != "ok":
                time.sleep(0.01)  # the next one shall not fail for the same reason at once
        if peer is not None:
            peer.close()

    def connect(self):
        try:
            return self.drover.connect()
        except OSError as problem:
            raise Failed("refused", repr(problem)) from problem

    def exchange(self, client, peer):
        """One exchange: the connection, if it can be used again, and who answered."""
        peer = peer or self.connect()
        fields = self.fields + ([] if client.keep_alive else [("Connection", "close")])
        body = b"x" * 1000 if client.method == "POST" else None
        try:
            peer.send(wire.request(client.method, client.target, fields, body, host=None))
            answer = peer.read_response()
            if not answer.whole:
                raise EOFError("in the body")
        except TimeoutError as problem:
            peer.close()
            raise Failed("hung", repr(problem)) from problem
        except (EOFError, OSError) as problem:
            peer.close()
            was_reset = peer.was_reset or isinstance(problem, ConnectionResetError)
            raise Failed("reset" if was_reset else "cut", repr(problem)) from problem
        if answer.status != 200:
            peer.close()
            raise Failed(str(answer.status), answer.body.decode("latin-1").strip())
        if client.target == "/post" and answer.body != b"1000 bytes\n":
            peer.close()
            raise Failed("wrong", repr(answer.body))
        if client.keep_alive and answer.get("connection") != "close":
            return peer, answer.get("x-pid")
        peer.close()
        return None, answer.get("x-pid")

    def account(self, method, kind, detail, took, pid):
        with self.lock:
            self.counts[self.event, method, kind] += 1
            self.slowest = max(self.slowest, took)
            if pid:
                self.answered[int(pid)] += 1
            if kind != "ok":
                self.failures.append(f"{time.strftime('%T')} {self.app} {method} {kind} after {took:.3f} s"
                                     f" during {self.event}: {detail}")

    # ---- looking at it

    def during(self, event):
        """What is done to the app from now on, in a word or two."""
        with self.lock:
            self.event = event

    def total(self, event=None, method=None, failed=None):
        """How many requests there were; of one event, of one method, those that failed or did not."""
        with self.lock:
            return sum(count for (when, how, kind), count in self.counts.items()
                       if event in (None, when) and method in (None, how) and failed in (None, kind != "ok"))

    def kinds(self, event=None):
        """The ways in which requests failed, and how many: {"502": 1}."""
        with self.lock:
            found = collections.Counter()
            for (when, _, kind), count in self.counts.items():
                if kind != "ok" and event in (None, when):
                    found[kind] += count
            return dict(found)

    def wait(self, more=100, seconds=wire.SECONDS):
        """Waits until so many more requests have been answered well."""
        end, goal = time.monotonic() + seconds, self.total(failed=False) + more
        while self.total(failed=False) < goal:
            assert time.monotonic() < end, f"{more} more answers within {seconds:g} s (failures: {self.failures[-3:]})"
            time.sleep(0.005)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(wire.SECONDS + 1)
            assert not thread.is_alive(), "a client hangs"

    close = stop

    def finish(self, allowed=0):
        """Ends it, and asks that no more than so many failed."""
        self.stop()
        assert len(self.failures) <= allowed, (len(self.failures), self.total(), self.failures[:10])


def table(traffics, events):
    """The account of several apps as text: a row for each, a column for each event, "failed/requests"."""
    heads = ["app"] + list(events) + ["all", "failures"]
    lines = [heads]
    for traffic in traffics:
        cells = [f"{traffic.total(event, failed=True)}/{traffic.total(event)}" for event in events]
        ways = ", ".join(f"{count} {kind}" for kind, count in sorted(traffic.kinds().items())) or "none"
        lines.append([traffic.app, *cells, f"{traffic.total(failed=True)}/{traffic.total()}", ways])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
