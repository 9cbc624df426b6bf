#include "control/tables.h"

#include "control/commands.h"
#include "supervise/child.h"

static void
list_names(FILE *to, const struct command *command)
{
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && command->params[i].name != NULL; i++)
		fprintf(to, "%s%s", i > 0 ? "," : "", command->params[i].name);
	if (i == 0)
		fputc('-', to);
}

void
control_list_commands(FILE *to)
{
	const struct command *c;

	for (c = control_commands; c->name != NULL; c++) {
		fprintf(to, "%s\t%s\t", c->name, permission_names[c->permission]);
		list_names(to, c);
		fprintf(to, "\t%s\n", c->summary);
	}
}

static void
list_range(FILE *to, const struct param *param)
{
	size_t i;

	switch (param->type) {
	case PARAM_INTEGER:
		fprintf(to, "%lld..%lld", (long long)param->min, (long long)param->max);
		return;
	case PARAM_TEXT:
		fprintf(to, "%lld..%lld bytes", (long long)param->min, (long long)param->max);
		return;
	case PARAM_WORD:
		for (i = 0; param->words[i] != NULL; i++)
			fprintf(to, "%s%s", i > 0 ? "|" : "", param->words[i]);
		return;
	case PARAM_BOOLEAN:
		break;
	}
	fputs("true|false", to);
}

static void
list_parameter(FILE *to, const struct command *command, const struct param *param)
{
	const char *without = param->required ? "required" : "optional";

	fprintf(to, "%s\t%s\t%s\t", param->name, command->name, param_type_names[param->type]);
	list_range(to, param);
	fprintf(to, "\t%s\t%s\n", param->default_json != NULL ? param->default_json : without, param->sentence);
}

void
control_list_parameters(FILE *to)
{
	const struct command *c;
	size_t i;

	for (c = control_commands; c->name != NULL; c++)
		for (i = 0; i < COMMAND_PARAMS_MAX && c->params[i].name != NULL; i++)
			list_parameter(to, c, &c->params[i]);
}

void
control_list_errors(FILE *to)
{
	const struct reply_error_info *e;

	for (e = reply_error_table; e->name != NULL; e++)
		fprintf(to, "%d\t%s\t%s\n", e->code, e->name, e->sentence);
}

void
control_list_states(FILE *to)
{
	int i;

	for (i = 0; i < CHILD_STATES; i++)
		fprintf(to, "%s\tworker\n", child_state_names[i]);
	for (i = SERVER_READY; i < SERVER_CUT; i++) /* one that is cut is shown as leaving */
		fprintf(to, "%s\tserver\n", server_state_names[i]);
	fprintf(to, "%s\tserver\n", server_state_names[SERVER_STARTING]);
	for (i = CHILD_STARTING; i < CHILD_STATES; i++) /* without a process none is shown */
		fprintf(to, "%s\tinstance\n", child_state_names[i]);
	for (i = 0; i < QUERY_STATES; i++)
		fprintf(to, "%s\tsession\n", query_state_names[i]);
}
