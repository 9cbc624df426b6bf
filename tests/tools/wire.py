"""
Both ends of the wire, byte by byte: a peer that sends exactly what a scene
says and reads until something is there, a parser of HTTP/1 messages that is
strict on purpose, and a server whose connections run a scene's own function.
"""

import os
import re
import socket
import struct
import threading

SECONDS = float(os.environ.get("SCENE_SECONDS", "20"))  # longest wait for one thing

HEAD_END = b"\r\n\r\n"
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-5][0-9][0-9]) ([^\r\n\x00]*)")
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") (\S+) HTTP/(1\.[01])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\r\n\x00]*?)[ \t]*")


class Malformed(Exception):
    """What drover sent is not HTTP/1."""


class Message:
    """A request or a response. `whole` is False when the connection ended before it did."""

    def __init__(self, head):
        self.head = head
        lines = head[:-4].split(b"\r\n")
        self.fields = []
        for line in lines[1:]:
            match = FIELD.fullmatch(line)
            if not match:
                raise Malformed(f"field line {line!r} in {head!r}")
            self.fields.append((match[1].decode("ascii"), match[2].decode("latin-1")))
        self.body = b""
        self.chunks = []
        self.trailers = []
        self.whole = False
        self.interim = []

    def all(self, name):
        """Values of every field of that name, in order."""
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        """The value of the field, which occurs at most once; None when it is absent."""
        values = self.all(name)
        assert len(values) < 2, f"{name} occurs {len(values)} times in {self.head!r}"
        return values[0] if values else None

    def chunked(self):
        return [value.lower() for value in self.all("transfer-encoding")] == ["chunked"]


class Request(Message):
    def __init__(self, head):
        super().__init__(head)
        match = REQUEST_LINE.fullmatch(head.split(b"\r\n", 1)[0])
        if not match:
            raise Malformed(f"request line of {head!r}")
        self.method, self.target = match[1].decode("ascii"), match[2].decode("latin-1")
        self.version = match[3].decode("ascii")


class Response(Message):
    def __init__(self, head):
        super().__init__(head)
        match = STATUS_LINE.fullmatch(head.split(b"\r\n", 1)[0])
        if not match:
            raise Malformed(f"status line of {head!r}")
        self.version, self.status = match[1].decode("ascii"), int(match[2])
        self.reason = match[3].decode("latin-1")


