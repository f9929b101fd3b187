/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of hooks; see hooks.h. The programs are in bpf/hook_*.bpf.h. */
#include "load/hooks.h"

#include <stddef.h>

const char *const attach_kind_names[] = {
	[ATTACH_FENTRY] = "fentry",
	[ATTACH_FEXIT] = "fexit",
	[ATTACH_KPROBE] = "kprobe",
	[ATTACH_TRACEPOINT] = "tracepoint",
};

#define KPROBE_LOSS \
	"result of the write; writes by kprobe and perf event programs, and by tracepoint programs on some kernels"
#define RAW_LOSS \
	"what another thread changes in the attributes meanwhile: they are read from user memory"

/* clang-format off */
/* A map operation that programs do, too: two programs by trampoline, one by kprobe. */
#define OP_HOOK(id_, name_, function_, missing_)						\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, {								\
			{ ATTACH_FEXIT, #function_, { #name_, #name_ "_count" }, NULL, 0 },	\
			{ ATTACH_KPROBE, #function_, { #name_ "_kprobe" }, KPROBE_LOSS, 0 },	\
		}, false, false									\
	}

/* The same, with a program before the function, which reads the value that goes. */
#define OLD_HOOK(id_, name_, function_, missing_)						\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, {								\
			{ ATTACH_FEXIT, #function_, { #name_, #name_ "_count", #name_ "_old" },	\
			  NULL, 0 },								\
			{ ATTACH_KPROBE, #function_, { #name_ "_kprobe" },			\
			  KPROBE_LOSS "; the value before", 0 },				\
		}, false, false									\
	}

#define TAKE_OLD_HOOK(id_, name_, function_)							\
	[WIRE_HOOK_##id_] = {									\
		#name_, NULL, {									\
			{ ATTACH_FEXIT, #function_, { #name_, NULL, #name_ "_old" }, NULL, 0 },	\
		}, false, false									\
	}

/* Only bpf(2) gets there, where kprobes do not run; its exit reports what this hook would. */
#define TAKE_HOOK(id_, name_, function_)							\
	[WIRE_HOOK_##id_] = {									\
		#name_, NULL, { { ATTACH_FEXIT, #function_, { #name_ }, NULL, 0 } }, false, false \
	}

/* The same, of a type that few hosts have a map of. */
#define SYS_HOOK(id_, name_, function_)								\
	[WIRE_HOOK_##id_] = {									\
		#name_, NULL, { { ATTACH_FEXIT, #function_, { #name_ }, NULL, 0 } }, true, false	\
	}

/* The same, with a look at the map before the operation: at what it replaces or deletes. */
#define ELEMENT_HOOK(id_, name_, function_)							\
	[WIRE_HOOK_##id_] = {									\
		#name_, NULL, {									\
			{ ATTACH_FEXIT, #function_, { #name_, #name_ "_before" }, NULL, 0 },	\
		}, true, false									\
	}

/* What the kernel makes of descriptors in values, and what leaves a map of them. */
#define OBJECT_HOOK(id_, name_, put_, missing_)							\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, {								\
			{ ATTACH_FEXIT, #put_, { #name_, #name_ "_old_1" }, NULL, 1 },		\
			{ ATTACH_FEXIT, #put_, { #name_, #name_ "_old" }, NULL, 0 },		\
		}, true, false									\
	}

/* The same of sockets. */
#define SOCKET_HOOK(id_, name_, function_, missing_)						\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, { { ATTACH_FENTRY, #function_, { #name_ }, NULL, 0 } }, true, false \
	}

/* Neither bpf(2) nor a map operation: events of its own. */
#define ONE_HOOK(id_, name_, kind_, function_, missing_)					\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, { { kind_, function_, { #name_ }, NULL, 0 } }, false, true	\
	}

/* The same, which only adds to events of others. */
#define DETAIL_HOOK(id_, name_, kind_, function_, missing_)					\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, { { kind_, function_, { #name_ }, NULL, 0 } }, false, false	\
	}

