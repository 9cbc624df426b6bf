"""
A small load generator: clients in threads that send one request after another
until they are told to stop, and write down each failure.
"""

import threading
import time

import wire


class Load:
    """
    `clients` threads against a running drover. With keep_alive each keeps its
    connection for as long as drover lets it; a connection that drover ended
    politely between two requests is replaced and counts as nothing. A request
    fails when the connection cannot be made, ends in the middle, or has
    another status than 200.
    """

    def __init__(self, drover, clients=8, data=None, keep_alive=True):
        self.drover, self.keep_alive = drover, keep_alive
        self.data = data or wire.request(fields=() if keep_alive else [("Connection", "close")])
        self.done, self.failures, self.refused = [0] * clients, [], []
        self.stopping = False
        self.threads = [threading.Thread(target=self.client, args=(i,), daemon=True) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def total(self):
        return sum(self.done)

    def client(self, i):
        peer = None
        while not self.stopping:
            try:
                peer = peer or self.drover.connect()
            except OSError as problem:
                self.refused.append(f"{time.monotonic():.3f} {problem!r}")
                continue
            try:
                peer = self.exchange(i, peer)
            except (EOFError, OSError, wire.Malformed, AssertionError) as problem:
                self.failures.append(f"{time.monotonic():.3f} {problem!r}")
                peer.close()
                peer = None
        if peer is not None:
            peer.close()

    def exchange(self, i, peer):
        """One exchange; returns the connection if it can be used again."""
        fresh = not hasattr(peer, "used")
        peer.used = True
        try:
            peer.send(self.data)
            if not peer.receive():
                raise EOFError("closed before the response")
        except (EOFError, OSError):
            if fresh or peer.was_reset:
                raise
            peer.close()  # it was ended between two requests
            return None
        answer = peer.read_response()
        if not answer.whole or answer.status != 200:
            raise EOFError(f"status {answer.status}, whole: {answer.whole}")
        self.done[i] += 1
        if self.keep_alive and answer.get("connection") != "close":
            return peer
        peer.close()
        return None

    def wait(self, more, seconds=wire.SECONDS):
        """Waits until so many more requests have been answered."""
        end, goal = time.monotonic() + seconds, self.total() + more
        while self.total() < goal:
            assert time.monotonic() < end, f"{more} more answers within {seconds:g} s (failures: {self.failures[-3:]})"
            time.sleep(0.005)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(wire.SECONDS)
            assert not thread.is_alive(), "a load client hangs"

    close = stop
