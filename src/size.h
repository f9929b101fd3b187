/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the command line, with or without K, M, G (powers of 1024). */
#ifndef BPFMON_SIZE_H
#define BPFMON_SIZE_H

#include <stdbool.h>
#include <stdint.h>

bool size_parse(const char *word, uint64_t *out);
/* The smallest power of two that is not less than n; n is at most 2^63. */
uint64_t size_power_of_two(uint64_t n);

#endif
