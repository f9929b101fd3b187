/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs on network devices and on the network namespace that this process is in: XDP and tc by
 * netlink, tcx, netkit, flow dissector and sk_lookup by BPF_PROG_QUERY. Links tell those of other
 * namespaces.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "baseline/ask.h"

#define PROGS_MAX 64

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct tcmsg tc;
	};
};

struct dump {
	struct ask *a;
	void (*each)(struct dump *d, const struct nlmsghdr *h);
	uint32_t parent;
	const char *device;
};

static uint32_t attr_u32(const struct rtattr *at)
{
	uint32_t n = 0;

	if (RTA_PAYLOAD(at) >= sizeof(n))
		memcpy(&n, RTA_DATA(at), sizeof(n));
	return n;
}

#define FOR_EACH_ATTR(at, first, bytes) \
	for (size_t left = ((at) = (first), (size_t)(bytes)); RTA_OK(at, left); \
	     (at) = RTA_NEXT(at, left))

/* All answers to one question: 0, or the negative errno of what ended them. */
static int dump(int fd, struct request *q, size_t len, struct dump *d)
{
	static uint32_t asked;
	uint32_t seq = ++asked;	/* its own: a callback asks, too */
	_Alignas(struct nlmsghdr) char data[32768];
	ssize_t n;

	q->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	q->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	q->head.nlmsg_seq = seq;
	if (send(fd, q, q->head.nlmsg_len, 0) < 0)
		return -errno;
	while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		struct nlmsghdr *h = (struct nlmsghdr *)data;

		for (size_t left = (size_t)n; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
			d->each(d, h);
		}
	}
	return n ? -errno : -EIO;
}

/* ---- tc ---- */

static void each_filter(struct dump *d, const struct nlmsghdr *h)
{
	const struct tcmsg *tc = NLMSG_DATA(h);
	const struct rtattr *at, *options = NULL;
	char target[64], detail[64];
	uint32_t prog = 0;
	bool is_bpf = false;

	if (h->nlmsg_type != RTM_NEWTFILTER)
		return;
	FOR_EACH_ATTR(at, TCA_RTA(tc), h->nlmsg_len - NLMSG_LENGTH(sizeof(*tc)))
	{
		if (at->rta_type == TCA_KIND)
			is_bpf = RTA_PAYLOAD(at) >= 4 && !memcmp(RTA_DATA(at), "bpf", 4);
		if ((at->rta_type & NLA_TYPE_MASK) == TCA_OPTIONS)
			options = at;
	}
	if (!is_bpf || !options)
		return;
	FOR_EACH_ATTR(at, (const struct rtattr *)RTA_DATA(options), RTA_PAYLOAD(options))
	if (at->rta_type == TCA_BPF_ID)
		prog = attr_u32(at);
	if (!prog)
		return;
	snprintf(target, sizeof(target), "tc %s %s", d->device,
		 d->parent == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) ? "ingress" : "egress");
	snprintf(detail, sizeof(detail), "priority %u handle %#x", tc->tcm_info >> 16,
		 tc->tcm_handle);
	ask_attachment(d->a, prog, UINT32_MAX, target, 0, detail);
}

static void query_tc(struct ask *a, int ifindex, const char *device)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = fd < 0 ? -errno : 0;

	for (uint32_t side = 0; !err && side < 2; side++) {
		struct dump d = { a, each_filter,
				  TC_H_MAKE(TC_H_CLSACT, side ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS),
				  device };
		struct request q = { .head.nlmsg_type = RTM_GETTFILTER };

		q.tc.tcm_ifindex = ifindex;
		q.tc.tcm_parent = d.parent;
		err = dump(fd, &q, sizeof(q.tc), &d);
	}
	if (err)
		inventory_gap(a->inv, "what tc has on %s is not known: %s", device, strerror(-err));
	if (fd >= 0)
		close(fd);
}

/* ---- devices ---- */

static void put_xdp(struct ask *a, const struct rtattr *xdp, const char *device)
{
	static const struct {
		uint16_t attr;
		const char *mode;
	} modes[] = { { IFLA_XDP_DRV_PROG_ID, "drv" },
		      { IFLA_XDP_SKB_PROG_ID, "skb" },
		      { IFLA_XDP_HW_PROG_ID, "hw" } };
	const struct rtattr *at;
	char target[64];

	FOR_EACH_ATTR(at, (const struct rtattr *)RTA_DATA(xdp), RTA_PAYLOAD(xdp))
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (at->rta_type != modes[i].attr || !attr_u32(at))
			continue;
		snprintf(target, sizeof(target), "xdp %s", device);
		ask_attachment(a, attr_u32(at), UINT32_MAX, target, 0, modes[i].mode);
	}
}

static void query_device(struct ask *a, int ifindex, const char *device)
{
	static const uint32_t types[] = { 46, 47, 54, 55 }; /* tcx, netkit */
	char target[64];

	snprintf(target, sizeof(target), "netdev %s", device);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint32_t ids[PROGS_MAX], n = PROGS_MAX, flags;

		/* The device is where the descriptor would be. */
		if (bpf_prog_query(ifindex, (enum bpf_attach_type)types[i], 0, &flags, ids, &n))
			continue;
		for (uint32_t p = 0; p < n && p < PROGS_MAX; p++)
			ask_attachment(a, ids[p], types[i], target, p, NULL);
	}
}

static void each_link(struct dump *d, const struct nlmsghdr *h)
{
	const struct ifinfomsg *link = NLMSG_DATA(h);
	char device[IF_NAMESIZE];
	const struct rtattr *at;

	if (h->nlmsg_type != RTM_NEWLINK || !if_indextoname((unsigned int)link->ifi_index, device))
		return;
	FOR_EACH_ATTR(at, IFLA_RTA(link), h->nlmsg_len - NLMSG_LENGTH(sizeof(*link)))
	if ((at->rta_type & NLA_TYPE_MASK) == IFLA_XDP)
		put_xdp(d->a, at, device);
	query_device(d->a, link->ifi_index, device);
	query_tc(d->a, link->ifi_index, device);
}

void ask_net(struct ask *a)
{
	static const uint32_t types[] = { BPF_FLOW_DISSECTOR, BPF_SK_LOOKUP };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), netns;
	struct request q = { .head.nlmsg_type = RTM_GETLINK };
	struct dump d = { .a = a, .each = each_link };
	int err = fd < 0 ? -errno : dump(fd, &q, sizeof(q.link), &d);

	if (err)
		inventory_gap(a->inv, "what is attached to network devices is not known: %s",
			      strerror(-err));
	if (fd >= 0)
		close(fd);
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; netns >= 0 && i < sizeof(types) / sizeof(types[0]); i++) {
		uint32_t ids[PROGS_MAX], n = PROGS_MAX, flags;

		if (bpf_prog_query(netns, (enum bpf_attach_type)types[i], 0, &flags, ids, &n))
			continue;
		for (uint32_t p = 0; p < n && p < PROGS_MAX; p++)
			ask_attachment(a, ids[p], types[i], "netns", p, NULL);
	}
	if (netns >= 0)
		close(netns);
}
