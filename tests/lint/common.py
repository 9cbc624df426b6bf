"""What the lint checks share: the files of the tree, C without its comments, TAP."""
import os
import re

TOP = os.environ.get("SRCDIR") or os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

SKIPPED = {".git", "build", "build-aux", "autom4te.cache", "__pycache__", "corpus"}


def files(folder, *endings):
    """The paths under TOP/folder with one of the endings, relative to TOP, sorted."""
    found = []
    for where, folders, names in os.walk(os.path.join(TOP, folder)):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        found += [os.path.relpath(os.path.join(where, n), TOP) for n in names if n.endswith(endings)]
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_only(text):
    """C with comments and the insides of strings blanked out; every line keeps its number."""
    def blank(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + token[0]
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Report:
    """One TAP case per check; a case fails when it has problems, which are listed."""

    def __init__(self):
        self.count = 0

    def case(self, name, problems):
        self.count += 1
        print("%s %d - %s" % ("not ok" if problems else "ok", self.count, name))
        for problem in problems:
            print("# " + problem)

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why))

    def note(self, text):
        print("# " + text)

    def finish(self):
        print("1..%d" % self.count)
