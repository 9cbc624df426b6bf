#!/usr/bin/env python3
"""
What it costs to have drover run an app: CPU time per request of a Node app behind drover, by port and
by unix socket, beside Node's own cluster module, and of examples/hello; and how long an instance takes
from its start until it is ready, beside the same program started by hand.

    apps.py [--rounds N] [--starts N] [--only requests|starts]

Needs node, wrk and two CPUs; what is not installed is left out. Everything that is measured runs on the
first CPU, the load on the second. All variants are up at once and are loaded in turn, a second each, in
another order each round; ratios are taken inside a round, and medians over rounds are shown: then a
machine that is faster or slower from one minute to the next does little harm. It takes under three minutes.
"""

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import drover as tools  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
APP = os.path.join(HERE, "app.js")
INSTANCES = 4
CONNECTIONS = 32
WARM = {"node": 80000, "C": 1000}  # requests: node compiles what is used often, and needs twice the time until then
WARM_SECONDS = 15  # at most
CPUS = sorted(os.sched_getaffinity(0))[:2]
MEASURED, LOAD = {CPUS[0]}, {CPUS[-1]}
WSGI = 'def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"Hello, world\\n"]\n'


@contextlib.contextmanager
def pinned(cpus):
    """What is started meanwhile runs on these CPUs."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as client:
        return client.connect_ex(address) == 0


def wait_accepts(address, seconds=20):
    """Tries in a tight loop, so that little is added to what is measured."""
    end = time.monotonic() + seconds
    while not accepts(address):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing listens on {address}")


# ---- processes and their CPU time

def parents():
    """{pid: parent} of all processes."""
    found = {}
    for name in os.listdir("/proc"):
        stat = tools.read_file(f"/proc/{name}/stat") if name.isdigit() else ""
        if stat:
            found[int(name)] = int(stat.rsplit(")", 1)[1].split()[1])
    return found


def family(root):
    """The process and all below it."""
    above, members = parents(), [root]
    for pid in members:
        members += [child for child, parent in above.items() if parent == pid]
    return members


def is_drover(pid):
    try:
        return os.path.samefile(f"/proc/{pid}/exe", tools.DROVER)
    except OSError:
        return False


def cpu_time(pids):
    """Seconds on a CPU, of all threads."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                text = tools.read_file(f"/proc/{pid}/task/{thread}/schedstat").split()
                total += int(text[0]) if text else 0
    return total / 1e9


