#!/usr/bin/env python3
"""Log files on a full disk: lines are lost and counted, requests are not."""

import json
import os
import resource
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from load import Load  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position


@case
def access_log_full(t):
    "an access log that cannot be written"
    drover = t.drover(t.pool(t.hello()), access_log='"/dev/full"')
    load = t.keep(Load(drover, 4))
    load.wait(500)
    drover.wait_log("(?i)access log.*No space left")
    load.wait(500)
    drover.kill(signal.SIGUSR1)
    load.wait(100)
    load.stop()
    assert not load.failures, load.failures
    assert len(drover.log().splitlines()) < 100, "the error is not said for every line"


@case
def error_log_full(t):
    "an error log that cannot be written"
    drover = t.drover(t.pool(t.hello()), error_log='"/dev/full"', log_level="debug")
    load = t.keep(Load(drover, 4))
    load.wait(200)
    os.kill(drover.pids()[0], signal.SIGKILL)
    t.wait(lambda: drover.call("status")["deaths"] == 1, "the death is on record")
    drover.wait_ready()
    load.wait(200)
    load.stop()


@case
def both_and_stdout(t):
    "standard output and standard error are full too"
    drover = t.drover(t.pool(t.server()), access_log="stdout", error_log="stderr",
                      shell="exec >/dev/full 2>/dev/full")
    for _ in range(20):
        assert drover.get().status == 200
    assert drover.call("version")


@case
def file_size_limit(t):
    "a file that has reached its limit does not kill drover"
    drover = t.drover(t.pool(t.hello()))
    for pid in [drover.pid] + drover.pids():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, 8192))
    load = t.keep(Load(drover, 4))
    t.wait(lambda: os.path.getsize(drover.access_path) == 8192, "the access log has reached the limit")
    for _ in range(50):
        drover.kill(signal.SIGHUP)  # a line in the error log
        drover.call("log-reopen")
        load.wait(20)
    assert os.path.getsize(drover.log_path) <= 8192
    load.wait(500)
    load.stop()
    assert not load.failures, load.failures
    assert drover.call("status")["deaths"] == 0, drover.log()


def limit_size(pid, path, size):
    """So that the process writes `size` bytes more to a file, and no more; None: as many as it likes."""
    most = resource.RLIM_INFINITY if size is None else os.path.getsize(path) + size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@case
def access_line_is_cut(t):
    "a line that a full disk has cut does not spoil the next: all lines are whole, or counted as lost"
    drover = t.drover(t.pool(t.hello()), workers=1, access_log_format="json")
    worker = drover.pids()[0]
    with open(drover.access_path, "rb") as file:
        for limit in (50, None):
            limit_size(worker, drover.access_path, limit)
            assert drover.get().status == 200
            if limit:
                t.wait(lambda: drover.call("status")["totals"]["log-lines-lost"] == 1, "the line is counted as lost")
        t.wait(lambda: drover.access_lines()[1:], "a line after the one that is cut")
        lines = file.read().splitlines()
    assert len(lines[0]) == 50 and json.loads(lines[1])["status"] == 200, lines
    assert drover.call("status")["totals"]["log-lines-lost"] == 1


@case
def error_line_is_cut(t):
    "the same in the error log"
    drover = t.drover(t.pool(t.hello()), workers=1)
    drover.wait_log("master.*: ready")  # the last line of a start
    before = drover.log()
    for limit in (50, None):
        limit_size(drover.pid, drover.log_path, limit)
        size = len(drover.log())
        drover.call("log-level", level="notice")  # has a line
        t.wait(lambda: len(drover.log()) >= size + 50, "the line, or what there is room for")
    lines = drover.log()[len(before):].splitlines()
    assert len(lines[0]) == 50 and "log-level" in lines[1] and lines[1].startswith("20"), lines


@case
def stdout_is_a_pipe_that_nobody_reads(t):
    "a reader of standard output that stops does not stop the service"
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    drover = t.drover(t.pool(t.hello()), access_log="stdout", pass_fds=[write_end], shell=f"exec >&{write_end}")
    os.close(write_end)
    load = t.keep(Load(drover, 4))
    load.wait(600)  # more lines than a pipe holds
    load.stop()
    assert not load.failures, load.failures
    os.close(read_end)
    assert drover.get().status == 200


main()
