/*
 * A sentence for people, filled once where the fault is seen and prefixed on
 * the way up. All processes.
 */
#ifndef DROVER_BASE_ERROR_H
#define DROVER_BASE_ERROR_H

struct error {
	char text[512];
};

/* Sets the sentence; err may be NULL. Always returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As error_set, and appends ": " and the text of errno. Leaves errno as it was. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * As error_errno, of a file that could not be opened or made. When that is because its
 * directory is missing, says so and what to do instead.
 */
int error_file(struct error *err, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts words before what is there: "cannot listen on *:80" + ": " + what there was. Returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
