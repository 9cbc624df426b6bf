#!/usr/bin/env python3
"""Where drover listens: addresses of every kind, sockets from systemd, notify, pid file, daemon."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, environment, process_exists, read_file  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import connect, request  # pylint: disable=wrong-import-position


def answers(t, address):
    peer = t.keep(connect(address))
    peer.send(request())
    return peer.read_response().status == 200


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


@case
def addresses(t):
    "IPv4, unix and any address, port 0; status tells what was bound"
    path = t.path("web.sock")
    server = t.server()
    drover = t.drover(t.pool(server) + f'listen "127.0.0.1:0" {{ }}\nlisten "*:0" {{ }}\nlisten "unix:{path}" {{ '
                      'socket-mode = "0640" }', listen=None)
    assert len(drover.addresses) == 3
    port = int(drover.addresses[1].rsplit(":", 1)[1])
    assert answers(t, drover.where(0)) and answers(t, ("127.0.0.1", port)) and answers(t, path)
    assert server.requests[-1].get("x-forwarded-for") is not None
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
    if has_ipv6():
        assert answers(t, ("::1", port))
        assert server.requests[-1].get("x-forwarded-for") == "::1"
        assert answers(t, ("127.0.0.1", port))
        assert server.requests[-1].get("x-forwarded-for") == "127.0.0.1"  # not ::ffff:127.0.0.1
    assert drover.stop(signal.SIGTERM) == 0
    assert not os.path.exists(path)


@case
def ipv6(t):
    "IPv6, and Forwarded with its brackets"
    if not has_ipv6():
        t.skip("this machine has no IPv6")
    server = t.server()
    drover = t.drover(t.pool(server) + 'listen "[::1]:0" { }', listen=None, forwarded="both")
    assert answers(t, drover.where())
    seen = server.requests[-1]
    assert seen.get("x-forwarded-for") == "::1" and 'for="[::1]"' in seen.get("forwarded"), seen.head


@case
def servers_of_all_kinds(t):
    "servers on unix sockets and by name"
    hello = t.hello()
    path = t.path("app.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(5)
    server = t.server(listening=False)
    server.take_from(listener)
    drover = t.drover(t.pool(f"unix:{path}", f"localhost:{hello.port}"), workers=1)
    for _ in range(4):
        assert drover.get("/health").status == 200
    assert server.count() == 2, server.count()


@case
def in_use(t):
    "an address in use: who has it, and nothing is started"
    holder = t.keep(socket.socket())
    holder.bind(("127.0.0.1", 0))
    holder.listen(1)
    port = holder.getsockname()[1]
    drover = t.drover(t.pool(t.server()) + f'listen "127.0.0.1:{port}" {{ }}', wait=False)
    drover.stopped = True
    assert drover.wait() == 1
    text = drover.stderr() + drover.log()
    assert f"127.0.0.1:{port}" in text and f"pid {os.getpid()}" in text, text
    assert not os.path.exists(drover.control_path)


@case
def unix_in_use(t):
    "a unix socket in use is not taken away; a left-over one is replaced"
    path = t.path("web.sock")
    first = t.drover(t.pool(t.server()) + f'listen "unix:{path}" {{ }}', name="first", listen=None)
    second = t.drover(t.pool(t.server()) + f'listen "unix:{path}" {{ }}', name="second", listen=None, wait=False)
    second.stopped = True
    assert second.wait() == 1 and path in second.stderr() + second.log()
    assert answers(t, path)
    first.stopped = True
    first.kill(signal.SIGKILL)
    first.wait()
    assert os.path.exists(path)
    third = t.drover(t.pool(t.server()) + f'listen "unix:{path}" {{ }}', name="third", listen=None)
    assert answers(t, path) and third.call("version")


@case
def restart_at_once(t):
    "the port can be bound again right after a stop"
    server = t.server()
    drover = t.drover(t.pool(server), name="first")
    port = drover.where()[1]
    peer = t.connect(drover)
    peer.send(request())
    assert peer.read_response().status == 200
    assert drover.stop(signal.SIGTERM) == 0
    again = t.drover(t.pool(server) + f'listen "127.0.0.1:{port}" {{ }}', name="second", listen=None)
    assert answers(t, again.where())


class Notify:
    """The receiving end of sd_notify(3)."""

    def __init__(self, t):
        self.path = t.path("notify.sock")
        self.socket = t.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.socket.settimeout(20)
        self.socket.bind(self.path)
        self.seen = ""

    def wait(self, word):
        while word not in self.seen.splitlines():
            self.receive()

    def receive(self):
        self.seen += self.socket.recv(4096).decode() + "\n"


@case
def notify(t):
    "systemd is told READY when a worker is ready, and STOPPING"
    told = Notify(t)
    drover = t.drover(t.pool(t.server()), env={"NOTIFY_SOCKET": told.path}, wait=False)
    told.wait("READY=1")
    assert drover.call("status")["workers"]["ready"] >= 1
    drover.wait_ready()
    while "STATUS=" not in told.seen:
        told.receive()
    drover.kill(signal.SIGTERM)
    drover.stopped = True
    told.wait("STOPPING=1")
    assert drover.wait() == 0


# What systemd does between fork and exec: sockets from 3 on, and for whom they are.
AS_SYSTEMD = """
import os, sys
sockets = [os.dup(os.dup(int(fd))) for fd in sys.argv[1:3]]
for number, fd in enumerate(sockets, 3):
    os.dup2(fd, number)
