# Differential testing: differential/README. What drover forwards of a request is
# read by others, and must be the same requests to them.
#
# The program that makes the cases is built for its test only.
EXTRA_PROGRAMS += differential/cases
differential_cases_SOURCES = differential/cases.c differential/corpus.c differential/corpus.h \
	differential/model.c differential/model_response.c differential/model.h \
	differential/mutate.c differential/mutate.h
differential_cases_LDADD = $(drover_libs)
CLEANFILES += differential/cases$(EXEEXT)
differential_tests = differential/differential.py
differential/differential.log: differential/cases$(EXEEXT)
EXTRA_DIST += $(differential_tests) differential/README differential/corpus.txt differential/responses.txt \
	differential/h11_reader.py \
	differential/llhttp_reader.js differential/servers.js differential/through.js
