noinst_LIBRARIES += libsupervise.a
libsupervise_a_SOURCES = \
	supervise/child.c supervise/child.h \
	supervise/fleet.c supervise/fleet.h
