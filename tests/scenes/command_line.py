#!/usr/bin/env python3
"""The command line: -t, -T, -L, -V, -h, -l, -b, and errors that say where."""

import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from drover import DROVER, HELLO, TOP, environment  # pylint: disable=wrong-import-position
from scene import case, main  # pylint: disable=wrong-import-position
from wire import connect, request  # pylint: disable=wrong-import-position

GOOD = 'listen "127.0.0.1:0" { }\npool "a" { server "127.0.0.1:9" { } }\n'


def run(t, *arguments, place=None, programs=None, launcher=()):
    """Runs drover to its end, in the folder `place`, with a folder of programs: status, standard output, standard error."""
    variables = environment(t.dir)
    if programs:
        variables["PATH"] = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run([*launcher, DROVER, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          cwd=place or t.dir, env=variables, timeout=30, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def write(t, name, text):
    with open(t.path(name), "w", encoding="utf-8") as file:
        file.write(text)
    return name


@case
def help_and_version(t):
    "-h and -V, also as --help and --version"
    status, out, err = run(t, "-h")
    assert status == 0 and err == "", err
    for option in ("-c", "-t", "-T", "-l", "-b", "-n", "-- COMMAND", "-L", "-V", "-h", "-d"):
        assert option in out, option
    assert all(len(line) <= 80 for line in out.splitlines()), out
    status, out, err = run(t, "-V")
    assert status == 0 and out.startswith("drover ") and err == "", (out, err)
    assert run(t, "--help") == run(t, "-h") and run(t, "--version") == run(t, "-V")
    for word in ("--verbose", "--help=all"):
        status, out, err = run(t, word)
        assert status == 1 and out == "" and err.startswith(f"drover: there is no such option: {word}\n"), err


@case
def check(t):
    "-t: good files are good"
    status, out, err = run(t, "-t", "-c", write(t, "good.conf", GOOD))
    assert status == 0 and "good.conf" in out + err and "good" in (out + err).replace("good.conf", ""), (out, err)


def lacks_program(line):
    """Whether it says that an app's program is missing, and it is."""
    named = re.search(r'there is no program "(\w+)" in PATH', line)
    return named is not None and shutil.which(named[1]) is None


@case
def examples(t):
    "the configurations of examples/ are good, the sample too"
    files = glob.glob(os.path.join(TOP, "examples", "*.conf"))
    assert files
    for file in files + [os.path.join(TOP, "etc", "drover.conf")]:
        status, out, err = run(t, "-t", "-c", file, place=TOP, programs=os.path.dirname(HELLO))
        lines = [line for line in err.splitlines() if not lacks_program(line)]
        assert status == (lines != err.splitlines()), (file, out, err)
        assert all("warning" in line and "does not exist" in line for line in lines), err


@case
def all_errors_at_once(t):
    "-t: everything that is wrong, each with file and line"
    write(t, "bad.conf", 'workrs = 3\nbalance = fastest\nlisten "127.0.0.1:99999" { }\n'
          'pool "a" {\n  server "127.0.0.1:9" { weight = 0 }\n}\nroute { pool = "b" }\n')
    for arguments in (("-t", "-c", "bad.conf"), ("-c", "bad.conf")):
        status, out, err = run(t, *arguments)
        assert status == 1 and out == "", (status, out)
        lines = err.splitlines()
        for number, word in ((1, "workers"), (2, "fastest"), (3, "99999"), (5, "weight"), (7, '"b"')):
            assert any(line.startswith(f"drover: bad.conf:{number}: ") and word.strip('"') in line for line in lines), \
                (number, word, err)


@case
def syntax_error(t):
    "a syntax error has its line"
    status, _, err = run(t, "-t", "-c", write(t, "syntax.conf", GOOD + "\nworkers = = 3\n"))
    assert status == 1 and "syntax.conf:4: " in err, err


@case
def before_a_syntax_error(t):
    "what comes before a syntax error is checked, and what was not is said"
    status, _, err = run(t, "-t", "-c", write(t, "both.conf", "workers = many\nvia\n" + GOOD))
    assert status == 1 and err.splitlines() == [
        'drover: both.conf:1: workers is a number from 1 to 256 or auto, not "many"',
        "drover: both.conf:2: an option is written NAME = VALUE; there is no = after via",
        "drover: both.conf: nothing after line 2 was looked at"], err


@case
def missing_directories(t):
    "directories that are missing: -t warns, a start names the one"
    gone = t.path("gone")
    lines = (f'control "{gone}/control.sock" {{ }}', f'listen "unix:{gone}/web.sock" {{ }}',
             f'error-log = "{gone}/error.log"', f'access-log = "{gone}/access.log"', f'pid-file = "{gone}/pid"')
    sentence = f"the directory {gone} does not exist; create it"
    status, out, err = run(t, "-t", "-c", write(t, "all.conf", GOOD + "\n".join(lines)))
    assert status == 0 and "good" in out, out
    assert err.splitlines() == [
        f"drover: all.conf{place}: warning: {name}: {sentence}" for place, name in
        ((":3", "control"), (":4", "listen"), ("", "error-log"), ("", "access-log"), ("", "pid-file"))], err
    for number, line in enumerate(lines):
        status, _, err = run(t, "-c", write(t, f"{number}.conf", GOOD + line))
        assert status == 1 and err.endswith(f": {sentence}\n") and line.split('"')[1].split(":")[-1] in err, err


@case
def users_for_root(t):
    "a user that only root can change to: -t warns in the words with which a start ends"
    launcher = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            t.skip("there is no setpriv")
        os.chmod(t.dir, 0o711)
        launcher = ["setpriv", "--reuid=65534", "--clear-groups"]
    body = GOOD + 'app "web" {\n    command = { "/bin/sleep", "9" }\n    user = "root"\n}\nroute { pool = "a" }\n'
    for name, text, words in (("app.conf", body, 'app.conf:5: app "web": user = root needs drover to be started by root'),
                              ("top.conf", GOOD + 'user = "root"\n', "user = root needs drover to be started by root")):
        os.chmod(t.path(write(t, name, text)), 0o644)
        checked = run(t, "-t", "-c", name, launcher=launcher)
        assert checked == (0, f"drover: {name} is good\n", f"drover: warning: {words}\n"), checked
        assert run(t, "-c", name, launcher=launcher) == (1, "", f"drover: {words}\n")
    if launcher:
        assert run(t, "-t", "-c", "app.conf")[2] == "", "root can"


@case
def unreadable(t):
    "files that cannot be read, and nothing that could be a configuration"
    os.mkdir(t.path("directory"))
    write(t, "empty.conf", "")
    with open(t.path("zero.conf"), "wb") as file:
        file.write(b"workers = 1\0\n" + GOOD.encode())
    for name in ("missing.conf", "directory", "empty.conf", "/dev/zero", "zero.conf", ""):
        status, out, err = run(t, "-t", "-c", name)
        assert status == 1 and out == "" and err.startswith("drover: ") and (name in err), (name, status, err)


@case
def show(t):
    "-T prints what -c reads back to the same"
    status, shown, err = run(t, "-T", "-c", write(t, "good.conf", GOOD))
    assert status == 0 and err == "" and "keepalive-timeout" in shown, (status, err)
    status, again, err = run(t, "-T", "-c", write(t, "shown.conf", shown))
    assert status == 0 and again == shown, err


@case
def tables(t):
    "-L prints the program's own tables"
    for table, word in (("options", "keepalive-timeout"), ("commands", "scale"), ("parameters", "wait"), ("errors", "-32602"),
                        ("states", "draining"), ("counters", "client-open"),
                        ("algorithms", "least-connections"), ("signals", "USR1")):
        status, out, err = run(t, "-L", table)
        assert status == 0 and word in out and err == "", (table, status, err)
        assert all("\t" in line for line in out.splitlines()), out
    status, out, err = run(t, "-L", "optoins")
    assert status == 1 and out == "" and "options" in err, err


@case
def mistakes(t):
    "mistakes on the command line get a sentence, a hint and status 1"
    for arguments in (("-x",), ("-c",), ("word",), ("-l", "127.0.0.1:0"), ("-b", "127.0.0.1:9"),
                      ("-l", "nonsense:port", "-b", "127.0.0.1:9"), ("-l", "127.0.0.1:0", "-b", "127.0.0.1"),
                      ("-c", "good.conf", "-l", "127.0.0.1:0")):
        status, out, err = run(t, *arguments)
        assert status == 1 and out == "" and "drover" in err, (arguments, status, out, err)
        assert len(err.splitlines()) < 20, err


@case
def mistakes_about_commands(t):
    "-n and -- say what goes with what"
    listen = ("-l", "127.0.0.1:0")
    for arguments, sentence in (
            ((*listen, "-n", "4"), "-n is how often a command is run: drover -l :8080 -n 4 -- node server.js"),
            ((*listen, "--"), "there is no command behind --: drover -l :8080 -- node server.js"),
            ((*listen, "-b", "127.0.0.1:9", "--", "sh"), "-b and -- exclude each other: "),
            (("-c", "good.conf", "--", "sh"), "-c stands alone"),
            (("--", "sh"), "-l and -b, or -l and --, go together"),
            ((*listen, "-n", "4", "sh", "x"), "a command to run stands behind --, as in -- node server.js; this is no option: sh"),
            ((*listen, "-n", "1001", "--", "sh"), "-n 1001: instances is a number from 0 to 1000 or auto, not \"1001\""),
            ((*listen, "--", "/nowhere/x", "-t"), "-- /nowhere/x: command: cannot run \"/nowhere/x\": No such file"),
            ((*listen, "--", "sh", "a\nb"), "-- sh: there is a line break in argument 1; put it into a script")):
        status, out, err = run(t, "-t", *arguments)
        assert status == 1 and out == "" and err.startswith("drover: " + sentence), (arguments, status, out, err)


@case
def command_in_arguments(t):
    "-- COMMAND is an app; what stands behind it is no option of drover"
    status, out, err = run(t, "-T", "-l", "127.0.0.1:0", "-n", "3", "--", "sh", "-c", "exec \"x\" $PORT {a}", "-b")
    assert status == 0 and err == "", err
    assert 'app "default" {\n' in out and "\tinstances = 3\n" in out and "pool" not in out, out
    assert '\tcommand = { "sh", "-c", "exec \\"x\\" \\$PORT {a}", "-b" }\n' in out, out
    status, again, err = run(t, "-T", "-c", write(t, "shown.conf", out))
    assert status == 0 and again == out, err


@case
def missing_commands(t):
    "commands and directories of apps that are not there are told with their lines, in a file alone"
    os.mkdir(t.path("bin"))
    write(t, "bin/plain", "#!/bin/sh\n")
    write(t, "bin/good", "#!/bin/sh\n")
    os.chmod(t.path("bin/good"), 0o755)
    here = t.path("")
    rows = (("a", 'command = "nodee"', 'command: there is no program "nodee" in PATH, which is '),
            ("b", 'command = "plain"  environment = "PATH=/nope:bin"  directory = "%s"' % here,
             'command: cannot run "%s/bin/plain": Permission denied; its mode has to let drover execute it' % here),
            ("c", 'command = "./bin/gone"  directory = "%s"' % here, 'command: cannot run "%s/./bin/gone": No such file' % here),
            ("d", 'command = "./bin"  directory = "%s"' % here, 'command: cannot run "%s/./bin": Is a directory' % here),
            ("e", 'command = "sh"  directory = "/nowhere"', "directory: /nowhere: No such file or directory"),
            ("f", 'command = "sh"  directory = "/etc/passwd"', "directory: /etc/passwd is no directory"),
            ("g", 'command = "good"  environment = "PATH=/nope:bin"  directory = "%s"' % here, None),
            ("h", 'command = "no such program"  shell = true', None),
            ("i", 'command = "./run-{instance}"', None))
    lines = "".join('app "%s" { %s }\n' % (name, text) for name, text, _ in rows)
    status, _, err = run(t, "-t", "-c", write(t, "apps.conf", lines + 'listen "127.0.0.1:0" { pool = a }\n'))
    told = err.splitlines()
    wanted = ["drover: apps.conf:%d: %s" % (number, sentence) for number, (_, _, sentence) in enumerate(rows, 1) if sentence]
    assert status == 1 and len(told) == len(wanted), err
    for line, sentence in zip(told, wanted):
        assert line.startswith(sentence), (line, sentence)


@case
def without_a_file(t):
    "-l and -b front servers without a file"
    servers = [t.server(), t.server()]
    process = t.process("plain", [DROVER, "-l", f"unix:{t.path('web.sock')}", "-b", servers[0].address,
                                  "-b", servers[1].address])
    t.wait(lambda: ": ready" in process.stderr() or process.exited(), "it is ready")
    for _ in range(6):
        peer = t.keep(connect(t.path("web.sock")))
        peer.send(request())
        assert peer.read_response().status == 200
    assert [server.count() for server in servers] == [3, 3]
    process.kill(15)
    assert process.wait() == 0, process.stderr()
    assert not os.path.exists(t.path("web.sock"))


main()
