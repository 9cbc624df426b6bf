noinst_LIBRARIES += libbalance.a
libbalance_a_SOURCES = \
	balance/balance.c balance/balance.h \
	balance/least_connections.c \
	balance/round_robin.c \
	balance/turn.c balance/turn.h
