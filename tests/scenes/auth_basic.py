#!/usr/bin/env python3
"""auth-basic: who is let in by a name and a password, what that costs others, and files that are read again."""

import os
import select
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import ControlError, read_file  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from users import MD5, SETTINGS, SHA512, crypt, file_of, login, slow  # pylint: disable=wrong-import-position
from wire import request, response  # pylint: disable=wrong-import-position

PASSWORDS = {"ann": "secret", "bob": "pass:word"}


def site(t, users=None, setting=MD5, options="", **more):
    """drover with files of users, in front of a server that records."""
    t.site = t.server(lambda seen: response(body=b"in"))
    t.users = file_of(t.path("users"), PASSWORDS if users is None else users, setting)
    os.chmod(t.users, 0o600)
    return t.drover(t.pool(t.site) + f"""
        route {{ path = "/open"  pool = "app" }}
        route {{ pool = "app"  auth-basic = "The \\"site\\""  auth-users = "{t.users}"  {options} }}""", **more)


def asked(drover, *who, **more):
    return drover.exchange(request(fields=[login(*who)] if who else [], **more))


@case
def challenge(t):
    "who gives no name and password is asked for them, and the connection goes on"
    drover = site(t)
    peer = t.connect(drover)
    for fields in ([], [("Authorization", "Bearer x")], [("Authorization", "Basic !")],
                   [login("ann", "secret"), login("ann", "secret")], [login("ann", "x")], [login("eve", "secret")]):
        peer.send(request(fields=fields))
        answer = peer.read_response()
        assert answer.status == 401, (fields, answer.status)
        assert answer.get("www-authenticate") == 'Basic realm="The \\"site\\"", charset="UTF-8"', answer.fields
    peer.send(request(fields=[login("ann", "secret")]))
    assert peer.read_response().body == b"in"
    assert len(t.site.requests) == 1, "nothing came through before"
    assert asked(drover, target="/open").status == 200
    assert drover.counters()["auth-denied"] == 6


@case
def who_it_is(t):
    "the server and the log are told the user, whom no client can make up"
    drover = site(t, options="auth-user-header = \"X-Remote-User\"  auth-forward = false")
    forged = [("X-Remote-User", "root"), ("x_remote_user", "root"), ("X.Remote-User", "root")]
    assert drover.exchange(request(fields=forged + [login("bob", "pass:word")])).status == 200
    seen = t.site.requests[-1]
    assert seen.all("x-remote-user") == ["bob"] and b"root" not in seen.head, seen.head
    assert seen.get("authorization") is None, seen.head
    t.wait(lambda: any(" - bob [" in line for line in drover.access_lines()), "the user is in the log")


@case
def passed_on(t):
    "unless told otherwise the server gets the Authorization field"
    drover = site(t)
    assert asked(drover, "ann", "secret").status == 200
    assert t.site.requests[-1].get("authorization") == login("ann", "secret")[1]


@case
def methods(t):
    "every method of crypt(5) that is taken is understood"
    drover = site(t)
    with open(t.users, "w", encoding="utf-8") as file:
        file.writelines(f"user{i}:{crypt('pw', setting)}\n" for i, setting in enumerate(SETTINGS))
    drover.call("auth-reload")
    for i, _ in enumerate(SETTINGS):
        assert asked(drover, f"user{i}", "pw").status == 200, SETTINGS[i]
        assert asked(drover, f"user{i}", "pW").status == 401, SETTINGS[i]
        assert asked(drover, f"user{i}", "").status == 401, SETTINGS[i]


@case
def known_for_a_time(t):
    "a password is checked once, for all that give it"
    drover = site(t, setting=slow(200000), workers=1)
    peers = [t.connect(drover) for _ in range(20)]
    for peer in peers:
        peer.send(request(fields=[login("ann", "secret")]))
    assert [peer.read_response().status for peer in peers] == [200] * 20
    assert drover.counters()["password-checks"] == 1
    for _ in range(3):
        assert asked(drover, "ann", "wrong").status == 401
    assert drover.counters()["password-checks"] == 2


@case
def body_waits(t):
    "the body waits until its request is let in, and arrives whole"
    drover = site(t, setting=slow(100000))
    body = os.urandom(300000)
    answer = drover.exchange(request("POST", fields=[login("ann", "secret")], body=body), "POST")
    assert answer.status == 200 and t.site.requests[-1].body == body
    peer = t.connect(drover)
    peer.send(request("POST", fields=["Content-Length: 5", "Expect: 100-continue", login("ann", "no")]))
    answer = peer.read_response()
    assert answer.status == 401 and answer.interim == [], "no 100 before the verdict"


def spent_beside_loop(pid):
    """Seconds of CPU time that threads of a process other than its first one have had."""
    spent = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        fields = read_file(f"/proc/{pid}/task/{thread}/stat").rsplit(")", 1)[1].split()
        spent += int(fields[11]) + int(fields[12]) if int(thread) != pid else 0
    return spent / os.sysconf("SC_CLK_TCK")


