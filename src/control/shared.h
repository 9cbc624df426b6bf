/* What the connections to all control sockets have in common. Master. */
#ifndef DROVER_CONTROL_SHARED_H
#define DROVER_CONTROL_SHARED_H

#include "app/journal.h"
#include "control/config_texts.h"
#include "control/refusals.h"

struct control_shared {
	struct refusals refusals;
	struct config_texts config;
	app_journal_fn *journal_listener; /* of apps whose output is followed */
	void *journal_arg;
};

#endif
