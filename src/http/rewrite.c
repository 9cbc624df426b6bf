#include "http/rewrite.h"

#include <string.h>

/* Whether the path begins with these segments. */
static bool
begins_with(struct text path, struct text prefix)
{
	if (path.length < prefix.length || (prefix.length > 0 && memcmp(path.bytes, prefix.bytes, prefix.length) != 0))
		return false;
	return path.length == prefix.length || path.bytes[prefix.length] == '/' || path.bytes[prefix.length] == '?';
}

bool
rewrite_path(const struct rewrite *rewrite, struct text path, struct rewritten *to)
{
	bool replaces = rewrite->from.length + rewrite->to.length > 0;
	struct text rest = path.length > 0 ? path : (struct text){ "/", 1 }, middle = { NULL, 0 };

	if (rest.bytes[0] != '/')
		return false;
	replaces = replaces && begins_with(rest, rewrite->from);
	if (!replaces && rewrite->add.length == 0)
		return false;
	if (replaces) {
		rest.bytes += rewrite->from.length;
		rest.length -= rewrite->from.length;
		/* "//host" would be another host to whoever resolves it as a reference */
		for (; rest.length > 1 && rest.bytes[0] == '/' && rest.bytes[1] == '/'; rest.length--)
			rest.bytes++;
		middle = rewrite->to;
	}
	if (rewrite->add.length + middle.length == 0 && (rest.length == 0 || rest.bytes[0] != '/'))
		middle = (struct text){ "/", 1 };
	*to = (struct rewritten){ { rewrite->add, middle, rest } };
	return true;
}
