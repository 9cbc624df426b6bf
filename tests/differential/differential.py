#!/usr/bin/env python3
"""
What drover forwards is read by others as the same requests: README. One round of
mutations is tried; DIFFERENTIAL_SECONDS=N goes on for so long, and prints figures.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = float(os.environ.get("DIFFERENTIAL_SECONDS", "0"))
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
os.environ.setdefault("SCENE_DEADLINE", str(240 + SECONDS))

sys.path.insert(0, os.path.join(HERE, "..", "tools"))
from scene import case, diagnose, main  # pylint: disable=wrong-import-position
from wire import accepts  # pylint: disable=wrong-import-position

PROGRAM = os.path.join("differential", "cases")  # in the folder tests of the build
CORPUS = os.path.join(HERE, "corpus.txt")
RESPONSES = os.path.join(HERE, "responses.txt")
SHARE = SECONDS / 8  # of the time, for each way to read
AT_ONCE = 16  # connections

NGINX = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log nginx.log crit;
events { worker_connections 1024; }
http {
    access_log off; client_max_body_size 0; client_body_buffer_size 128k;
    client_header_buffer_size 32k; large_client_header_buffers 4 64k; underscores_in_headers on;
    keepalive_requests 1000000; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    upstream sink { server unix:%(sink)s; keepalive 64; }
    server {
        listen unix:%(path)s;
        location / {
            proxy_pass http://sink/sink; proxy_method POST; proxy_http_version 1.1;
            proxy_ignore_client_abort on; proxy_pass_request_headers off;
            proxy_set_header Connection ""; proxy_set_header Host sink;
            proxy_set_header X-Method $request_method; proxy_set_header X-Target $request_uri;
            proxy_set_header X-Host $http_host;
        }
    }
}
"""


class Figures:
    """What came of the rounds, by class: cases, forwarded, requests, local, refused; and same, refused, different."""

    def __init__(self):
        self.made, self.read, self.refusals, self.different = {}, {}, {}, []

    def add_made(self, text):
        names = []
        for line in text.splitlines():
            name, *numbers = line.split("\t")
            names.append(name)
            row = self.made.setdefault(name, [0] * 5)
            self.made[name] = [a + int(b) for a, b in zip(row, numbers)]
        return names

    def add_read(self, names, result):
        for kind, numbers in result["counts"].items():
            name = names[int(kind)]
            row = self.read.setdefault(name, [0] * 3)
            self.read[name] = [a + b for a, b in zip(row, numbers)]
        for why, refusal in result["refusals"].items():
            known = self.refusals.setdefault(why, {"count": 0, "example": refusal["example"]})
            known["count"] += refusal["count"]
        self.different += result["different"]

    def show(self):
        diagnose(f"{'class':16} {'cases':>9} {'forwarded':>9} {'refused':>9} | {'same':>9} {'refused':>9} {'different':>9}")
        rows = sorted(self.made)
        for name in rows + ["all"]:
            made = self.made.get(name) or [sum(self.made[row][i] for row in rows) for i in range(5)]
            read = self.read.get(name, [0] * 3) if name != "all" else \
                [sum(self.read.get(row, [0] * 3)[i] for row in rows) for i in range(3)]
            diagnose(f"{name:16} {made[0]:9} {made[1]:9} {made[4]:9} | {read[0]:9} {read[1]:9} {read[2]:9}")
        for why, refusal in sorted(self.refusals.items()):
            diagnose(f"the reader refuses {refusal['count']}: {why}", f"    {refusal['example'][:160]!r}")

    def check(self):
        """Fails when a reader has read something else."""
        for one in self.different[:5]:
            diagnose(*json.dumps(one, indent=1).splitlines())
        assert sum(row[0] for row in self.read.values()) > 0, "nothing was read"
        assert not self.different and not any(row[2] for row in self.read.values()), "read as something else"


def batches(t, some, bulk, options, corpus):
    """Files of frames with what `cases` said of them: the corpus, then mutations until the time is up."""
    seed, end = SEED, time.monotonic() + SHARE
    path = t.path("frames")
    count = 0
    while True:
        arguments = [PROGRAM] + options + ["-s", str(seed), "-n", str(count), corpus]
        with open(path, "wb") as out:
            said = subprocess.run(arguments, stdout=out, stderr=subprocess.PIPE, check=True, text=True).stderr
        yield path, said
        if count > 0 and time.monotonic() >= end:
            return
        seed += count
        count = bulk if SHARE > 0 else some


