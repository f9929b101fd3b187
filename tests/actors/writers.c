/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lets a BPF program of each kind write one hash map: ROUNDS updates and as many deletes, counted
 * by the program itself. `writers [KIND]...` prints a line of JSON for the map and one for each
 * kind: what was written and in which context, or why this kernel has no such program.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "actors/writers.skel.h"
#include "actors/writers_old.skel.h"
#include "mapid.h"

#define ROUNDS 5
#define CGROUP "/sys/fs/cgroup"

struct run {
	struct writers_bpf *skel;
	struct bpf_program *prog;
	int prog_fd, map_fd;
	__u32 over;	/* id of the map whose elements an iterator walked */
};

struct kind {
	const char *name, *program, *context;
	int (*work)(struct run *run);	/* attaches, fires until the program has written, detaches */
	const char *map;		/* that the program needs beside; NULL: none */
};

/* Waits for what runs in an interrupt or a worker. */
static void settle(struct run *run, void (*fire)(void))
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };

	for (int i = 0; i < 2000 && run->skel->bss->left; i++) {
		if (fire)
			fire();
		nanosleep(&pause, NULL);
	}
}

static void fire_getpgid(void)
{
	syscall(SYS_getpgid, getpid());
}

static int by_attach(struct run *run)
{
	struct bpf_link *link = bpf_program__attach(run->prog);

	if (!link)
		return -errno;
	settle(run, fire_getpgid);
	bpf_link__destroy(link);
	return 0;
}

static void test_run(struct run *run)
{
	char packet[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	LIBBPF_OPTS(bpf_test_run_opts, none);
	bool syscall_prog = bpf_program__type(run->prog) == BPF_PROG_TYPE_SYSCALL;

	bpf_prog_test_run_opts(run->prog_fd, syscall_prog ? &none : &opts);
}

static int by_test_run(struct run *run)
{
	for (int i = 0; i < ROUNDS; i++)
		test_run(run);
	return 0;
}

/* Each run arms the timer or the work once. */
static int by_arming(struct run *run)
{
	const struct timespec pause = { .tv_nsec = 2 * 1000 * 1000 };

	for (int i = 0; i < 500 && run->skel->bss->left; i++) {
		test_run(run);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int iterate(struct run *run, const struct bpf_iter_attach_opts *opts)
{
	struct bpf_link *link = bpf_program__attach_iter(run->prog, opts);
	char text[256];
	int fd;

	if (!link)
		return -errno;
	while (run->skel->bss->left) {
		fd = bpf_iter_create(bpf_link__fd(link));
		if (fd < 0)
			break;
		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	}
	bpf_link__destroy(link);
	return 0;
}

static int by_iterator(struct run *run)
{
	return iterate(run, NULL);
}

/* Over the one element of an array. */
static int by_elem_iterator(struct run *run)
{
	union bpf_iter_link_info linfo = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &linfo,
		    .link_info_len = sizeof(linfo));
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "iterated", 4, 8, 1, NULL), err;

	if (fd < 0)
		return -errno;
	run->over = map_id(fd);
	linfo.map.map_fd = (__u32)fd;
	err = iterate(run, &opts);
	close(fd);
	return err;
}

/* ---- packets over loopback ---- */

static int udp;
static struct sockaddr_in udp_addr;

static void fire_packet(void)
{
	char byte;

	sendto(udp, "x", 1, 0, (struct sockaddr *)&udp_addr, sizeof(udp_addr));
	while (recv(udp, &byte, 1, MSG_DONTWAIT) > 0)
		;
}

static void open_udp(void)
{
	socklen_t len = sizeof(udp_addr);

	udp = socket(AF_INET, SOCK_DGRAM, 0);
	udp_addr.sin_family = AF_INET;
	udp_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(udp, (struct sockaddr *)&udp_addr, sizeof(udp_addr));
	getsockname(udp, (struct sockaddr *)&udp_addr, &len);
}

static int by_socket(struct run *run)
{
	int none = 0;

	if (setsockopt(udp, SOL_SOCKET, SO_ATTACH_BPF, &run->prog_fd, sizeof(int)))
		return -errno;
	settle(run, fire_packet);
	setsockopt(udp, SOL_SOCKET, SO_DETACH_BPF, &none, sizeof(none));
	return 0;
}

static int by_xdp(struct run *run)
{
	int lo = (int)if_nametoindex("lo");
	int err = bpf_xdp_attach(lo, run->prog_fd, XDP_FLAGS_SKB_MODE, NULL);

	if (err)
		return err;
	settle(run, fire_packet);
	return bpf_xdp_detach(lo, XDP_FLAGS_SKB_MODE, NULL);
}

static int by_tc(struct run *run)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex("lo"),
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = run->prog_fd);
	int err = bpf_tc_hook_create(&hook);

	err = err ? err : bpf_tc_attach(&hook, &opts);
	if (!err)
		settle(run, fire_packet);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	bpf_tc_hook_destroy(&hook);
	return err;
}

