#!/usr/bin/env python3
"""Servers that people run: examples/hello, Python's http.server, Node and nginx, all behind one drover."""

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position
from wire import accepts, request  # pylint: disable=wrong-import-position

MEGABYTE = 1 << 20

NODE = """
const http = require('http'), crypto = require('crypto');
const server = http.createServer((request, response) => {
  if (request.url === '/node/upload') {
    const hash = crypto.createHash('sha1');
    let bytes = 0;
    request.on('data', (data) => { hash.update(data); bytes += data.length; });
    request.on('end', () => response.end(JSON.stringify({ bytes, sha1: hash.digest('hex') })));
  } else if (request.url === '/node/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    let n = 0;
    const timer = setInterval(() => {
      response.write(`data: ${++n}\\n\\n`);
      if (n === 5) { clearInterval(timer); response.end(); }
    }, 20);
  } else {
    response.end(JSON.stringify({ headers: request.headers, url: request.url }));
  }
});
server.on('upgrade', (request, socket) => {
  const accept = crypto.createHash('sha1')
    .update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
    `Sec-WebSocket-Accept: ${accept}\\r\\n\\r\\n`);
  socket.on('data', (frame) => {
    const length = frame[1] & 127, mask = frame.subarray(2, 6), text = Buffer.from(frame.subarray(6, 6 + length));
    for (let i = 0; i < length; i++) text[i] ^= mask[i % 4];
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
});
server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
"""


def port_of(t, process, pattern=r"port (\d+)"):
    """The port that a started server has written to its standard output."""
    def found():
        assert not process.exited(), process.stderr()
        return re.search(pattern, process.stdout() + process.stderr())

    return int(t.wait(found, "the server says its port")[1])


def node(t):
    if shutil.which("node") is None:
        t.skip("node is not installed")
    with open(t.path("app.js"), "w", encoding="utf-8") as file:
        file.write(NODE)
    return port_of(t, t.process("node", ["node", t.path("app.js")]))


def python(t):
    os.makedirs(t.path("files"), exist_ok=True)
    with open(t.path("files/large.bin"), "wb") as file:
        file.write(os.urandom(MEGABYTE) * 8)
    with open(t.path("files/index.html"), "w", encoding="ascii") as file:
        file.write("<title>files</title>")
    return port_of(t, t.process("python", [sys.executable, "-u", "-m", "http.server", "-b", "127.0.0.1", "-d",
                                           t.path("files"), "0"]))


def browser(drover):
    host, port = drover.where()
    return http.client.HTTPConnection(host, port, timeout=20)


def fetch(client, method, path, body=None, headers=None):
    client.request(method, path, body=body, headers=headers or {})
    answer = client.getresponse()
    return answer, answer.read()


@case
def python_files(t):
    "Python's http.server: pages, ranges of requests, HEAD, not found"
    drover = t.drover(t.pool(f"127.0.0.1:{python(t)}"))
    client = browser(drover)
    with open(t.path("files/large.bin"), "rb") as file:
        large = file.read()
    for _ in range(3):
        answer, body = fetch(client, "GET", "/")
        assert answer.status == 200 and b"<title>files" in body
        answer, body = fetch(client, "GET", "/large.bin")
        assert body == large and answer.getheader("Content-Length") == str(len(large))
        answer, body = fetch(client, "HEAD", "/large.bin")
        assert answer.status == 200 and body == b""
        assert fetch(client, "GET", "/missing")[0].status == 404
        assert fetch(client, "POST", "/", b"x" * 100000)[0].status == 501


@case
def hello_pages(t):
    "examples/hello: echo, bytes, stream, upload"
    drover = t.drover(t.pool(t.hello()))
    client = browser(drover)
    answer, body = fetch(client, "PATCH", "/echo?q", b"hello", {"X-A": "b"})
    assert answer.status == 200 and body.startswith(b"PATCH /echo?q\n") and body.endswith(b"\n\nhello"), body
    assert b"X-Forwarded-For: 127.0.0.1" in body and b"X-A: b" in body
    answer, body = fetch(client, "GET", "/bytes/3000000")
    assert body == (bytes(range(251)) * 12000)[:3000000]
    answer, body = fetch(client, "GET", "/stream/2")
    assert body.count(b"data: hello") == 2
    data = os.urandom(100000)
    answer, body = fetch(client, "POST", "/upload", iter([data[:7], data[7:]]))
    checksum = 0xcbf29ce484222325
    for byte in data:
        checksum = (checksum ^ byte) * 0x100000001b3 % (1 << 64)
    assert json.loads(body) == {"bytes": len(data), "fnv1a": f"{checksum:016x}"}, body
    for status in (204, 301, 404, 500):
        assert fetch(client, "GET", f"/status/{status}")[0].status == status
    answer, body = fetch(client, "GET", "/")
    assert b"you are 127.0.0.1" in body


