#!/usr/bin/env python3
"""
Has children: one that stays in its process group and ignores SIGTERM, and one that makes a
session of its own. /children tells their process ids.
"""

import subprocess

import plain

stays = subprocess.Popen(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000; done"])
leaves = subprocess.Popen(["sleep", "1000"], start_new_session=True)

plain.pages["/children"] = lambda query, body: f"{stays.pid} {leaves.pid}\n"
plain.main()
