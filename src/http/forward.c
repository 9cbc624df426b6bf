#include "http/forward_internal.h"

bool
forward_changes_drop(const struct forward_changes *changes, const char *head, const struct h1_field *field)
{
	const struct forward_names *names;
	size_t i;

	for (names = changes->without; names < changes->without + 2; names++)
		for (i = 0; i < names->count; i++)
			if (h1_name_fits(names->all[i], strlen(names->all[i]), head + field->line, field->name_length))
				return true;
	return false;
}

void
forward_add(struct forward *forward, const char *bytes, size_t length)
{
	forward_put(forward, bytes, length);
}

void
forward_skip(struct forward *forward, size_t sent)
{
	int first = 0;

	forward->length -= sent;
	while (first < forward->count && sent >= forward->pieces[first].iov_len)
		sent -= forward->pieces[first++].iov_len;
	if (first < forward->count) {
		forward->pieces[first].iov_base = (char *)forward->pieces[first].iov_base + sent;
		forward->pieces[first].iov_len -= sent;
	}
	memmove(forward->pieces, forward->pieces + first, (size_t)(forward->count - first) * sizeof *forward->pieces);
	forward->count -= first;
}
