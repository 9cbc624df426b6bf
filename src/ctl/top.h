/*
 * `droverctl top`: everything live on the whole screen, until the person has seen
 * enough. droverctl.
 */
#ifndef DROVER_CTL_TOP_H
#define DROVER_CTL_TOP_H

#include "ctl/ask.h"

/* Runs until it is told to end: the status to end with. */
int top(const struct options *o);

#endif
