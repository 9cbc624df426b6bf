noinst_LIBRARIES += libbalance.a
libbalance_a_SOURCES = \
	balance/balance.c balance/balance.h \
	balance/consistent_hash.c \
	balance/least_connections.c \
	balance/loads.c balance/loads.h \
	balance/ring.c balance/ring.h \
	balance/round_robin.c \
	balance/set.c balance/set.h \
	balance/turn.c balance/turn.h \
	balance/two_choices.c
