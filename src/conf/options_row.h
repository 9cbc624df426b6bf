/* What rows of the option table are written with. Private to options.c. Master only. */
#ifndef DROVER_CONF_OPTIONS_ROW_H
#define DROVER_CONF_OPTIONS_ROW_H

#include <stddef.h>

#include "base/clock.h"
#include "conf/options.h"
#include "conf/value.h"

#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB UINT64_C(1024)

#define TOP &conf_section_top
#define CONTROL &conf_section_control
#define LISTEN &conf_section_listen
#define POOL &conf_section_pool
#define SERVER &conf_section_server
#define APP &conf_section_app
#define ROUTE &conf_section_route

#define FIELD(type, member) \
	{ \
		offsetof(struct type, member), sizeof(((struct type *)NULL)->member), 0 \
	}
#define LIST(type, member, number) \
	{ \
		offsetof(struct type, member), sizeof(((struct type *)NULL)->member), \
		    offsetof(struct type, number) \
	}

#endif
