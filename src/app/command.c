#include "app/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"

static const char path_standard[] = "/usr/local/bin:/usr/bin:/bin";

static void
texts_free(char **texts)
{
	size_t i;

	for (i = 0; texts != NULL && texts[i] != NULL; i++)
		free(texts[i]);
	free(texts);
}

void
app_command_free(struct app_command *command)
{
	texts_free(command->arguments);
	texts_free(command->files);
	memset(command, 0, sizeof *command);
}

/* A list of `count` texts, each with what stands in it replaced. NULL: no memory. */
static char **
texts_expand(const char *const *from, size_t count, const struct expansion *expansion)
{
	char **texts = calloc(count + 1, sizeof *texts);
	size_t i;

	for (i = 0; texts != NULL && i < count; i++) {
		texts[i] = expand_text(from[i], expansion);
		if (texts[i] == NULL) {
			texts_free(texts);
			return NULL;
		}
	}
	return texts;
}

static char **
arguments_make(const struct conf_app *app, const struct expansion *expansion)
{
	const char *shell[] = { "/bin/sh", "-c", app->command[0] };

	if (app->shell)
		return texts_expand(shell, ARRAY_LENGTH(shell), expansion);
	return texts_expand((const char *const *)app->command, app->command_count, expansion);
}

/* An empty folder in PATH is the current one. */
static char *
file_compose(const char *folder, size_t length, const char *name)
{
	char *file;

	if (length == 0)
		return strdup(name);
	return asprintf(&file, "%.*s/%s", (int)length, folder, name) < 0 ? NULL : file;
}

static char **
files_make(const char *name, const char *path)
{
	size_t room = 2, count = 0, length;
	const char *at;
	char **files;

	if (strchr(name, '/') != NULL)
		path = "";
	for (at = path; *at != '\0'; at++)
		room += *at == ':';
	files = calloc(room, sizeof *files);
	if (files == NULL)
		return NULL;
	for (at = path;; at += length + 1) {
		length = strcspn(at, ":");
		files[count] = file_compose(at, length, name);
		if (files[count++] == NULL) {
			texts_free(files);
			return NULL;
		}
		if (at[length] == '\0')
			return files;
	}
}

int
app_command_make(struct app_command *command, const struct conf_app *app, const struct expansion *expansion,
    const char *path, struct error *err)
{
	memset(command, 0, sizeof *command);
	if (app->command_count == 0)
		return error_set(err, "there is no command");
	command->arguments = arguments_make(app, expansion);
	if (command->arguments != NULL)
		command->files = files_make(command->arguments[0], path != NULL ? path : path_standard);
	if (command->files != NULL)
		return 0;
	app_command_free(command);
	return error_set(err, "out of memory");
}
