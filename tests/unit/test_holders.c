/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds which map: news once for each process, execve(2) and map; and who sent a file. */
#include "holders.h"

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
	struct event_task task = {
		.pid = 12, .tid = 13, .uid = 3, .comm = "sender\0\0\0\0\0\0\0\0\0"
	};
	struct event_task got = {};

	CHECK(h);
	CHECK(!holders_sender(h, 0, &got));
	CHECK(!holders_sender(h, 0xffff888000001000, &got));
	holders_sent(h, 0xffff888000001000, &task);
	CHECK(holders_sender(h, 0xffff888000001000, &got));
	CHECK_INT(got.pid, 12);
	CHECK_STR(got.comm, "sender");
	CHECK(!holders_sender(h, 0xffff888000001040, &got));
	holders_free(h);
}

int main(void)
{
	RUN(holders_news);
	RUN(holders_many);
	RUN(holders_senders);
	return TEST_STATUS();
}
