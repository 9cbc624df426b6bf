#!/usr/bin/env python3
"""How apps are started: where they listen, with the apps that people run, and as what they run."""

import os
import pwd
import re
import shutil
import signal
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import apps  # pylint: disable=wrong-import-position
import wire  # pylint: disable=wrong-import-position
from drover import HELLO, process_exists, read_file  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from traffic import GET, Traffic  # pylint: disable=wrong-import-position
from wire import request  # pylint: disable=wrong-import-position


def in_front_of(t, sections, **options):
    """drover with these apps (text by name), each behind the host NAME.test, when all their instances are ready."""
    routes = "".join(f'route {{ host = {{ "{name}.test" }} pool = "{name}" }}\n' for name in sections)
    drover = t.drover("".join(sections.values()) + routes, **options)
    for name in sections:
        apps.wait_settled(drover, apps.desired(drover, name), name)
    return drover


def one(t, command, environment=(), **options):
    """drover with one app "web" of which all instances are ready."""
    return in_front_of(t, {"web": apps.section("web", command, environment, **options)})


def answers(drover, name, posts=True):
    """It answers: the response to a GET."""
    got = drover.get("/", host=name + ".test")
    assert got.status == 200, (name, got.status, got.body)
    if posts:
        posted = drover.exchange(request("POST", "/post", body=b"x" * 70000, host=name + ".test"))
        assert (posted.status, posted.body) == (200, b"70000 bytes\n"), (name, posted.status, posted.body)
    return got


def listens_in_every_way(t, port, unix=None, passed=None, environment=(), posts=True, directory=None):
    """An app by each of the ways that it can: the commands for a port, a unix socket and a passed socket."""
    ways = {"port": ("port", port), "unix": ("unix", unix), "passed": ("activation", passed),
            "passed-port": ("activation-port", passed)}
    more = {} if directory is None else {"directory": f'"{directory}"'}
    drover = in_front_of(t, {name: apps.section(name, command, environment, listen=listen, **more)
                             for name, (listen, command) in ways.items() if command})
    for name, (listen, command) in ways.items():
        if command:
            answers(drover, name, posts)
            address = apps.rows(drover, name)[0]["address"]
            assert address.startswith("127.0.0.1:" if "port" in listen else "unix:/"), (name, address)
    return drover


# ---- where they listen

@case
def plain(t):
    "an app of the standard library: by PORT, on a unix socket, on a passed one"
    command = apps.python("plain.py")
    drover = listens_in_every_way(t, command, command + ["{socket}"], command)
    for name in "port", "unix", "passed", "passed-port":
        row = apps.rows(drover, name)[0]
        assert int(drover.get("/pid", host=name + ".test").body) == row["pid"], row


@case
def hello(t):
    "a small C app: by {port}"
    listens_in_every_way(t, [HELLO, "-p", "{port}", "-n", "hello-{instance}"], posts=False)


@case
def http_server(t):
    "python3 -m http.server {port}"
    with open(t.path("page.txt"), "w", encoding="ascii") as file:
        file.write("a file\n")
    drover = listens_in_every_way(t, apps.http_server(t.dir), posts=False)
    assert drover.get("/page.txt", host="port.test").body == b"a file\n"


@case
def node(t):
    "Node's http: by PORT, on a unix socket, on a passed one"
    listens_in_every_way(t, apps.node(t), apps.node(t, "node-http.js", "{socket}"), apps.node(t))


@case
def express(t):
    "Express: by PORT, on a unix socket, on a passed one"
    command, environment = apps.express(t)
    listens_in_every_way(t, command, command + ["{socket}"], command, environment)


@case
def gunicorn(t):
    "gunicorn: bound to {port}, to {socket}, and on a passed socket"
    listens_in_every_way(t, apps.gunicorn(t, "-b", "127.0.0.1:{port}"), apps.gunicorn(t, "-b", "unix:{socket}"),
                         apps.gunicorn(t), directory=apps.HERE)


@case
def uvicorn(t):
    "uvicorn: with --port, with --uds, and with --fd 3"
    listens_in_every_way(t, apps.uvicorn(t, "--port", "{port}"), apps.uvicorn(t, "--uds", "{socket}"),
                         apps.uvicorn(t, "--fd", "3"), directory=apps.HERE)


