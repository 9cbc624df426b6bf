#!/usr/bin/env python3
"""src/LAYERS against the #include lines of src: who may see whom, and which library belongs to which folder."""
import os
import re

from common import Report, TOP, files, line_of, read

# Headers of other projects that one folder hides from all others.
LIBRARIES = {
    "event2/": {"net"},
    "event.h": {"net"},
    "ares.h": {"net"},
    "openssl/": {"net"},
    "confuse.h": {"conf"},
    "curses.h": {"ctl"},
    "jansson.h": {"control", "conf", "ctl"},  # conf prints the effective configuration as JSON
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_layers():
    layers, problems = {}, []
    for number, line in enumerate(read("src/LAYERS").splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, others = line.partition(":")
        if not colon:
            problems.append("src/LAYERS:%d: no colon" % number)
        elif folder in layers:
            problems.append("src/LAYERS:%d: %s has a line already" % (number, folder))
        else:
            layers[folder] = others.split()
    for folder, others in layers.items():
        problems += ["src/LAYERS: %s may include %s, which has no line of its own" % (folder, o)
                     for o in others if o not in layers]
    return layers, problems


def circles(layers):
    """Folders that may, by way of others, include themselves."""
    def reach(folder, seen):
        for other in layers.get(folder, []):
            if other not in seen:
                seen.add(other)
                reach(other, seen)
        return seen
    return ["src/LAYERS: %s depends on itself" % f for f in layers if f in reach(f, set())]


def check_include(path, folder, number, quoted, name, layers):
    where = "%s:%d: " % (path, number)
    if not quoted:
        return [where + "<%s> belongs in src/%s" % (name, " or src/".join(sorted(owners)))
                for prefix, owners in LIBRARIES.items()
                if name.startswith(prefix) and folder not in owners]
    other = os.path.dirname(name)
    if not other:
        return [where + '"%s" is included without its folder' % name]
    if not os.path.exists(os.path.join(TOP, "src", name)):
        return [where + '"%s" does not exist' % name]
    if folder and other not in (folder, "base") and other not in layers.get(folder, []):
        return [where + "%s may not include %s (src/LAYERS)" % (folder, other)]
    return []


def main():
    report = Report()
    layers, problems = read_layers()
    report.case("LAYERS is well formed and has no circles", problems + circles(layers))

    folders = sorted(f for f in os.listdir(os.path.join(TOP, "src"))
                     if os.path.isdir(os.path.join(TOP, "src", f)) and files("src/" + f, ".c", ".h"))
    report.case("every folder of src has its line in LAYERS",
                ["src/%s is not in src/LAYERS" % f for f in folders if f not in layers])

    problems = []
    for folder in folders:
        listed = files("src/" + folder, "local.mk") and read("src/%s/local.mk" % folder).split()
        problems += ["%s is not in src/%s/local.mk" % (path, folder) for path in files("src/" + folder, ".c", ".h")
                     if os.path.relpath(path, "src") not in (listed or [])]
    report.case("every source file is listed in the local.mk of its folder", problems)

    problems = []
    for path in files("src", ".c", ".h"):
        folder = os.path.dirname(os.path.relpath(path, "src"))
        text = read(path)
        for match in INCLUDE.finditer(text):
            problems += check_include(path, folder, line_of(text, match.start()), match.group(1) == '"',
                                      match.group(2), layers)
    report.case("includes keep to LAYERS, and libraries to their folders", problems)
    report.finish()


main()
