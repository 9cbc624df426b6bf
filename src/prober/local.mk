noinst_LIBRARIES += libprober.a
libprober_a_SOURCES = \
	prober/internal.h \
	prober/prober.c prober/prober.h
