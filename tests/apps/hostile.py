#!/usr/bin/env python3
"""An app that does, before it serves or when it is asked to, what no app should do; see `begin` and `asked`."""

import os
import shutil
import signal
import socket
import sys
import time

import plain


def passed():
    return socket.socket(fileno=os.dup(3))


def leave_group():
    """To the process group of drover itself: a signal to its own finds nobody."""
    os.setpgid(0, os.getpgid(os.getppid()))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def shut(*_):
    """For all that have the listening socket, nobody can connect any more."""
    passed().shutdown(socket.SHUT_RD)
    return "done\n"


def narrow(*_):
    """A queue with room for one connection."""
    passed().listen(0)
    return "done\n"


def unlink(*_):
    """Nobody finds the unix socket any more."""
    os.unlink(passed().getsockname())
    return "done\n"


def remove(*_):
    """The directory of the sockets of all apps."""
    shutil.rmtree(os.path.dirname(os.path.dirname(sys.argv[1])))
    return "done\n"


def kill_group(*_):
    """All that it can reach by its process group, itself among them."""
    os.kill(0, signal.SIGKILL)


def fork(*_):
    """A hundred children that would stay."""
    for _ in range(100):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(300)
            os._exit(0)  # not on to children of its own
    return "done\n"


begin = {"leave-group": leave_group}
asked = {"/shut": shut, "/narrow": narrow, "/unlink": unlink, "/remove": remove,
         "/kill-group": kill_group, "/fork": fork}


def main():
    begin.get("".join(sys.argv[1:2]), lambda: None)()
    del sys.argv[1:2]
    plain.pages.update(asked)
    plain.main()


main()
