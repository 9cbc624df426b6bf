# One line per unit test: tests/unit/test_thing.c becomes the program
# unit/test_thing, which is linked with all of drover's libraries and Check.
# Keep the list sorted. (Paths are relative to tests/.)
#
#   check_PROGRAMS += unit/test_thing
#
# A test made of more than its one file says so:
#
#   unit_test_thing_SOURCES = unit/test_thing.c unit/other.c unit/other.h
check_PROGRAMS += unit/test_address
check_PROGRAMS += unit/test_text
