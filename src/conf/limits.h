/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ranges and defaults of settings that the command line and the configuration both have. */
#ifndef BPFMON_CONF_LIMITS_H
#define BPFMON_CONF_LIMITS_H

/*
 * A record of a small element takes 208 bytes, so 64 MiB hold some 320,000. A line of JSON takes
 * the reader five times as long as a write takes the program that makes it, so in a burst the ring
 * decides: of a million writes 16 MiB lose about 85 %, 64 MiB about 60 %, 256 MiB none
 * (bench/RESULTS.md). 64 MiB, allocated whole at start, is what a host that runs BPF programs can
 * spare. What a ring can not hold is counted.
 */
#define BUFFER_DEFAULT (64u << 20)
#define BUFFER_MIN (64u << 10)	/* must hold several of the largest records, 12 KiB */
#define BUFFER_MAX (1u << 30)
#define DURATION_MAX (366ull * 86400)	/* seconds */
#define TIMER_MAX 86400ull		/* seconds */

#define COMPARE_INTERVAL 1	/* seconds: what a person takes for at once */
#define COMPARE_INTERVAL_MAX 86400
#define COMPARE_LIMIT (1u << 20)
#define COMPARE_LIMIT_MIN (4u << 10)
#define COMPARE_LIMIT_MAX (1u << 30)
#define CHECK_INTERVAL 1	/* seconds */
#define BYTES_DEFAULT 64

/* More lines than a person reads in a second, and next to nothing to the ring. */
#define SUMMARY_AFTER 100
#define SUMMARY_AFTER_MAX 1000000000

#endif