const struct hook hooks[WIRE_HOOK_COUNT] = {
	[WIRE_HOOK_SYS_ENTER] = {
		"sys_enter", "which bpf(2) command wrote; refused attempts; create, open, pin, freeze", {
			{ ATTACH_FENTRY, "security_bpf", { "sys_enter" }, NULL, 0 },
			{ ATTACH_TRACEPOINT, "sys_enter", { "sys_enter_raw" }, RAW_LOSS, 0 },
		}, false, false
	},
	[WIRE_HOOK_SYS_EXIT] = {
		"sys_exit", "refused attempts; create, open, pin, freeze", {
			{ ATTACH_FEXIT, "__sys_bpf", { "sys_exit" }, NULL, 0 },
			{ ATTACH_FEXIT, "__x64_sys_bpf", { "sys_exit_x64", "sys_exit_ia32" }, NULL, 0 },
			{ ATTACH_TRACEPOINT, "sys_exit", { "sys_exit_raw" }, RAW_LOSS, 0 },
		}, false, false
	},
	DETAIL_HOOK(MAP_OPEN, map_open, ATTACH_FEXIT, "security_bpf_map",
		"opening a map when a security module refuses it"),
	[WIRE_HOOK_MAP_FREE] = {
		"map_free", "the end of maps", {
			{ ATTACH_FENTRY, "security_bpf_map_free", { "map_free" }, NULL, 0 },
			{ ATTACH_KPROBE, "security_bpf_map_free", { "map_free_kprobe" }, NULL, 0 },
		}, false, true
	},
	TAKE_HOOK(UPDATE_VALUE, update_value, bpf_map_update_value),

	OLD_HOOK(ARRAY_UPDATE, array_update, array_map_update_elem,
		"writes of BPF programs to array and percpu_array"),
	OLD_HOOK(PERCPU_ARRAY_UPDATE, percpu_array_update, bpf_percpu_array_update, NULL),
	OP_HOOK(ARRAY_DELETE, array_delete, array_map_delete_elem,
		"attempts of BPF programs to delete from arrays"),
	OLD_HOOK(HASH_UPDATE, hash_update, htab_map_update_elem, "writes of BPF programs to hash"),
	OLD_HOOK(HASH_DELETE, hash_delete, htab_map_delete_elem,
		"deletes of BPF programs in hash and percpu_hash"),
	TAKE_OLD_HOOK(HASH_POP, hash_pop, htab_map_lookup_and_delete_elem),
	OLD_HOOK(LRU_UPDATE, lru_update, htab_lru_map_update_elem,
		"writes of BPF programs to lru_hash"),
	OLD_HOOK(LRU_DELETE, lru_delete, htab_lru_map_delete_elem,
		"deletes of BPF programs in lru_hash and lru_percpu_hash"),
	TAKE_OLD_HOOK(LRU_POP, lru_pop, htab_lru_map_lookup_and_delete_elem),
	OLD_HOOK(PERCPU_HASH_SYS, percpu_hash_sys, bpf_percpu_hash_update, NULL),
	OLD_HOOK(PERCPU_HASH_UPDATE, percpu_hash_update, htab_percpu_map_update_elem,
		"writes of BPF programs to percpu_hash"),
	TAKE_OLD_HOOK(PERCPU_HASH_POP, percpu_hash_pop, htab_percpu_map_lookup_and_delete_elem),
	OLD_HOOK(PERCPU_LRU_UPDATE, percpu_lru_update, htab_lru_percpu_map_update_elem,
		"writes of BPF programs to lru_percpu_hash"),
	TAKE_OLD_HOOK(PERCPU_LRU_POP, percpu_lru_pop, htab_lru_percpu_map_lookup_and_delete_elem),

	OP_HOOK(RHASH_UPDATE, rhash_update, rhtab_map_update_elem, "writes of BPF programs to rhash"),
	OP_HOOK(RHASH_DELETE, rhash_delete, rhtab_map_delete_elem, "deletes of BPF programs in rhash"),
	SYS_HOOK(RHASH_POP, rhash_pop, rhtab_map_lookup_and_delete_elem),
	OP_HOOK(TRIE_UPDATE, trie_update, trie_update_elem,
		"writes of BPF programs to lpm_trie, but as map.change"),
	OP_HOOK(TRIE_DELETE, trie_delete, trie_delete_elem,
		"deletes of BPF programs in lpm_trie, but as map.change"),
	OP_HOOK(QUEUE_PUSH, queue_push, queue_stack_map_push_elem,
		"pushes of BPF programs to queue and stack, but for the next element, as map.change"),
	OP_HOOK(QUEUE_POP, queue_pop, queue_map_pop_elem,
		"pops of BPF programs from queue, but as map.change"),
	OP_HOOK(STACK_POP, stack_pop, stack_map_pop_elem,
		"pops of BPF programs from stack, but as map.change"),
	OP_HOOK(BLOOM_PUSH, bloom_push, bloom_map_push_elem,
		"pushes of BPF programs to bloom_filter"),

	SYS_HOOK(SOCK_UPDATE_SYS, sock_update_sys, sock_map_update_elem_sys),
	[WIRE_HOOK_SOCK_UPDATE] = {
		"sock_update", "writes of BPF programs to sockmap and sockhash", {
			{ ATTACH_FEXIT, "sock_map_update_elem", { "sock_update", "sock_update_count" },
			  NULL, 0 },
		}, false, false
	},
	ONE_HOOK(SOCKMAP_HELPER, sockmap_helper, ATTACH_FEXIT, "bpf_sock_map_update",
		"writes of BPF programs to sockmap by bpf_sock_map_update()"),
	ONE_HOOK(SOCKHASH_HELPER, sockhash_helper, ATTACH_FEXIT, "bpf_sock_hash_update",
		"writes of BPF programs to sockhash by bpf_sock_hash_update()"),
	OP_HOOK(SOCKMAP_DELETE, sockmap_delete, sock_map_delete_elem,
		"deletes of BPF programs in sockmap"),
	OP_HOOK(SOCKHASH_DELETE, sockhash_delete, sock_hash_delete_elem,
		"deletes of BPF programs in sockhash"),
	ONE_HOOK(SOCK_GONE, sock_gone, ATTACH_FENTRY, "sock_map_remove_links",
		"elements of sockmap and sockhash whose socket closes"),

	[WIRE_HOOK_STORAGE_UPDATE] = {
		"storage_update", "local storage that BPF programs create", {
			{ ATTACH_FEXIT, "bpf_local_storage_update", { "storage_update_4" }, NULL, 4 },
			{ ATTACH_FEXIT, "bpf_local_storage_update", { "storage_update" }, NULL, 0 },
		}, false, true
	},
	ONE_HOOK(STORAGE_DELETE, storage_delete, ATTACH_FENTRY, "bpf_selem_unlink",
		"local storage that BPF programs delete"),
	[WIRE_HOOK_STORAGE_FREE] = {
		"storage_free", "local storage that goes with its owner", {
			{ ATTACH_FENTRY, "bpf_local_storage_destroy", { "storage_free" }, NULL, 0 },
			{ ATTACH_FENTRY, "bpf_local_storage_unlink_nolock", { "storage_free_nolock" },
			  NULL, 0 },
			{ ATTACH_FENTRY, "bpf_sk_storage_free", { "storage_free_sk" },
			  "inode_storage that goes with its inode", 0 },
		}, false, true
	},

	SYS_HOOK(FD_ARRAY_UPDATE, fd_array_update, bpf_fd_array_map_update_elem),
	[WIRE_HOOK_FD_ARRAY_DELETE] = {
		"fd_array_delete", "slots that the kernel empties on its own", {
			{ ATTACH_FEXIT, "__fd_array_map_delete_elem", { "fd_array_delete_defer" }, NULL, 0 },
			{ ATTACH_FEXIT, "fd_array_map_delete_elem", { "fd_array_delete" }, NULL, 0 },
		}, false, true
	},
	SYS_HOOK(FD_HASH_UPDATE, fd_hash_update, bpf_fd_htab_map_update_elem),
	ELEMENT_HOOK(DEVMAP_UPDATE, devmap_update, dev_map_update_elem),
	ELEMENT_HOOK(DEVMAP_DELETE, devmap_delete, dev_map_delete_elem),
	ELEMENT_HOOK(DEVMAP_HASH_UPDATE, devmap_hash_update, dev_map_hash_update_elem),
	ELEMENT_HOOK(DEVMAP_HASH_DELETE, devmap_hash_delete, dev_map_hash_delete_elem),
	ELEMENT_HOOK(CPUMAP_UPDATE, cpumap_update, cpu_map_update_elem),
	ELEMENT_HOOK(CPUMAP_DELETE, cpumap_delete, cpu_map_delete_elem),
	ELEMENT_HOOK(XSKMAP_UPDATE, xskmap_update, xsk_map_update_elem),
	ELEMENT_HOOK(XSKMAP_DELETE, xskmap_delete, xsk_map_delete_elem),
	ELEMENT_HOOK(REUSEPORT_UPDATE, reuseport_update, bpf_fd_reuseport_array_update_elem),
	ELEMENT_HOOK(REUSEPORT_DELETE, reuseport_delete, reuseport_array_delete_elem),
	SYS_HOOK(SK_STORAGE_UPDATE, sk_storage_update, bpf_fd_sk_storage_update_elem),
	SYS_HOOK(SK_STORAGE_DELETE, sk_storage_delete, bpf_fd_sk_storage_delete_elem),
	SYS_HOOK(INODE_STORAGE_UPDATE, inode_storage_update, bpf_fd_inode_storage_update_elem),
	SYS_HOOK(INODE_STORAGE_DELETE, inode_storage_delete, bpf_fd_inode_storage_delete_elem),
	SYS_HOOK(TASK_STORAGE_UPDATE, task_storage_update, bpf_pid_task_storage_update_elem),
	SYS_HOOK(TASK_STORAGE_DELETE, task_storage_delete, bpf_pid_task_storage_delete_elem),
	SYS_HOOK(CGRP_STORAGE_UPDATE, cgrp_storage_update, bpf_cgrp_storage_update_elem),
	SYS_HOOK(CGRP_STORAGE_DELETE, cgrp_storage_delete, bpf_cgrp_storage_delete_elem),
	SYS_HOOK(CGROUP_STORAGE, cgroup_storage, cgroup_storage_update_elem),
	SYS_HOOK(CGROUP_STORAGE_CPU, cgroup_storage_cpu, bpf_percpu_cgroup_storage_update),
	SYS_HOOK(STACK_TRACE_DELETE, stack_trace_delete, stack_map_delete_elem),
	SYS_HOOK(STACK_TRACE_POP, stack_trace_pop, stack_map_lookup_and_delete_elem),
	SYS_HOOK(STRUCT_OPS_UPDATE, struct_ops_update, bpf_struct_ops_map_update_elem),
	SYS_HOOK(STRUCT_OPS_DELETE, struct_ops_delete, bpf_struct_ops_map_delete_elem),
	SYS_HOOK(INSN_ARRAY_UPDATE, insn_array_update, insn_array_update_elem),

	ONE_HOOK(MAP_MMAP, map_mmap, ATTACH_FEXIT, "bpf_map_mmap", "memory of maps that is mapped"),
	DETAIL_HOOK(FD_SENT, fd_sent, ATTACH_FEXIT, "__scm_send",
		"who sent a descriptor over a unix socket"),
	[WIRE_HOOK_FD_TAKING] = {
		"fd_taking", "that a descriptor came over a unix socket (how: other)", {
			{ ATTACH_FEXIT, "scm_detach_fds", { "fd_taking", "fd_taking_done" }, NULL, 0 },
		}, false, false
	},
	ONE_HOOK(FD_TAKEN, fd_taken, ATTACH_FEXIT, "security_file_receive",
		"descriptors received from other processes"),
	[WIRE_HOOK_FD_PIDFD] = {
		"fd_pidfd", "descriptors taken by pidfd_getfd(2), and from whom", {
			{ ATTACH_FEXIT, "pidfd_getfd", { "fd_pidfd_enter", "fd_pidfd" }, NULL, 0 },
		}, false, true
	},
	ONE_HOOK(PIN_UNLINK, pin_unlink, ATTACH_FEXIT, "simple_unlink", "pins that are removed"),
	[WIRE_HOOK_PIN_RENAME] = {
		"pin_rename", "pins that are renamed", {
			{ ATTACH_FEXIT, "simple_rename", { "pin_rename_5", "pin_rename_enter" }, NULL, 5 },
			{ ATTACH_FEXIT, "simple_rename", { "pin_rename", "pin_rename_enter" }, NULL, 0 },
		}, false, true
	},
	ONE_HOOK(PIN_LINK, pin_link, ATTACH_FEXIT, "simple_link", "pins that get a second name"),
	[WIRE_HOOK_PIN_CHMOD] = {
		"pin_chmod", "changed rights of pins", {
			{ ATTACH_FEXIT, "simple_setattr", { "pin_chmod_2" }, NULL, 2 },
			{ ATTACH_FEXIT, "simple_setattr", { "pin_chmod" }, NULL, 0 },
		}, false, true
	},
	ONE_HOOK(FS_MOUNT, fs_mount, ATTACH_FEXIT, "path_mount", "mount(2) over bpf file systems"),
	ONE_HOOK(FS_MOVE, fs_move, ATTACH_FEXIT, "security_move_mount",
		"move_mount(2) over bpf file systems"),
	[WIRE_HOOK_FS_UMOUNT] = {
		"fs_umount", "umount(2) of bpf file systems", {
			{ ATTACH_FEXIT, "path_umount", { "fs_umount_enter", "fs_umount" }, NULL, 0 },
		}, false, true
	},
	DETAIL_HOOK(FD_QUEUED, fd_queued, ATTACH_FEXIT, "scm_fp_dup",
		"who sent a descriptor that several processes send"),
	[WIRE_HOOK_PROG_LOAD] = {
		"prog_load", "which BPF program wrote", {
			{ ATTACH_FENTRY, "bpf_prog_kallsyms_add", { "prog_load", "prog_load_count" },
			  NULL, 0 },
		}, false, false
	},
	DETAIL_HOOK(MMAP_REFUSED, mmap_refused, ATTACH_FEXIT, "security_mmap_file",
		"writable mappings that are refused for a read-only descriptor"),
	DETAIL_HOOK(PIN_MADE, pin_made, ATTACH_FEXIT, "bpf_mkmap",
		"the path of a new pin, when another thread changes it in user memory"),
	DETAIL_HOOK(PROCESS_TELL, process_tell, ATTACH_FENTRY, "bpf_get_ns_current_pid_tgid",
		"exe, arguments and cgroup of processes that end at once"),
	[WIRE_HOOK_PIN_OPENED] = {
		"pin_opened", "the path a pin is opened by, when another thread changes it in user memory", {
			{ ATTACH_FEXIT, "user_path_at", { "pin_opened" }, NULL, 0 },
			{ ATTACH_FEXIT, "user_path_at_empty", { "pin_opened_empty" }, NULL, 0 },
		}, false, false
	},
	OBJECT_HOOK(OBJECT_PROG, object_prog, prog_fd_array_put_ptr,
		"which program a value of prog_array stands for"),
	OBJECT_HOOK(OBJECT_MAP, object_map, bpf_map_fd_put_ptr,
		"which map a value of array_of_maps or hash_of_maps stands for"),
	OBJECT_HOOK(OBJECT_PERF, object_perf, perf_event_fd_array_put_ptr,
		"which event a value of perf_event_array stands for"),
	OBJECT_HOOK(OBJECT_CGROUP, object_cgroup, cgroup_fd_array_put_ptr,
		"which cgroup a value of cgroup_array stands for"),
	SOCKET_HOOK(OBJECT_SOCKMAP, object_sockmap, sock_map_update_common,
		"which socket a value of sockmap stands for"),
	SOCKET_HOOK(OBJECT_SOCKHASH, object_sockhash, sock_hash_update_common,
		"which socket a value of sockhash stands for"),
	SOCKET_HOOK(OBJECT_SOCK_OLD, object_sock_old, sock_map_unref,
		"which socket is replaced in or deleted from sockmap and sockhash"),
	SYS_HOOK(FD_HASH_DELETE, fd_hash_delete, htab_map_delete_elem),
	[WIRE_HOOK_PROG_UNLOAD] = {
		"prog_unload", "the end of programs", {
			{ ATTACH_FENTRY, "perf_event_bpf_event", { "prog_unload" }, NULL, 0 },
			{ ATTACH_FENTRY, "bpf_prog_free_id", { "prog_unload_id" },
			  "the end of programs where the compiler has inlined this function", 0 },
			{ ATTACH_KPROBE, "perf_event_bpf_event", { "prog_unload_kprobe" }, NULL, 0 },
		}, false, true
	},
	ONE_HOOK(LINK_FREE, link_free, ATTACH_FENTRY, "bpf_link_free", "links that go with their last user"),
	ONE_HOOK(XDP_SET, xdp_set, ATTACH_FEXIT, "dev_change_xdp_fd",
		"programs attached to devices over netlink"),
	[WIRE_HOOK_PERF_SET] = {
		"perf_set", "programs attached to perf events by ioctl", {
			{ ATTACH_FEXIT, "__perf_event_set_bpf_prog", { "perf_set" }, NULL, 0 },
			{ ATTACH_FEXIT, "perf_event_set_bpf_prog", { "perf_set_unlocked" }, NULL, 0 },
			{ ATTACH_FEXIT, "__x64_sys_ioctl", { "perf_set_ioctl" },
			  "programs attached to perf events by ioctl of 32-bit processes", 0 },
		}, false, true
	},
	ONE_HOOK(TC_SET, tc_set, ATTACH_FEXIT, "tc_new_tfilter",
		"programs attached by tc over netlink"),
	ONE_HOOK(TC_CLEAR, tc_clear, ATTACH_FEXIT, "tc_del_tfilter",
		"programs detached by tc over netlink"),
	[WIRE_HOOK_LRU_EVICT] = {
		"lru_evict", "how many elements lru_hash and lru_percpu_hash push out", {
			{ ATTACH_FEXIT, "htab_lru_map_delete_node", { "lru_evict" }, NULL, 0 },
		}, true, false
	},
};
/* clang-format on */

