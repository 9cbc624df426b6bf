# One line per scene file, list sorted; each prints TAP and holds several cases.
#
#   scenes += scenes/thing.py
#
# What they import is named here, so that a release has it:
#
#   EXTRA_DIST += scenes/thing/__init__.py
EXTRA_DIST += tools/drover.py tools/load.py tools/scene.py tools/wire.py
