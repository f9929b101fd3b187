/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A number of the command line. What is taken has digits and at most one unit, and the output of
 * what is refused is untouched.
 *
 * links: src/size.c
 */
#include <stdlib.h>
#include <string.h>

#include "size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = malloc(size + 1);
	uint64_t n = 99;
	size_t digits;

	if (!word)
		return 0;
	memcpy(word, data, size);
	word[size] = '\0';
	digits = strspn(word, "0123456789");
	if (size_parse(word, &n)) {
		if (!digits || strlen(word) > digits + 1)
			abort();
		if (n <= 1ull << 63 && (size_power_of_two(n) < n || size_power_of_two(n) / 2 > n))
			abort();
	} else if (n != 99) {
		abort();
	}
	free(word);
	return 0;
}
