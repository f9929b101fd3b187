/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps with values of every kind that BTF describes. Names of members end in what a reader of two
 * decoders' output has to know about them: see tests/live/live_btf.py.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#define MAP_OF(name_, value_)				\
	struct {					\
		__uint(type, BPF_MAP_TYPE_HASH);	\
		__uint(max_entries, 64);		\
		__type(key, __u32);			\
		__type(value, value_);			\
	} name_ SEC(".maps")

struct integers {
	signed char s8;
	unsigned char u8;
	short s16;
	unsigned short u16;
	int s32;
	unsigned int u32;
	long long s64;
	unsigned long long u64;
	__int128 s128;
	unsigned __int128 u128;
};
MAP_OF(v_integers, struct integers);

struct bits {
	unsigned int u3_bits : 3;
	int s5_bits : 5;
	unsigned int u1_bits : 1;
	unsigned int : 7;
	unsigned int u16_bits : 16;
	unsigned long long u40_bits : 40;
	unsigned long long u24_bits : 24;
	__u32 whole;
};
MAP_OF(v_bits, struct bits);

enum color { RED, GREEN, BLUE = 255, BLACK = -1 };
enum size { SMALL = 1, LARGE = 0x80000000 };
enum tiny { NO, YES, MAYBE } __attribute__((packed));

struct enums {
	enum color color_enum;
	enum size size_enum;
	enum tiny tiny_enum;
	enum tiny list_enum[3];
};
MAP_OF(v_enums, struct enums);

union either {
	__u32 word;
	__u16 halves[2];
	struct {
		__u8 low;
		__u8 high;
	} parts;
};

struct nested {
	union either first;
	struct {
		__u16 inner;
		union {
			__u16 plain;
			__s8 small;
		};
	};
	struct {
		__u8 a;
		__u32 b;
	} pairs[2];
	__u16 grid[2][3];
	const volatile __u64 last;
};
MAP_OF(v_nested, struct nested);

struct strings {
	char text[8];
	char names[2][4];
	char one;
	__u8 raw[4];
};
MAP_OF(v_strings, struct strings);

typedef __be32 address_t;
struct addresses {
	address_t source_be32;
	__be32 target_be32;
	__be16 port_be16;
	__u16 pad;
	__be64 id_be64;
};
MAP_OF(v_addresses, struct addresses);

struct pointers {
	void *any_ptr;
	const struct nested *nested_ptr;
	int (*function_ptr)(int);
	bool yes_bool;
};
MAP_OF(v_pointers, struct pointers);

struct locked {
	struct bpf_spin_lock lock;
	__u32 count;
};
MAP_OF(v_lock, struct locked);

struct timed {
	__u64 count;
	struct bpf_timer timer;
};
MAP_OF(v_timer, struct timed);

typedef __u64 counter_t;
MAP_OF(v_typedef, counter_t);
MAP_OF(v_array, __u16[5]);

struct tuple {
	__be32 source_be32;
	__u16 port;
	__u8 protocol;
	__u8 pad;
};
/* Longer than the name that the kernel keeps. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct tuple);
	__type(value, __s32);
} v_sessions_by_tuple SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bits);
} v_percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 2);
} v_plain SEC(".maps");

__u32 enabled = 1;
static volatile struct addresses peer;
__u64 seen;
static volatile __u8 levels[3];
__s32 limits[2] SEC(".data.limits_of_senders");

/* A program of its own, so that what it mentions is in the BTF. */
SEC("socket")
int mention(struct __sk_buff *skb)
{
	return (int)(enabled + peer.port_be16 + seen + levels[1] + limits[0]);
}

char LICENSE[] SEC("license") = "GPL";
