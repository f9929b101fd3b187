/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A BPF program of every kind that can write a map. Each does the same, once for each time that it
 * is let: one update and one delete of the same hash map, counted here.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} writers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} socks SEC(".maps");

struct timed {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps");

struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct queued {
	struct bpf_wq wq;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct queued);
} queues SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} drained SEC(".maps");

extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym __weak;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym __weak;
#ifdef OLD_WORKQUEUE
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int(callback_fn)(void *map, int *key, void *value),
				    unsigned int flags, void *aux__ign) __ksym __weak;

#define wq_set_callback(wq, callback) bpf_wq_set_callback_impl(wq, callback, 0, NULL)
#else
extern int bpf_wq_set_callback(struct bpf_wq *wq,
			       int(callback_fn)(void *map, int *key, void *value),
			       unsigned int flags) __ksym __weak;

#define wq_set_callback(wq, callback) bpf_wq_set_callback(wq, callback, 0)
#endif

/* Set by the actor. */
volatile __u64 pid_tgid;	/* for programs that any task may fire: the only one that counts */
volatile __u32 kind;		/* the key that is written */
volatile __u32 left;		/* how often to write */
volatile __s32 map_fd;		/* for bpf(2) by a program */
volatile __u32 nmi_cpu;		/* where NMIs count: on one CPU they come one after the other */

/* The answer. */
volatile __u64 updates, deletes, failed;

static __always_inline void work(void)
{
	__u32 key = kind;
	__u64 value;

	if (!left)
		return;
	left--;
	value = updates + 1;
	if (bpf_map_update_elem(&writers, &key, &value, BPF_ANY))
		failed++;
	else
		updates++;
	if (bpf_map_delete_elem(&writers, &key))
		failed++;
	else
		deletes++;
}

static __always_inline void work_if_ours(void)
{
	if (left && bpf_get_current_pid_tgid() == pid_tgid)
		work();
}

#define TASK_PROGRAM(name, section)		\
	SEC(section)				\
	int name(void *ctx)			\
	{					\
		work_if_ours();			\
		return 0;			\
	}

#define ANY_PROGRAM(name, section, verdict)	\
	SEC(section)				\
	int name(void *ctx)			\
	{					\
		work();				\
		return verdict;			\
	}

TASK_PROGRAM(w_kprobe, "kprobe/security_task_getpgid")
TASK_PROGRAM(w_kretprobe, "kretprobe/security_task_getpgid")
TASK_PROGRAM(w_kprobe_multi, "kprobe.multi/security_task_getpgid")
TASK_PROGRAM(w_tracepoint, "tp/syscalls/sys_enter_getpgid")
TASK_PROGRAM(w_raw_tp, "raw_tp/sys_enter")
TASK_PROGRAM(w_tp_btf, "tp_btf/sys_enter")
TASK_PROGRAM(w_fentry, "fentry/security_task_getpgid")
TASK_PROGRAM(w_fexit, "fexit/security_task_getpgid")
TASK_PROGRAM(w_fmod_ret, "fmod_ret/security_task_getpgid")
TASK_PROGRAM(w_lsm, "lsm/task_getpgid")
TASK_PROGRAM(w_iter_task, "iter/task")
TASK_PROGRAM(w_iter_map, "iter/bpf_map")
TASK_PROGRAM(w_iter_elem, "iter/bpf_map_elem")
ANY_PROGRAM(w_socket, "socket", 1)
ANY_PROGRAM(w_xdp, "xdp", XDP_PASS)
ANY_PROGRAM(w_tc, "tc", 0)
ANY_PROGRAM(w_cgroup_skb, "cgroup_skb/egress", 1)
ANY_PROGRAM(w_cgroup_sock, "cgroup/sock_create", 1)
ANY_PROGRAM(w_cgroup_sysctl, "cgroup/sysctl", 1)
ANY_PROGRAM(w_sockops, "sockops", 1)
ANY_PROGRAM(w_sk_msg, "sk_msg", SK_PASS)
ANY_PROGRAM(w_sk_lookup, "sk_lookup", SK_PASS)
ANY_PROGRAM(w_syscall, "syscall", 0)
ANY_PROGRAM(w_perf_event, "perf_event", 0)
ANY_PROGRAM(w_called, "tc", 0)

/* Once for each of the handlers that an NMI is shown to. */
SEC("raw_tp/nmi_handler")
int w_nmi(void *ctx)
{
	if (bpf_get_smp_processor_id() == nmi_cpu)
		work();
	return 0;
}

__attribute__((noinline)) int sub_work(int verdict)
{
	work();
	return verdict;
}

SEC("tc")
int w_subprogram(void *ctx)
{
	return sub_work(0);
}

SEC("tc")
int w_tail_call(void *ctx)
{
	bpf_tail_call(ctx, &calls, 0);
	return 0;
}

static int each_elem(void *map, void *key, void *value, void *ctx)
{
	work();
	return 0;
}

SEC("tc")
int w_for_each(void *ctx)
{
	return bpf_for_each_map_elem(&timers, each_elem, NULL, 0) < 0;
}

static int each_round(__u32 n, void *ctx)
{
	work();
	return 0;
}

SEC("tc")
int w_loop(void *ctx)
{
	return bpf_loop(1, each_round, NULL, 0) < 0;
}

static int timer_fired(void *map, int *key, struct timed *value)
{
	work();
	return 0;
}

SEC("tc")
int w_timer(void *ctx)
{
	__u32 key = 0;
	struct timed *value = bpf_map_lookup_elem(&timers, &key);

	if (!value)
		return 1;
	bpf_timer_init(&value->timer, &timers, 1 /* CLOCK_MONOTONIC */);
	bpf_timer_set_callback(&value->timer, timer_fired);
	bpf_timer_start(&value->timer, 1000, 0);
	return 0;
}

static int queue_ran(void *map, int *key, void *value)
{
	work();
	return 0;
}

SEC("tc")
int w_workqueue(void *ctx)
{
	__u32 key = 0;
	struct queued *value = bpf_map_lookup_elem(&queues, &key);

	if (!value)
		return 1;
	bpf_wq_init(&value->wq, &queues, 0);
	wq_set_callback(&value->wq, queue_ran);
	bpf_wq_start(&value->wq, 0);
	return 0;
}

static long sample(struct bpf_dynptr *data, void *ctx)
{
	work();
	return 0;
}

SEC("tc")
int w_user_ringbuf(void *ctx)
{
	return bpf_user_ringbuf_drain(&drained, sample, NULL, 0) < 0;
}

/* What a program does by bpf(2) itself is bpf(2)'s. */
SEC("syscall")
int w_sys_bpf(void *ctx)
{
	static __u32 key;
	static __u64 value;
	union bpf_attr attr = {};

	if (!left)
		return 0;
	left--;
	key = kind;
	value = updates + 1;
	attr.map_fd = map_fd;
	attr.key = (long)&key;
	attr.value = (long)&value;
	if (bpf_sys_bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)))
		failed++;
	else
		updates++;
	attr.value = 0;
	if (bpf_sys_bpf(BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)))
		failed++;
	else
		deletes++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
