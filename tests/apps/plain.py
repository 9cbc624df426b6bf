#!/usr/bin/env python3
"""
A small web server: a thread for each connection, GET and POST, keep-alive.
It listens where drover says: on the socket that is passed (LISTEN_FDS), on the
unix socket that is its argument, or on PORT.
"""

import json
import os
import socket
import sys
import threading
import time
from urllib.parse import parse_qsl, urlsplit


def listen():
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return socket.socket(fileno=3)
    if len(sys.argv) > 1:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(sys.argv[1])
    else:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((os.environ["HOST"], int(os.environ["PORT"])))
    sock.listen(512)
    return sock


def slow(query, _):
    time.sleep(int(query.get("ms", 0)) / 1000)
    return "hello\n"


def hold(query, _):
    """Answers when the file is gone; that it has come is written to the file with ".held" behind its name."""
    with open(query["file"] + ".held", "a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    while os.path.exists(query["file"]):
        time.sleep(0.02)
    return "hello\n"


pages = {
    "/": lambda query, body: "hello\n",
    "/pid": lambda query, body: f"{os.getpid()}\n",
    "/env": lambda query, body: json.dumps(dict(os.environ)),
    "/slow": slow,
    "/hold": hold,
    "/post": lambda query, body: f"{len(body)} bytes\n",
}


def respond(stream, target, body):
    url = urlsplit(target)
    page = pages.get(url.path)
    text = page(dict(parse_qsl(url.query)), body) if page else "there is no such page\n"
    status = ("200 OK" if text else "503 Service Unavailable") if page else "404 Not Found"
    stream.write((f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\nX-Pid: {os.getpid()}\r\n"
                  f"X-Instance: {os.environ.get('DROVER_INSTANCE')}\r\n\r\n{text}").encode())
    stream.flush()


def converse(sock):
    stream = sock.makefile("rwb")
    try:
        while line := stream.readline():
            target, length = line.split()[1].decode(), 0
            while (field := stream.readline().strip().lower()):
                if field.startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
            respond(stream, target, stream.read(length))
    except OSError:
        pass  # the other side is gone
    finally:
        sock.close()


def main():
    listener = listen()
    print("listening", flush=True)
    while True:
        sock, _ = listener.accept()
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=converse, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main()
