noinst_LIBRARIES += libapp.a
libapp_a_SOURCES = \
	app/command.c app/command.h \
	app/directory.c app/directory.h \
	app/environment.c app/environment.h \
	app/expand.c app/expand.h \
	app/group.c app/group.h \
	app/journal.c app/journal.h \
	app/launch.c app/launch.h \
	app/launch_child.c app/launch_child.h \
	app/output.c app/output.h \
	app/output_lines.c app/output_lines.h \
	app/place.c app/place.h \
	app/process.c app/process.h \
	app/ready.c app/ready.h \
	app/who.c app/who.h