/* ---- cgroup ---- */

static void fire_socket(void)
{
	close(socket(AF_INET, SOCK_DGRAM, 0));
}

static void fire_sysctl(void)
{
	int fd = open("/proc/sys/kernel/ostype", O_RDONLY | O_CLOEXEC);
	char text[16];

	if (read(fd, text, sizeof(text)) < 0)
		perror("sysctl");
	close(fd);
}

static void fire_connect(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	if (!bind(server, (struct sockaddr *)&addr, sizeof(addr)) && !listen(server, 1) &&
	    !getsockname(server, (struct sockaddr *)&addr, &len))
		(void)!connect(client, (struct sockaddr *)&addr, sizeof(addr));
	close(client);
	close(server);
}

static int in_cgroup(struct run *run, void (*fire)(void))
{
	int fd = open(CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bpf_link *link = bpf_program__attach_cgroup(run->prog, fd);
	int err = link ? 0 : -errno;

	if (link)
		settle(run, fire);
	bpf_link__destroy(link);
	close(fd);
	return err;
}

static int by_cgroup_skb(struct run *run)
{
	return in_cgroup(run, fire_packet);
}

static int by_cgroup_sock(struct run *run)
{
	return in_cgroup(run, fire_socket);
}

static int by_cgroup_sysctl(struct run *run)
{
	return in_cgroup(run, fire_sysctl);
}

static int by_sockops(struct run *run)
{
	return in_cgroup(run, fire_connect);
}

static int by_sk_lookup(struct run *run)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct bpf_link *link = bpf_program__attach_netns(run->prog, fd);
	int err = link ? 0 : -errno;

	if (link)
		settle(run, fire_connect);
	bpf_link__destroy(link);
	close(fd);
	return err;
}

/* Sends on a TCP socket that is in a sockmap. */
static int by_sk_msg(struct run *run)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int map = bpf_map__fd(run->skel->maps.socks), err;
	__u32 key = 0;

	bind(server, (struct sockaddr *)&addr, sizeof(addr));
	listen(server, 1);
	getsockname(server, (struct sockaddr *)&addr, &len);
	err = bpf_prog_attach(run->prog_fd, map, BPF_SK_MSG_VERDICT, 0);
	if (!err && !connect(client, (struct sockaddr *)&addr, sizeof(addr)))
		err = bpf_map_update_elem(map, &key, &client, BPF_ANY);
	for (int i = 0; !err && i < 100 && run->skel->bss->left; i++)
		(void)!send(client, "x", 1, 0);
	close(client);
	close(server);
	return err;
}

/* ---- NMI, perf events, tail call, user ring ---- */

/* Another CPU than the one that this thread will stay on from now on; negative: there is none. */
static int other_cpu(void)
{
	cpu_set_t cpus, mine;
	int here = sched_getcpu();

	if (here < 0 || sched_getaffinity(0, sizeof(cpus), &cpus))
		return -errno;
	CPU_ZERO(&mine);
	CPU_SET(here, &mine);
	CPU_CLR(here, &cpus);
	if (sched_setaffinity(0, sizeof(mine), &mine))
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			return cpu;
	return -EOPNOTSUPP;
}

/*
 * The kernel asks the other CPUs by NMI for a backtrace, and waits for it. That needs no counters
 * in the hardware, which an emulated machine has not; each time is a hundred lines in the log.
 */
static int by_nmi(struct run *run)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC), cpu, err = 0;
	struct bpf_link *link = NULL;
	cpu_set_t before;

	if (fd < 0 || sched_getaffinity(0, sizeof(before), &before))
		return -errno;
	cpu = other_cpu();
	if (cpu < 0)
		err = cpu;
	else
		run->skel->bss->nmi_cpu = (__u32)cpu;
	if (!err)
		link = bpf_program__attach(run->prog);
	if (!err && !link)
		err = -errno;
	for (int i = 0; !err && i < 2 * ROUNDS && run->skel->bss->left; i++)
		if (write(fd, "l", 1) != 1)
			err = -errno;
	bpf_link__destroy(link);
	sched_setaffinity(0, sizeof(before), &before);
	close(fd);
	return err;
}

