// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel side of mapwriter: one program per kind of source, which all do the same one write
 * to the target map. User space gives the order in the globals below (who, what, how often) and
 * reads there what the program wrote and what the helper answered.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* The verifier wants key and value to lie within these; mapwriter.h has the same limits. */
#define MW_KEY_MAX 4096
#define MW_VALUE_MAX 65536

/* As enum source_id of mapwriter.h; the user side gives the number in mw_who. */
enum { SOCKET_FILTER = 1, XDP, RAW_TP, TRACEPOINT, KPROBE, TC };

/* A stand-in: the user side creates the map, under its own name, and puts it in this place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} target SEC(".maps");

/* The order. mw_left is the arming: at 0 no program writes. */
__u64 mw_left = 0;
__u32 mw_who = 0;
__u32 mw_delete = 0;
__u64 mw_flags = 0;
__u64 mw_counter = 0;
__u32 mw_max_entries = 0;

/* Which task may fire the programs that hang on a system call; in its own pid namespace. */
__u32 mw_tid = 0;
__u64 mw_ns_dev = 0;
__u64 mw_ns_ino = 0;

/* The answer. */
__u64 mw_count = 0;
__u64 mw_failed = 0;
__s64 mw_result = 0;
__u32 mw_cpu = 0;

/* User space fills in what follows the first 4 bytes of a key and the first 8 of a value. */
__u8 mw_key[MW_KEY_MAX] __attribute__((aligned(8))) = {};
__u8 mw_value[MW_VALUE_MAX] __attribute__((aligned(8))) = {};

static __always_inline void write_element(__u32 who)
{
	long err;

	if (!mw_left || mw_who != who || !mw_max_entries)
		return;
	mw_left--;
	*(__u32 *)mw_key = mw_counter % mw_max_entries;
	*(__u64 *)mw_value = mw_counter + 1;
	mw_cpu = bpf_get_smp_processor_id();
	if (mw_delete)
		err = bpf_map_delete_elem(&target, mw_key);
	else
		err = bpf_map_update_elem(&target, mw_key, mw_value, mw_flags);
	mw_result = err;
	if (err)
		mw_failed++;
	else
		mw_count++;
	mw_counter++;
}

/* For programs that any task can fire: only the task that gave the order does. */
static __always_inline void write_if_ours(__u32 who)
{
	struct bpf_pidns_info ns = {};

	if (!mw_left || mw_who != who)
		return;
	if (bpf_get_ns_current_pid_tgid(mw_ns_dev, mw_ns_ino, &ns, sizeof(ns)))
		return;
	if (ns.pid == mw_tid)
		write_element(who);
}

SEC("socket")
int mw_socket(void *ctx)
{
	write_element(SOCKET_FILTER);
	return 0;
}

SEC("xdp")
int mw_xdp(void *ctx)
{
	write_element(XDP);
	return XDP_PASS;
}

SEC("tc")
int mw_tc(void *ctx)
{
	write_element(TC);
	return 0;
}

SEC("raw_tp/sys_enter")
int mw_raw_tp(void *ctx)
{
	write_if_ours(RAW_TP);
	return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int mw_tracepoint(void *ctx)
{
	write_if_ours(TRACEPOINT);
	return 0;
}

/* Reached by getpgid(2) with a pid, on every architecture, and hardly by anything else. */
SEC("kprobe/security_task_getpgid")
int mw_kprobe(void *ctx)
{
	write_if_ours(KPROBE);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
