#!/usr/bin/env python3
"""Machines on which an instance cannot be started at present: nothing is lost, it is told why, and it comes as soon as it can."""

import os
import resource
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
from drover import HELLO, process_descriptors  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position

COMMAND = [os.path.abspath(HELLO), "-p", "{port}"]
USER = 61234  # somebody who has no processes yet


def in_front(t, command=None, more="", **options):
    drover = t.drover(apps.section("web", command or COMMAND, start_retries=0) + more + 'route { pool = "web" }',
                      workers=1, **options)
    apps.wait_settled(drover, 1)
    return drover


@case
def descriptors(t):
    "no descriptor is left in the master: it tries again until there is one"
    drover = in_front(t)
    before = drover.descriptors()
    control = t.keep(drover.open_control())
    control.call("version")
    pid = apps.pids(drover)[0]
    t.wait(lambda: process_descriptors(drover.pid) == before + 1, "the control connections before are closed")
    soft, hard = resource.prlimit(drover.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(drover.pid, resource.RLIMIT_NOFILE, (3, hard))
    os.kill(pid, signal.SIGKILL)
    drover.wait_log("web/0 .*Too many open files.*restarting in [1-9]")
    t.wait(lambda: drover.log().count("Too many open files") > 1, "it is tried again")
    assert control.call("apps", app="web")["apps"][0]["instances"]["failed"] == 0
    resource.prlimit(drover.pid, resource.RLIMIT_NOFILE, (soft, hard))
    control.close()
    apps.wait_settled(drover, 1)
    assert drover.get().status == 200
    t.wait(lambda: process_descriptors(drover.pid) <= before, "no descriptor is lost")


@case
def processes(t):
    "no process is left for its user, for instances and workers: it tries again until there is one"
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("prlimit"):
        t.skip("only root, with setpriv and prlimit, can start drover so")
    os.chmod(t.dir, 0o777)
    person = ["setpriv", f"--reuid={USER}", "--clear-groups"]
    drover = in_front(t, launcher=person)

    def limit(number):
        subprocess.run(person + ["prlimit", "--pid", str(drover.pid), f"--nproc={number}:4096"], check=True)

    worker, pid = drover.pids()[0], apps.pids(drover)[0]
    limit(1)
    os.kill(worker, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    for who in "worker 0", "web/0":
        drover.wait_log(f"{who} cannot be started: cannot fork: Resource temporarily unavailable; restarting in")
    t.wait(lambda: drover.log().count("web/0 cannot be started") > 1, "it is tried again")
    limit(4096)
    apps.wait_settled(drover, 1)
    drover.wait_ready()
    assert drover.get().status == 200


@case
def read_only(t):
    "no directory for sockets can be made: that app has failed with the reason, and another one serves"
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        t.skip("this system does not let a test have mounts of its own")
    script = 'cd / && mount --bind "$0" "$0" && mount --rbind /tmp /tmp && mount -o remount,ro,bind /tmp && exec "$@"'
    other = apps.section("other", apps.python("plain.py"), listen="activation", start_retries=0)
    drover = in_front(t, more=other, env={"TMPDIR": "/nowhere"}, launcher=["unshare", "-m", "sh", "-c", script, t.dir])
    reason = apps.wait_state(drover, "failed", name="other")["reason"]
    assert "cannot make a directory for sockets" in reason and "Read-only" in reason, reason
    assert drover.get().status == 200


@case
def replaced_by_a_directory(t):
    "where the program was, there is a directory: FAILED, with the reason; and it is started when it is back and asked for"
    program = shutil.copy(HELLO, t.path("program"))
    drover = in_front(t, [program, "-p", "{port}"])
    os.unlink(program)
    os.mkdir(program)
    os.kill(apps.pids(drover)[0], signal.SIGKILL)
    reason = apps.wait_state(drover, "failed")["reason"]
    assert f"cannot run {program}: Permission denied" in reason, reason
    os.rmdir(program)
    shutil.copy(HELLO, program)
    drover.call("restart", app="web", wait=True)
    assert drover.get().status == 200


main()
