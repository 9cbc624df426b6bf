"""
A terminal for a program under test: a pty, and a screen that understands what
ncurses sends to an xterm, so that a scene can look at what a person would see.
"""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time

import wire

CONTROL = re.compile(rb"\x1b\[([?>=]?)([0-9;]*)([A-Za-z@`])|\x1b([()])(.)|\x1b([=>78cDEHM])|\x1b\]([^\x07]*)\x07", re.DOTALL)
PARTIAL = re.compile(rb"\x1b(\[[?>=]?[0-9;]*|[()]|\][^\x07]*)?$")


class Screen:
    """What is to be seen, as lists of characters."""

    def __init__(self, rows, columns):
        self.resize(rows, columns)
        self.colours, self.left, self.strange = set(), b"", []

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.y = self.x = 0
        self.top, self.bottom = 0, rows - 1
        self.saved = 0, 0

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def feed(self, data):
        data = self.left + data
        self.left = b""
        at = 0
        while at < len(data):
            byte = data[at:at + 1]
            if byte == b"\x1b":
                match = CONTROL.match(data, at)
                if match is None:
                    if PARTIAL.match(data[at:]):
                        self.left = data[at:]
                        return
                    self.strange.append(data[at:at + 12])
                    at += 1
                    continue
                self.control(match)
                at = match.end()
            elif byte < b" ":
                self.plain_control(byte)
                at += 1
            else:
                length = 1 if byte < b"\x80" else 2 if byte < b"\xe0" else 3 if byte < b"\xf0" else 4
                if at + length > len(data):
                    self.left = data[at:]
                    return
                self.put(data[at:at + length].decode("utf-8", "replace"))
                at += length

    def put(self, character):
        self.last = character
        if self.x >= self.columns:
            self.x = 0
            self.line_feed()
        self.cells[self.y][self.x] = character
        self.x += 1

    def line_feed(self):
        if self.y == self.bottom:
            self.scroll(1)
        else:
            self.y = min(self.y + 1, self.rows - 1)

    def scroll(self, count, top=None):
        top = self.top if top is None else top
        for _ in range(abs(count)):
            blank = [" "] * self.columns
            if count > 0:
                del self.cells[top]
                self.cells.insert(self.bottom, blank)
            else:
                del self.cells[self.bottom]
                self.cells.insert(top, blank)

    def plain_control(self, byte):
        if byte == b"\n":
            self.line_feed()
        elif byte == b"\r":
            self.x = 0
        elif byte == b"\b":
            self.x = max(0, self.x - 1)
        elif byte == b"\t":
            self.x = min(self.columns - 1, self.x // 8 * 8 + 8)

    def erase(self, first, last):
        """Blanks from (y, x) to (y, x), the last not included."""
        y, x = first
        while (y, x) < last:
            if x < self.columns:
                self.cells[y][x] = " "
            x += 1
            if x >= self.columns:
                y, x = y + 1, 0

    def escape(self, letter):
        if letter == b"M" and self.y == self.top:
            self.scroll(-1)
        elif letter == b"M":
            self.y = max(0, self.y - 1)
        elif letter == b"D":
            self.line_feed()
        elif letter == b"7":
            self.saved = self.y, self.x
        elif letter == b"8":
            self.y, self.x = self.saved

    def control(self, match):
        mark, numbers, letter = match[1], match[2], (match[3] or b"").decode()
        if not letter or mark:
            self.escape(match[6])
            return
        values = [int(n or 0) for n in numbers.split(b";")]
        n = values[0] or 1
        end = (self.rows, 0)
        if letter in "Hf":
            self.y = min(n, self.rows) - 1
            self.x = min((values[1] if len(values) > 1 else 1) or 1, self.columns) - 1
        elif letter == "A":
            self.y = max(0, self.y - n)
        elif letter == "B":
            self.y = min(self.rows - 1, self.y + n)
        elif letter == "C":
            self.x = min(self.columns - 1, self.x + n)
        elif letter == "D":
            self.x = max(0, self.x - n)
        elif letter in "G`":
            self.x = min(n, self.columns) - 1
        elif letter == "d":
            self.y = min(n, self.rows) - 1
        elif letter == "J":
            self.erase(*{0: ((self.y, self.x), end), 1: ((0, 0), (self.y, self.x + 1))}.get(values[0], ((0, 0), end)))
        elif letter == "K":
            line_end = (self.y + 1, 0)
            self.erase(*{0: ((self.y, self.x), line_end), 1: ((self.y, 0), (self.y, self.x + 1))}
                       .get(values[0], ((self.y, 0), line_end)))
        elif letter == "X":
            self.erase((self.y, self.x), (self.y, min(self.columns, self.x + n)) if self.x + n < self.columns
                       else (self.y + 1, 0))
        elif letter == "P":
            row = self.cells[self.y]
            del row[self.x:self.x + n]
            row.extend([" "] * (self.columns - len(row)))
        elif letter == "@":
            row = self.cells[self.y]
            row[self.x:self.x] = [" "] * n
            del row[self.columns:]
        elif letter == "L":
            self.scroll(-n, self.y)
        elif letter == "M":
            self.scroll(n, self.y)
        elif letter == "S":
            self.scroll(n)
        elif letter == "T":
            self.scroll(-n)
        elif letter == "b":
            for _ in range(n):
                self.put(self.last)
        elif letter == "r":
            bottom = values[1] if len(values) > 1 and values[1] else self.rows
            self.bottom = min(bottom, self.rows) - 1  # it may have been said to the screen of the former size
            self.top = min(n - 1, self.bottom)
            self.y = self.x = 0
        elif letter == "m":
            self.colours.update(v for v in values if 30 <= v <= 37)
        elif letter not in "hlnct":
            self.strange.append(match[0])


class Terminal:
    """A program whose standard streams are a terminal of its own."""

    def __init__(self, arguments, env, rows=40, columns=120):
        self.master, self.slave = os.openpty()
        self.screen, self.raw = Screen(rows, columns), b""
        self.set_size(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.popen = subprocess.Popen(arguments, stdin=self.slave, stdout=self.slave, stderr=self.slave, env=env,
                                      start_new_session=True, preexec_fn=self.take_control)
        self.pid = self.popen.pid

    @staticmethod
    def take_control():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def set_size(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self.set_size(rows, columns)
        if self.popen.poll() is None:
            os.kill(self.pid, signal.SIGWINCH)

    def read(self, seconds):
        """Takes in what comes within a time; False when nothing did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        data = os.read(self.master, 65536)
        self.raw += data
        self.screen.feed(data)
        return True

    def wait(self, condition, what, seconds=wire.SECONDS):
        """Reads until condition(text of the screen) is true; its value."""
        end = time.monotonic() + seconds
        while True:
            value = condition(self.screen.text())
            if value:
                return value
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}; the screen:\n{self.screen.text()}"
            assert self.popen.poll() is None or self.read(0), f"ended before: {what}; the screen:\n{self.screen.text()}"
            self.read(0.05)

    def wait_text(self, *words):
        return self.wait(lambda text: all(word in text for word in words), f"{words} on the screen")

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, seconds=wire.SECONDS):
        """Waits for the end of the program, taking in what it says: its status."""
        end = time.monotonic() + seconds
        while self.popen.poll() is None:
            assert time.monotonic() < end, f"did not end; the screen:\n{self.screen.text()}"
            self.read(0.05)
        while self.read(0):
            pass
        return self.popen.returncode

    def restored(self):
        """Whether the terminal is set as it was before."""
        return termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        os.close(self.master)
        os.close(self.slave)
