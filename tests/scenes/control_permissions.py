#!/usr/bin/env python3
"""Who may do what on the control socket: by user, group and socket; refusals in the log; who comes first."""

import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from scene import case, main  # pylint: disable=wrong-import-position

PERMISSION = -32001

BECOME = """
import json, os, signal, socket, sys
uid, gid, groups = json.loads(sys.argv[1])
os.setgroups(groups)
os.setresgid(gid, gid, gid)
os.setresuid(uid, uid, uid)
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[2])
"""

# Sends the lines that are its arguments, then prints what comes back.
CLIENT = BECOME + """
try:
    for line in sys.argv[3:]:
        peer.sendall(line.encode() + b"\\n")
    peer.shutdown(socket.SHUT_WR)
except OSError:
    pass
try:
    while data := peer.recv(65536):
        sys.stdout.write(data.decode())
except ConnectionResetError:
    pass  # it was closed before it had read all
"""

# Has always ten requests on their way.
BUSY = BECOME + """
peer.sendall(sys.argv[3].encode() * 10)
print("busy", flush=True)
while data := peer.recv(1 << 20):
    peer.sendall(sys.argv[3].encode() * data.count(b"\\n"))
"""

# Opens so many connections, asks on each, and keeps those that are answered.
CROWD = BECOME + """
kept = []
for _ in range(int(sys.argv[3])):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(sys.argv[2])
    try:
        peer.sendall(b'{"method":"watch"}\\n')
        kept += [peer] if b"result" in peer.recv(4096) else []
    except OSError:
        pass  # there is no place
print("kept", len(kept), flush=True)
signal.pause()
"""


def ask_as(drover, uid, gid, groups, *lines):
    """What a process with these ids is answered, a reply for each line."""
    done = subprocess.run([sys.executable, "-c", CLIENT, json.dumps([uid, gid, groups]), drover.control_path, *lines],
                          stdout=subprocess.PIPE, check=True, timeout=20)
    return [json.loads(line) for line in done.stdout.splitlines()]


def may(drover, uid, gid=4001, groups=()):
    """The permission that such a process has, as it finds out by asking."""
    replies = ask_as(drover, uid, gid, groups, '{"method":"version"}', '{"method":"log-reopen"}',
                     '{"method":"stop","params":{"mode":"?"}}')
    codes = [reply["error"]["code"] if "error" in reply else 0 for reply in replies]
    return {(PERMISSION,): "none", (0, PERMISSION, PERMISSION): "read", (0, 0, PERMISSION): "operate",
            (0, 0, -32602): "admin"}[tuple(codes)]


@case
def by_ids(t):
    "users, groups and supplementary groups get the most that a list gives; others what the socket gives"
    if os.geteuid() != 0:
        t.skip("only root can be somebody else")
    drover = t.drover(t.pool(t.server()), control='''mode = "0666"  permission = none
        read = { "5001", "@6001" }  operate = { "@6002" }  admin = { "0", "5002", "@6003" }''')
    for uid, gid, groups, permission in (
            (5000, 4001, (), "none"), (5001, 4001, (), "read"), (5000, 6001, (), "read"), (5000, 4001, (6001,), "read"),
            (5000, 4001, (6002,), "operate"), (5001, 6001, (6002,), "operate"), (5002, 4001, (), "admin"),
            (5001, 6001, (4002, 6002, 6003), "admin"), (5000, 4001, tuple(range(7000, 7800)) + (6002,), "operate"),
            (0, 0, (), "admin")):
        assert may(drover, uid, gid, groups) == permission, (uid, gid, groups[:3], permission, may(drover, uid, gid, groups))


@case
def whoever_may_nothing(t):
    "one error line, and the end: it says where to look; drover stays reachable for others"
    if os.geteuid() != 0:
        t.skip("only root can be somebody else")
    drover = t.drover(t.pool(t.server()), control='mode = "0666"  permission = none  admin = { "0" }')
    replies = ask_as(drover, 5000, 4001, (), '{"method":"version"}')
    assert len(replies) == 1 and replies[0]["error"]["code"] == PERMISSION and replies[0]["id"] is None, replies
    assert "5000" in replies[0]["error"]["message"] and drover.control_path in replies[0]["error"]["data"]["hint"], replies
    assert drover.call("version")


@case
def what_is_missing_is_said(t):
    "the error names the permission that is needed, the one there is, and the socket; the log has it, not too often"
    drover = t.drover(t.pool(t.server()), control="permission = read")
    control = t.keep(drover.open_control())
    error = control.ask({"method": "scale", "params": {"workers": 3}})["error"]
    assert error["message"] == "scale needs the permission operate; this connection has read.", error
    assert drover.control_path in error["data"]["hint"], error
    drover.wait_log(rf"uid {os.geteuid()} pid {os.getpid()}: refused: scale needs the permission operate")
    control.send(b'{"method":"stop"}\n' * 200)
    assert {control.reply()["error"]["code"] for _ in range(200)} == {PERMISSION}
    assert len(re.findall("refused: ", drover.log())) == 10, drover.log()
    assert drover.stop(signal.SIGQUIT) == 0
    assert "191 more were refused in a minute" in drover.log(), drover.log()


@case
def the_admin_comes_first(t):
    "root is answered while others keep the control socket busy"
    if os.geteuid() != 0:
        t.skip("only root can be somebody else")
    drover = t.drover(t.pool(*(f"127.1.{i // 250}.{i % 250 + 1}:9" for i in range(500))), control='mode = "0666"')
    crowd = [t.process(f"crowd{i}", [sys.executable, "-c", BUSY, "[5000, 4001, []]", drover.control_path,
                                     '{"method":"servers"}\n']) for i in range(4)]
    t.wait(lambda: all("busy" in process.stdout() for process in crowd), "they have asked")
    for _ in range(20):
        assert drover.call("version")
    assert not any(process.exited() for process in crowd), "they were still busy"


@case
def places_are_kept_for_admins(t):
    "who may only read can hold all places but those kept for root and for the admins of the list"
    if os.geteuid() != 0:
        t.skip("only root can be somebody else")
    drover = t.drover(t.pool(t.server()), control='mode = "0666"  permission = read  admin = { "5002" }')
    crowd = t.process("crowd", [sys.executable, "-c", CROWD, "[5000, 4001, []]", drover.control_path, "70"])
    t.wait(lambda: "kept 56" in crowd.stdout(), "all places but those that are kept are taken")
    assert ask_as(drover, 5001, 4001, (), '{"method":"version"}')[0]["error"]["data"]["hint"]
    assert "result" in ask_as(drover, 5002, 4001, (), '{"method":"version"}')[0]
    assert drover.call("version")


main()
