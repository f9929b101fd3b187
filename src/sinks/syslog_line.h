/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A line as a message of syslog, RFC 5424. Pure. */
#ifndef BPFMON_SINKS_SYSLOG_LINE_H
#define BPFMON_SINKS_SYSLOG_LINE_H

#include "sinks/item.h"

struct syslog_header {
	unsigned int facility;	/* 0 to 23 */
	char host[256];		/* "-": not known */
	char app[49];
	uint32_t pid;
};

/* By name ("daemon", "local0"); false: there is none. */
bool syslog_facility(const char *name, unsigned int *facility);
/* What RFC 5424 allows in a header: printable ASCII; "-" in place of nothing. */
void syslog_word(char *out, size_t size, const char *word);
/* Without a newline or length. `cut`: a few words in place of the text. */
void syslog_line(struct buf *b, const struct syslog_header *h, const struct item *i, bool cut);

#endif
