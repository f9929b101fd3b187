/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A growing buffer of bytes that lines are put together in: plain text, bytes made safe for a
 * terminal, hex, and JSON. Running out of memory sets `failed`, and everything after is ignored,
 * so that a line is checked once, when it is complete.
 */
#ifndef BPFMON_BUF_H
#define BPFMON_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	bool failed;
	bool comma;	/* JSON: the next member needs a comma before it */
};

void buf_fini(struct buf *b);
void buf_bytes(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_u64(struct buf *b, uint64_t value);	/* decimal */
void buf_hex(struct buf *b, const uint8_t *data, size_t len);
/* At most `len` bytes up to a NUL; control and non-ASCII bytes as \xNN. */
void buf_safe(struct buf *b, const char *s, size_t len);
/* Pads with spaces until the text since `start` is `width` wide; at least one space. */
void buf_pad(struct buf *b, size_t start, size_t width);

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), 0 when there is none. */
size_t utf8_len(const unsigned char *s, size_t left);

/* JSON. `name` NULL is an array element. */
void json_open(struct buf *b, const char *name, char bracket);
void json_close(struct buf *b, char bracket);
void json_string(struct buf *b, const char *name, const char *value);
/* A string that needs no escapes, of so many bytes. */
void json_plain(struct buf *b, const char *name, const char *value, size_t len);
/*
 * The same of at most `len` bytes up to a NUL, whatever they are: valid UTF-8 stays, any other
 * byte becomes the two characters \xNN (in JSON: \\xNN), so that each line is valid JSON.
 */
void json_bytes(struct buf *b, const char *name, const char *value, size_t len);
/* A number below 2^53, a string above: JSON readers keep numbers as doubles. */
void json_u64(struct buf *b, const char *name, uint64_t value);
void json_i64(struct buf *b, const char *name, int64_t value);
/* A number that is written already, such as one with a point. */
void json_number(struct buf *b, const char *name, const char *digits);
void json_bool(struct buf *b, const char *name, bool value);
void json_hex(struct buf *b, const char *name, const uint8_t *data, size_t len);

#endif
