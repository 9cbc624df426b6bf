#include "conf_must.h"

#include <check.h>
#include <stdlib.h>

#include "conf/show_json.h"
#include "conf/writer.h"

struct conf *
conf_must_load(const char *text)
{
	struct conf_errors errors;
	struct conf *conf = conf_load_text(text, "f", &errors);

	ck_assert_msg(conf != NULL, "%s\n%.3000s", errors.count > 0 ? errors.lines[0] : "no error", text);
	ck_assert_uint_eq(errors.count, 0);
	conf_errors_free(&errors);
	return conf;
}

json_t *
conf_must_show_json(const struct conf *conf)
{
	json_t *tree = conf_section_json(&conf_section_top, conf, false), *read;
	char *text = conf_writer_all(conf, CONF_FORM_JSON);

	read = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(read != NULL, "%s", text);
	ck_assert_msg(json_equal(tree, read), "%s", text);
	json_decref(read);
	free(text);
	return tree;
}

char *
conf_must_round_trip(const char *text)
{
	struct conf *conf = conf_must_load(text), *again;
	char *shown = conf_show(conf), *shown_again;
	json_t *json = conf_must_show_json(conf), *json_again;

	again = conf_must_load(shown);
	shown_again = conf_show(again);
	json_again = conf_must_show_json(again);
	ck_assert_str_eq(shown_again, shown);
	ck_assert(json_equal(json, json_again));
	json_decref(json_again);
	json_decref(json);
	free(shown_again);
	conf_free(again);
	conf_free(conf);
	return shown;
}