static int by_perf_event(struct run *run)
{
	struct perf_event_attr attr = { .size = sizeof(attr),
					.type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_CPU_CLOCK,
					.sample_period = 1000 * 1000 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	struct bpf_link *link = fd < 0 ? NULL : bpf_program__attach_perf_event(run->prog, fd);
	time_t end = time(NULL) + 10;

	if (!link)
		return -errno;
	while (run->skel->bss->left && time(NULL) < end)
		;
	bpf_link__destroy(link);
	return 0;
}

static int by_tail_call(struct run *run)
{
	int called = bpf_program__fd(run->skel->progs.w_called);
	__u32 key = 0;

	if (bpf_map_update_elem(bpf_map__fd(run->skel->maps.calls), &key, &called, BPF_ANY))
		return -errno;
	return by_test_run(run);
}

static int by_user_ringbuf(struct run *run)
{
	struct user_ring_buffer *ring =
		user_ring_buffer__new(bpf_map__fd(run->skel->maps.drained), NULL);

	if (!ring)
		return -errno;
	for (int i = 0; i < ROUNDS; i++) {
		void *sample = user_ring_buffer__reserve(ring, 8);

		if (sample)
			user_ring_buffer__submit(ring, sample);
		test_run(run);
	}
	user_ring_buffer__free(ring);
	return 0;
}

static const struct kind kinds[] = {
	{ "kprobe", "w_kprobe", "task", by_attach, NULL },
	{ "kretprobe", "w_kretprobe", "task", by_attach, NULL },
	{ "kprobe.multi", "w_kprobe_multi", "task", by_attach, NULL },
	{ "tracepoint", "w_tracepoint", "task", by_attach, NULL },
	{ "raw_tp", "w_raw_tp", "task", by_attach, NULL },
	{ "tp_btf", "w_tp_btf", "task", by_attach, NULL },
	{ "fentry", "w_fentry", "task", by_attach, NULL },
	{ "fexit", "w_fexit", "task", by_attach, NULL },
	{ "fmod_ret", "w_fmod_ret", "task", by_attach, NULL },
	{ "lsm", "w_lsm", "task", by_attach, NULL },
	{ "iter", "w_iter_task", "task", by_iterator, NULL },
	{ "iter_map", "w_iter_map", "task", by_iterator, NULL },
	{ "iter_elem", "w_iter_elem", "task", by_elem_iterator, NULL },
	{ "socket_filter", "w_socket", "softirq", by_socket, NULL },
	{ "xdp", "w_xdp", "softirq", by_xdp, NULL },
	{ "tc", "w_tc", "softirq", by_tc, NULL },
	{ "test_run", "w_tc", "task", by_test_run, NULL },
	{ "cgroup_skb", "w_cgroup_skb", "task", by_cgroup_skb, NULL },
	{ "cgroup_sock", "w_cgroup_sock", "task", by_cgroup_sock, NULL },
	{ "cgroup_sysctl", "w_cgroup_sysctl", "task", by_cgroup_sysctl, NULL },
	{ "sockops", "w_sockops", NULL, by_sockops, NULL },
	{ "sk_msg", "w_sk_msg", "task", by_sk_msg, "socks" },
	{ "sk_lookup", "w_sk_lookup", "softirq", by_sk_lookup, NULL },
	{ "syscall", "w_syscall", "task", by_test_run, NULL },
	{ "perf_event", "w_perf_event", "hardirq", by_perf_event, NULL },
	{ "nmi", "w_nmi", "nmi", by_nmi, NULL },
	{ "subprogram", "w_subprogram", "task", by_test_run, NULL },
	{ "tail_call", "w_tail_call", "task", by_tail_call, "calls" },
	{ "for_each", "w_for_each", "task", by_test_run, "timers" },
	{ "loop", "w_loop", "task", by_test_run, NULL },
	{ "timer", "w_timer", "softirq", by_arming, "timers" },
	{ "workqueue", "w_workqueue", "task", by_arming, "queues" },
	{ "user_ringbuf", "w_user_ringbuf", "task", by_user_ringbuf, "drained" },
	{ "sys_bpf", "w_sys_bpf", "task", by_test_run, NULL },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool kernel_has(const char *function)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has = btf && btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;

	btf__free(btf);
	return has;
}

/* writers_bpf__open(), but of what was compiled for older kernels, where this is one. */
static struct writers_bpf *open_skel(const struct kind *kind)
{
	struct writers_bpf *skel;

	if (strcmp(kind->name, "workqueue") || kernel_has("bpf_wq_set_callback"))
		return writers_bpf__open();
	skel = calloc(1, sizeof(*skel));
	if (!skel || writers_bpf__create_skeleton(skel))
		goto err;
	skel->skeleton->data = (void *)writers_old_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!bpf_object__open_skeleton(skel->skeleton, NULL))
		return skel;
err:
	writers_bpf__destroy(skel);
	return NULL;
}

