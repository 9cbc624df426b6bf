#!/usr/bin/env python3
"""Takes memory that it does not give back: /grow?mb=N."""

import plain

kept = []


def grow(query, _):
    kept.append(bytearray(b"\xff" * (int(query["mb"]) << 20)))
    return f"{sum(map(len, kept)) >> 20} MB\n"


plain.pages["/grow"] = grow
plain.main()
