noinst_LIBRARIES += libprober.a
libprober_a_SOURCES = \
	prober/answer.c prober/answer.h \
	prober/checks.c prober/checks.h \
	prober/internal.h \
	prober/judge.c prober/judge.h \
	prober/lookups.c prober/lookups.h \
	prober/prober.c prober/prober.h