os.closerange(5, 256)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[3], sys.argv[3:])
"""


@case
def sockets_from_systemd(t):
    "LISTEN_FDS: by name and by address"
    named, plain = socket.socket(), socket.socket()
    for sock in (named, plain):
        t.keep(sock)
        sock.bind(("127.0.0.1", 0))
        sock.listen(16)
    port = plain.getsockname()[1]
    drover = t.drover(
        t.pool(t.server()) + f'listen "systemd:web" {{ }}\nlisten "127.0.0.1:{port}" {{ }}', listen=None,
        pass_fds=[named.fileno(), plain.fileno()], env={"LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:other"},
        launcher=[sys.executable, "-c", AS_SYSTEMD, str(named.fileno()), str(plain.fileno())])
    assert sorted(drover.addresses) == sorted(f"127.0.0.1:{sock.getsockname()[1]}" for sock in (named, plain))
    assert answers(t, drover.where(0)) and answers(t, drover.where(1))


@case
def systemd_name_missing(t):
    "a listener whose systemd socket was not passed is an error"
    drover = t.drover(t.pool(t.server()) + 'listen "systemd:web" { }', listen=None, wait=False)
    drover.stopped = True
    assert drover.wait() == 1 and "systemd:web" in drover.stderr() + drover.log(), drover.stderr()


@case
def pid_file(t):
    "the pid file: there while it runs, kept by one drover alone, gone afterwards"
    path = t.path("pid")
    drover = t.drover(t.pool(t.server()), pid_file=f'"{path}"')
    assert read_file(path) == f"{drover.pid}\n"
    second = t.drover(t.pool(t.server()), name="second", pid_file=f'"{path}"', wait=False)
    second.stopped = True
    assert second.wait() == 1 and str(drover.pid) in second.stderr() + second.log(), second.stderr()
    assert read_file(path) == f"{drover.pid}\n"
    drover.kill(signal.SIGKILL)
    drover.wait()
    drover.stopped = True
    third = t.drover(t.pool(t.server()), name="third", pid_file=f'"{path}"')
    assert read_file(path) == f"{third.pid}\n"
    assert third.stop(signal.SIGTERM) == 0 and not os.path.exists(path)


def daemon_files(t, body):
    with open(t.path("daemon.conf"), "w", encoding="ascii") as file:
        file.write(f'workers = 1\nerror-log = "{t.path("daemon.log")}"\npid-file = "{t.path("pid")}"\n'
                   f'control "{t.path("daemon.sock")}" {{ }}\n{body}')
    return [DROVER, "-d", "-c", t.path("daemon.conf")]


def run_to_end(t, arguments):
    """Runs a program until it and all who share its output have ended."""
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment(t.dir), timeout=20, check=False, text=True)


class Killer:
    """Leaves no daemon behind when the case fails."""

    def __init__(self, pid):
        self.pid = pid

    def close(self):
        if self.pid and "drover" in read_file(f"/proc/{self.pid}/cmdline"):
            os.kill(self.pid, signal.SIGKILL)


@case
def daemon(t):
    "-d: the parent ends with 0 when the service is up"
    arguments = daemon_files(t, t.pool(t.server()) + f'listen "unix:{t.path("web.sock")}" {{ }}')
    try:
        done = run_to_end(t, arguments)
    finally:
        pid = int(read_file(t.path("pid")) or 0)
        t.keep(Killer(pid))
    try:
        assert done.returncode == 0 and done.stdout == "", (done.returncode, done.stdout)
        assert answers(t, t.path("web.sock"))
        fields = read_file(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
        assert int(fields[3]) != os.getsid(0), "it is in a session of its own"
        assert os.readlink(f"/proc/{pid}/fd/0") == os.readlink(f"/proc/{pid}/fd/1") == "/dev/null"
    finally:
        if pid:
            os.kill(pid, signal.SIGTERM)
    t.wait(lambda: not process_exists(pid), "it ends")
    assert not os.path.exists(t.path("pid"))
    assert not re.search("Sanitizer|runtime error", "".join(
        read_file(t.path(name)) for name in os.listdir(t.dir) if name.startswith("sanitizer") or name.endswith(".log")))


@case
def daemon_fails(t):
    "-d: what goes wrong is shown, and the status is 1"
    holder = t.keep(socket.socket())
    holder.bind(("127.0.0.1", 0))
    holder.listen(1)
    port = holder.getsockname()[1]
    arguments = daemon_files(t, t.pool(t.server()) + f'listen "127.0.0.1:{port}" {{ }}')
    done = run_to_end(t, arguments)
    assert done.returncode == 1 and f"127.0.0.1:{port}" in done.stdout, done.stdout
    assert not os.path.exists(t.path("pid"))


main()
