# One fuzz target per parser of bytes from outside: fuzz/fuzz_thing.c defines
# LLVMFuzzerTestOneInput. Its inputs are the files of fuzz/corpus/thing/, its
# dictionary, if it has one, is fuzz/thing.dict. Two lines each, list sorted:
#
#   fuzz_programs += fuzz/fuzz_thing
#   fuzz_fuzz_thing_SOURCES = fuzz/fuzz_thing.c $(fuzz_main)
#
# With --enable-fuzzing they are libFuzzer programs (`./dev fuzz`). Without it
# replay.c is their main(), and `make check` runs every file of the corpus once.
fuzz_programs =
if FUZZING
fuzz_main =
EXTRA_PROGRAMS += $(fuzz_programs)
else
fuzz_main = fuzz/replay.c
check_PROGRAMS += $(fuzz_programs)
endif
EXTRA_DIST += fuzz/replay.c

fuzz_programs += fuzz/fuzz_conf
fuzz_fuzz_conf_SOURCES = fuzz/fuzz_conf.c $(fuzz_main)
EXTRA_DIST += fuzz/conf.dict fuzz/corpus/conf
fuzz_programs += fuzz/fuzz_control
fuzz_fuzz_control_SOURCES = fuzz/fuzz_control.c $(fuzz_main)
EXTRA_DIST += fuzz/control.dict fuzz/corpus/control

fuzz_programs += fuzz/fuzz_dns
fuzz_fuzz_dns_SOURCES = fuzz/fuzz_dns.c $(fuzz_main)
EXTRA_DIST += fuzz/corpus/dns

fuzz_programs += fuzz/fuzz_credentials
fuzz_fuzz_credentials_SOURCES = fuzz/fuzz_credentials.c $(fuzz_main)
EXTRA_DIST += fuzz/credentials.dict fuzz/corpus/credentials

fuzz_programs += fuzz/fuzz_h1_chunked
fuzz_fuzz_h1_chunked_SOURCES = fuzz/fuzz_h1_chunked.c $(fuzz_main)
EXTRA_DIST += fuzz/h1_chunked.dict fuzz/corpus/h1_chunked

fuzz_programs += fuzz/fuzz_h1_request
fuzz_fuzz_h1_request_SOURCES = fuzz/fuzz_h1_request.c $(h1_compare) $(fuzz_main)
EXTRA_DIST += fuzz/h1_request.dict fuzz/corpus/h1_request

fuzz_programs += fuzz/fuzz_h1_response
fuzz_fuzz_h1_response_SOURCES = fuzz/fuzz_h1_response.c $(h1_compare) $(fuzz_main)
EXTRA_DIST += fuzz/h1_response.dict fuzz/corpus/h1_response

fuzz_programs += fuzz/fuzz_users
fuzz_fuzz_users_SOURCES = fuzz/fuzz_users.c $(fuzz_main)
EXTRA_DIST += fuzz/users.dict fuzz/corpus/users

fuzz_programs += fuzz/fuzz_rules
fuzz_fuzz_rules_SOURCES = fuzz/fuzz_rules.c $(fuzz_main)
EXTRA_DIST += fuzz/rules.dict fuzz/corpus/rules

fuzzers: $(fuzz_programs)
.PHONY: fuzzers
