#!/usr/bin/env python3
"""
Dies: on /crash (an exit status may be given: /crash?status=7), at its start when CRASH is
in the environment, and on / if the file FLAW was there at its start. It says why first.
"""

import os
import sys

import plain


def crash(query, _):
    print("cannot go on: the answer is 41", file=sys.stderr, flush=True)
    os._exit(int(query.get("status", 3)))


plain.pages["/crash"] = crash
if os.path.exists(os.environ.get("FLAW", "")):
    plain.pages["/"] = crash
if "CRASH" in os.environ:
    crash({"status": os.environ["CRASH"]}, b"")
plain.main()
