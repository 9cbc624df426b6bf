"""Servers on unix sockets that droverctl may take for drover."""

import json
import socket
import threading


class Fake:
    """A server on a unix socket that runs `talk(connection)` for each connection, in a thread of its own."""

    def __init__(self, path, talk):
        self.path, self.control_path = path, path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(16)
        self.talk, self.closing = talk, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.closing:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                self.talk(connection)
            except OSError:
                pass

    def close(self):
        self.closing = True
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.socket.close()


def answering(results):
    """A talk that answers methods with given results; "help" lists them."""
    methods = [{"method": name, "summary": "S.", "permission": "read", "params": []} for name in results]
    results = dict(results, help={"methods": methods + [{"method": "help", "params": []}]})

    def talk(connection):
        for line in connection.makefile("rb"):
            request = json.loads(line)
            reply = {"jsonrpc": "2.0", "id": request["id"], "result": results[request["method"]]}
            connection.sendall(json.dumps(reply).encode() + b"\n")
    return talk
