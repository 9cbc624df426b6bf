noinst_LIBRARIES += libapp.a
libapp_a_SOURCES = \
	app/expand.c app/expand.h \
	app/group.h \
	app/launch.h \
	app/output.h \
	app/place.h \
	app/ready.h
