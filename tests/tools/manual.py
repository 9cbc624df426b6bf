"""
Sessions of a manual page: the displays whose first line begins with "$ ", taken
from the mdoc source, and how a reply on the page is compared with a real one.

On the page a reply may be broken after commas, and "..." as the last element of
an array or the last member of an object stands for more of them. Comments
direct the test: `.\\" test: WORD ...` in front of a display (README says which).
"""

import json
import re

DISPLAY = re.compile(r"^\.Bd -literal\b")
END = re.compile(r"^\.Ed\b")
METHOD = re.compile(r"^\.It Ic (\S+)")
DIRECTIVE = re.compile(r'^\.\\" test: (.*)$')
TABLE = re.compile(r'^\.\\" (?:table: (\S+)|end table)')

# Members whose value differs from run to run; of a text, its numbers do. All others are as on the page.
VARIES = re.compile(r"""
    .*-ms | time | started | pid | uid | gid | number | newest | newest-event | oldest | version | session | client | text
    | bytes-.* | count | accepted | waiting | backlog | buckets | load | handed | .*requests | failures | restarts
    | memory-bytes | cpu-percent | answers | resolved | loop-turns | client-.* | server-(connects|reuses|idle|bytes.*) | responses-.* | value | sessions | matched
    """, re.VERBOSE)
CONSTANT = {"shutdown-timeout-ms", "fail-timeout-ms", "for-ms", "server-add", "server"}
UNKNOWN = re.compile(r"(p\d.*|max)-ms|memory-bytes|cpu-percent|processes")  # null as long as nothing was measured
CHOSEN = re.compile(r".*\.instances\[\d+\]\.address")  # by drover: its numbers differ
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Session:
    """A command and what it prints. `line` is where it stands on the page."""

    def __init__(self, line, method, command):
        self.line, self.method, self.command = line, method, command
        self.output = []
        self.directives = []

    def text(self):
        return "".join(line.strip() for line in self.output)


class Display:
    """A literal display: its first line on the page, its text, and the directives in front of it."""

    def __init__(self, line, method, directives):
        self.line, self.method, self.directives = line, method, directives
        self.lines = []


def unescape(line):
    """A line of a literal display as a reader sees it."""
    return line.replace("\\&", "").replace("\\e", "\\").replace("\\-", "-").replace("\\(aq", "'")


def displays(page):
    """All displays of a page. `method` is that of the table of commands in whose entry they stand, or None."""
    found, method, directives, inside, table = [], None, [], None, None
    for number, line in enumerate(page.splitlines(), 1):
        if inside is not None:
            if END.match(line):
                inside = None
            else:
                inside.lines.append(unescape(line))
            continue
        if TABLE.match(line):
            table, method = TABLE.match(line)[1], None
        elif table == "commands" and METHOD.match(line):
            method = METHOD.match(line)[1]
        elif DIRECTIVE.match(line):
            directives.append(DIRECTIVE.match(line)[1].split())
        elif DISPLAY.match(line):
            inside = Display(number + 1, method, directives)
            found.append(inside)
            directives = []
    return found


def sessions(display):
    """The commands of a display, each with what is printed below it."""
    found, goes_on = [], False
    for offset, line in enumerate(display.lines):
        if goes_on:
            found[-1].command += "\n" + line
        elif line.startswith("$ "):
            found.append(Session(display.line + offset, display.method, line[2:]))
        else:
            found[-1].output.append(line)
        goes_on = (goes_on or line.startswith("$ ")) and line.endswith(("\\", "|"))
    found[0].directives = display.directives
    return found


# ---- JSON of the page

def tokens(text):
    return re.findall(r'"(?:\\.|[^"\\])*"|\.\.\.|[][{}:,]|[^\s"\[\]{}:,.][^\s"\[\]{}:,]*|\s+', text)


def elided(text):
    """`...` as JSON has it: a member or an element of that name."""
    depth, out = [], []
    for token in tokens(text):
        if token in "[{":
            depth.append(token)
        elif token in "]}" and depth:
            depth.pop()
        if token == "...":
            token = '"...":"..."' if depth and depth[-1] == "{" else '"..."'
        out.append(token)
    return "".join(out)


def values(text):
    """The JSON values that stand one after another in a text; None when it is none."""
    decoder, found, at = json.JSONDecoder(), [], 0
    text = elided(text).strip()
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            return None
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def laid_out(text, width=76):
    """A reply as the page has it: broken after commas, the later lines indented."""
    lines, part = [], ""
    for piece in filter(None, re.findall(r'(?:"(?:\\.|[^"\\])*"|[^",])*,?', text)):
        if part and len(part) + len(piece) > width:
            lines.append(part)
            part = "    "
        part += piece
    return lines + [part]


# ---- comparing

def kind(value):
    if isinstance(value, bool) or value is None:
        return str(value)
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def without_numbers(text):
    return re.sub(r"\d+(\.\d+)?", "0", text)


def compare_value(page, real, where, name):
    varies = VARIES.fullmatch(name) and name not in CONSTANT or CHOSEN.fullmatch(where)
    if isinstance(real, str) and TIME.fullmatch(real) and TIME.fullmatch(page):
        return []
    if varies and isinstance(real, str) and without_numbers(page) == without_numbers(real):
        return []
    if page == real or varies and not isinstance(real, str):
        return []
    return [f"{where}: the page has {json.dumps(page)}, drover says {json.dumps(real)}"]


def compare_object(page, real, where):
    shown = [name for name in page if name != "..."]
    if "..." in page:
        missing = [name for name in shown if name not in real]
        if missing:
            return [f"{where} has no {', '.join(missing)}"]
    elif shown != list(real):
        return [f"{where}: the page has the members {', '.join(shown)}; drover says {', '.join(real)}"]
    return [problem for name in shown for problem in compare(page[name], real[name], where + "." + name, name)]


def compare_array(page, real, where, name):
    shown = page[:-1] if page and page[-1] == "..." else page
    if len(real) < len(shown) or len(real) > len(shown) and shown is page:
        if not (VARIES.fullmatch(name) and shown and real):
            return [f"{where}: the page has {len(shown)} elements, drover says {len(real)}"]
    return [problem for i, (a, b) in enumerate(zip(shown, real))
            for problem in compare(a, b, f"{where}[{i}]", name)]


def compare(page, real, where="reply", name=""):
    """What differs between a reply on the page and a real one, as sentences."""
    if UNKNOWN.fullmatch(name) and {kind(page), kind(real)} == {"None", "number"}:
        return []
    if kind(page) != kind(real):
        return [f"{where}: the page has {json.dumps(page)}, drover says {json.dumps(real)}"]
    if isinstance(page, dict):
        return compare_object(page, real, where)
    if isinstance(page, list):
        return compare_array(page, real, where, name)
    return compare_value(page, real, where, name)
