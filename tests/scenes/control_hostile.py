#!/usr/bin/env python3
"""The control socket under attack: drover goes on, stays small, serves, and the admin gets in."""

import os
import signal
import sys

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools")
sys.path.insert(0, TOOLS)
from attack import attacks  # pylint: disable=wrong-import-position
from drover import is_sanitized, process_descriptors, process_memory  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position

SERVERS = 400
ROUNDS = 10  # of requests and questions while an attack goes on
PATIENCE = 50  # seconds for what takes some tenths when nothing else runs: of all scenes these have the most to do
CONNECTIONS = 400  # of attacks that hold them
MEMORY = 48 << 20  # bytes that the master may grow by, over all


def start(t):
    """drover with many servers, a socket for everyone and one for the admin."""
    others = "".join(f'server "127.1.{i // 250}.{i % 250 + 1}:80" {{ }}\n' for i in range(SERVERS))
    body = t.pool(t.server()) + f'pool "others" {{\n{others}}}\nroute {{ pool = "app" }}\n'
    for permission in ("read", "none"):
        body += f'control "{t.path(permission + ".sock")}" {{ mode = "0666"  permission = {permission} }}\n'
    drover = t.drover(body)
    drover.before = process_memory(drover.pid)
    return drover


def admin_gets_in(t, drover):
    if os.geteuid() == 0:
        assert drover.call("version")
    else:
        t.wait(drover.lets_in, "there is a place")  # the attacker is drover's own user: the reserve is his, too


def small(drover):
    """Bounded in any case; exactly so only where no sanitizer keeps what was freed."""
    grown = process_memory(drover.pid) - drover.before
    assert is_sanitized() or grown < MEMORY, f"the master has grown by {grown} bytes"


def stands(t, drover, name, permission="read"):
    """Lets one attack go on while drover serves and answers; then all is as before."""
    before = drover.descriptors()
    script = os.path.join(TOOLS, "attack.py")
    attacker = t.process("attack-" + name, [sys.executable, script, t.path(permission + ".sock"), name, str(CONNECTIONS)])
    t.wait(lambda: "begun" in attacker.stdout(), f"{name} has begun: {attacker.stderr()}", PATIENCE)
    for _ in range(ROUNDS):
        assert drover.get().status == 200, name
        admin_gets_in(t, drover)
        small(drover)
    assert not attacker.exited(), f"{name} has ended by itself: {attacker.stderr()}"
    attacker.kill(signal.SIGKILL)
    attacker.wait()
    t.wait(lambda: drover.lets_in() and process_descriptors(drover.pid) <= before, f"{name}: descriptors are closed",
           PATIENCE)


def withstands(name):
    """The case of an attack: one for each, so that each has the time of a case."""
    def withstand(t):
        drover = start(t)
        stands(t, drover, name)
        assert len(drover.pids()) == 2 and drover.call("status")["deaths"] == 0

    withstand.__name__ = name.replace("-", "_")
    withstand.__doc__ = attacks[name].__doc__ or "nothing else, and without end"
    return withstand


for attack in attacks:
    if attack != "let-in-by-nobody":
        case(withstands(attack))


@case
def nobody(t):
    "those who may do nothing are turned away, again and again; the log does not grow with them"
    drover = start(t)
    stands(t, drover, "let-in-by-nobody", "none")
    stands(t, drover, "crowd", "none")
    stands(t, drover, "denied")
    assert len(drover.log()) < 100000, len(drover.log())


main()
