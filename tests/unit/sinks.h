/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outputs in a directory of their own, events to put into them, and what came out. */
#ifndef BPFMON_TEST_SINKS_H
#define BPFMON_TEST_SINKS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sinks/sinks.h"
#include "test.h"

static char dir[64];	/* made by sinks_dir() */
static const struct out_env test_env = { .host = "testhost" };
static char why[512];

static inline void sinks_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/bpfmon-sinks-XXXXXX");
	if (!mkdtemp(dir))
		abort();
}

static inline void sinks_rmdir(void)
{
	DIR *d = opendir(dir);

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned int next;
	char *at = path[next++ % 4];

	snprintf(at, sizeof(path[0]), "%s/%s", dir, name);
	return at;
}

static inline bool never(void)
{
	return false;
}

/* "file,path=DIR/NAME" and more. 0, or what sinks_add_word() says. */
static inline int add_file(struct sinks *s, const char *name, const char *more)
{
	char word[256];

	snprintf(word, sizeof(word), "file,path=%s%s", in_dir(name), more);
	return sinks_add_word(s, word, why, sizeof(why));
}

static inline void put_event(struct sinks *s, uint64_t seq, enum event_type type, uint32_t map,
			     uint64_t time_ns)
{
	struct event e = { .type = type,
			   .time_ns = time_ns,
			   .task = { .pid = 7, .tid = 7, .comm = "test" },
			   .map = { .id = map, .known = true, .name = "config" },
			   .via = VIA_SYSCALL,
			   .fd = -1 };

	sinks_event(s, seq, &e);
}

/* A file's text, to be freed; "" where there is none. */
static inline char *text_of(const char *name)
{
	FILE *file = fopen(in_dir(name), "re");
	char *text = calloc(1, 1 << 20);

	if (file && fread(text, 1, (1 << 20) - 1, file) == 0)
		text[0] = '\0';
	if (file)
		fclose(file);
	return text;
}

static inline size_t count_in(const char *name, const char *word)
{
	char *text = text_of(name), *at = text;
	size_t n = 0;

	while ((at = strstr(at, word))) {
		n++;
		at += strlen(word);
	}
	free(text);
	return n;
}

#endif
