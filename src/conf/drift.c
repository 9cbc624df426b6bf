#include "conf/drift.h"

#include <stdlib.h>

#include "conf/compare.h"
#include "conf/show_json.h"

struct conf_drift {
	struct conf_compare *compare;
	json_t *found; /* during a step */
	bool hide;
};

static json_t *
side_json(const struct conf_difference *difference, const void *base, bool hide)
{
	if (base == NULL)
		return json_null();
	if (difference->option == NULL)
		return conf_section_json(difference->section, base, hide);
	return conf_option_json(difference->option, base, hide);
}

static int
difference_add(void *arg, const struct conf_difference *difference)
{
	const struct conf_drift *d = arg;

	return json_array_append_new(d->found,
	    json_pack("{s:s,s:o,s:o}", "what", difference->what, "from", side_json(difference, difference->from, d->hide), "to",
		side_json(difference, difference->to, d->hide)));
}

struct conf_drift *
conf_drift_new(const struct conf *from, const struct conf *to, bool hide)
{
	struct conf_drift *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->hide = hide;
	d->compare = conf_compare_new(from, to, difference_add, d);
	if (d->compare != NULL)
		return d;
	free(d);
	return NULL;
}

void
conf_drift_free(struct conf_drift *d)
{
	if (d == NULL)
		return;
	conf_compare_free(d->compare);
	free(d);
}

enum conf_drift_step
conf_drift_continue(struct conf_drift *d, json_t *found)
{
	int rc;

	d->found = found;
	rc = conf_compare_continue(d->compare);
	return rc < 0 ? CONF_DRIFT_FAILED : rc == 0 ? CONF_DRIFT_OVER : CONF_DRIFT_MORE;
}
