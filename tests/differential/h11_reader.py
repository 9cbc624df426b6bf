#!/usr/bin/env python3
"""
Reads with h11 the streams of a file of frames, requests or responses, and prints
what it makes of them other than drover (h11_reader.py [--responses] FRAMES); or as
a server behind drover that answers with what it has read (h11_reader.py --serve
PATH). See README.
"""

import json
import re
import socket
import struct
import sys
import threading
import zlib

import h11

SKIPPED = {b"host", b"connection", b"te", b"transfer-encoding", b"upgrade", b"x-forwarded-for", b"x-forwarded-proto",
           b"x-forwarded-host", b"forwarded", b"max-forwards"}
SKIPPED_IN_RESPONSES = {b"connection", b"transfer-encoding", b"content-length", b"via"}
HEAD = 8  # a flag of frames
MOST = 1 << 24  # bytes of an event


def frames(path):
    """(class, flags, raw, stream, lines of the stream) of each frame."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, flags, requests, raw, stream, expected = struct.unpack_from("<6I", data, at)
        at += 24
        ends = at + raw, at + raw + stream, at + raw + stream + expected
        lines = data[ends[1]:ends[2]].decode("latin-1").split("\n")[:-1]
        yield kind, flags, data[at:ends[0]], data[ends[0]:ends[1]], lines[:requests]
        at = ends[2]


def content(fields, body, skipped):
    """BODY-LENGTH BODY-CRC FIELDS FIELDS-CRC"""
    kept = [(name, value) for name, value in fields if name not in skipped]
    text = b"".join(b"%s:%s\n" % (name[:256], value.strip(b" \t")) for name, value in kept)
    return f"{len(body)} {zlib.crc32(body):08x} {len(kept)} {zlib.crc32(text):08x}"


def request_line(request, body):
    """METHOD TARGET HOST, and that"""
    host = b"".join(value for name, value in request.headers if name == b"host")
    return (f"{request.method.decode()} {request.target.decode('latin-1')} {host.decode('latin-1')} "
            f"{content(request.headers, body, SKIPPED)}")


def response_line(response, body):
    """STATUS, and that"""
    return f"{response.status_code} {content(response.headers, body, SKIPPED_IN_RESPONSES)}"


def read_one(connection):
    """The next request of a connection, as (line, request); None when it is not all there."""
    request, body = None, []
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA or event is h11.PAUSED:
            return None
        if isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            return request_line(request, b"".join(body)), request
        else:
            return None


def read(stream):
    """The requests in a stream, as lines, and what h11 has against the rest."""
    lines, rest = [], stream
    try:
        while rest:
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST)
            connection.receive_data(rest)
            one = read_one(connection)
            if one is None:
                return lines, ""
            lines.append(one[0])
            rest = connection.trailing_data[0]
    except h11.RemoteProtocolError as problem:
        return lines, re.sub(r"[^ a-zA-Z-].*", "", str(problem)) or "error"
    return lines, ""


def read_answer(stream, method, lines):
    """Adds the responses up to a final one. Returns what stands behind it, or None: it is not all there."""
    connection, response, body = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST), None, []
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(stream)
    connection.receive_data(b"")
    while True:
        event = connection.next_event()
        if isinstance(event, h11.InformationalResponse):
            lines.append(response_line(event, b""))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            lines.append(response_line(response, b"".join(body)))
            return connection.trailing_data[0]
        else:
            return None


def read_responses(stream, head):
    """The responses in a stream, as lines, and what h11 has against the rest."""
    lines, rest = [], stream
    try:
        while rest:
            rest = read_answer(rest, "HEAD" if head else "GET", lines)
            head = False
    except h11.RemoteProtocolError as problem:
        return lines, re.sub(r"[^ a-zA-Z-].*", "", str(problem)) or "error"
    return lines, ""


def compare_all(path, of_responses):
    counts, refusals, different = {}, {}, []
    for kind, flags, raw, stream, expected in frames(path):
        if not stream:
            continue
        row = counts.setdefault(kind, [0, 0, 0])
        lines, error = read_responses(stream, flags & HEAD) if of_responses else read(stream)
        if lines == expected:
            row[0] += 1
        elif error and lines == expected[:len(lines)]:
            row[1] += 1
            example = refusals.setdefault(error, {"count": 0, "example": stream[:300].decode("latin-1")})
            example["count"] += 1
        else:
            row[2] += 1
            if len(different) < 20:
                different.append({"raw": raw[:2000].decode("latin-1"), "stream": stream[:2000].decode("latin-1"),
                                  "expected": expected, "seen": {"lines": lines, "error": error}})
    print(json.dumps({"counts": counts, "refusals": refusals, "different": different}))


def serve_connection(peer):
    """Answers requests until the peer ends, or one that h11 refuses."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST)
    request, body = None, []
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                peer.sendall(connection.send(h11.InformationalResponse(status_code=100, headers=[])))
            connection.receive_data(peer.recv(1 << 16))
        elif isinstance(event, h11.Request):
            request, body = event, []
        elif isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            line = request_line(request, b"".join(body))
            answer = h11.Response(status_code=200, headers=[("X-Read", line.encode("latin-1")), ("Content-Length", "0")])
            peer.sendall(connection.send(answer) + connection.send(h11.EndOfMessage()))
            if connection.our_state is h11.MUST_CLOSE:
                return
            connection.start_next_cycle()
        else:
            return


def serve_safely(peer):
    try:
        serve_connection(peer)
    except h11.RemoteProtocolError as problem:
        peer.sendall(b"HTTP/1.1 %d refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % problem.error_status_hint)
    except OSError:
        pass
    finally:
        peer.close()


def serve(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(512)
    print("ready", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve_safely, args=(peer,), daemon=True).start()


if sys.argv[1] == "--serve":
    serve(sys.argv[2])
elif sys.argv[1] == "--responses":
    compare_all(sys.argv[2], True)
else:
    compare_all(sys.argv[1], False)