const char *const hook_functions_beside[] = {
	"prog_fd_array_get_ptr",   "bpf_map_fd_get_ptr", "perf_event_fd_array_get_ptr",
	"cgroup_fd_array_get_ptr", HOOK_IA32_BPF,	 NULL,
};

/* As tests/check-helpers lists them, by the names that they have in the kernel. */
const char *const hook_helpers[] = {
	"bpf_get_current_cgroup_id",
	"bpf_get_current_comm",
	"bpf_get_current_pid_tgid",
	"bpf_get_current_task",
	"bpf_get_current_task_btf",
	"bpf_get_current_uid_gid",
	"bpf_get_ns_current_pid_tgid",
	"bpf_get_smp_processor_id",
	"bpf_ktime_get_ns",
	"bpf_map_lookup_elem",
	"bpf_per_cpu_ptr",
	"bpf_probe_read_kernel",
	"bpf_probe_read_kernel_str",
	"bpf_probe_read_user",
	"bpf_probe_read_user_str",
	"bpf_ringbuf_discard",
	"bpf_ringbuf_reserve",
	"bpf_ringbuf_submit",
	"bpf_seq_write",
	"bpf_this_cpu_ptr",
	NULL,
};

const char *const never_seen[] = {
	"values written through a pointer that a BPF program got from a lookup or an iterator: as map.change, where it compares",
	"values written through mmap, .data and .bss of programs: as map.change; ring buffers and arenas: not at all",
	"elements that the kernel removes when a device of a devmap goes or a socket of a reuseport_sockarray closes: as map.change",
	"stack traces that BPF programs put into stack_trace",
	"programs attached and detached by setsockopt, as an action of tc; detached with their qdisc or perf event",
	NULL,
};

const char *hook_attached(const struct hook_state *state)
{
	if (state->way)
		return attach_kind_names[state->way->kind];
	return state->idle ? "on demand" : state->absent ? "no such type" : "missing";
}

const char *hook_loss(const struct hook *hook, const struct hook_state *state)
{
	if (state->idle || state->absent)
		return NULL;
	if (state->way && state->incomplete)
		return "the value before";
	return state->way ? state->way->loss : hook->missing;
}

void hook_reports(const struct hook_state *states, struct hook_report reports[WIRE_HOOK_COUNT])
{
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = states[i].way ?: &hooks[i].ways[0];

		reports[i] = (struct hook_report){
			.name = hooks[i].name,
			.function = way->function,
			.attached = hook_attached(&states[i]),
			.why = states[i].why[0] ? states[i].why : NULL,
			.loss = hook_loss(&hooks[i], &states[i]),
		};
	}
}
