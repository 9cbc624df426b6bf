#!/usr/bin/env python3
"""The tables that the program prints (drover -L) against the manual and the sample configuration, both ways.

README says how a page marks the part that a table must match.
"""
import glob
import os
import re
import subprocess

from common import Report, TOP, read

# Table: the page that documents it.
PAGES = {
    "options": "man/drover.conf.5",
    "algorithms": "man/drover.conf.5",
    "commands": "man/drover-control.7",
    "parameters": "man/drover-control.7",
    "counters": "man/drover-control.7",
    "errors": "man/drover-control.7",
    "events": "man/drover-control.7",
    "states": "man/drover-control.7",
    "signals": "man/drover.8",
}
SAMPLE = "etc/drover.conf"

BEGIN = re.compile(r'^\.\\" table: (\S+)(?: (\S+))?\s*$')
END = re.compile(r'^\.\\" end table\s*$')
ITEM = re.compile(r"^\.It Ic (\S+)(?: Pq (.*))?")
PARAMETER = re.compile(r"^\.It Va (\S+) Pq (.*)")
FLAG = re.compile(r"^\.It Fl (\w)")
USAGE = re.compile(r"^ +-(\w)\b", re.MULTILINE)
OPTION = re.compile(r'^([a-z][a-z0-9-]*)\s*(\+?=|(?:"[^"]*"\s*)?\{)')

REASONS_PAGE = "man/drover.conf.5"
REASON_CALL = re.compile(r'\b(?:exchange_\w+|basic_refuse|basic_put_off|choose_later|limits_refuse)'
                         r'\((?:[^()]|\([^()]*\))*\)|\breason = "[^"]+"')
OF_CHECKS = {"bad-response", "status", "body-mismatch", "ok"}  # what checks found, and what stands for a sentence


def printed(program, table):
    """The rows of a table as lists of columns."""
    run = subprocess.run([program, "-L", table], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         universal_newlines=True, check=False)
    if run.returncode != 0:
        return None, ["drover -L %s: exit status %d: %s" % (table, run.returncode, run.stderr.strip())]
    return [line.split("\t") for line in run.stdout.splitlines()], []


def parameter_brackets(row):
    """What stands behind the name of a parameter: "integer from 1 to 256, required"."""
    kind, limits, default = row[2:5]
    words = limits.split("|")
    low, _, high = limits.replace(" bytes", "").partition("..")
    text = f"{kind} from {low} to {high}"
    if kind == "boolean":
        text = kind
    elif kind == "string":
        text = f"string of up to {high} bytes"
    elif kind == "word":
        text = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return text + ", " + (default if default in ("required", "optional") else "default " + default.strip('"'))


# Table: what stands behind a name in brackets, from the row.
BRACKETS = {
    "commands": lambda row: row[1],
    "parameters": parameter_brackets,
    "counters": lambda row: row[2] + (", now" if row[1] == "gauge" else ""),
    "errors": lambda row: row[1],
    "events": lambda row: row[1].replace(",", ", "),
}


def documented(page):
    """{(table, section or None): [(name, what stands in brackets)]} of the marked parts of a page."""
    tables, current, problems = {}, None, []
    command = None
    for number, line in enumerate(read(page).splitlines(), 1):
        begin = BEGIN.match(line)
        if begin:
            if current is not None:
                problems.append("%s:%d: a table begins inside another" % (page, number))
            current = tables.setdefault((begin.group(1), begin.group(2)), [])
            command = None
        elif END.match(line):
            current = None
        elif current is not None and ITEM.match(line):
            current.append(ITEM.match(line).groups())
            command = ITEM.match(line).group(1)
        elif current is not None and PARAMETER.match(line):
            tables.setdefault(("parameters", command), []).append(PARAMETER.match(line).groups())
    if current is not None:
        problems.append(page + ': `.\\" end table` is missing')
    return tables, problems


def inherited(row):
    """An option that a section has from the top level need not be documented there again."""
    return len(row) > 4 and row[4] == "inherited"


def compare(have, have_name, rows, rows_name):
    want = {r[0] for r in rows if not inherited(r)}
    known = {r[0] for r in rows}
    return (["%s: in %s, not in %s" % (n, rows_name, have_name) for n in sorted(want - set(have))] +
            ["%s: in %s, not in %s" % (n, have_name, rows_name) for n in sorted(set(have) - known)] +
            ["%s: twice in %s" % (n, have_name) for n in sorted(set(have)) if have.count(n) > 1])


def compare_brackets(table, items, have_name, rows):
    if table not in BRACKETS:
        return []
    wanted = {row[0]: BRACKETS[table](row) for row in rows}
    return ["%s: %s has (%s), drover (%s)" % (name, have_name, text, wanted[name])
            for name, text in items if name in wanted and text != wanted[name]]


def compare_part(table, items, have_name, rows, rows_name):
    return (compare([name for name, _ in items], have_name, rows, rows_name) +
            compare_brackets(table, items, have_name, rows))