def compare(t, some, bulk, command, options=(), corpus=CORPUS):
    """Has a command read batches, and looks at what it says."""
    figures = Figures()
    for path, said in batches(t, some, bulk, list(options), corpus):
        done = subprocess.run(command(path), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        figures.add_read(figures.add_made(said), json.loads(done.stdout))
    if SECONDS > 0:
        figures.show()
    figures.check()


def node(t):
    found = shutil.which("node") or shutil.which("nodejs")
    return found or t.skip("there is no node")


def python_with_h11(t):
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK) and subprocess.run(
                [python, "-c", "import h11"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return python
    return t.skip("there is no h11 for Python")


def nginx(t):
    unpacked = os.path.join(os.environ.get("SRCDIR", "."), "build", "nginx", "usr", "sbin", "nginx")
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx") or (os.path.exists(unpacked) and unpacked)
    return found or t.skip("there is no nginx")


def script(name):
    return os.path.join(HERE, name)


def server(t, name, arguments):
    """A server that says when it is ready. Returns the path of its socket."""
    path = t.path(name)
    process = t.process(name + "-server", arguments + [path])
    t.wait(lambda: "ready" in process.stdout(), f"{name} is ready: {process.stderr()}")
    return path


def serve_node(t):
    return server(t, "node", [node(t), script("servers.js"), "plain"])


def serve_h11(t):
    return server(t, "h11", [python_with_h11(t), script("h11_reader.py"), "--serve"])


def serve_nginx(t):
    program = nginx(t)
    sink = server(t, "sink", [node(t), script("servers.js"), "sink"])
    path = t.path("nginx")
    with open(t.path("nginx.conf"), "w", encoding="utf-8") as file:
        file.write(NGINX % {"sink": sink, "path": path})
    process = t.process("nginx-server", [program, "-p", t.dir, "-c", t.path("nginx.conf"), "-e", t.path("nginx.log")])
    t.wait(lambda: accepts(path) or process.exited(), "nginx listens")
    assert not process.exited(), process.stderr()
    return path


def through(t, path, what, fields):
    program = node(t)
    return lambda frames: [program, script("through.js"), path, frames, what, fields, str(AT_ONCE)]


def through_drover(t, server_path, fields):
    path = t.path("drover-listens")
    t.drover(f'listen "unix:{path}" {{ }}\n' + t.pool(f"unix:{server_path}", options="max-fails = 0"), listen=None,
             access_log="off")
    compare(t, 500, 20000, through(t, path, "raw", fields), options=["-a"])


@case
def by_llhttp(t):
    "Node's llhttp reads what drover forwards as drover meant it"
    program = node(t)
    compare(t, 20000, 200000, lambda frames: [program, script("llhttp_reader.js"), frames])


@case
def by_h11(t):
    "so does Python's h11"
    python = python_with_h11(t)
    compare(t, 10000, 200000, lambda frames: [python, script("h11_reader.py"), frames])


@case
def responses_by_llhttp(t):
    "llhttp reads responses that drover forwards as drover meant them"
    program = node(t)
    compare(t, 20000, 200000, lambda frames: [program, script("llhttp_reader.js"), "--responses", frames], ["-r"], RESPONSES)


@case
def responses_by_h11(t):
    "so does h11"
    python = python_with_h11(t)
    compare(t, 10000, 200000, lambda frames: [python, script("h11_reader.py"), "--responses", frames], ["-r"], RESPONSES)


@case
def by_nginx(t):
    "so does nginx"
    compare(t, 2000, 100000, through(t, serve_nginx(t), "stream", "request"))


@case
def through_drover_to_node(t):
    "the same through a running drover, to a server of Node"
    through_drover(t, serve_node(t), "fields")


@case
def through_drover_to_h11(t):
    "through drover to a server made of h11"
    through_drover(t, serve_h11(t), "fields")


@case
def through_drover_to_nginx(t):
    "through drover to nginx"
    through_drover(t, serve_nginx(t), "request")


FORGED = [  # a stream, and what a proxy that is not careful may have meant by it
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     b"POST / a 5 3610a686 1 2cd9fb75\n"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
     b"POST / a 20 00000000 0 00000000\n"),
    (b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /b a 0 00000000 0 00000000\n"),
    (b"GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", b"GET /a a 0 00000000 0 00000000\n")]


@case
def a_difference_is_seen(t):
    "the readers tell when something else was meant"
    with open(t.path("frames"), "wb") as file:
        for stream, meant in FORGED:
            file.write(struct.pack("<6I", 0, 0, 1, 0, len(stream), len(meant)) + stream + meant)
    for command in ([node(t), script("llhttp_reader.js")], [python_with_h11(t), script("h11_reader.py")]):
        done = subprocess.run(command + [t.path("frames")], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["counts"] == {"0": [0, 0, len(FORGED)]}, done.stdout


FORGED_RESPONSES = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
     b"200 5 3610a686 0 00000000\n"),
    (b"HTTP/1.1 200 OK\r\n\r\nhello", b""),  # cut, and it looks whole
    (b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n", b"200 0 00000000 0 00000000\n")]


@case
def a_forged_response_is_seen(t):
    "the same for responses"
    with open(t.path("frames"), "wb") as file:
        for stream, meant in FORGED_RESPONSES:
            file.write(struct.pack("<6I", 0, 0, 1, 0, len(stream), len(meant)) + stream + meant)
    for command in ([node(t), script("llhttp_reader.js")], [python_with_h11(t), script("h11_reader.py")]):
        done = subprocess.run(command + ["--responses", t.path("frames")], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["counts"] == {"0": [0, 0, len(FORGED_RESPONSES)]}, done.stdout


main()
