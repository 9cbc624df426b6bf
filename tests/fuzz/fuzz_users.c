/* Files of users: a table that is made holds who is in the file, and a refusal says why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
users_check(const struct conf_users *users, const char *text, size_t size)
{
	const char *colon = memchr(text, ':', size);

	if (!conf_users_are_whole(users, conf_users_size(users)) || conf_users_count(users) > CONF_USERS_MAX)
		abort();
	if (conf_users_count(users) > 0 && conf_users_decoy(users, size) == NULL)
		abort();
	/* the first line, when it is one of a user */
	if (colon != NULL && text[0] != '#' && memchr(text, '\n', (size_t)(colon - text)) == NULL &&
	    conf_users_find(users, text, (size_t)(colon - text)) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *text = malloc(size + 1);
	struct conf_errors errors;
	struct conf_users *users;

	if (text == NULL || size > 65536) {
		free(text);
		return 0;
	}
	memcpy(text, input, size);
	users = conf_users_load_text(text, size, "f", &errors);
	if ((users == NULL) != (errors.count > 0))
		abort();
	if (users != NULL)
		users_check(users, text, size);
	conf_errors_free(&errors);
	free(users);
	free(text);
	return 0;
}