@case
def node_app(t):
    "Node: fields, a 64 MB upload, server-sent events as they come, a WebSocket"
    drover = t.drover(t.pool(f"127.0.0.1:{node(t)}"))
    client = browser(drover)
    seen = json.loads(fetch(client, "GET", "/node/x?y", headers={"Cookie": "a=1; b=2"})[1])
    assert seen["url"] == "/node/x?y" and seen["headers"]["x-forwarded-for"] == "127.0.0.1", seen
    assert seen["headers"]["cookie"] == "a=1; b=2"
    block = os.urandom(MEGABYTE)
    blocks = [block[i:] + block[:i] for i in range(64)]
    answer, body = fetch(client, "PUT", "/node/upload", iter(blocks))
    assert json.loads(body) == {"bytes": 64 * MEGABYTE, "sha1": hashlib.sha1(b"".join(blocks)).hexdigest()}, body
    peer = t.connect(drover)
    peer.send(request(target="/node/events"))
    answer = peer.read_head()
    for i in range(5):
        assert peer.read_chunk(answer) and b"data: %d" % (i + 1) in answer.chunks[-1], answer.chunks
    assert not peer.read_chunk(answer)
    key = base64.b64encode(os.urandom(16)).decode()
    peer = t.connect(drover)
    peer.send(request(fields=[("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                              ("Sec-WebSocket-Key", key)]))
    assert peer.read_head().get("sec-websocket-accept") == base64.b64encode(
        hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    for word in (b"hello", b"again"):
        mask = os.urandom(4)
        peer.send(struct.pack("BB", 0x81, 0x80 | len(word)) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(word)))
        assert peer.read(2 + len(word)) == struct.pack("BB", 0x81, len(word)) + word


@case
def nginx_backend(t):
    "nginx: static files, gzip, keep-alive"
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if nginx is None:
        t.skip("nginx is not installed")
    os.makedirs(t.path("root"))
    with open(t.path("root/page.html"), "w", encoding="ascii") as file:
        file.write("nginx page " * 1000)
    socket_path = t.path("nginx.sock")
    with open(t.path("nginx.conf"), "w", encoding="ascii") as file:
        file.write(f"""daemon off; master_process off; pid {t.path("nginx.pid")}; error_log {t.path("nginx.log")};
            events {{ }}
            http {{
                access_log off; gzip on; types {{ text/html html; }}
                client_body_temp_path {t.path("t1")}; proxy_temp_path {t.path("t2")};
                fastcgi_temp_path {t.path("t3")}; uwsgi_temp_path {t.path("t4")}; scgi_temp_path {t.path("t5")};
                server {{ listen unix:{socket_path}; root {t.path("root")}; }}
            }}""")
    process = t.process("nginx", [nginx, "-c", t.path("nginx.conf"), "-e", t.path("nginx.log"), "-p", t.dir])
    t.wait(lambda: accepts(socket_path) or process.exited(), "nginx listens")
    assert not process.exited(), process.stderr()
    drover = t.drover(t.pool(f"unix:{socket_path}"))
    client = browser(drover)
    for _ in range(3):
        answer, body = fetch(client, "GET", "/page.html")
        assert answer.status == 200 and body == b"nginx page " * 1000
        answer, body = fetch(client, "GET", "/page.html", headers={"Accept-Encoding": "gzip"})
        assert answer.getheader("Content-Encoding") == "gzip" and len(body) < 1000
        assert fetch(client, "GET", "/missing.html")[0].status == 404
        answer, body = fetch(client, "GET", "/page.html", headers={"Range": "bytes=0-4"})
        assert answer.status == 206 and body == b"nginx"
    process.kill(15)
    process.wait()


@case
def all_by_routes(t):
    "different servers behind one address, by path"
    hello, files = t.hello(), python(t)
    body = t.pool(hello, name="hello") + t.pool(f"127.0.0.1:{files}", name="files")
    routes = 'route { path = "/files/"  pool = "files" }\nroute { pool = "hello" }\n'
    if shutil.which("node"):
        body += t.pool(f"127.0.0.1:{node(t)}", name="node")
        routes = 'route { path = "/node/"  pool = "node" }\n' + routes
    os.rename(t.path("files/index.html"), t.path("index.html"))
    os.makedirs(t.path("files/files"))
    os.rename(t.path("index.html"), t.path("files/files/index.html"))
    drover = t.drover(body + routes)
    client = browser(drover)
    for _ in range(5):
        assert fetch(client, "GET", "/health")[1] == b"ok\n"
        assert b"<title>files" in fetch(client, "GET", "/files/")[1]
        if shutil.which("node"):
            assert json.loads(fetch(client, "GET", "/node/x")[1])["url"] == "/node/x"


@case
def curl(t):
    "curl: upload with 100-continue, HTTP/1.0, many URLs on one connection"
    if shutil.which("curl") is None:
        t.skip("curl is not installed")
    drover = t.drover(t.pool(t.hello()))
    url = "http://%s:%d" % drover.where()
    with open(t.path("body"), "wb") as file:
        file.write(os.urandom(2 * MEGABYTE))

    def run(*arguments):
        return subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], stdout=subprocess.PIPE, check=True).stdout

    assert b'"bytes":2097152' in run("-T", t.path("body"), "-H", "Expect: 100-continue", url + "/upload")
    assert run("-0", url + "/health") == b"ok\n"
    assert run(*[url + "/health"] * 50) == b"ok\n" * 50
    assert run("-I", url + "/bytes/1000").startswith(b"HTTP/1.1 200 ")


main()