def machine_time(cpu):
    """Seconds that a CPU was in use by anybody, its host among them."""
    line = next(line for line in tools.read_file("/proc/stat").splitlines() if line.startswith(f"cpu{cpu} "))
    ticks = [int(word) for word in line.split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


class Process:
    """A program that is not run by drover."""

    def __init__(self, arguments, directory, log="by-hand.log"):
        with open(os.path.join(directory, log), "ab") as out:
            self.popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          cwd=directory, env=tools.environment(directory), start_new_session=True)
        self.pid = self.popen.pid

    def destroy(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()


# ---- variants of what is loaded

class Variant:
    """One of the things that are measured: where it listens, and which processes it is made of."""

    def __init__(self, name, group, make):
        self.name, self.group, self.make = name, group, make
        self.processes, self.address, self.drover_pids, self.app_pids = [], None, [], []
        self.figures = []

    def start(self, directory):
        directory = os.path.join(directory, re.sub(r"\W+", "-", self.name))
        os.mkdir(directory)
        self.make(self, directory)
        pids = [pid for process in self.processes for pid in family(process.pid)]
        self.drover_pids = [pid for pid in pids if is_drover(pid)]
        self.app_pids = [pid for pid in pids if not is_drover(pid)]

    def stop(self):
        for process in self.processes:
            process.destroy()


def start_drover(directory, body):
    """drover with one worker; its own time is what is wanted, not how it is shared out."""
    return tools.Drover(directory, body, workers=1, access_log='"off"', log_level="notice")


def run_app(arguments, listen):
    """An app that drover runs."""
    def make(variant, directory):
        command = ", ".join(f'"{argument}"' for argument in arguments)
        drover = start_drover(directory, f'app "bench" {{ command = {{ {command} }}\n  instances = {INSTANCES}\n'
                                         f"  listen = {listen} }}")
        variant.processes.append(drover)
        variant.address = drover.where()
        tools.wait_until(lambda: drover.get().status == 200, "an instance answers")
        tools.wait_until(lambda: drover.call("apps")["apps"][0]["instances"]["ready"] == INSTANCES, "all are ready")
    return make


def front_servers(variant, directory):
    """Servers that somebody else runs."""
    ports = [free_port() for _ in range(INSTANCES)]
    variant.processes += [Process(["node", APP, str(port)], directory) for port in ports]
    for port in ports:
        wait_accepts(("127.0.0.1", port))
    servers = "".join(f'  server "127.0.0.1:{port}" {{ }}\n' for port in ports)
    drover = start_drover(directory, f'pool "bench" {{\n{servers}}}')
    variant.processes.append(drover)
    variant.address = drover.where()


def run_direct(*more):
    """A program that clients reach without drover."""
    def make(variant, directory):
        port = free_port()
        variant.processes.append(Process(["node", APP, str(port), *more], directory))
        variant.address = ("127.0.0.1", port)
        wait_accepts(variant.address)
        time.sleep(0.5)  # until all workers of a cluster are there: nobody tells
    return make


def variants():
    found = []
    if shutil.which("node"):
        found += [
            Variant("node cluster", "node", run_direct(str(INSTANCES))),
            Variant("node alone, 1 process", "node", run_direct()),
            Variant("node, drover, port", "node", run_app(["node", APP], "port")),
            Variant("node, drover, unix", "node", run_app(["node", APP, "{socket}"], "unix")),
            Variant("node, drover, pool", "node", front_servers),
        ]
    return found + [
        Variant("C, drover, port", "C", run_app([tools.HELLO], "port")),
        Variant("C, drover, unix", "C", run_app([tools.HELLO, "-a", "unix:{socket}"], "unix")),
        Variant("C, drover, activation", "C", run_app([tools.HELLO], "activation")),
    ]


# ---- load

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def seconds_of(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


def load(address, seconds):
    """(requests, seconds that they took, p50, p99, failed ones)"""
    with pinned(LOAD):
        done = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", f"http://{address[0]}:{address[1]}/"],
            capture_output=True, text=True, check=True, timeout=seconds + 20).stdout
    requests, took = re.search(r"(\d+) requests in ([\d.]+\w+)", done).groups()
    failed = sum(int(number) for line in re.findall(r"Socket errors: (.*)|Non-2xx or 3xx responses: (.*)", done)
                 for number in re.findall(r"\d+", " ".join(line)))
    middle, late = (re.search(rf" {share}%\s+(\S+)", done)[1] for share in (50, 99))
    return int(requests), seconds_of(took), seconds_of(middle), seconds_of(late), failed


def measure(variant):
    before = cpu_time(variant.drover_pids), cpu_time(variant.app_pids), machine_time(CPUS[0])
    requests, took, middle, late, failed = load(variant.address, 1)
    after = cpu_time(variant.drover_pids), cpu_time(variant.app_pids), machine_time(CPUS[0])
    drover, app, machine = (b - a for a, b in zip(before, after))
    return {"drover": drover / requests * 1e6, "app": app / requests * 1e6,
            "all": (drover + app) / requests * 1e6, "rate": requests / took, "p50": middle * 1e3,
            "p99": late * 1e3, "failed": failed, "others": max(0.0, (machine - drover - app) / took)}


def warm_up(variant):
    left, end = WARM[variant.group], time.monotonic() + WARM_SECONDS
    while left > 0 and time.monotonic() < end:
        left -= load(variant.address, 1)[0]


def measure_requests(found, rounds):
    for variant in found:
        warm_up(variant)
    for _ in range(rounds):
        for variant in random.sample(found, len(found)):
            variant.figures.append(measure(variant))


def median(values):
    return statistics.median(list(values))


def show_requests(found):
    print(f"\n{'':24}{'CPU us per request':^30}  {'to first':>8}  {'req/s':>7}  {'p50 ms':>6}  {'p99 ms':>6}"
          f"  {'failed':>6}  {'others':>6}")
    print(f"{'':24}{'all':>10}{'drover':>10}{'app':>10}")
    for variant in found:
        base = next(other for other in found if other.group == variant.group)
        ratio = median(mine["all"] / its["all"] for mine, its in zip(variant.figures, base.figures))
        one = {key: median(figures[key] for figures in variant.figures) for key in variant.figures[0]}
        print(f"{variant.name:24}{one['all']:10.1f}{one['drover']:10.1f}{one['app']:10.1f}  {ratio:8.2f}"
              f"  {one['rate']:7.0f}  {one['p50']:6.2f}  {one['p99']:6.2f}"
              f"  {sum(figures['failed'] for figures in variant.figures):6}  {one['others']:5.0%}")
    print('"to first": CPU of all, to the first line of its kind, in the same round. "others": CPU time of the\n'
          "measured CPU that went to other programs.")


# ---- starts

class Kind:
    """A program whose starts are measured; in its arguments {port} is one."""

    def __init__(self, name, arguments, options="listen = port"):
        self.name, self.arguments, self.options = name, arguments, options

    def by_hand(self, directory):
        """Seconds from its start until it accepts a connection."""
        port = free_port()
        arguments = [argument.replace("{port}", str(port)) for argument in self.arguments]
        with pinned(MEASURED):
            began = time.monotonic()
            process = Process(arguments, directory)
        try:
            with pinned(LOAD):
                wait_accepts(("127.0.0.1", port))
                return time.monotonic() - began
        finally:
            process.destroy()

    @contextlib.contextmanager
    def by_drover(self, directory):
        """
        Gives a function: the same from a request to restart the instance until drover says that another one
        is ready.
        """
        command = ", ".join(f'"{argument}"' for argument in self.arguments)
        with pinned(MEASURED):
            drover = start_drover(directory, f'app "bench" {{ command = {{ {command} }}\n  {self.options}\n'
                                             "  instances = 1 }")
        try:
            control, watch = drover.open_control(), drover.open_control()
            tools.wait_until(lambda: drover.call("apps")["apps"][0]["instances"]["ready"] == 1, "it is ready")
            watch.watch()
            yield lambda: self.restart(control, watch)
        finally:
            drover.destroy()

    @staticmethod
    def restart(control, watch):
        began = time.monotonic()
        control.call("restart", app="bench")
        watch.event_of("instance-ready")
        took = time.monotonic() - began
        watch.event_of("roll-done")
        return took


def kinds(directory):
    wsgi = os.path.join(directory, "bench_wsgi.py")
    with open(wsgi, "w", encoding="utf-8") as file:
        file.write(WSGI)
    gunicorn = ["gunicorn", "--chdir", directory, "bench_wsgi:app"]
    found = [
        Kind("node", ["node", APP, "{port}"]),
        Kind("python3 -m http.server", ["/usr/bin/python3", "-m", "http.server", "-b", "127.0.0.1", "{port}"]),
        Kind("gunicorn, port", gunicorn + ["-b", "127.0.0.1:{port}"]),
        Kind("gunicorn, activation", gunicorn, "listen = activation"),
        Kind("C, port", [tools.HELLO, "-p", "{port}"]),
        Kind("C, activation", [tools.HELLO], "listen = activation"),
        Kind("C, port, health", [tools.HELLO, "-p", "{port}"], 'listen = port  health { path = "/health" }'),
    ]
    return [kind for kind in found if shutil.which(kind.arguments[0])]


def measure_starts(directory, starts):
    print(f"\nfrom its start until it is ready, ms; {starts} times\n"
          f"{'':24}{'by drover':^20}{'by hand':^20}  {'more':>6}\n{'':24}" + f"{'min':>10}{'median':>10}" * 2)
    for number, kind in enumerate(kinds(directory)):
        here = os.path.join(directory, f"start-{number}")
        os.mkdir(here)
        mine, hand = [], []
        with kind.by_drover(here) as restart:
            for _ in range(starts):
                mine.append(1e3 * restart())
                if "{port}" in kind.arguments[-1]:
                    hand.append(1e3 * kind.by_hand(here))
        line = f"{kind.name:24}{min(mine):10.1f}{median(mine):10.1f}"
        if hand:
            line += f"{min(hand):10.1f}{median(hand):10.1f}  {median(mine) - median(hand):6.1f}"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--only", choices=["requests", "starts"])
    parser.add_argument("--variant", action="append", help="only those whose name has this in it")
    options = parser.parse_args()
    if len(CPUS) < 2 or not shutil.which("wrk"):
        sys.exit("apps.py needs two CPUs and wrk")
    directory = tempfile.mkdtemp(prefix="drover-bench-")
    found = [variant for variant in variants()
             if not options.variant or any(part in variant.name for part in options.variant)]
    try:
        print(f"load average {os.getloadavg()[0]:.1f}, {INSTANCES} instances, {CONNECTIONS} connections")
        if options.only != "starts":
            with pinned(MEASURED):
                for variant in found:
                    variant.start(directory)
            measure_requests(found, options.rounds)
            show_requests(found)
        for variant in found:
            variant.stop()
        if options.only != "requests":
            measure_starts(directory, options.starts)
        print(f"\nload average {os.getloadavg()[0]:.1f}")
    finally:
        for variant in found:
            variant.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