def compare_page(table, rows, page):
    tables, problems = documented(page)
    parts = {section: names for (name, section), names in tables.items() if name == table}
    source = "drover -L " + table
    if not parts:
        return problems + ['%s: no part is marked `.\\" table: %s`' % (page, table)]
    if None in parts:
        return problems + compare_part(table, parts[None], page, rows, source)
    for section in sorted({r[1] for r in rows if len(r) > 1} | set(parts)):
        problems += compare_part(table, parts.get(section, []), "%s (%s)" % (page, section),
                                 [r for r in rows if len(r) > 1 and r[1] == section], "%s (%s)" % (source, section))
    return problems


def sample_options(text):
    """(section, name) of each option in the sample, commented out or not; the top level is section ""."""
    found, sections = set(), []
    for line in text.splitlines():
        line = re.sub(r"^(\s*)#(?=\S)", r"\1", line).strip()  # `#name = value`: an option that is off
        if line.startswith("#"):
            continue
        line = re.sub(r'"[^"]*"', '""', line)
        line = re.sub(r"#.*", "", line).strip()
        while line:
            match = OPTION.match(line)
            if match and match.group(2).endswith("{"):
                sections.append(match.group(1))
                line = line[match.end():].strip()
            elif match:
                found.add((sections[-1] if sections else "", match.group(1)))
                value = re.match(r'\s*(\{[^}]*\}|""|[^\s{}]+)?', line[match.end():])
                line = line[match.end() + value.end():].strip()
            elif line.startswith("}"):
                if sections:
                    sections.pop()
                line = line[1:].strip()
            else:
                line = line[1:].strip()
    return found


def compare_sample(rows):
    options = {("" if r[1] == "top" else r[1], r[0]) for r in rows}
    wanted = {("" if r[1] == "top" else r[1], r[0]) for r in rows if not inherited(r)}
    sample = sample_options(read(SAMPLE))

    def name(option):
        return "%s { %s }" % option if option[0] else option[1]
    return (["%s: not in %s" % (name(o), SAMPLE) for o in sorted(wanted - sample)] +
            ["%s: in %s, not in drover -L options" % (name(o), SAMPLE) for o in sorted(sample - options)])


def compare_flags(program, page):
    """The command line: what -h prints and what the page lists."""
    run = subprocess.run([program, "-h"], stdout=subprocess.PIPE, universal_newlines=True, check=False)
    flags = [["-" + flag] for flag in USAGE.findall(run.stdout)]
    items = ["-" + m.group(1) for m in map(FLAG.match, read(page).splitlines()) if m]
    name = os.path.basename(program) + " -h"
    return compare(items, page, flags, name) if flags else [name + " lists no option"]


def reasons_given():
    """The words for the access log: what workers hand on as the reason, and what errors of a server's connection mean."""
    words = set()
    for path in sorted(glob.glob(os.path.join(TOP, "src/worker/*.c"))):
        for call in REASON_CALL.finditer(read(os.path.relpath(path, TOP))):
            words |= set(re.findall(r'"([a-z][a-z-]+)"', call.group(0)))
    table = re.search(r"HEALTH_REASON_TABLE\(X\)(?:.*\\\n)*", read("src/ipc/health.h")).group(0)
    return words | set(re.findall(r'"([a-z-]+)"', table)) - OF_CHECKS


def reasons_documented():
    names, inside = [], False
    for line in read(REASONS_PAGE).splitlines():
        inside = not END.match(line) and (inside or line == '.\\" table: reasons')
        if inside and line.startswith(".It Li "):
            names += line[len(".It Li "):].split(" , ")
    return names


def main():
    report = Report()
    program = os.environ.get("DROVER", "")
    for table, page in PAGES.items():
        case = "%s are documented in %s" % (table, page)
        if not os.path.exists(os.path.join(TOP, page)):
            report.skip(case, "there is no such page")
        elif not os.access(program, os.X_OK):
            report.skip(case, "drover is not built")
        else:
            rows, problems = printed(program, table)
            report.case(case, problems or compare_page(table, rows, page))
    report.case("reasons of the access log are documented in " + REASONS_PAGE,
                compare(reasons_documented(), REASONS_PAGE, [[word] for word in reasons_given()], "src/worker"))
    for built, page in ((program, "man/drover.8"), (os.environ.get("DROVERCTL", ""), "man/droverctl.8")):
        case = "the command line is documented in " + page
        if not os.path.exists(os.path.join(TOP, page)) or not os.access(built, os.X_OK):
            report.skip(case, "the program or the page is missing")
        else:
            report.case(case, compare_flags(built, page))
    if not os.path.exists(os.path.join(TOP, SAMPLE)) or not os.access(program, os.X_OK):
        report.skip("%s shows every option" % SAMPLE, "drover or the sample is missing")
    else:
        rows, problems = printed(program, "options")
        report.case("%s shows every option" % SAMPLE, problems or compare_sample(rows))
    report.finish()


main()
