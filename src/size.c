/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the command line; see size.h. */
#include "size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool size_parse(const char *word, uint64_t *out)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned int shift = 0;
	uint64_t n;

	if (word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	n = strtoull(word, &end, 10);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || !*unit || end[1])
			return false;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (n > UINT64_MAX >> shift)
		return false;
	*out = n << shift;
	return true;
}

uint64_t size_power_of_two(uint64_t n)
{
	uint64_t power = 1;

	while (power < n)
		power <<= 1;
	return power;
}
