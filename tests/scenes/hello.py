#!/usr/bin/env python3
"""examples/hello by itself: where it listens when it is told as drover tells its apps, and how it ends."""

import os
import re
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import HELLO  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import connect, request  # pylint: disable=wrong-import-position


def hello(t, *arguments, **more):
    """The process, and where it listens."""
    process = t.process(f"hello-{len(t.processes)}", [HELLO, *arguments], **more)
    line = t.wait(lambda: re.search(r"^listening on (\S+)$", process.stdout(), re.M),
                  f"hello says where it listens: {process.stderr()}")[1]
    if line.startswith("unix:"):
        return process, line[5:]
    host, port = re.fullmatch(r"http://\[?(.*?)\]?:(\d+)", line).groups()
    return process, (host, int(port))


def ask(t, address, target="/"):
    peer = t.keep(connect(address))
    peer.send(request(target=target))
    return peer


@case
def environment_tells(t):
    "PORT and HOST, and what it is called by drover"
    process, address = hello(t, env={"PORT": "0", "HOST": "localhost", "DROVER_APP": "web", "DROVER_INSTANCE": "3"})
    assert ask(t, address).read_response().get("x-instance") == "web.3"
    process.kill(signal.SIGINT)
    assert process.wait() == 0


@case
def arguments_go_first(t):
    "-p against PORT; unix:PATH"
    _, address = hello(t, "-p", "0", "-n", "one", env={"PORT": "1", "HOST": "127.0.0.1"})
    assert ask(t, address).read_response().get("x-instance") == "one"
    path = t.path("web.sock")
    listening = hello(t, "-a", "unix:" + path, env={"PORT": "1"})[1]
    assert listening == path
    assert ask(t, path).read_response().status == 200


@case
def passed_socket(t):
    "LISTEN_FDS: it is the one that was passed, and goes on when hello has ended"
    passed = t.keep(socket.socket(socket.AF_UNIX))
    path = t.path("passed.sock")
    passed.bind(path)
    passed.listen(5)
    shell = f"exec 3<&{passed.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$"
    for _ in range(2):
        early = ask(t, path)  # it waits until there is somebody
        process, address = hello(t, pass_fds=[passed.fileno()], shell=shell)
        assert address == path
        assert early.read_response().status == 200
        process.kill(signal.SIGTERM)
        assert process.wait() == 0


@case
def passed_to_another(t):
    "LISTEN_PID of another process: the socket is not for hello"
    _, address = hello(t, env={"LISTEN_FDS": "1", "LISTEN_PID": "1", "PORT": "0"})
    assert ask(t, address).read_response().status == 200


@case
def finishes_what_is_in_progress(t):
    "TERM: no new connection, the answers in progress to their end, then status 0"
    process, address = hello(t, "-p", "0")
    slow, stream = ask(t, address, "/slow/3000"), ask(t, address, "/stream/15")  # 3 s as well
    head = stream.read_head()
    assert head.status == 200
    process.kill(signal.SIGHUP)
    process.kill(signal.SIGTERM)
    t.wait(lambda: re.search(r"^SIGHUP\n(.*\n)*SIGTERM, 2 requests in progress$", process.stdout(), re.M), "it tells")
    try:
        connect(address).close()
        raise AssertionError("it accepts connections")
    except ConnectionRefusedError:
        pass
    answer = slow.read_response()
    assert answer.body == b"slow\n" and answer.get("connection") == "close"
    assert slow.ended()
    stream.read_body(head, True)
    assert head.body.count(b"data: ") == 15
    assert process.wait() == 0


@case
def ends_at_once(t):
    "a second TERM or QUIT does not wait; nor does one wait for a client that is gone"
    process, address = hello(t, "-p", "0")
    ask(t, address, "/slow/60000").close()
    kept = ask(t, address, "/slow/60000")
    assert ask(t, address, "/stream/1000").read_head().status == 200, "it has taken those before"
    process.kill(signal.SIGTERM)
    t.wait(lambda: "SIGTERM, " in process.stdout(), "it tells")
    assert not process.exited()
    process.kill(signal.SIGTERM)
    assert process.wait() == 0
    assert kept.ended()
    process, address = hello(t, "-p", "0")
    ask(t, address, "/slow/60000").close()
    process.kill(signal.SIGTERM)
    assert process.wait() == 0
    process, address = hello(t, "-p", "0")
    kept = ask(t, address, "/stream/1000")
    assert kept.read_head().status == 200
    process.kill(signal.SIGQUIT)
    assert process.wait() == 0


main()
