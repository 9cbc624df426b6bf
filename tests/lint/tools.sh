#!/bin/sh
# The checks of other projects' tools, as TAP: manual, C, shell, Python. Run by
# `make lint` in the folder tests of a build, with SRCDIR. A tool that is missing is a failure.
set -u
config=$(dirname "$PWD")/config.h
cd "${SRCDIR:?}" || exit 1
count=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# report NAME STATUS: one case, with what was printed when it failed.
report() {
	count=$((count + 1))
	if [ "$2" = 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		sed 's/^/# /' "$log" | head -n 80
	fi
}

run() {
	name=$1
	shift
	tool=$1
	[ "$tool" != tidy ] || tool=clang-tidy
	if command -v "$tool" >/dev/null; then
		"$@" >"$log" 2>&1
		report "$name" $?
	else
		echo "$tool is missing (./dev lint installs it)" >"$log"
		report "$name" 1
	fi
}

pages=$(ls man/*.[0-9] 2>/dev/null)
# shellcheck disable=SC2086 # a list of names without spaces
[ -z "$pages" ] || run "mandoc -T lint" mandoc -T lint -W warning $pages

# Everything that starts as a shell script, whatever its name.
shells=$(find autogen.sh dev .ci/run tests examples -type f ! -path '*/corpus/*' -exec grep -lE '^#!.*[/ ](ba)?sh' {} +)
# shellcheck disable=SC2086
run shellcheck shellcheck $shells

pythons=$(find tests examples -name '*.py' -type f)
# shellcheck disable=SC2086
run pyflakes pyflakes3 $pythons

# cppcheck finds what it can say for sure; its opinions on style are not asked for. Two of its checks are not sure:
# ctunullpointer follows calls into other files but not the conditions on the way, and the other takes the NULL that
# ends a loop for one within it.
run cppcheck cppcheck --quiet --std=c11 --language=c --library=gnu,bsd --enable=warning,performance,portability \
	--inline-suppr --error-exitcode=1 --suppress=missingInclude --suppress=missingIncludeSystem \
	--suppress=ctunullpointer --suppress=nullPointerArithmeticRedundantCheck \
	'-DTAILQ_FOREACH(v,h,f)=while ((v = queue_next(h)))' \
	'-Djson_array_foreach(a,i,v)=while ((v = json_next(a, &i)))' \
	'-Djson_object_foreach(o,k,v)=while ((v = json_next(o, &k)))' \
	-D_GNU_SOURCE -I src src examples

# clang-tidy reads .clang-tidy. One file a process: its analyzer loses track of va_list when it has several.
# It sees one file at a time, so analyzer.h tells it what error_set returns.
tidy() {
	# shellcheck disable=SC2016 # $1 is for the inner shell
	find src examples -name '*.c' | sort | xargs -P "$(nproc)" -n 1 sh -c '
		case $1 in src/base/error.c) told= ;; *) told="-include tests/lint/analyzer.h" ;; esac
		exec clang-tidy --quiet "$1" -- -std=gnu11 -include "$0" -I src $told \
			-DDROVER_CONF=\"\" -DDROVER_RUNDIR=\"\"' "$config"
}
run clang-tidy tidy

echo "1..$count"