/* One program in an object of its own, on the common map. */
static int load(struct run *run, const struct kind *kind, unsigned int number)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int err;

	run->skel = open_skel(kind);
	if (!run->skel)
		return -errno;
	bpf_object__for_each_program (prog, run->skel->obj) {
		const char *name = bpf_program__name(prog);

		bpf_program__set_autoload(prog, !strcmp(name, kind->program) ||
							(!strcmp(name, "w_called") &&
							 kind->work == by_tail_call));
	}
	bpf_object__for_each_map (map, run->skel->obj)
		if (!bpf_map__is_internal(map) && map != run->skel->maps.writers)
			bpf_map__set_autocreate(map, kind->map && !strcmp(bpf_map__name(map),
									  kind->map));
	run->prog = bpf_object__find_program_by_name(run->skel->obj, kind->program);
	err = bpf_map__reuse_fd(run->skel->maps.writers, run->map_fd);
	err = err ? err : writers_bpf__load(run->skel);
	if (err)
		return err;
	run->prog_fd = bpf_program__fd(run->prog);
	run->skel->bss->kind = number;
	run->skel->bss->map_fd = run->map_fd;
	run->skel->bss->pid_tgid = (__u64)getpid() << 32 | (__u32)gettid();
	run->skel->bss->left = ROUNDS;
	return 0;
}

/* The id of the program that writes. */
static __u32 writer_id(const struct run *run, const struct kind *kind)
{
	int fd = kind->work == by_tail_call ? bpf_program__fd(run->skel->progs.w_called) :
					      run->prog_fd;
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static void run_kind(const struct kind *kind, unsigned int number, int map_fd)
{
	struct run run = { .map_fd = map_fd };
	int err = load(&run, kind, number);

	if (!err)
		err = kind->work(&run);
	if (!err && run.skel->bss->left == ROUNDS)
		err = -EOPNOTSUPP;	/* it was loaded, but there is not what fires it */
	if (err)
		printf("{\"kind\":\"%s\",\"skip\":\"%s\"}\n", kind->name, strerror(-err));
	else
		printf("{\"kind\":\"%s\",\"key\":%u,\"updates\":%llu,\"deletes\":%llu,\"failed\":%llu,"
		       "\"context\":\"%s\",\"pid\":%d,\"over\":%u,\"program\":%u}\n",
		       kind->name, number, (unsigned long long)run.skel->bss->updates,
		       (unsigned long long)run.skel->bss->deletes,
		       (unsigned long long)run.skel->bss->failed,
		       kind->context ? kind->context : "", getpid(), run.over,
		       writer_id(&run, kind));
	fflush(stdout);
	writers_bpf__destroy(run.skel);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN || !getenv("V"))
		return 0;
	return vfprintf(stderr, format, args);
}

int main(int argc, char **argv)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int map_fd;

	libbpf_set_print(quiet);
	map_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "writers", 4, 8, 64, NULL);
	if (map_fd < 0 || bpf_obj_get_info_by_fd(map_fd, &info, &len)) {
		perror("writers: map");
		return 1;
	}
	printf("{\"map\":%u}\n", info.id);
	open_udp();
	for (unsigned int i = 0; i < KINDS; i++) {
		bool wanted = argc == 1;

		for (int arg = 1; arg < argc; arg++)
			wanted |= !strcmp(argv[arg], kinds[i].name);
		if (wanted)
			run_kind(&kinds[i], i, map_fd);
	}
	return 0;
}
