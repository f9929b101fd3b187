/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of a frame; see draw.h. */
#include "top/draw.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static unsigned int width(const struct draw *d)
{
	return d->view->width;
}

void draw_text(struct draw *d, const char *format, ...)
{
	char text[2 * TOP_TEXT + 64];
	size_t len;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = strlen(text);
	if (len > width(d) - d->columns)
		len = width(d) - d->columns;
	memcpy(d->text + d->len, text, len);
	d->len += len;
	d->columns += (unsigned int)len;
}

void draw_to(struct draw *d, unsigned int column)
{
	while (d->columns < column && d->columns < width(d))
		draw_text(d, " ");
}

void draw_spark(struct draw *d, const struct top_map *m, unsigned int seconds)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };
	const char *const *levels = d->view->ascii ? ascii : blocks;
	uint64_t most = 1;

	for (unsigned int ago = 0; ago < seconds; ago++)
		if (top_second(d->top, m, ago) > most)
			most = top_second(d->top, m, ago);
	for (unsigned int ago = seconds; ago-- && d->columns < width(d);) {
		const char *level = levels[(top_second(d->top, m, ago) * 8 + most - 1) / most];
		size_t len = strlen(level);

		memcpy(d->text + d->len, level, len);
		d->len += len;
		d->columns++;
	}
}

void draw_end(struct draw *d, enum top_style style)
{
	if (d->lines < d->room) {
		while (d->len && d->text[d->len - 1] == ' ')
			d->len--;
		d->put(d->context, style, d->text, d->len);
		d->lines++;
	}
	d->len = 0;
	d->columns = 0;
}

unsigned int draw_left(const struct draw *d)
{
	return d->room - d->lines;
}

const char *draw_rate(char to[DRAW_WORD], uint64_t tenths)
{
	static const char units[] = "kMGTP";
	unsigned int unit = 0;

	if (!tenths)
		return "-";
	if (tenths < 10000) {
		snprintf(to, DRAW_WORD, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
		return to;
	}
	if (tenths < 100000) {
		snprintf(to, DRAW_WORD, "%" PRIu64, tenths / 10);
		return to;
	}
	for (tenths /= 1000; tenths >= 10000 && units[unit + 1]; unit++)
		tenths /= 1000;
	snprintf(to, DRAW_WORD, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
	return to;
}

const char *draw_sum(char to[DRAW_WORD], uint64_t tenths)
{
	char rate[DRAW_WORD / 2];

	if (!tenths)
		return "0/s";
	top_copy(rate, sizeof(rate), draw_rate(to, tenths));
	snprintf(to, DRAW_WORD, "%s/s", rate);
	return to;
}

const char *draw_age(char to[DRAW_WORD], const struct top *t, uint64_t ns)
{
	uint64_t s = t->now_ns > ns ? (t->now_ns - ns) / 1000000000 : 0;

	if (!ns)
		return "-";
	if (s < 100)
		snprintf(to, DRAW_WORD, "%" PRIu64 "s", s);
	else if (s < 100 * 60)
		snprintf(to, DRAW_WORD, "%" PRIu64 "m", s / 60);
	else if (s < 100 * 3600)
		snprintf(to, DRAW_WORD, "%" PRIu64 "h", s / 3600);
	else
		snprintf(to, DRAW_WORD, "%" PRIu64 "d", s / 86400);
	return to;
}

const char *draw_clock(char to[DRAW_WORD], uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	to[0] = '\0';
	if (ns && localtime_r(&seconds, &tm))
		strftime(to, DRAW_WORD, "%H:%M:%S", &tm);
	return to;
}
