/* {port}, {socket} and {instance} in the command and environment of an app. Pure. Master. */
#ifndef DROVER_APP_EXPAND_H
#define DROVER_APP_EXPAND_H

struct expansion {
	const char *port, *socket, *instance; /* what each is; NULL: there is none, and it stays as it is written */
};

/* The text with what stands in it replaced; all else in braces stays. malloc'ed; NULL: no memory. */
char *expand_text(const char *text, const struct expansion *expansion);

#endif
