/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The checks of the unit tests: one line for each test function, and the exit status.
 *
 * ok size_edges
 * not ok size_overflow - tests/unit/test_size.c:30: size_parse("1G", &n): it is 0
 *
 * A failed check leaves the function that it is in: checks stand in test functions themselves.
 */
#ifndef BPFMON_TEST_H
#define BPFMON_TEST_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char test_why[2048];	/* of the running test; empty: all was well so far */
static int test_failures;

static inline void __attribute__((format(printf, 3, 4)))
test_fail(const char *file, int line, const char *format, ...)
{
	int n = snprintf(test_why, sizeof(test_why), "%s:%d: ", file, line);
	va_list args;

	va_start(args, format);
	vsnprintf(test_why + n, sizeof(test_why) - (size_t)n, format, args);
	va_end(args);
}

static inline void test_run(const char *name, void (*test)(void))
{
	test_why[0] = '\0';
	test();
	if (test_why[0])
		printf("not ok %s - %s\n", name, test_why);
	else
		printf("ok %s\n", name);
	fflush(stdout);
	test_failures += test_why[0] != '\0';
}

#define RUN(test) test_run(#test, test)
#define TEST_STATUS() (test_failures ? 1 : 0)

#define FAIL(...)						\
	do {							\
		test_fail(__FILE__, __LINE__, __VA_ARGS__);	\
		return;						\
	} while (0)

#define CHECK(what)						\
	do {							\
		if (!(what))					\
			FAIL("false: %s", #what);		\
	} while (0)

#define CHECK_INT(got, want)								\
	do {										\
		long long got__ = (long long)(got), want__ = (long long)(want);		\
		if (got__ != want__)							\
			FAIL("%s: it is %lld, not %lld", #got, got__, want__);		\
	} while (0)

/* NULL is a value like others. */
#define CHECK_STR(got, want)								\
	do {										\
		const char *got__ = (got), *want__ = (want);				\
		if ((!got__ || !want__) ? got__ != want__ : strcmp(got__, want__) != 0)	\
			FAIL("%s: it is \"%s\", not \"%s\"", #got, got__ ? got__ : "(null)", \
			     want__ ? want__ : "(null)");				\
	} while (0)

#endif
