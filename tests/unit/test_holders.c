/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds which map: news once for each process, execve(2) and map; and who sent a file. */
#include "who/holders.h"

#include <unistd.h>

#include "test.h"

static void holders_news(void)
{
	struct holders *h = holders_new();
	struct event_task task = { .pid = 12, .start_ns = 100, .exec = 1 };

	CHECK(h);
	CHECK(holders_add(h, 7, &task));
	CHECK(!holders_add(h, 7, &task));
	CHECK(holders_add(h, 8, &task));
	task.exec = 2;
	CHECK(holders_add(h, 7, &task));
	task.start_ns = 101;
	CHECK(holders_add(h, 7, &task));
	CHECK(!holders_add(h, 7, &task));
	holders_drop_map(h, 7);
	holders_drop_map(h, 7);
	CHECK(holders_add(h, 7, &task));
	holders_free(h);
	holders_free(NULL);
}

/* Many that are gone make no lasting list; one that is there stays. */
static void holders_many(void)
{
	struct holders *h = holders_new();
	struct event_task self = { .pid = (uint32_t)getpid(), .start_ns = 5 };

	CHECK(h);
	CHECK(holders_add(h, 7, &self));
	for (uint32_t i = 0; i < 1000; i++) {
		struct event_task gone = { .pid = 0x7ffffff0, .start_ns = i };

		CHECK(holders_add(h, 7, &gone));
	}
	CHECK(!holders_add(h, 7, &self));
	holders_free(h);
}

static void holders_senders(void)
{
	struct holders *h = holders_new();
	struct event e = {
		.task = { .pid = 12, .tid = 13, .uid = 3, .comm = "sender\0\0\0\0\0\0\0\0\0" },
		.file = 0xffff888000001000,
		.list = 0xffff888000002000,
	};
	struct event_task got = {};

	CHECK(h);
	CHECK(!holders_sender(h, 0, 0, &got));
	CHECK(!holders_sender(h, e.file, e.list, &got));
	holders_sent(h, &e);
	CHECK(holders_sender(h, e.file, e.list, &got));
	CHECK_INT(got.pid, 12);
	CHECK_STR(got.comm, "sender");
	CHECK(!holders_sender(h, e.file + 64, e.list, &got));
	/* The copy of a list has the same sender, whoever makes it; the list itself comes again. */
	e.list_from = e.list;
	e.list = 0xffff888000003000;
	e.task.pid = 14;
	holders_sent(h, &e);
	CHECK(holders_sender(h, e.file, e.list, &got));
	CHECK_INT(got.pid, 12);
	e.list = e.list_from;
	e.list_from = 0;
	holders_sent(h, &e);
	CHECK(holders_sender(h, e.file, e.list, &got));
	CHECK_INT(got.pid, 14);
	holders_free(h);
}

int main(void)
{
	RUN(holders_news);
	RUN(holders_many);
	RUN(holders_senders);
	return TEST_STATUS();
}