class Peer:
    """One end of a connection. Every wait has a time limit; EOFError when the other side has ended."""

    def __init__(self, sock):
        self.socket = sock
        self.socket.settimeout(SECONDS)
        self.buffer = b""
        self.was_reset = False

    def send(self, data):
        self.socket.sendall(data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def fileno(self):
        """For select()."""
        return self.socket.fileno()

    def close(self):
        # a thread that waits in recv() would keep the connection alive: end it first
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def receive(self, limit=1 << 18):
        """Adds what has arrived to the buffer: False at the end of the stream."""
        try:
            data = self.socket.recv(limit)
        except ConnectionResetError:
            self.was_reset = True
            data = b""
        self.buffer += data
        return len(data) > 0

    def take(self, count):
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read(self, count):
        while len(self.buffer) < count:
            if not self.receive():
                raise EOFError(f"{len(self.buffer)} of {count} bytes: {self.buffer[:200]!r}")
        return self.take(count)

    def read_until(self, mark):
        """Everything up to and with the mark."""
        while mark not in self.buffer:
            if not self.receive():
                raise EOFError(f"no {mark!r} in {self.buffer[-500:]!r}")
        return self.take(self.buffer.index(mark) + len(mark))

    def read_all(self):
        """Everything until the other side ends."""
        while self.receive():
            pass
        return self.take(len(self.buffer))

    def ended(self):
        """Waits for the end of the stream; False when bytes come instead."""
        return not self.buffer and not self.receive()

    def read_chunk(self, message):
        """Reads one chunk, and the trailer section behind the last. False at the end."""
        size_line = self.read_until(b"\r\n")[:-2].split(b";")[0]
        if not re.fullmatch(rb"[0-9a-fA-F]+", size_line):
            raise Malformed(f"chunk size {size_line!r}")
        size = int(size_line, 16)
        if size == 0:
            while line := self.read_until(b"\r\n")[:-2]:
                match = FIELD.fullmatch(line)
                if not match:
                    raise Malformed(f"trailer {line!r}")
                message.trailers.append((match[1].decode(), match[2].decode("latin-1")))
            return False
        data = self.read(size + 2)
        if data[-2:] != b"\r\n":
            raise Malformed(f"chunk ends with {data[-2:]!r}")
        message.chunks.append(data[:-2])
        return True

    def read_body(self, message, until_close):
        """Reads the body by the framing that the head declares (RFC 9112 6.3)."""
        if message.chunked():
            assert message.get("content-length") is None, "two ways of framing"
            while self.read_chunk(message):
                pass
            message.body = b"".join(message.chunks)
        elif message.all("transfer-encoding"):
            raise Malformed(f"coding {message.all('transfer-encoding')}")
        elif message.get("content-length") is not None:
            message.body = self.read(int(message.get("content-length")))
        elif until_close:
            message.body = self.read_all()
            if self.was_reset:
                return  # what was sent last may be lost
        message.whole = True

    def read_request(self, body=True):
        """The next request; None at the end of the stream."""
        while HEAD_END not in self.buffer:
            if not self.receive():
                if self.buffer:
                    raise EOFError(f"half a head: {self.buffer!r}")
                return None
        message = Request(self.read_until(HEAD_END))
        if body:
            self.read_body(message, False)
        return message

    def read_head(self):
        """The next response head that is final or 101, with the interim ones before it; no body."""
        interim = []
        while True:
            message = Response(self.read_until(HEAD_END))
            if message.status >= 200 or message.status == 101:
                message.interim = interim
                return message
            interim.append(message)

    def read_response(self, method="GET"):
        """The next final response. When it is cut short, `whole` is False."""
        message = self.read_head()
        if method == "HEAD" or message.status in (101, 204, 304):
            message.whole = True
            return message
        try:
            self.read_body(message, True)
        except EOFError:
            message.body = b"".join(message.chunks) or self.take(len(self.buffer))
        return message


def request(method="GET", target="/", fields=(), body=None, host="scene.test", version="1.1"):
    """The bytes of a request. `fields` is a sequence of pairs or of raw lines."""
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [field if isinstance(field, str) else "%s: %s" % tuple(field) for field in fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + HEAD_END + (body or b"")


def response(status=200, body=b"", fields=(), version="1.1", length=True):
    """The bytes of a response."""
    lines = [f"HTTP/{version} {status} Status"]
    lines += ["%s: %s" % tuple(field) for field in fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + HEAD_END + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def connect(address, source=None):
    """A Peer connected to (host, port) or to the path of a unix socket."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(SECONDS)
        sock.connect(address)
    else:
        sock = socket.create_connection(address, SECONDS, source)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Peer(sock)


def accepts(path):
    """Whether somebody listens on a unix socket, which is there a moment before."""
    with socket.socket(socket.AF_UNIX) as sock:
        return sock.connect_ex(path) == 0


class Server:
    """
    A server under the scene's control. Without a `handler` each request that
    arrives whole is recorded and answered with what respond(request) returns:
    bytes to send, or None to close. With one, handler(peer) runs the
    connection in a thread of its own.

    Its port stays taken for as long as it lives, so that refuse() and accept()
    can switch the listening socket off and on.
    """

    def __init__(self, respond=None, handler=None, backlog=512, listening=True, host="127.0.0.1", port=0):
        self.host = host  # of loopback
        self.respond = respond or (lambda request: response(body=b"ok"))
        self.handler = handler or self.serve
        self.backlog = backlog
        self.requests = []
        self.peers = []
        self.problems = []
        self.lock = threading.Lock()
        self.listeners = []  # each with the thread that takes from it
        self.holder = self.bound_socket(port)
        self.port = self.holder.getsockname()[1]
        self.address = f"{host}:{self.port}"
        if listening:
            self.accept()

    def bound_socket(self, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((self.host, port))
        return sock

    def accept(self):
        """Connections are taken from now on."""
        listener = self.bound_socket(self.port)
        listener.listen(self.backlog)
        self.take_from(listener)

    def take_from(self, listener):
        """Connections are taken from that socket, too; it is closed with the server."""
        thread = threading.Thread(target=self.accept_loop, args=(listener,), daemon=True)
        self.listeners.append((listener, thread))
        thread.start()

    def refuse(self):
        """Connections are refused from now on; those that exist stay."""
        for listener, thread in self.listeners:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            if thread is not None:
                thread.join()  # first: it would take from whatever has the descriptor's number next
            listener.close()
        self.listeners = []

    def die(self):
        """As refuse(), and the connections that exist are closed: drover cannot use one that it kept."""
        self.refuse()
        for peer in list(self.peers):
            peer.close()

    def hang(self):
        """New connections get no answer: the accept queue is full and nobody takes from it."""
        self.refuse()
        listener = self.bound_socket(self.port)
        listener.listen(0)
        self.listeners.append((listener, None))
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((self.host, self.port))
            self.peers.append(Peer(sock))

    def accept_loop(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock)
            with self.lock:
                self.peers.append(peer)
            threading.Thread(target=self.run, args=(peer,), daemon=True).start()

    def run(self, peer):
        try:
            self.handler(peer)
        except (EOFError, OSError):
            pass  # the other side went away
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(f"server {self.address}: {type(problem).__name__}: {problem}")
        finally:
            peer.close()

    def record(self, message, peer):
        message.peer = peer
        with self.lock:
            self.requests.append(message)

    def serve(self, peer):
        """The life of a connection without a handler of the scene's own."""
        while (message := peer.read_request()) is not None:
            self.record(message, peer)
            answer = self.respond(message)
            if answer is None:
                return
            peer.send(answer)

    def count(self):
        with self.lock:
            return len(self.requests)

    def connections(self):
        """How many connections it has taken so far."""
        with self.lock:
            return len(self.peers)

    def close(self):
        self.die()
        self.holder.close()
