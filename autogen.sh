#!/bin/sh
# Makes ./configure and the Makefile.in files from configure.ac and the
# Makefile.am files. Needed once after a checkout; a release has them already.
set -e
cd "$(dirname "$0")"
for tool in autoconf automake pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool is missing (Debian: apt-get install autoconf automake pkg-config)" >&2
		exit 1
	}
done
exec autoreconf --install --warnings=all
