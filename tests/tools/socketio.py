"""
A client of socket.io 4: Engine.IO protocol 4 by polling and by websocket, with one packet each way at a
time. It keeps cookies, as a browser does, and makes a connection for each poll, so that every poll
arrives anew at drover.
"""

import base64
import json
import os
import struct

import wire

PATH = "/socket.io/?EIO=4&transport="


class Refused(Exception):
    """The server does not know the session, or has answered in another way than it should."""


class SocketIO:
    """connect(), then say() as often as one likes, upgrade() at any time between, and close()."""

    def __init__(self, drover, host="scene.test", cookies=True):
        self.drover, self.host, self.keep_cookies = drover, host, cookies
        self.cookies = {}
        self.sid = None
        self.pid = None  # of the process that has answered last
        self.waiting = []  # packets that came with others
        self.websocket = None
        self.number = 0

    # ---- polling

    def fields(self):
        fields = [("Host", self.host)]
        if self.cookies:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        return fields

    def learn(self, answer):
        for text in answer.all("set-cookie") if self.keep_cookies else []:
            name, value = text.split(";")[0].split("=", 1)
            self.cookies[name] = value

    def target(self, transport):
        return PATH + transport + (f"&sid={self.sid}" if self.sid else "")

    def poll(self, method, body=None):
        peer = self.drover.connect()
        try:
            fields = self.fields() + [("Content-Type", "text/plain;charset=UTF-8"), ("Connection", "close")]
            peer.send(wire.request(method, self.target("polling"), fields, body, host=None))
            answer = peer.read_response()
        finally:
            peer.close()
        self.learn(answer)
        if answer.status != 200:
            raise Refused(f"{answer.status} {answer.body!r}")
        return answer.body.decode()

    # ---- packets

    def send_packet(self, text):
        if self.websocket is not None:
            self.send_frame(1, text.encode())
        else:
            self.poll("POST", text.encode())

    def packet(self):
        """The next packet; a ping is answered and passed over."""
        while True:
            while not self.waiting:
                text = self.read_frame() if self.websocket is not None else self.poll("GET")
                self.waiting += text.split("\x1e")
            packet = self.waiting.pop(0)
            if packet == "2":
                self.send_packet("3")
            elif packet != "6":
                return packet

    def connect(self):
        opened = self.poll("GET")
        if not opened.startswith("0"):
            raise Refused(opened)
        self.sid = json.loads(opened[1:])["sid"]
        self.send_packet("40")
        answer = self.packet()
        if not answer.startswith("40"):
            raise Refused(answer)
        return self

    def say(self, text="hello"):
        """Emits "say" and waits for its answer: what the app has said."""
        self.number += 1
        self.send_packet(f"42{self.number}" + json.dumps(["say", text]))
        packet, mark = self.packet(), f"43{self.number}"
        if not packet.startswith(mark):
            raise Refused(packet)
        answer = json.loads(packet[len(mark):])[0]
        if answer["text"] != text or answer["said"] != self.number:
            raise Refused(f"another conversation: {answer}, not {self.number}")
        self.pid = answer["pid"]
        return answer

    # ---- websocket

    def upgrade(self):
        """Goes over to a websocket."""
        peer = self.drover.connect()
        fields = self.fields() + [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                                  ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode())]
        peer.send(wire.request("GET", self.target("websocket"), fields, host=None))
        answer = peer.read_head()
        self.learn(answer)
        if answer.status != 101:
            peer.close()
            raise Refused(f"no websocket: {answer.status}")
        self.websocket = peer
        self.send_frame(1, b"2probe")
        if self.read_frame() != "3probe":
            raise Refused("no answer to the probe")
        self.send_frame(1, b"5")

    def send_frame(self, kind, data):
        """A whole frame, masked as a client's are (RFC 6455 5.2)."""
        mask = os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.websocket.send(bytes([0x80 | kind]) + length + mask + masked)

    def read_frame(self):
        """The text of the next frame; EOFError when the server closes."""
        while True:
            kind, length = self.websocket.read(2)
            if length == 126:
                length = struct.unpack(">H", self.websocket.read(2))[0]
            data = self.websocket.read(length)
            if kind & 15 == 8:
                raise EOFError("the server closes the websocket")
            if kind & 15 == 9:
                self.send_frame(10, data)
            elif kind & 15 == 1:
                return data.decode()

    def close(self):
        if self.websocket is not None:
            self.websocket.close()
            self.websocket = None
