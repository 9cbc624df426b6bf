/*
 * Magic numbers on long-lived objects: a stale `void *` in a callback dies at
 * its first line with the file and the line, not a million requests later.
 *
 *   struct session { uint32_t magic; ... };
 *   #define SESSION_MAGIC 0x5e551041u       (unique: lint checks)
 *   struct session *s = OBJECT_CAST(arg, struct session, SESSION_MAGIC);
 */
#ifndef DROVER_BASE_OBJECT_H
#define DROVER_BASE_OBJECT_H

void object_die(const char *what, const char *file, int line) __attribute__((noreturn));

#define OBJECT_CHECK(pointer, number)                                  \
	do {                                                           \
		if ((pointer) == NULL || (pointer)->magic != (number)) \
			object_die(#pointer, __FILE__, __LINE__);      \
	} while (0)

#define OBJECT_CAST(untyped, type, number)                                    \
	__extension__({                                                       \
		type *object_cast_ = (untyped);                               \
		if (object_cast_ == NULL || object_cast_->magic != (number))  \
			object_die(#type, __FILE__, __LINE__);                \
		object_cast_;                                                 \
	})

/* Checked invariant: a bug in drover, never something a peer or an admin can cause. */
#define INVARIANT(condition)                                            \
	do {                                                            \
		if (!(condition))                                       \
			object_die(#condition, __FILE__, __LINE__);     \
	} while (0)

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
