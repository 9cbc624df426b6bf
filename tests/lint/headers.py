#!/usr/bin/env python3
"""Every header of src compiles alone, and twice in a row. LINT_COMPILE is the compiler with its flags."""
import concurrent.futures
import os
import shlex
import subprocess

from common import Report, files


def compile_alone(command, header):
    text = '#include "%s"\n' % os.path.relpath(header, "src")
    run = subprocess.run(command, input=text * 2, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         universal_newlines=True, check=False)
    return [] if run.returncode == 0 else [header + " does not compile alone"] + run.stderr.splitlines()[:6]


def main():
    report = Report()
    command = os.environ.get("LINT_COMPILE")
    if not command:
        report.skip("headers compile alone", "LINT_COMPILE is not set: run by make check")
        return report.finish()
    command = shlex.split(command) + ["-fsyntax-only", "-x", "c", "-"]
    headers = files("src", ".h")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda header: compile_alone(command, header), headers)
        report.case("%d headers compile alone" % len(headers), [line for result in results for line in result])
    return report.finish()


main()
