/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the output `socket` listens, and its readers look for it, unless something else is given. */
#ifndef BPFMON_SINKS_SOCKET_H
#define BPFMON_SINKS_SOCKET_H

#define SOCKET_DEFAULT "/run/bpfmon/bpfmon.sock"

#endif
