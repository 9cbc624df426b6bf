noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	net/connect.c net/connect.h \
	net/deadline.c net/deadline.h \
	net/dns.c net/dns.h \
	net/listener.c net/listener.h \
	net/loop.c net/loop.h \
	net/offload.c net/offload.h \
	net/port_owner.c net/port_owner.h \
	net/resolver.c net/resolver.h \
	net/stream.c net/stream.h
