/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of mapwriter know of each other: the tables of names, the options, the target
 * map, the two kinds of writers (bpf(2) and BPF programs) and the lines that tell of each write.
 * It shares nothing with bpfmon on purpose: its output is held against bpfmon's.
 *
 * Functions return 0 or a negative errno and say nothing, unless their comment says otherwise.
 */
#ifndef MAPWRITER_H
#define MAPWRITER_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifndef BPFMON_VERSION
#define BPFMON_VERSION "0.1.0"
#endif

#define MW_KEY_MAX 4096		/* the buffers of bpf/mapwriter.bpf.c */
#define MW_VALUE_MAX 65536
#define MW_BATCH_MAX 4096
#define MW_LIST_MAX 32		/* entries of --op and --from */
#define MW_BURST_CHUNK 10000	/* writes between two looks at the signals */

/* --- names.c: tables of what can be asked for --- */
struct maptype {
	const char *name;
	enum bpf_map_type kernel;
	bool array;	/* the key is an index of 4 bytes */
	bool per_cpu;
};

enum op_kind { OP_UPDATE, OP_DELETE, OP_LOOKUP_AND_DELETE };

struct op {
	const char *name;	/* as in --op */
	const char *element;	/* what happens to each element */
	enum op_kind kind;
	bool batch;
};

/* The numbers are those of bpf/mapwriter.bpf.c. */
enum source_id {
	SOURCE_USER,
	SOURCE_SOCKET_FILTER,
	SOURCE_XDP,
	SOURCE_RAW_TP,
	SOURCE_TRACEPOINT,
	SOURCE_KPROBE,
	SOURCE_TC,
	SOURCE_COUNT,
};

struct source {
	const char *name;
	enum source_id id;
	const char *program;	/* NULL: bpf(2) */
	bool test_run;		/* run by BPF_PROG_TEST_RUN; else attached, fired by getpgid(2) */
};

struct flagname {
	const char *name;
	uint64_t value;
};

/* Each table ends with a row without a name. */
extern const struct maptype names_types[];
extern const struct op names_ops[];
extern const struct source names_sources[];
extern const struct flagname names_flags[];

const char *names_errno(int err);
bool names_source_can(const struct source *source, const struct op *op);

/* --- options.c: the command line --- */
struct options {
	const struct maptype *type;	/* NULL: all in turn */
	int64_t count;			/* rounds; 0: forever */
	int64_t interval_ms;
	const char *map_name;
	bool json;
	const struct op *ops[MW_LIST_MAX];
	int op_count;
	const struct source *sources[MW_LIST_MAX];
	int source_count;
	uint32_t batch;
	uint32_t key_bytes;
	uint32_t value_bytes;
	uint32_t max_entries;
	const struct flagname *flags;
	uint64_t burst;			/* 0: rounds */
	const char *pin;
	bool freeze;
	bool hold;
	bool verbose;
};

/* 0: go on; 1: was asked for text only, done; negative: bad input, which it has said. */
int options_parse(struct options *opts, int argc, char **argv);

/* --- target.c: the map that is written to --- */
struct target {
	int fd;
	uint32_t id;
	const struct maptype *type;
	const char *name;
	uint32_t key_bytes;
	uint32_t value_bytes;
	uint32_t max_entries;
	int cpus;			/* 1 unless the type is per-CPU */
	size_t slot_bytes;		/* of a value in bpf(2): all CPUs */
	const char *pinned;		/* NULL: no pin to remove */
};

int target_create(struct target *target, const struct maptype *type, const struct options *opts);
int target_pin(struct target *target, const char *path);
void target_close(struct target *target);
void target_key(const struct target *target, uint64_t counter, uint8_t *key);
void target_value(const struct target *target, uint64_t counter, uint8_t *slot);

/* --- a write that was tried, as report.c tells it --- */
struct written {
	const struct source *source;
	const struct op *op;
	const uint8_t *key;		/* NULL: not known */
	const uint8_t *value;		/* NULL: none; bpf(2): a slot; program: one value */
	const char *flags;
	uint32_t program;		/* its id; 0: bpf(2) */
	uint32_t cpu;			/* where the program ran */
	int result;			/* 0 or negative errno */
};

struct burst {
	const struct source *source;
	uint64_t count;
	uint64_t failed;
	uint64_t elapsed_ns;
	uint32_t program;
};

/* --- user_ops.c: writes through bpf(2) --- */
struct user {
	const struct target *target;
	uint8_t *keys;			/* elements of the last operation */
	uint8_t *values;
	uint8_t *cursor;		/* where the kernel says how far a batch came */
	uint64_t flags;
	uint32_t batch;
};

/* What came of one operation: done elements are good, then one met the error. */
struct outcome {
	uint32_t done;
	int error;
	bool error_has_key;
};

int user_init(struct user *user, const struct target *target, const struct options *opts);
void user_fini(struct user *user);
void user_run(struct user *user, const struct op *op, uint64_t counter, struct outcome *outcome);
void user_burst(struct user *user, uint64_t counter, uint64_t writes, struct burst *burst);

/* --- prog_ops.c: writes by BPF programs --- */
struct mapwriter_bpf;
struct bpf_link;

struct progs {
	struct mapwriter_bpf *skel;	/* NULL: no source is a program */
	struct bpf_link *links[SOURCE_COUNT];
	uint32_t ids[SOURCE_COUNT];
	uint64_t flags;
	int pid;
};

int progs_load(struct progs *progs, const struct target *target, const struct options *opts);
int progs_attach(struct progs *progs, const struct source *source);
void progs_close(struct progs *progs);
/* Gives key, value, cpu and result in written; they stay until the next write. */
int progs_run(struct progs *progs, const struct source *source, const struct op *op,
	      uint64_t counter, struct written *written);
/* Up to MW_BURST_CHUNK updates; adds to the counts of burst. */
int progs_burst(struct progs *progs, uint64_t counter, uint64_t writes, struct burst *burst);

/* --- report.c: the lines on stdout; -EPIPE when nobody reads them --- */
struct report {
	FILE *out;
	bool json;
	const struct target *target;
	int source_width;
	int op_width;
};

void report_init(struct report *report, const struct target *target, const struct options *opts);
int report_map(const struct report *report);
int report_write(const struct report *report, const struct written *written);
int report_burst(const struct report *report, const struct burst *burst);

/* --- session.c: one map from creation to end --- */
/* 0: done; 1: told to stop; negative: failed, which it has said. */
int session_run(const struct options *opts, const struct maptype *type, bool last);

#endif
