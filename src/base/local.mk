noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/address.c base/address.h \
	base/clock.h \
	base/error.c base/error.h \
	base/freelist.c base/freelist.h \
	base/line.c base/line.h \
	base/log.c base/log.h \
	base/object.c base/object.h \
	base/path.c base/path.h \
	base/random.c base/random.h \
	base/siphash.c base/siphash.h \
	base/syslog.c base/syslog.h \
	base/text.c base/text.h
