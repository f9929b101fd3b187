/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a snapshot says of a host beside the content of maps: facts, each of a kind, with
 * attributes that are numbers or text. Who gathers them, writes them, reads them, matches and
 * compares them knows attributes by the one table in src/baseline/facts.c.
 *
 * An attribute that is not there is not known, which is no difference from anything.
 */
#ifndef BPFMON_BASELINE_FACTS_H
#define BPFMON_BASELINE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "record/blocks.h"

/* By number in snapshots: new ones at the end. */
enum fact_kind {
	FACT_INFO = 1, /* the first: where, when, by whom */
	FACT_RULE, /* what was left out, and asked for */
	FACT_MAP,
	FACT_PIN,
	FACT_PROGRAM,
	FACT_LINK,
	FACT_ATTACHMENT,
	FACT_CONTENT, /* how the reading of a map ended */
	FACT_GAP, /* what could not be told */
	FACT_KINDS
};

/* By number in snapshots, too. */
enum fact_attr {
	ATTR_NONE,
	ATTR_ID,
	ATTR_NAME,
	ATTR_TYPE,
	ATTR_KEY_SIZE,
	ATTR_VALUE_SIZE,
	ATTR_MAX_ENTRIES,
	ATTR_FLAGS,
	ATTR_EXTRA,
	ATTR_FROZEN,
	ATTR_HIDDEN,
	ATTR_IFINDEX,
	ATTR_KEY_TYPE,
	ATTR_VALUE_TYPE,
	ATTR_BTF,
	ATTR_INNER,
	ATTR_VALUE_BYTES,
	ATTR_USERS,
	ATTR_PATH,
	ATTR_OBJECT,
	ATTR_OBJECT_ID,
	ATTR_OBJECT_NAME,
	ATTR_MODE,
	ATTR_UID,
	ATTR_GID,
	ATTR_DIR_MODE,
	ATTR_DIR_UID,
	ATTR_TAG,
	ATTR_CODE,
	ATTR_LOADED,
	ATTR_MAPS,
	ATTR_PROGRAM_ID,
	ATTR_PROGRAM,
	ATTR_ATTACH,
	ATTR_TARGET,
	ATTR_POSITION,
	ATTR_DETAIL,
	ATTR_MINOR,
	ATTR_HOST,
	ATTR_KERNEL,
	ATTR_BOOT,
	ATTR_VERSION,
	ATTR_TIME,
	ATTR_CPUS,
	ATTR_RULE,
	ATTR_WORD,
	ATTR_MAP,
	ATTR_ENTRIES,
	ATTR_UNSTABLE,
	ATTR_REASON,
	ATTR_ERROR,
	ATTR_MODULE,
	ATTR_PROG_TYPE,
	ATTR_LINK_TYPE,
	ATTRS
};

struct attr {
	uint16_t id;
	uint32_t len; /* of the text, without its NUL */
	char *text; /* NULL: a number */
	uint64_t number;
};

struct fact {
	enum fact_kind kind;
	struct attr *attrs; /* by rising id */
	size_t n;
	size_t mate; /* for those who match: 1 + its place on the other side; 0: none */
	bool unclear; /* there are several that it could be */
	bool left_out;	/* by rule: neither matched nor told */
};

struct facts {
	struct fact *list;
	size_t n;
	bool failed; /* no memory: what was added since is not there */
};

/* How an attribute is shown, and what it is for. */
enum attr_form {
	FORM_NUMBER,
	FORM_TEXT,
	FORM_BOOL,
	FORM_OCTAL,
	FORM_MAP_TYPE,
	FORM_PROG_TYPE,
	FORM_LINK_TYPE,
	FORM_ATTACH,
	FORM_MAP_FLAGS
};

#define ATTR_COMPARED 1u /* a difference is told */
#define ATTR_BOOT_ONLY 2u /* means nothing after a reboot */
#define ATTR_KERNEL_ONLY 4u /* nor under another kernel */
#define ATTR_SUBJECT 8u /* names the thing in what is said of it */
#define ATTR_INTERNAL 16u /* not shown */

struct attr_row {
	const char *name;
	enum attr_form form;
	unsigned int use;
};

extern const struct attr_row attr_rows[ATTRS];
extern const char *const fact_kind_names[FACT_KINDS]; /* NULL: of no difference */

/* The fact that the next attributes belong to; NULL: no memory. Lent until the next one is added. */
struct fact *facts_add(struct facts *facts, enum fact_kind kind);
/* In any order; each id once. `f` may be NULL. Text ends at a NUL, or after `len` bytes. */
void fact_number(struct facts *facts, struct fact *f, enum fact_attr id, uint64_t number);
void fact_text(struct facts *facts, struct fact *f, enum fact_attr id, const char *text,
	       size_t len);
void fact_string(struct facts *facts, struct fact *f, enum fact_attr id, const char *text);
void facts_fini(struct facts *facts);

const struct attr *fact_get(const struct fact *f, enum fact_attr id); /* NULL: not known */
/* 0, or "", when it is not known. */
uint64_t fact_get_number(const struct fact *f, enum fact_attr id);
const char *fact_get_text(const struct fact *f, enum fact_attr id);
bool attr_equal(const struct attr *a, const struct attr *b);

/* Bytes of one value as content has it: of a per-CPU map those of all CPUs, each padded to 8. */
uint64_t fact_value_bytes(const struct fact *map);

/* As in a snapshot; 0, -EBADMSG, -ENOTSUP: of a kind that this version has not, -ENOMEM. */
void fact_put(struct buf *b, const struct fact *f);
int fact_take(struct bytes *b, struct facts *facts);

/* Its value for a person, or as a member of the open JSON object. */
void attr_put_text(struct buf *b, const struct attr *a);
void attr_put_json(struct buf *b, const char *name, const struct attr *a);

#endif
