# The cheap checks, part of `make check`. `make lint` adds tools.sh, which needs
# cppcheck, clang-tidy, mandoc, shellcheck and pyflakes.
lint += lint/layers.py lint/source.py lint/headers.py lint/tables.py
EXTRA_DIST += lint/README lint/common.py lint/analyzer.h lint/tools.sh

lint:
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(lint) lint/tools.sh'
.PHONY: lint
