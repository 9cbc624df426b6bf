/*
 * The result of `config`, as text that all who ask share: made once after each change, a
 * little at a time, because a configuration can have thousands of servers. Master.
 */
#ifndef DROVER_CONTROL_CONFIG_TEXTS_H
#define DROVER_CONTROL_CONFIG_TEXTS_H

#include "conf/writer.h"
#include "control/shared_text.h"
#include "control/stream.h"
#include "master/master.h"

struct config_making;

/* All 0: nothing is made yet. */
struct config_texts {
	struct config_text {
		struct shared_text *text; /* NULL: none yet */
		uint64_t changes; /* master_changes() that it shows */
	} made[CONF_FORM_JSON + 1][2]; /* by form, and whether secrets are hidden */
	struct config_making *making; /* one at a time; NULL: none */
};

/*
 * Goes on with making it, for a fraction of a millisecond. STREAM_ROW: here it is, a reference
 * for the caller (NULL: no memory), and it shows the change of that number or a later one.
 * STREAM_BUSY: not yet. `hide`: without the values of secrets, for those who may not change everything.
 */
enum stream_row config_texts_get(struct config_texts *texts, const struct master *master, enum conf_form form,
    bool hide, uint64_t changes, struct shared_text **text);

void config_texts_free(struct config_texts *texts);

#endif
