/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which thing is which: on the same boot by id, after another by what describes it. */
#include "baseline/compare.h"
#include "test.h"

static char log_text[512];

static void told(void *context, const struct diff *d)
{
	size_t n = strlen(log_text);

	(void)context;
	snprintf(log_text + n, sizeof(log_text) - n, "%s.%s ", d->kind, d->what);
}

static void add_map(struct facts *facts, uint64_t id, const char *name, uint64_t entries)
{
	struct fact *f = facts_add(facts, FACT_MAP);

	fact_number(facts, f, ATTR_ID, id);
	fact_string(facts, f, ATTR_NAME, name);
	fact_number(facts, f, ATTR_TYPE, 1);
	fact_number(facts, f, ATTR_KEY_SIZE, 4);
	fact_number(facts, f, ATTR_VALUE_SIZE, 8);
	fact_number(facts, f, ATTR_MAX_ENTRIES, entries);
}

/* Two maps, and one or two others; what is told. */
static const char *compared(bool same_boot, bool twins)
{
	struct facts was = {}, now = {};
	struct compare c = { &was, &now, same_boot, true };

	log_text[0] = '\0';
	add_map(&was, 7, "config", 10);
	add_map(&was, 8, "state", 10);
	add_map(&now, 41, "state", 10);
	add_map(&now, 42, "config", 20);
	if (twins)
		add_map(&now, 43, "config", 20);
	if (!compare_match(&c))
		compare_facts(&c, told, NULL);
	facts_fini(&was);
	facts_fini(&now);
	return log_text;
}

static void compare_reboot(void)
{
	CHECK_STR(compared(false, false), "map.attribute ");
}

static void compare_replaced(void)
{
	CHECK_STR(compared(true, false), "map.replaced map.attribute map.replaced ");
}

static void compare_ambiguous(void)
{
	CHECK_STR(compared(false, true), "map.ambiguous map.ambiguous map.ambiguous ");
}

int main(void)
{
	RUN(compare_reboot);
	RUN(compare_replaced);
	RUN(compare_ambiguous);
	return TEST_STATUS();
}
