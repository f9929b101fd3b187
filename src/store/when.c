/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The grammar of points in time; see when.h. Each part takes what it knows and moves *at on. */
#include "store/when.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ll
#define MAX_SECONDS 9200000000ll /* in ns they fit into 63 bits: the year 2261 */
#define ANY_DIGITS 12

static void skip_blanks(const char **at)
{
	while (**at == ' ')
		++*at;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* `min` to `max` decimal digits, and no more behind them. */
static bool take_digits(const char **at, int min, int max, int64_t *number)
{
	int n = 0;

	*number = 0;
	for (; isdigit((unsigned char)**at); ++*at, n++) {
		if (n == max)
			return false;
		*number = *number * 10 + (**at - '0');
	}
	return n >= min;
}

/* ".25" of a unit of `unit` ns; what is finer than ns is left out. True where there is none. */
static bool take_fraction(const char **at, int64_t unit, int64_t *ns)
{
	int64_t digit = unit;
	int n = 0;

	*ns = 0;
	if (!take(at, '.'))
		return true;
	for (; isdigit((unsigned char)**at); ++*at, n++) {
		digit /= 10;
		*ns += digit * (**at - '0');
	}
	return n;
}

/* ---- spans: "2h", "1h30min", "3 days", "90" ---- */

static const struct {
	const char *names[4];
	int64_t ns;
} units[] = {
	{ { "usec", "us", "\302\265s" }, 1000 },
	{ { "msec", "ms" }, 1000000 },
	{ { "seconds", "second", "sec", "s" }, SECOND },
	{ { "minutes", "minute", "min", "m" }, 60 * SECOND },
	{ { "hours", "hour", "hr", "h" }, 3600 * SECOND },
	{ { "days", "day", "d" }, 86400 * SECOND },
	{ { "weeks", "week", "w" }, 7 * 86400 * SECOND },
	/* A twelfth of a year of 365.25 days. */
	{ { "months", "month", "M" }, 2629800 * SECOND },
	{ { "years", "year", "y" }, 31557600 * SECOND },
};

static bool is_unit(const char *name, const char *word, size_t len)
{
	return name && strlen(name) == len && !strncmp(name, word, len);
}

/* Without a unit: seconds. False: there is no such unit. */
static bool take_unit(const char **at, int64_t *ns)
{
	size_t len = 0;

	*ns = SECOND;
	while (isalpha((unsigned char)(*at)[len]) || (*at)[len] & 0x80)
		len++;
	/* "3 ago": the word is none of the span. */
	if (!len || !strcmp(*at, "ago"))
		return true;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		for (size_t i = 0; i < 4; i++)
			if (is_unit(units[u].names[i], *at, len)) {
				*ns = units[u].ns;
				*at += len;
				return true;
			}
	return false;
}

static bool take_part(const char **at, int64_t *sum)
{
	int64_t number, unit, part, fraction = 0;
	const char *point;

	if (!take_digits(at, 1, ANY_DIGITS, &number))
		return false;
	point = *at;
	/* How much it is shows behind it. */
	if (!take_fraction(at, SECOND, &fraction))
		return false;
	skip_blanks(at);
	if (!take_unit(at, &unit))
		return false;
	take_fraction(&point, unit, &fraction);
	return !__builtin_mul_overflow(number, unit, &part) &&
	       !__builtin_add_overflow(*sum, part, sum) &&
	       !__builtin_add_overflow(*sum, fraction, sum);
}

static bool take_span(const char **at, int64_t *ns)
{
	*ns = 0;
	do {
		if (!take_part(at, ns))
			return false;
		skip_blanks(at);
	} while (isdigit((unsigned char)**at));
	return true;
}

static bool is_relative(const char *word, int64_t now, int64_t *ns)
{
	bool signed_ = *word == '-' || *word == '+', later = *word == '+';
	int64_t span;

	word += signed_;
	skip_blanks(&word);
	if (!take_span(&word, &span) || strcmp(word, signed_ ? "" : "ago") != 0)
		return false;
	if (__builtin_add_overflow(now, later ? span : -span, ns))
		return false;
	return *ns >= 0;
}

/* ---- days and hours ---- */

/* 24:00 is none; 23:59:60 is the next minute. */
static bool take_clock(const char **at, struct tm *tm, int64_t *ns)
{
	int64_t hour, minute, second = 0;

	*ns = 0;
	if (!take_digits(at, 1, 2, &hour) || !take(at, ':') || !take_digits(at, 1, 2, &minute))
		return false;
	if (take(at, ':') && (!take_digits(at, 1, 2, &second) || !take_fraction(at, SECOND, ns)))
		return false;
	tm->tm_hour = (int)hour;
	tm->tm_min = (int)minute;
	tm->tm_sec = (int)second;
	return hour < 24 && minute < 60 && second <= 60;
}

static bool take_date(const char **at, struct tm *tm)
{
	int64_t year, month, day;

	if (!take_digits(at, 4, 4, &year) || !take(at, '-') || !take_digits(at, 1, 2, &month) ||
	    !take(at, '-') || !take_digits(at, 1, 2, &day))
		return false;
	tm->tm_year = (int)year - 1900;
	tm->tm_mon = (int)month - 1;
	tm->tm_mday = (int)day;
	return year >= 1970 && year < 2261 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

struct zone {
	bool given;
	int64_t east; /* seconds */
};

/* "Z", " UTC", "+01:00", "+0100"; nothing is local time. */
static bool take_zone(const char **at, struct zone *zone)
{
	int64_t hours, minutes;
	bool west = **at == '-';

	*zone = (struct zone){ .given = **at };
	if (!zone->given || take(at, 'Z'))
		return true;
	skip_blanks(at);
	if (!strncmp(*at, "UTC", 3)) {
		*at += 3;
		return true;
	}
	if (!take(at, '+') && !take(at, '-'))
		return false;
	for (int i = 0; i < 2; i++)
		if (!isdigit((unsigned char)(*at)[i]))
			return false;
	hours = ((*at)[0] - '0') * 10 + (*at)[1] - '0';
	*at += 2;
	take(at, ':');
	if (!take_digits(at, 2, 2, &minutes))
		return false;
	zone->east = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return hours < 24 && minutes < 60;
}

static bool to_seconds(struct tm *tm, const struct zone *zone, int64_t *seconds)
{
	struct tm given = *tm;

	tm->tm_isdst = -1;
	*seconds = zone->given ? timegm(tm) - zone->east : mktime(tm);
	/* The 30th of February would become a day in March. */
	return *seconds >= 0 && *seconds <= MAX_SECONDS &&
	       (tm->tm_mday == given.tm_mday || given.tm_sec == 60);
}

static bool local_day(int64_t now, int days, struct tm *tm)
{
	time_t seconds = (time_t)(now / SECOND);

	if (!localtime_r(&seconds, tm))
		return false;
	tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
	tm->tm_mday += days;
	return true;
}

static bool is_day_and_hour(const char *word, int64_t now, int64_t *ns)
{
	const char *at = word;
	struct tm tm = { 0 };
	struct zone zone;
	int64_t seconds, fraction = 0;

	if (take_date(&at, &tm)) {
		bool blank = *at == ' ' && isdigit((unsigned char)at[1]);

		if ((blank || *at == 'T') && (at++, !take_clock(&at, &tm, &fraction)))
			return false;
	} else {
		at = word;
		if (!local_day(now, 0, &tm) || !take_clock(&at, &tm, &fraction))
			return false;
	}
	if (!take_zone(&at, &zone) || *at || !to_seconds(&tm, &zone, &seconds))
		return false;
	*ns = seconds * SECOND + fraction;
	return true;
}

static bool is_day(const char *word, int64_t now, int64_t *ns)
{
	static const char *const names[] = { "yesterday", "today", "tomorrow" };
	struct tm tm;

	for (int i = 0; i < 3; i++) {
		if (strcmp(word, names[i]) || !local_day(now, i - 1, &tm))
			continue;
		tm.tm_isdst = -1;
		*ns = mktime(&tm) * SECOND;
		return *ns >= 0;
	}
	return false;
}

static bool is_seconds(const char *word, int64_t *ns)
{
	int64_t seconds, fraction;

	if (!take(&word, '@') || !take_digits(&word, 1, ANY_DIGITS, &seconds) ||
	    !take_fraction(&word, SECOND, &fraction) || *word || seconds > MAX_SECONDS)
		return false;
	*ns = seconds * SECOND + fraction;
	return true;
}

bool when_parse(const char *word, uint64_t now_ns, int64_t *ns)
{
	int64_t now = (int64_t)now_ns;

	if (strcmp(word, "now") != 0)
		return is_day(word, now, ns) || is_seconds(word, ns) ||
		       is_relative(word, now, ns) || is_day_and_hour(word, now, ns);
	*ns = now;
	return true;
}
