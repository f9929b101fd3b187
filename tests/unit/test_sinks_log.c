/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines as messages of syslog and as datagrams for the journal, the long ones in sealed memory. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sinks.h"
#include "sinks/syslog_line.h"
#include "sinks/values.h"

static struct item *item_of(const char *text, size_t len)
{
	struct item_about about = { .time_ns = 1795549159123456789ull,
				    .seq = 7,
				    .type = "map.update",
				    .priority = ITEM_NOTICE,
				    .map_id = 12,
				    .map_name = "con\"fi]g\\\xff",
				    .has_task = true,
				    .pid = 812,
				    .comm = "bpf tool",
				    .has_result = true,
				    .result = -EPERM };

	return item_new(&about, text, len);
}

/* ---- syslog ---- */

static void syslog_message(void)
{
	struct syslog_header h = { .facility = 3, .host = "testhost", .app = "bpfmon", .pid = 700 };
	struct item *i = item_of("{\"v\":1}\n", 8);
	struct buf b = { 0 };

	syslog_line(&b, &h, i, false);
	buf_bytes(&b, "", 1);
	CHECK_STR(
		b.data,
		"<29>1 2026-11-24T19:39:19.123456Z testhost bpfmon 700 map.update "
		"[bpfmon@32473 seq=\"7\" mapId=\"12\" map=\"con\\\"fi\\]g\\\\\\\\xff\" pid=\"812\" "
		"comm=\"bpf tool\" uid=\"0\" result=\"EPERM\"] {\"v\":1}");
	b.len = 0;
	syslog_line(&b, &h, i, true);
	buf_bytes(&b, "", 1);
	CHECK(strstr(b.data, "result=\"EPERM\"] (a line of 7 bytes is too long for this socket)"));
	item_put(i);
	buf_fini(&b);
}

static void syslog_words(void)
{
	char word[8];
	unsigned int facility;

	syslog_word(word, sizeof(word),
		    "a b\tc\xff"
		    "d");
	CHECK_STR(word, "abcd");
	syslog_word(word, sizeof(word), "");
	CHECK_STR(word, "-");
	syslog_word(word, sizeof(word), "0123456789");
	CHECK_STR(word, "0123456");
	CHECK(syslog_facility("local7", &facility));
	CHECK_INT(facility, 23);
	CHECK(!syslog_facility("local8", &facility));
}

/* ---- journal ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return fd >= 0 && !bind(fd, (struct sockaddr *)&un, sizeof(un)) ? fd : -1;
}

static size_t received;	/* bytes of the last datagram, or of the memory that came with it */
static bool in_memory, sealed;

