/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What libbpf has to say, as messages of level debug. */
#ifndef BPFMON_LIB_BPFLOG_H
#define BPFMON_LIB_BPFLOG_H

void bpflog_init(void);

#endif