@case
def ports(t):
    "each instance has a port of its own, out of those that the kernel gives to outgoing connections"
    drover = one(t, apps.python("plain.py"), instances=12)
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        low, high = map(int, file.read().split())
    found = {}
    for row in apps.rows(drover):
        host, port = row["address"].rsplit(":", 1)
        assert host == "127.0.0.1" and (high - low > 60000 or not low <= int(port) <= high), row
        found[int(port)] = row["pid"]
    assert len(found) == 12, found
    for port, pid in found.items():
        peer = t.keep(wire.connect(("127.0.0.1", port)))
        peer.send(request(target="/pid"))
        assert int(peer.read_response().body) == pid, (port, pid)


@case
def nothing_is_refused(t):
    "a passed socket takes connections while its instance is killed and started again"
    drover = one(t, apps.python("plain.py"), listen="activation-port", queue_timeout='"60s"')
    traffic = t.keep(Traffic(drover, [GET] * 4, host="web.test"))
    for _ in range(2):
        row = apps.wait_settled(drover, 1)[0]
        host, port = row["address"].rsplit(":", 1)
        traffic.wait(50)
        os.kill(row["pid"], signal.SIGKILL)
        wire.connect((host, int(port))).close()
        t.wait(lambda pid=row["pid"]: apps.pids(drover) not in ([], [pid]), "another process is ready")
        again = apps.rows(drover)[0]
        assert again["address"] == row["address"], (row, again)
    traffic.wait(50)
    traffic.finish()


# ---- as what they run

def variables(pid):
    return dict(line.split("=", 1) for line in read_file(f"/proc/{pid}/environ").split("\0") if "=" in line)


