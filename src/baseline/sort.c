/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sorts in bounded memory; see sort.h. */
#include "baseline/sort.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"

#define WINDOW_MIN (16u << 10) /* of one run that is being merged; a longer record gets more */

/* A part that is sorted: in the file, and as much of it as is read. */
struct run {
	uint64_t at, end; /* in the file: what was not read yet */
	uint8_t *window;
	size_t cap, start, len; /* of the window: where the current record is, and bytes there */
	size_t record; /* bytes of it; 0: no more */
};

struct sort {
	size_t key_at, key_size, memory;
	bool is_index;
	uint8_t *data; /* records, each with its length before it */
	size_t len, cap;
	size_t *index; /* where they begin */
	size_t n, index_cap;
	struct run *runs;
	size_t n_runs;
	int fd; /* -1: all fits into memory */
	uint64_t file_bytes;
	size_t next; /* without runs: of the index */
	uint8_t *given; /* with runs: what was given last */
	size_t given_len, given_cap;
	uint64_t repeated;
	int err;
};

struct sort *sort_new(size_t key_at, size_t key_size, bool is_index, size_t memory)
{
	struct sort *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct sort){ .key_at = key_at,
				    .key_size = key_size,
				    .is_index = is_index,
				    .memory = memory,
				    .fd = -1 };
	return s;
}

void sort_free(struct sort *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_runs; i++)
		free(s->runs[i].window);
	free(s->runs);
	free(s->data);
	free(s->index);
	free(s->given);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

uint64_t sort_repeated(const struct sort *s)
{
	return s->repeated;
}

int sort_compare_keys(const uint8_t *a, const uint8_t *b, size_t size, bool is_index)
{
	uint32_t x, y;

	if (!is_index || size != sizeof(x))
		return memcmp(a, b, size);
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* ---- in memory ---- */

static const uint8_t *record_at(const struct sort *s, size_t at, size_t *len)
{
	memcpy(len, s->data + at, sizeof(*len));
	return s->data + at + sizeof(*len);
}

static int compare_records(const struct sort *s, const uint8_t *a, const uint8_t *b)
{
	return sort_compare_keys(a + s->key_at, b + s->key_at, s->key_size, s->is_index);
}

/* Of equal keys, the one that came first is first. */
static int compare_places(const void *a, const void *b, void *context)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b, len;
	const struct sort *s = context;
	int order = compare_records(s, record_at(s, x, &len), record_at(s, y, &len));

	return order ?: (x > y) - (x < y);
}

static int make_room(struct sort *s, size_t bytes)
{
	size_t cap = s->cap ?: 1u << 16, places = s->index_cap ?: 1u << 10;
	void *grown;

	while (cap < s->len + bytes)
		cap *= 2;
	if (cap != s->cap) {
		grown = realloc(s->data, cap);
		if (!grown)
			return -ENOMEM;
		s->data = grown;
		s->cap = cap;
	}
	while (places < s->n + 1)
		places *= 2;
	if (places != s->index_cap) {
		grown = realloc(s->index, places * sizeof(*s->index));
		if (!grown)
			return -ENOMEM;
		s->index = grown;
		s->index_cap = places;
	}
	return 0;
}

/* Most maps of arrays come in order already. */
static void sort_memory(struct sort *s)
{
	for (size_t i = 1; i < s->n; i++) {
		if (compare_places(&s->index[i - 1], &s->index[i], s) > 0) {
			qsort_r(s->index, s->n, sizeof(*s->index), compare_places, s);
			return;
		}
	}
}

/* ---- in the file ---- */

/* For its owner alone, and without a name: it has what the maps have. */
static int open_file(void)
{
	const char *dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int err = ENOENT;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		char path[4096];
		int fd;

		if (!dirs[i] || !*dirs[i])
			continue;
		fd = open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		if (snprintf(path, sizeof(path), "%s/bpfmon.XXXXXX", dirs[i]) >= (int)sizeof(path))
			continue;
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0) {
			unlink(path);
			return fd;
		}
		err = errno;
	}
	return -err;
}

static int write_run(struct sort *s, struct run *run)
{
	static const size_t chunk = 1u << 16;
	uint8_t *out = malloc(chunk);
	size_t filled = 0, len;
	int err = out ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < s->n; i++) {
		const uint8_t *from = s->data + s->index[i];

		record_at(s, s->index[i], &len);
		len += sizeof(len);
		if (filled + len > chunk) {
			err = io_write(s->fd, out, filled);
			filled = 0;
		}
		if (!err && len > chunk) {
			err = io_write(s->fd, from, len);
		} else if (!err) {
			memcpy(out + filled, from, len);
			filled += len;
		}
	}
	if (!err)
		err = io_write(s->fd, out, filled);
	free(out);
	run->at = s->file_bytes;
	run->end = s->file_bytes += s->len;
	return err;
}

