"""A hand on the memory of drover's processes: tools/starve.c, which makes chosen allocations of one of them fail."""

import mmap
import os
import struct

from drover import is_sanitized

STARVE = os.path.join(os.getcwd(), "tools", "starve.so")
MOST = 200  # allocations of one way: if it needs more the test has gone wrong
EVER = EVERYBODY = 0xffffffff


class Starve:
    """The numbers that tools/starve.c reads: who, the first and the last that fail, how many there were."""

    def __init__(self, t):
        if is_sanitized():
            t.skip("the sanitizer has an allocator of its own")
        if not os.path.exists(STARVE):
            t.skip("tools/starve.so is not built")
        self.path = t.path("starve")
        with open(self.path, "wb") as file:
            file.write(bytes(16))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 16)
        self.env = {"LD_PRELOAD": STARVE, "STARVE_FILE": self.path}

    def begin(self, pid, first, last=None):
        self.map[0:16] = struct.pack("4I", 0, first, first if last is None else last, 0)
        self.map[0:4] = struct.pack("I", pid)

    def seen(self):
        """How many allocations there were."""
        return struct.unpack("I", self.map[12:16])[0]

    def end(self):
        """The same, and no more fail."""
        self.map[0:4] = bytes(4)
        return self.seen()

    def close(self):
        self.map.close()


def each_allocation(starve, pid, attempt_it, look):
    """Fails the first, the second ... allocation of attempt_it, until there are no more; how many there were."""
    for number in range(1, MOST):
        starve.begin(pid(), number)
        result = attempt_it()
        seen = starve.end()
        look(number, result, seen)
        if seen < number:
            return number - 1
    raise AssertionError(f"more than {MOST} allocations")
