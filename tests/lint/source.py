#!/usr/bin/env python3
"""The C sources against the rules that a regular expression can see."""
import os
import re
import statistics

from common import Report, TOP, code_only, files, line_of, read

FUNCTION_LINES = 80
FILE_LINES = 600

# Function: what to use instead.
BANNED = {
    "strcpy": "snprintf or memcpy",
    "strcat": "snprintf",
    "strncpy": "snprintf or memcpy",
    "strncat": "snprintf",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "strtok": "strtok_r or strcspn",
    "atoi": "text_to_number",
    "atol": "text_to_number",
    "atoll": "text_to_number",
    "system": "posix_spawn or fork and exec",
    "popen": "posix_spawn or fork and exec",
    "rand": "getrandom",
    "srand": "getrandom",
    "random": "getrandom",
    "signal": "sigaction, or a signal event of the loop",
    "sleep": "a timer of the loop",
    "usleep": "a timer of the loop",
    "nanosleep": "a timer of the loop",
    "alloca": "an array of fixed size or malloc",
    "assert": "INVARIANT",
}
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
MAGIC = re.compile(r"^#define\s+(\w+_MAGIC)\s+(0x[0-9a-fA-F]+)", re.MULTILINE)

# Split, so that this file does not find itself.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK|not imple" r"mented|for n" r"ow)\b")


def banned_calls(paths):
    problems = []
    for path in paths:
        code = code_only(read(path))
        for match in CALL.finditer(code):
            name = match.group(1)
            if name == "signal" and re.match(r"[^;]*SIG_(IGN|DFL)\)", code[match.end():]):
                continue  # the same on all systems, unlike a handler
            problems.append("%s:%d: %s(): use %s" % (path, line_of(code, match.start()), name, BANNED[name]))
    return problems


def shared_magics(paths):
    seen, problems = {}, []
    for path in paths:
        text = read(path)
        for match in MAGIC.finditer(text):
            value = int(match.group(2), 16)
            where = "%s:%d: %s" % (path, line_of(text, match.start()), match.group(1))
            if value in seen:
                problems.append("%s is the same number as %s" % (where, seen[value]))
            seen.setdefault(value, where)
    return problems


def functions(path):
    """(line, name, length) of each function: its body opens and closes in the first column."""
    lines = code_only(read(path)).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            head = start - 1
            while head > 0 and not re.match(r"[a-z]\w*\(", lines[head]):
                head -= 1
            yield head + 1, re.match(r"\w*", lines[head]).group(), number - start + 1
            start = None


def long_functions(report, paths):
    found = [(length, name, path, line) for path in paths for line, name, length in functions(path)]
    if found:
        lengths = sorted(f[0] for f in found)
        report.note("%d functions: median %d lines, 9 in 10 within %d, the longest %d (%s)" % (
            len(found), statistics.median(lengths), lengths[len(lengths) * 9 // 10], lengths[-1], max(found)[1]))
    return ["%s:%d: %s has %d lines" % (path, line, name, length)
            for length, name, path, line in sorted(found, reverse=True) if length > FUNCTION_LINES]


def without_comment(paths):
    """A file says first what it owns: in its header, or in the .c file that has none."""
    problems = []
    for path in paths:
        if path.endswith(".c") and os.path.exists(os.path.join(TOP, path[:-2] + ".h")):
            continue
        if not read(path).startswith("/*"):
            problems.append(path + ": does not begin with a comment on what it owns and where it runs")
    return problems


def main():
    report = Report()
    source = files("src", ".c", ".h")
    code = source + files("examples", ".c", ".h") + files("tests", ".c", ".h")
    everything = code + files("tests", ".py", ".sh", ".mk") + files("man", "") + files("etc", "") + ["dev", "configure.ac"]

    report.case("no banned calls", banned_calls(code))
    report.case("object magics are unique", shared_magics(code))
    report.case("no function over %d lines" % FUNCTION_LINES, long_functions(report, code))
    report.case("no file over %d lines" % FILE_LINES,
                ["%s: %d lines" % (p, n) for p in code + files("tests", ".py")
                 for n in [read(p).count("\n")] if n > FILE_LINES])
    report.case("every source file begins with a comment", without_comment(source))
    report.case("no marks of unfinished work",
                ["%s:%d: %s" % (p, line_of(t, m.start()), m.group())
                 for p in everything for t in [read(p)] for m in MARKS.finditer(t)])
    report.finish()


main()
