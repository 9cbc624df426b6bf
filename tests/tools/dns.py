"""
A DNS server for scenes, on UDP and TCP of one port. What it says can be changed
at any time: records come and go, and a name can be made to misbehave.
"""

import socket
import struct
import threading

import wire

A, CNAME, AAAA, SRV, ANY = 1, 5, 28, 33, 255
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, REFUSED = 0, 1, 2, 3, 5
UDP_MAX = 512

# What a name can be made to do instead of being answered, by the word for it.
LIES = ("silence", "servfail", "refused", "wrong-id", "wrong-question", "loop", "garbage", "short", "counts",
        "bad-length", "empty")


def name_bytes(name):
    """A name as in a message, without compression."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def a(address):
    return (A, socket.inet_pton(socket.AF_INET, address))


def aaaa(address):
    return (AAAA, socket.inet_pton(socket.AF_INET6, address))


def cname(target):
    return (CNAME, name_bytes(target))


def srv(target, port, priority=0, weight=1):
    return (SRV, struct.pack(">HHH", priority, weight, port) + name_bytes(target))


class Query:
    """A question as it came."""

    def __init__(self, data):
        self.data = data
        self.id = struct.unpack(">H", data[:2])[0]
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
            at += 1 + data[at]
        self.name = ".".join(labels).lower()
        self.type = struct.unpack(">H", data[at + 1:at + 3])[0]
        self.question = data[12:at + 5]


class Dns:
    """
    dns = t.keep(Dns()); dns.set("app.test", a("127.0.0.1"), ttl=1). `address` is
    what the option `resolvers` is given; `asked` counts questions by (name, type).
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.records, self.lies, self.asked = {}, {}, {}
        self.truncate = False  # every UDP answer is cut off: ask by TCP
        self.over_tcp = 0
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind(("127.0.0.1", self.port))
                break
            except OSError:  # somebody else has it for TCP
                self.udp.close()
                self.tcp.close()
        self.tcp.listen(64)
        self.address = f"127.0.0.1:{self.port}"
        self.closed = False
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.serve_udp, self.serve_tcp)]
        for thread in self.threads:
            thread.start()

    def close(self):
        self.closed = True
        for sock, thread in zip((self.udp, self.tcp), self.threads):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            thread.join(10)  # first: it would read from whatever has the descriptor's number next
            sock.close()

    # ---- what a scene says

    def set(self, name, *records, ttl=1, lies_on=False):
        """
        The name has these records and no others; none: there is such a name, but it has nothing.
        With `lies_on` it goes on to misbehave as it did.
        """
        with self.lock:
            self.records[name.lower()] = [(kind, data, ttl) for kind, data in records]
            if not lies_on:
                self.lies.pop(name.lower(), None)

    def forget(self, name):
        """There is no such name."""
        with self.lock:
            self.records.pop(name.lower(), None)
            self.lies.pop(name.lower(), None)

    def lie(self, name, how, kind=None):
        """The name misbehaves, see LIES, until it is set again; kind: when it is asked for A or AAAA alone."""
        assert how in LIES, how
        with self.lock:
            self.lies[name.lower()] = (how, {"A": A, "AAAA": AAAA}.get(kind))

    def count(self, name):
        """How often the name was asked for, whatever the type."""
        with self.lock:
            return sum(n for (asked, _), n in self.asked.items() if asked == name.lower())

    # ---- serving

    def found(self, query):
        """(code, records): aliases are followed."""
        name, answers = query.name, []
        for _ in range(8):
            if name not in self.records:
                return (NOERROR if answers else NXDOMAIN), answers
            records = self.records[name]
            answers += [(name, *record) for record in records if record[0] in (query.type, CNAME)]
            aliases = [data for kind, data, _ in records if kind == CNAME]
            if not aliases or query.type == CNAME:
                break
            name = Query(b"\0" * 12 + aliases[0] + b"\0" * 4).name
        return NOERROR, answers

    @staticmethod
    def message(query, code, answers, flags=0x8180, count=None, question=None):
        head = struct.pack(">HHHHHH", query.id, flags | code, 1, len(answers) if count is None else count, 0, 0)
        body = b"".join(name_bytes(name) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data
                        for name, kind, data, ttl in answers)
        return head + (query.question if question is None else question) + body

    def lying(self, query, how):  # pylint: disable=too-many-return-statements
        """The bytes of a lie; None: silence."""
        evil = [(query.name, *a("192.0.2.66"), 3600)]
        good = self.message(query, NOERROR, evil)
        if how == "silence":
            return None
        if how in ("servfail", "refused"):
            return self.message(query, {"servfail": SERVFAIL, "refused": REFUSED}[how], [])
        if how == "wrong-id":
            return struct.pack(">H", query.id ^ 0x5555) + good[2:]
        if how == "wrong-question":
            return self.message(query, NOERROR, evil, question=name_bytes("other.test") + query.question[-4:])
        if how == "loop":  # a name that points at itself
            return good[:12] + query.question + struct.pack(">H", 0xc000 | 12 + len(query.question)) + struct.pack(
                ">HHIH", query.type, 1, 60, 8) + struct.pack(">HHH", 1, 1, 80) + struct.pack(
                ">H", 0xc000 | 12 + len(query.question) + 18)
        if how == "garbage":
            return good[:2] + bytes((i * 73 + 41) & 255 for i in range(300))
        if how == "short":
            return good[:-3]
        if how == "counts":
            return self.message(query, NOERROR, evil, count=65535)
        if how == "bad-length":
            return self.message(query, NOERROR, [(query.name, query.type, b"\x01\x02\x03", 60)])
        return b""

    def respond(self, data, udp):
        """The bytes for a question; None: none."""
        query = Query(data)
        with self.lock:
            self.asked[query.name, query.type] = self.asked.get((query.name, query.type), 0) + 1
            how, kind = self.lies.get(query.name, (None, None))
            if how is not None and kind in (None, query.type):
                return self.lying(query, how)
            code, answers = self.found(query)
        whole = self.message(query, code, answers)
        if udp and (self.truncate or len(whole) > UDP_MAX):
            return self.message(query, code, [], flags=0x8380)
        self.over_tcp += not udp
        return whole

    def serve_udp(self):
        while not self.closed:
            try:
                data, peer = self.udp.recvfrom(4096)
                answer = self.respond(data, True)
                if answer is not None:
                    self.udp.sendto(answer, peer)
            except (OSError, IndexError, struct.error):
                pass  # closed, or no question

    def serve_tcp(self):
        while not self.closed:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            connection.settimeout(wire.SECONDS)
            threading.Thread(target=self.serve_connection, args=(connection,), daemon=True).start()

    def serve_connection(self, connection):
        with connection:
            buffer = b""
            while not self.closed:
                try:
                    data = connection.recv(65536)
                    buffer += data
                    while len(buffer) >= 2 and len(buffer) >= 2 + struct.unpack(">H", buffer[:2])[0]:
                        length = struct.unpack(">H", buffer[:2])[0]
                        answer = self.respond(buffer[2:2 + length], False)
                        buffer = buffer[2 + length:]
                        if answer is not None:
                            connection.sendall(struct.pack(">H", len(answer)) + answer)
                except (OSError, IndexError, struct.error):
                    return
                if not data:
                    return
