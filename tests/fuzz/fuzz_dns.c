/* DNS messages: what is read of SRV records are targets that can be asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct dns_target targets[8];
	uint32_t ttl;
	bool more;
	int count = dns_targets_read(bytes, length, targets, 8, &ttl, &more), i;

	if (count > 8)
		abort();
	for (i = 0; i < count; i++)
		if (!dns_name_is_valid(targets[i].name) || targets[i].port == 0 ||
		    (i > 0 && targets[i].priority < targets[i - 1].priority))
			abort();
	return 0;
}