static int spill(struct sort *s)
{
	struct run *runs = realloc(s->runs, (s->n_runs + 1) * sizeof(*runs));
	int err;

	if (!runs)
		return -ENOMEM;
	s->runs = runs;
	runs[s->n_runs] = (struct run){};
	if (s->fd < 0) {
		s->fd = open_file();
		if (s->fd < 0)
			return s->fd;
	}
	sort_memory(s);
	err = write_run(s, &runs[s->n_runs++]);
	s->n = 0;
	s->len = 0;
	return err;
}

int sort_add(struct sort *s, const void *record, size_t len)
{
	size_t bytes = sizeof(len) + len;

	if (s->err)
		return s->err;
	if (s->n && s->len + bytes + (s->n + 1) * sizeof(*s->index) > s->memory)
		s->err = spill(s);
	if (!s->err)
		s->err = make_room(s, bytes);
	if (s->err)
		return s->err;
	memcpy(s->data + s->len, &len, sizeof(len));
	memcpy(s->data + s->len + sizeof(len), record, len);
	s->index[s->n++] = s->len;
	s->len += bytes;
	return 0;
}

/* ---- merging ---- */

/* At least `want` bytes of the run in its window. */
static int fill(struct sort *s, struct run *r, size_t want)
{
	memmove(r->window, r->window + r->start, r->len - r->start);
	r->len -= r->start;
	r->start = 0;
	if (want > r->cap) {
		uint8_t *grown = realloc(r->window, want);

		if (!grown)
			return -ENOMEM;
		r->window = grown;
		r->cap = want;
	}
	while (r->len < want && r->at < r->end) {
		size_t room = r->cap - r->len;
		ssize_t n = pread(s->fd, r->window + r->len,
				  room < r->end - r->at ? room : r->end - r->at, (off_t)r->at);

		if (n <= 0)
			return n ? -errno : -EIO;
		r->len += (size_t)n;
		r->at += (uint64_t)n;
	}
	return r->len < want ? -EIO : 0;
}

static int next_of_run(struct sort *s, struct run *r)
{
	size_t len;
	int err;

	r->start += r->record ? sizeof(len) + r->record : 0;
	r->record = 0;
	if (r->start == r->len && r->at == r->end)
		return 0;
	if (r->len - r->start < sizeof(len)) {
		err = fill(s, r, sizeof(len));
		if (err)
			return err;
	}
	memcpy(&len, r->window + r->start, sizeof(len));
	if (r->len - r->start < sizeof(len) + len) {
		err = fill(s, r, sizeof(len) + len);
		if (err)
			return err;
	}
	r->record = len;
	return 0;
}

static const uint8_t *current(const struct run *r)
{
	return r->window + r->start + sizeof(size_t);
}

int sort_end(struct sort *s)
{
	size_t window;

	if (s->err || s->fd < 0) {
		sort_memory(s);
		return s->err;
	}
	if (s->n)
		s->err = spill(s);
	free(s->data);
	free(s->index);
	s->data = NULL;
	s->index = NULL;
	window = s->memory / s->n_runs;
	for (size_t i = 0; !s->err && i < s->n_runs; i++) {
		struct run *r = &s->runs[i];

		r->cap = window < WINDOW_MIN ? WINDOW_MIN : window;
		r->window = malloc(r->cap);
		s->err = r->window ? next_of_run(s, r) : -ENOMEM;
	}
	return s->err;
}

/* Keeps a copy of the run's record, whose window moves on, and goes to the next. */
static int take(struct sort *s, struct run *r)
{
	if (s->given_cap < r->record) {
		uint8_t *grown = realloc(s->given, r->record);

		if (!grown)
			return -ENOMEM;
		s->given = grown;
		s->given_cap = r->record;
	}
	memcpy(s->given, current(r), r->record);
	s->given_len = r->record;
	return next_of_run(s, r);
}

/* From the first run with the smallest key to the last: what has it is taken, over what was before. */
static int next_merged(struct sort *s, const uint8_t **record, size_t *len)
{
	const struct run *best = NULL;
	bool taken = false;
	int err = 0;

	for (size_t i = 0; i < s->n_runs; i++) {
		struct run *r = &s->runs[i];

		if (r->record && (!best || compare_records(s, current(r), current(best)) < 0))
			best = r;
	}
	if (!best)
		return 0;
	for (struct run *r = &s->runs[best - s->runs]; !err && r < s->runs + s->n_runs; r++) {
		while (!err && r->record && (!taken || !compare_records(s, current(r), s->given))) {
			s->repeated += taken;
			taken = true;
			err = take(s, r);
		}
	}
	*record = s->given;
	*len = s->given_len;
	return err ?: 1;
}

int sort_next(struct sort *s, const uint8_t **record, size_t *len)
{
	size_t next_len;

	if (s->err)
		return s->err;
	if (s->fd >= 0) {
		int got = next_merged(s, record, len);

		s->err = got < 0 ? got : 0;
		return got;
	}
	if (s->next == s->n)
		return 0;
	*record = record_at(s, s->index[s->next++], len);
	for (; s->next < s->n; s->next++) {
		const uint8_t *next = record_at(s, s->index[s->next], &next_len);

		if (compare_records(s, *record, next))
			break;
		s->repeated++;
		*record = next;
		*len = next_len;
	}
	return 1;
}
