# The cheap checks, part of `make check`. `make lint` adds tools.sh, which needs
# cppcheck, clang-tidy, mandoc, shellcheck and pyflakes.
lint += lint/layers.py lint/source.py lint/headers.py lint/tables.py
EXTRA_DIST += lint/README lint/common.py lint/analyzer.h lint/tools.sh

# Without the harness's own entry, check-TESTS, which would build all tests first.
lint_logs = $(lint:.py=.log) lint/tools.log
lint:
	@rm -f $(lint_logs) $(lint_logs:.log=.trs) test-suite.log
	@$(MAKE) $(AM_MAKEFLAGS) test-suite.log TEST_LOGS='$(lint_logs)'
.PHONY: lint
