noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	ctl/ask.c ctl/ask.h \
	ctl/client.c ctl/client.h \
	ctl/digest.c ctl/digest.h \
	ctl/feed.c ctl/feed.h \
	ctl/figures.c ctl/figures.h \
	ctl/follow.c ctl/follow.h \
	ctl/help.c ctl/help.h \
	ctl/human.c ctl/human.h \
	ctl/logs.c ctl/logs.h \
	ctl/memory.c ctl/memory.h \
	ctl/methods.c ctl/methods.h \
	ctl/printable.c ctl/printable.h \
	ctl/render.c ctl/render.h \
	ctl/screen.c ctl/screen.h \
	ctl/sheet.c ctl/sheet.h \
	ctl/style.c ctl/style.h \
	ctl/table.c ctl/table.h \
	ctl/top.c ctl/top.h

sbin_PROGRAMS += droverctl
droverctl_SOURCES = ctl/main.c
droverctl_LDADD = libctl.a libbase.a $(JANSSON_LIBS) $(CURSES_LIBS)
