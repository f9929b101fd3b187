/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The version, given by the Makefile. */
#ifndef BPFMON_VERSION
#error "BPFMON_VERSION is set by the Makefile"
#endif
