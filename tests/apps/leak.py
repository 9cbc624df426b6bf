#!/usr/bin/env python3
"""Takes memory that it does not give back: /grow?mb=N."""

import plain

kept = []


def grow(query, _):
    for _ in range(int(query["mb"])):  # bit by bit: nothing else runs while one is taken
        kept.append(b"\xff" * (1 << 20))
    return f"{sum(map(len, kept)) >> 20} MB\n"


plain.pages["/grow"] = grow
plain.main()
