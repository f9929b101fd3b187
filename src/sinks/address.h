/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An address of IPv4 or IPv6 with a port, as a word. Numbers only: names would need a resolver,
 * which may block, and which one static file does not have.
 */
#ifndef BPFMON_SINKS_ADDRESS_H
#define BPFMON_SINKS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * "ADDRESS:PORT" or "[ADDRESS]:PORT"; without an address 127.0.0.1, without a port `port` if that
 * is not 0. The length, or 0: it is none.
 */
socklen_t address_parse(const char *word, unsigned int port, struct sockaddr_storage *out);
/* Only this machine can reach it. */
bool address_is_loopback(const struct sockaddr_storage *a);

#endif
