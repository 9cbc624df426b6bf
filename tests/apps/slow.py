#!/usr/bin/env python3
"""
Takes its time: START_MS until it listens, HEALTH_MS more until /health is good.
While the file NEVER is there it does not listen at all, and while the file UNHEALTHY is there
it is not healthy. It appends a line to the file SEEN for each
request that came before it was healthy.
"""

import os
import time

import plain

began = time.monotonic()
healthy_after = (int(os.environ.get("START_MS", 0)) + int(os.environ.get("HEALTH_MS", 0))) / 1000


def is_healthy():
    return time.monotonic() - began >= healthy_after and not os.path.exists(os.environ.get("UNHEALTHY", ""))


def home(_, __):
    if not is_healthy() and "SEEN" in os.environ:
        with open(os.environ["SEEN"], "a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    return "hello\n"


plain.pages["/"] = home
plain.pages["/health"] = lambda query, body: "good\n" if is_healthy() else ""
while os.path.exists(os.environ.get("NEVER", "")):
    time.sleep(0.05)
time.sleep(int(os.environ.get("START_MS", 0)) / 1000)
plain.main()
