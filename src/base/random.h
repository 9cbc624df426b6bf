/* Numbers that differ from process to process and from time to time; no secrets. All processes. */
#ifndef DROVER_BASE_RANDOM_H
#define DROVER_BASE_RANDOM_H

#include <stdint.h>

/* Never waits: without the kernel's random numbers it is one of the clock. */
uint32_t random_number(void);

#endif