@case
def crowd(t):
    "50 that log in at once do not hold up the others"
    names = {f"user{i}": "pw" for i in range(50)}
    begun = time.thread_time()
    crypt("pw", slow(20000))
    cost = time.thread_time() - begun
    drover = site(t, names, setting=slow(20000), workers=1)
    waiting = threading.Event()
    others = []

    def other():
        peer = drover.connect()
        while not waiting.is_set():
            peer.send(request(target="/open"))
            others.append(peer.read_response().status)
        peer.close()

    thread = threading.Thread(target=other)
    thread.start()
    peers = [t.connect(drover) for _ in names]
    for peer, name in zip(peers, names):
        peer.send(request(fields=[login(name, "pw")]))
    statuses = [peer.read_response().status for peer in peers]
    waiting.set()
    thread.join()
    assert statuses == [200] * 50, statuses
    assert drover.counters()["password-checks"] == 50
    assert set(others) == {200}, others
    assert spent_beside_loop(drover.pids()[0]) > 10 * cost, (spent_beside_loop(drover.pids()[0]), cost)


@case
def flood(t):
    "more than may wait are refused, an address before all"
    drover = site(t, setting=slow(400000), workers=1)
    worker = drover.pids()[0]
    t.freeze(worker)  # until all are there: no check ends before the last one asks
    peers = [t.connect(drover) for _ in range(100)]
    for i, peer in enumerate(peers):
        peer.send(request(fields=[login("ann", f"guess {i}")]))
    t.thaw(worker)
    t.wait(lambda: drover.counters()["auth-busy"] == 36, "those above 64 are refused")
    assert asked(drover, target="/open").status == 200
    answers = {401: [], 429: []}

    def come():
        for sock in select.select([peer.socket for peer in peers], [], [], 0)[0]:
            answer = next(peer for peer in peers if peer.socket is sock).read_response()
            answers[answer.status].append(answer.get("retry-after"))
        return len(answers[429]) == 36

    t.wait(come, "36 are told")
    assert answers[429] == ["1"] * 36, answers
    for peer in peers:
        peer.reset()
    t.wait(lambda: drover.counters()["requests-active"] == 0, "who has gone away waits no more")
    assert drover.counters()["password-checks"] <= 64
    file_of(t.users, PASSWORDS)
    drover.call("auth-reload")
    assert asked(drover, "ann", "secret").status == 200, "and there is room for others at once"


@case
def read_again(t):
    "auth-reload lets in who is in the file now, in every worker"
    drover = site(t, workers=2)
    assert asked(drover, "ann", "secret").status == 200
    file_of(t.users, {"ann": "changed", "cyd": "new"}, SHA512)
    assert asked(drover, "ann", "secret").status == 200, "not before it is told to"
    change = {"what": f"auth-users {t.users}", "from": {"users": 2},
              "to": {"users": 2, "added": 1, "removed": 1, "changed": 1}}
    reply = drover.call("auth-reload", **{"dry-run": True})
    assert reply == {"files": [{"file": t.users, "users": 2}], "changes": [change], "dry-run": True}, reply
    assert asked(drover, "cyd", "new").status == 401
    assert drover.call("auth-reload")["changes"] == [change]
    for _ in range(20):
        t.wait(lambda: asked(drover, "cyd", "new").status == 200, "the new user is let in")
    for _ in range(20):
        assert asked(drover, "ann", "secret").status == 401
        assert asked(drover, "ann", "changed").status == 200
    assert drover.call("auth-reload")["changes"] == []
    drover.call("restart-worker", worker=0)
    t.wait(lambda: all(row["restarts"] or row["worker"] for row in drover.workers()), "it is replaced")
    assert asked(drover, "cyd", "new").status == 200


@case
def bad_files(t):
    "a file with errors changes nothing"
    drover = site(t)
    for text, error in (("ann:$apr1$a$b\n", "apr1"), ("ann\n", ":1: a line is NAME:HASH"), (None, "No such file")):
        if text is None:
            os.unlink(t.users)
        else:
            with open(t.users, "w", encoding="utf-8") as file:
                file.write(text)
        try:
            drover.call("auth-reload")
            assert False, "it is refused"
        except ControlError as refused:
            assert error in refused.message and t.users in refused.message, refused.message
            assert [line for line in refused.errors if error in line] == refused.errors != [], refused.errors
        assert asked(drover, "ann", "secret").status == 200


@case
def both(t):
    "a request is let in by its listener and then by its route"
    t.site = t.server(lambda seen: response(body=b"in"))
    all_of_them = file_of(t.path("all"), PASSWORDS)
    some = file_of(t.path("some"), {"bob": PASSWORDS["bob"]})
    drover = t.drover(t.pool(t.site) + f"""
        route {{ path = "/some"  pool = "app"  auth-basic = "some"  auth-users = "{some}" }}
        route {{ pool = "app" }}""", listen=f'auth-basic = "all"  auth-users = "{all_of_them}"')
    assert asked(drover, "ann", "secret").status == 200
    answer = asked(drover, "ann", "secret", target="/some")
    assert answer.status == 401 and 'realm="some"' in answer.get("www-authenticate")
    assert asked(drover, "bob", "pass:word", target="/some").status == 200
    file_of(some, {"bob": "two"})
    reply = drover.call("auth-reload")
    assert [row["file"] for row in reply["files"]] == [all_of_them, some] and len(reply["changes"]) == 1, reply
    assert asked(drover, "bob", "pass:word", target="/some").status == 401
    t.wait(lambda: "everybody on this machine can read" in drover.log(), "it is warned of")


@case
def stopped_meanwhile(t):
    "drover stops while passwords are being checked"
    drover = site(t, setting=slow(200000), workers=1)
    peers = [t.connect(drover) for _ in range(10)]
    for i, peer in enumerate(peers):
        peer.send(request(fields=[login("ann", f"guess {i}")]))
    t.wait(lambda: drover.counters()["password-checks"] == 10, "they are being checked")


main()
