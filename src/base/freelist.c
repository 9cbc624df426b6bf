#include "base/freelist.h"

#include <stdlib.h>
#include <string.h>

/* AddressSanitizer sees use after free only when memory really goes back. */
#if defined(__SANITIZE_ADDRESS__)
#define FREELIST_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FREELIST_OFF 1
#endif
#endif
#ifndef FREELIST_OFF
#define FREELIST_OFF 0
#endif

void *
freelist_get(struct freelist *list)
{
	void *object = list->first;

	if (object == NULL) {
		object = malloc(list->size);
		if (object == NULL)
			return NULL;
	} else {
		memcpy(&list->first, object, sizeof list->first);
		list->free--;
	}
	list->used++;
	return object;
}

void *
freelist_get_zeroed(struct freelist *list)
{
	void *object = freelist_get(list);

	if (object != NULL)
		memset(object, 0, list->size);
	return object;
}

void
freelist_put(struct freelist *list, void *object)
{
	if (object == NULL)
		return;
	list->used--;
	if (FREELIST_OFF || list->free >= list->keep) {
		free(object);
		return;
	}
	memcpy(object, &list->first, sizeof list->first);
	list->first = object;
	list->free++;
}

void
freelist_clear(struct freelist *list)
{
	while (list->first != NULL) {
		void *object = list->first;

		memcpy(&list->first, object, sizeof list->first);
		free(object);
	}
	list->free = 0;
}