/* What the journal would take for the datagram. */
static char *receive(int fd)
{
	static char data[65536], control[64];
	struct iovec vec = { data, sizeof(data) };
	struct msghdr m = { .msg_iov = &vec,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	char *memory;
	int got;

	in_memory = n == 0 && c;
	received = n > 0 ? (size_t)n : 0;
	if (!in_memory)
		return data;
	memcpy(&got, CMSG_DATA(c), sizeof(got));
	sealed = fcntl(got, F_GET_SEALS) ==
		 (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	received = (size_t)lseek(got, 0, SEEK_END);
	memory = mmap(NULL, received, PROT_READ, MAP_PRIVATE, got, 0);
	close(got);
	return memory;
}

static void *open_to(const char *path, struct sinks_values *v)
{
	struct sinks_pair pairs[] = { { "path", path }, { "format", "json" } };
	static char label[SINKS_LABEL];
	struct sinks_open o = {
		.values = v, .wake_fd = -1, .label = label, .why = why, .why_size = sizeof(why)
	};
	void *state = NULL;

	if (values_init(v, &sinks_journald, pairs, 2, why, sizeof(why)) ||
	    sinks_journald.open(&o, &state))
		return NULL;
	return state;
}

static void journal_fields(void)
{
	static const char want[] = "MESSAGE=one line\nPRIORITY=5\nSYSLOG_IDENTIFIER=bpfmon\n"
				   "BPFMON_TYPE=map.update\nBPFMON_SEQ=7\n"
				   "BPFMON_TIME_NS=1795549159123456789\nBPFMON_MAP_ID=12\n"
				   "BPFMON_MAP_NAME=con\"fi]g\\\xff\nBPFMON_PID=812\nBPFMON_UID=0\n"
				   "BPFMON_COMM=bpf tool\nBPFMON_RESULT=EPERM\n";
	static const char two[] = "MESSAGE\n\7\0\0\0\0\0\0\0one\ntwo\nPRIORITY=5\n";
	struct item *items[] = { item_of("one line\n", 9), item_of("one\ntwo\n", 8) };
	struct sinks_values v;
	int fd = listen_at(in_dir("journal"));
	void *state = open_to(in_dir("journal"), &v);
	size_t done = 0;
	char *data;

	CHECK(state);
	CHECK_INT(sinks_journald.write(state, items, 2, &done), 0);
	CHECK_INT(done, 2);
	data = receive(fd);
	CHECK_INT(received, sizeof(want) - 1);
	CHECK(!memcmp(data, want, sizeof(want) - 1));
	data = receive(fd);
	CHECK(received > sizeof(two) && !memcmp(data, two, sizeof(two) - 1));
	item_put(items[0]);
	item_put(items[1]);
	sinks_journald.close(state);
	values_fini(&v);
	close(fd);
}

#define LONG (1 << 20)	/* more than a datagram of a unix socket holds */

static void journal_long_line(void)
{
	char *text = malloc(LONG), *data;
	struct item *item;
	struct sinks_values v;
	int fd = listen_at(in_dir("long"));
	void *state = open_to(in_dir("long"), &v);
	size_t done = 0;
	bool same;

	memset(text, 'x', LONG);
	item = item_of(text, LONG);
	CHECK_INT(sinks_journald.write(state, &item, 1, &done), 0);
	data = receive(fd);
	CHECK(in_memory);
	CHECK(sealed);
	same = received > LONG + 100 && !memcmp(data, "MESSAGE=xxx", 11) &&
	       !memcmp(data + 8 + LONG, "\nPRIORITY=5\n", 12);
	munmap(data, received);
	CHECK(same);
	item_put(item);
	free(text);
	sinks_journald.close(state);
	values_fini(&v);
	close(fd);
}

/* Nobody is there, then somebody is, then another. */
static void journal_comes_back(void)
{
	struct item *item = item_of("line\n", 5);
	struct sinks_values v;
	void *state = open_to(in_dir("back"), &v);
	size_t done = 0;
	int fd;

	CHECK_INT(sinks_journald.write(state, &item, 1, &done), -ENOENT);
	fd = listen_at(in_dir("back"));
	CHECK_INT(sinks_journald.write(state, &item, 1, &done), 0);
	CHECK_INT(done, 1);
	close(fd);
	done = 0;
	CHECK_INT(sinks_journald.write(state, &item, 1, &done), -ECONNREFUSED);
	CHECK_INT(done, 0);
	unlink(in_dir("back"));
	fd = listen_at(in_dir("back"));
	CHECK_INT(sinks_journald.write(state, &item, 1, &done), 0);
	CHECK_INT(done, 1);
	CHECK(!memcmp(receive(fd), "MESSAGE=line\n", 13));
	item_put(item);
	sinks_journald.close(state);
	values_fini(&v);
	close(fd);
}

static void refused(void)
{
	static const char *const rows[][2] = {
		{ "syslog,to=localhost", "the address in numbers" },
		{ "syslog,to=udp:localhost:514", "the address in numbers" },
		{ "syslog,to=tcp:127.0.0.1:0", "the address in numbers" },
		{ "syslog,facility=none", "no facility 'none'" },
	};
	struct sinks *s = sinks_new(false, never);
	char word[256] = "journald,path=/";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(sinks_add_word(s, rows[i][0], why, sizeof(why)), -EINVAL);
		if (!strstr(why, rows[i][1]))
			FAIL("%s: %s", rows[i][0], why);
	}
	memset(word + 15, 'x', 200);
	CHECK_INT(sinks_add_word(s, word, why, sizeof(why)), -EINVAL);
	CHECK(strstr(why, "too long for a socket"));
	sinks_free(s);
}

int main(void)
{
	sinks_dir();
	RUN(syslog_message);
	RUN(syslog_words);
	RUN(journal_fields);
	RUN(journal_long_line);
	RUN(journal_comes_back);
	RUN(refused);
	sinks_rmdir();
	return TEST_STATUS();
}
