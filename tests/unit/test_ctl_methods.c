/* ctl/methods: what a person typed, read by the table that drover tells. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "ctl/methods.h"
#include "run.h"

static const char table[] =
    "[{'method':'status','params':[]},"
    "{'method':'scale','short-forms':[['workers'],['app','instances']],'params':["
    " {'name':'workers','type':'integer','min':1,'max':256,'sentence':'How many are wanted.'},"
    " {'name':'app','type':'string'},"
    " {'name':'instances','type':'integer','min':0,'max':1000},"
    " {'name':'wait','type':'boolean','required':false,'default':false}]},"
    "{'method':'restart-worker','short-forms':[['worker']],'params':["
    " {'name':'worker','type':'integer','required':true,'min':0,'max':255,'sentence':'The number of a worker.'},"
    " {'name':'wait','type':'boolean','required':false,'default':false}]},"
    "{'method':'signal','short-forms':[['app','signal'],['app','instance','signal']],'params':["
    " {'name':'app','type':'string','required':true},"
    " {'name':'instance','type':'integer','min':0,'max':999},"
    " {'name':'signal','type':'word','required':true,'words':['HUP','USR1']}]},"
    "{'method':'strange-forms','short-forms':[[1,null],[],7,['nothing'],['x','y']],'params':[{'name':'y','type':'integer'}]},"
    "{'method':'restart','params':["
    " {'name':'wait','type':'boolean','default':false},"
    " {'name':'timeout-ms','type':'integer','default':600000}]},"
    "{'method':'stop','params':[{'name':'mode','type':'word','words':['graceful','now']}]},"
    "{'method':'log-level','params':["
    " {'name':'level','type':'word','words':['warn','info']},"
    " {'name':'process','type':'string'},"
    " {'name':'share','type':'number'},"
    " {'name':'for-ms','type':'integer','min':1,'max':3600000}]},"
    "{'method':'odd'},{'method':7},3,"
    "{'method':'strange','params':[{'name':'x','type':'word','words':[1,null]},{'type':1},4]}]";

/* The table with double quotes. */
static json_t *
methods(void)
{
	char *text = strdup(table), *p;
	json_t *json;

	for (p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(json);
	free(text);
	return json;
}

static const struct {
	const char *arguments[5];
	const char *json; /* NULL: an error */
	const char *words; /* that are in the sentence */
} cases[] = {
	{ { "status" }, "{}", NULL },
	{ { "scale", "workers=8" }, "{\"workers\":8}", NULL },
	{ { "scale", "workers=8", "wait" }, "{\"workers\":8,\"wait\":true}", NULL },
	{ { "scale", "wait=no", "workers=1" }, "{\"wait\":false,\"workers\":1}", NULL },
	{ { "scale", "workers=8", "wait=true" }, "{\"workers\":8,\"wait\":true}", NULL },
	{ { "scale", "8" }, "{\"workers\":8}", NULL },
	{ { "scale", "8", "wait" }, "{\"workers\":8,\"wait\":true}", NULL },
	{ { "scale", "web", "8" }, "{\"app\":\"web\",\"instances\":8}", NULL },
	{ { "scale", "wait", "web", "8" }, "{\"app\":\"web\",\"instances\":8,\"wait\":true}", NULL },
	{ { "scale", "app=8", "instances=0" }, "{\"app\":\"8\",\"instances\":0}", NULL },
	{ { "restart-worker", "3" }, "{\"worker\":3}", NULL },
	{ { "stop", "mode=now" }, "{\"mode\":\"now\"}", NULL },
	{ { "log-level", "for-ms=300" }, "{\"for-ms\":300}", NULL },
	{ { "log-level", "for-ms=30s" }, "{\"for-ms\":30000}", NULL },
	{ { "log-level", "for=5m", "level=info" }, "{\"for-ms\":300000,\"level\":\"info\"}", NULL },
	{ { "log-level", "process=worker 3" }, "{\"process\":\"worker 3\"}", NULL },
	{ { "log-level", "process=a=b=" }, "{\"process\":\"a=b=\"}", NULL },
	{ { "log-level", "process=" }, "{\"process\":\"\"}", NULL },
	{ { "log-level", "process=7" }, "{\"process\":\"7\"}", NULL },
	{ { "log-level", "share=0.5" }, "{\"share\":0.5}", NULL },
	{ { "odd" }, "{}", NULL },

	{ { "statsu" }, NULL, "did you mean status?" },
	{ { "" }, NULL, "droverctl help" },
	{ { "nothing-like-it" }, NULL, "droverctl help" },
	{ { "restart-worker" }, NULL, "needs worker=INTEGER: The number" },
	{ { "restart-worker", "3", "4" }, NULL, "restart-worker has no place for '4'. It is written restart-worker WORKER; all else" },
	{ { "restart-worker", "worker=3", "4" }, NULL, "no place for '4'" },
	{ { "restart-worker", "3", "worker=3" }, NULL, "no place for '3'" },
	{ { "restart-worker", "web" }, NULL, "worker=web: a whole number is wanted. It is written restart-worker WORKER; all else" },
	{ { "scale", "web" }, NULL, "scale: INSTANCES is missing. It is written scale WORKERS, or scale APP INSTANCES; all else as NAME=VALUE." },
	{ { "scale", "web", "wait" }, NULL, "scale: INSTANCES is missing." },
	{ { "scale", "web", "app=web" }, NULL, "workers=web: a whole number is wanted. It is written" },
	{ { "scale", "8", "web" }, NULL, "instances=web: a whole number is wanted. It is written scale" },
	{ { "scale", "apq" }, NULL, "did you mean app?" },
	{ { "signal" }, NULL, "signal needs app=TEXT" },
	{ { "signal", "web" }, NULL, "signal: SIGNAL is missing. It is written signal APP SIGNAL, or signal APP INSTANCE SIGNAL;" },
	{ { "signal", "web", "0" }, NULL, "signal: SIGNAL is missing." },
	{ { "signal", "web", "USR1", "0" }, NULL, "instance=USR1: a whole number is wanted. It is written" },
	{ { "signal", "web", "0", "sigUSR1" }, NULL, "did you mean USR1?" },
	{ { "signal", "web", "0", "USR1" }, "{\"app\":\"web\",\"instance\":0,\"signal\":\"USR1\"}", NULL },
	{ { "signal", "web/0", "USR1" }, "{\"app\":\"web\",\"instance\":0,\"signal\":\"USR1\"}", NULL },
	{ { "signal", "signal=HUP", "app=a-b.c/999" }, "{\"app\":\"a-b.c\",\"instance\":999,\"signal\":\"HUP\"}", NULL },
	{ { "signal", "web/0" }, NULL, "signal: SIGNAL is missing." },
	{ { "signal", "web/0", "1", "USR1" }, NULL, "instance is given twice." },
	{ { "signal", "web/0", "USR1", "instance=0" }, NULL, "instance is given twice." },
	{ { "signal", "web/0", "USR1", "app=web" }, NULL, "no place for 'USR1'" },
	{ { "signal", "web/1000", "USR1" }, NULL, "instance=1000: it goes from 0 to 999." },
	{ { "signal", "web/", "USR1" }, NULL, "instance=: a whole number is wanted." },
	{ { "signal", "web/one", "USR1" }, NULL, "instance=one: a whole number is wanted." },
	{ { "signal", "/", "USR1" }, NULL, "instance=: a whole number is wanted." },
	{ { "scale", "web/0", "8" }, "{\"app\":\"web/0\",\"instances\":8}", NULL },
	{ { "stop", "now", "now" }, NULL, "stop wants values as NAME=VALUE, not 'now'; `droverctl help stop` lists them." },
	{ { "status", "web" }, NULL, "it takes none" },
	{ { "scale", "web", "many" }, NULL, "instances=many: a whole number" },
	{ { "scale", "web", "+1" }, NULL, "instances=+1: a whole number is wanted, not how many more." },
	{ { "scale", "8", "wiat" }, NULL, "did you mean wait?" },
	{ { "scale", "web", "8", "9" }, NULL, "no place for '9'" },
	{ { "scale", "web", "8", "wiat" }, NULL, "did you mean wait?" },
	{ { "scale", "workers=8", "wiat" }, NULL, "did you mean wait?" },
	{ { "stop", "now" }, NULL, "not 'now'" },
	{ { "scale", "worker=8" }, NULL, "did you mean workers?" },
	{ { "scale", "workers" }, NULL, "workers=INTEGER" },
	{ { "scale", "workers=" }, NULL, "whole number" },
	{ { "scale", "workers=eight" }, NULL, "whole number" },
	{ { "scale", "workers=8.0" }, NULL, "whole number" },
	{ { "scale", "workers= 8" }, NULL, "whole number" },
	{ { "scale", "workers=8k" }, NULL, "whole number" },
	{ { "scale", "workers=30s" }, NULL, "whole number" },
	{ { "scale", "workers=99999999999999999999" }, NULL, "whole number" },
	{ { "scale", "workers=0" }, NULL, "from 1 to 256" },
	{ { "scale", "workers=-1" }, NULL, "from 1 to 256" },
	{ { "scale", "workers=257" }, NULL, "from 1 to 256" },
	{ { "scale", "workers=8", "workers=9" }, NULL, "twice" },
	{ { "scale", "workers=8", "wait=maybe" }, NULL, "yes or no" },
	{ { "stop", "mode=gracefull" }, NULL, "did you mean graceful?" },
	{ { "stop", "mode=x" }, NULL, "graceful|now" },
	{ { "stop", "mode" }, NULL, "mode=graceful|now" },
	{ { "status", "x=1" }, NULL, "it takes none" },
	{ { "odd", "x=1" }, NULL, "it takes none" },
	{ { "log-level", "for=300" }, NULL, "no parameter 'for'" },
	{ { "log-level", "for-ms=soon" }, NULL, "30s" },
	{ { "log-level", "for=5x" }, NULL, "for-ms=5x: milliseconds are wanted, or a time such as 30s or 5m." },
	{ { "log-level", "for=2h" }, NULL, "to 3600000" },
	{ { "log-level", "for=5m", "for-ms=1" }, NULL, "twice" },
	{ { "log-level", "process=\377" }, NULL, "UTF-8" },
	{ { "log-level", "share=much" }, NULL, "a number" },
	{ { "strange", "x=1" }, NULL, "it is one of" },
	{ { "strange-forms", "1" }, NULL, "has no parameter" },
	{ { "strange-forms", "1", "2" }, NULL, "has no parameter" },
	{ { "strange-forms", "1", "2", "3" }, NULL, "no place for '3'" },
};

static json_t *
read_case(json_t *rows, size_t i, struct error *err)
{
	const char *const *arguments = cases[i].arguments;
	json_t *method = methods_find(rows, arguments[0], err), *params;
	char *copies[5];
	int count = 0, k;

	if (method == NULL)
		return NULL;
	for (k = 1; arguments[k] != NULL; k++)
		copies[count++] = strdup(arguments[k]);
	params = methods_params(method, count, copies, err);
	for (k = 0; k < count; k++)
		free(copies[k]);
	return params;
}

START_TEST(arguments)
{
	json_t *rows = methods(), *wanted, *params;
	struct error err = { "" };

	params = read_case(rows, (size_t)_i, &err);
	if (cases[_i].json == NULL) {
		ck_assert_ptr_null(params);
		ck_assert_msg(strstr(err.text, cases[_i].words) != NULL, "%s", err.text);
	} else {
		ck_assert_msg(params != NULL, "%s", err.text);
		wanted = json_loads(cases[_i].json, 0, NULL);
		ck_assert(json_equal(params, wanted));
		json_decref(wanted);
	}
	json_decref(params);
	json_decref(rows);
}
END_TEST

START_TEST(waits)
{
	json_t *rows = methods(), *restart = methods_find(rows, "restart", NULL), *scale = methods_find(rows, "scale", NULL);
	json_t *params = json_object();

	ck_assert_uint_eq(methods_wait(restart, params), 0);
	json_object_set_new(params, "wait", json_true());
	ck_assert_uint_eq(methods_wait(restart, params), 600 * UINT64_C(1000000));
	ck_assert_uint_eq(methods_wait(scale, params), 0);
	json_object_set_new(params, "timeout-ms", json_integer(1500));
	ck_assert_uint_eq(methods_wait(restart, params), 1500000);
	json_object_set_new(params, "timeout-ms", json_integer(INT64_MAX));
	ck_assert_uint_eq(methods_wait(restart, params), 0);
	json_decref(params);
	json_decref(rows);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("methods");

	tcase_add_loop_test(tc, arguments, 0, ARRAY_LENGTH(cases));
	tcase_add_test(tc, waits);
	return run_case(tc);
}