@case
def environment(t):
    "its own variables, with what stands in braces replaced, and nothing that was meant for drover"
    own = ["GREETING=hello {instance}", "WHERE=http://127.0.0.1:{port}/", 'JSON={"a": {}}', "EMPTY="]
    body = (apps.section("web", apps.python("plain.py"), own, instances=2)
            + apps.section("bare", apps.python("plain.py"), own, environment_inherit="false"))
    drover = t.drover(body + 'route { pool = "web" }', env={
        "SECRET": "of drover", "NOTIFY_SOCKET": t.path("nobody"), "LISTEN_FDS": "1", "LISTEN_PID": "1", "PORT": "1"})
    for row in apps.wait_settled(drover, 2):
        seen = variables(row["pid"])
        number, port = str(row["instance"]), row["address"].rsplit(":", 1)[1]
        assert seen["GREETING"] == "hello " + number and seen["WHERE"] == f"http://127.0.0.1:{port}/", seen
        assert seen["JSON"] == '{"a": {}}' and seen["EMPTY"] == "" and seen["SECRET"] == "of drover", seen
        assert (seen["PORT"], seen["HOST"], seen["DROVER_APP"], seen["DROVER_INSTANCE"]) == (
            port, "127.0.0.1", "web", number), seen
        assert not {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID"} & seen.keys(), seen
    bare = variables(apps.wait_settled(drover, 1, "bare")[0]["pid"])
    assert "SECRET" not in bare and "PATH" in bare and bare["GREETING"] == "hello 0", bare


def descriptors(pid):
    """What the descriptors of a process are, by number; some may be closed meanwhile."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return found


@case
def surroundings(t):
    "its directory, umask and process group; /dev/null as input, and no descriptor of drover's"
    os.mkdir(t.path("there"))
    drover = one(t, apps.python("plain.py"), listen="activation", directory=f'"{t.path("there")}"', umask='"027"')
    pid = apps.rows(drover)[0]["pid"]
    assert os.readlink(f"/proc/{pid}/cwd") == t.path("there") and variables(pid).get("PWD") == t.path("there")
    assert re.search(r"Umask:\s+0027", read_file(f"/proc/{pid}/status"))
    assert os.getpgid(pid) == pid and os.getpgid(drover.pid) != pid
    status = read_file(f"/proc/{pid}/status")
    assert re.search(r"SigBlk:\s+0+\n", status), status
    links = descriptors(pid)
    assert links[0] == "/dev/null" and links[1].startswith("pipe:") and links[2].startswith("pipe:"), links
    assert all(link.startswith("socket:") for fd, link in links.items() if fd > 2), links
    assert set(descriptors(drover.pid).values()) & set(links.values()) <= {"/dev/null", links[1], links[2], links[3]}, links


@case
def user(t):
    "another user, when drover is root"
    if os.geteuid() != 0:
        t.skip("only root can start apps as another user")
    nobody = pwd.getpwnam("nobody")
    shutil.copy(apps.script("plain.py"), t.path("plain.py"))
    command = [apps.need(t, "/usr/bin/python3"), t.path("plain.py")]
    ways = {"port": [], "unix": ["{socket}"], "activation": []}
    drover = in_front_of(t, {name: apps.section(name, command + more, user='"nobody"', listen=name)
                             for name, more in ways.items()})
    for name in ways:
        row = apps.rows(drover, name)[0]
        status = read_file(f"/proc/{row['pid']}/status")
        assert re.search(rf"Uid:(\s+{nobody.pw_uid}){{4}}", status), status
        assert re.search(rf"Gid:(\s+{nobody.pw_gid}){{4}}", status), status
        assert re.search(rf"Groups:\s*({nobody.pw_gid})?\s*\n", status), status
        assert answers(drover, name).get("x-pid") == str(row["pid"])


@case
def shell(t):
    "a command for the shell"
    command = " ".join(["x=1; cd / && exec", *apps.python("plain.py"), "$NOTHING"])
    drover = one(t, [command], shell="true")
    pid = apps.rows(drover)[0]["pid"]
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert int(drover.get("/pid", host="web.test").body) == pid


# ---- what cannot be started

@case
def wrong_at_check(t):
    "a command, a directory and a user that are not there are errors before anything starts, with file and line"
    body = (apps.section("a", ["/nowhere/program"]) + apps.section("b", ["sleep", "9"], directory='"/nowhere"')
            + apps.section("c", ["sleep", "9"], user='"nobody-of-that-name"'))
    drover = t.drover(body, wait=False)
    drover.stopped = True
    assert drover.wait() == 1
    for line, what in (("command", "/nowhere/program"), ("directory", "/nowhere"), ("user", "nobody-of-that-name")):
        number = next(i for i, text in enumerate(read_file(drover.conf_path).splitlines(), 1)
                      if text.lstrip().startswith(line) and what in text)
        assert re.search(rf"drover\.conf:{number}: .*{what}", drover.stderr()), (line, drover.stderr())


def program(t, name, text):
    with open(t.path(name), "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(t.path(name), stat.S_IRWXU)
    return t.path(name)


@case
def wrong_at_start(t):
    "a program that cannot be run makes FAILED instances with the reason, started once"
    command = [program(t, "app", "#!/nowhere/interpreter\n")]
    drover = t.drover(apps.section("web", command, instances=2) + 'route { pool = "web" }')
    for number in 0, 1:
        row = apps.wait_state(drover, "failed", number=number)
        assert "the interpreter" in row["reason"] and "cannot run" in row["reason"], row
    answer = drover.get("/")
    assert answer.status == 503 and answer.get("retry-after"), answer.head
    events = t.keep(drover.open_control())
    events.watch(since=0)
    drover.call("log-level", level="info")  # an event behind all others
    seen = []
    while not seen or seen[-1] != "changed":
        seen.append(events.note()["params"]["event"])
    assert seen.count("instance-failed") == 2 and seen.count("instance-started") <= 2, seen
    program(t, "app", "#!/bin/sh\nexec " + " ".join(apps.python("plain.py")) + "\n")
    drover.call("restart", app="web")
    apps.wait_settled(drover, 2)
    assert drover.get("/").status == 200


@case
def directory_goes_away(t):
    "a directory that is gone at the next start: FAILED, with the reason; the one that runs goes on"
    os.mkdir(t.path("there"))
    drover = one(t, apps.python("plain.py"), directory=f'"{t.path("there")}"')
    pid = apps.pids(drover)[0]
    os.rmdir(t.path("there"))
    drover.call("scale", app="web", instances=2)
    row = apps.wait_state(drover, "failed", number=1)
    assert "directory" in row["reason"] and t.path("there") in row["reason"], row
    assert apps.pids(drover) == [pid] and process_exists(pid) and drover.get("/", host="web.test").status == 200


main()
