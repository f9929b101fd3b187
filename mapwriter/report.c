// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The lines on stdout: which map, each write, each burst; as text for a person or as JSON for a
 * test. Each line is flushed, so that a reader has it when the write has just been made. Names
 * are from tables or checked by options.c, so nothing here needs escaping.
 *
 *	map 12 mapwriter (array) key 4 value 8 max 16
 *	user          update [00000000] = 0100000000000000
 *	socket_filter update [01000000] = 0200000000000000
 *
 *	{"type":"map","id":12,"name":"mapwriter","map_type":"array","key_size":4,...}
 *	{"type":"update","op":"update","via":"syscall","from":"user","map":12,"key":"00000000",...}
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "mapwriter.h"

#define TEXT_BYTES 32	/* of a key or value in a text line; JSON has all of them */

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

void report_init(struct report *report, const struct target *target, const struct options *opts)
{
	int i;

	*report = (struct report){ .out = stdout, .json = opts->json, .target = target };
	for (i = 0; i < opts->source_count; i++)
		report->source_width =
			max_int(report->source_width, (int)strlen(opts->sources[i]->name));
	for (i = 0; i < opts->op_count; i++)
		report->op_width = max_int(report->op_width, (int)strlen(opts->ops[i]->name));
}

static int report_end_line(const struct report *report)
{
	errno = 0;
	putc('\n', report->out);
	if (fflush(report->out) || ferror(report->out))
		return errno ? -errno : -EIO;
	return 0;
}

static void report_hex(const struct report *report, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, shown = count;

	if (!report->json && shown > TEXT_BYTES)
		shown = TEXT_BYTES;
	for (i = 0; i < shown; i++) {
		putc(digits[bytes[i] >> 4], report->out);
		putc(digits[bytes[i] & 15], report->out);
	}
	if (shown < count)
		fputs("...", report->out);
}

int report_map(const struct report *report)
{
	const struct target *target = report->target;

	if (report->json)
		fprintf(report->out,
			"{\"type\":\"map\",\"id\":%" PRIu32 ",\"name\":\"%s\",\"map_type\":\"%s\","
			"\"key_size\":%" PRIu32 ",\"value_size\":%" PRIu32
			",\"max_entries\":%" PRIu32 ",\"pid\":%d}",
			target->id, target->name, target->type->name, target->key_bytes,
			target->value_bytes, target->max_entries, (int)getpid());
	else
		fprintf(report->out,
			"map %" PRIu32 " %s (%s) key %" PRIu32 " value %" PRIu32 " max %" PRIu32,
			target->id, target->name, target->type->name, target->key_bytes,
			target->value_bytes, target->max_entries);
	return report_end_line(report);
}

/* Writes one value, or from user space one for each CPU, with between them what is given. */
static void report_values(const struct report *report, const struct written *written,
			  const char *between)
{
	const struct target *target = report->target;
	size_t step = target->slot_bytes / (size_t)target->cpus;
	int i, count = written->program ? 1 : target->cpus;

	for (i = 0; i < count; i++) {
		if (i)
			fputs(between, report->out);
		report_hex(report, written->value + step * (size_t)i, target->value_bytes);
	}
}

static const char *report_via(const struct written *written)
{
	if (written->program)
		return "program";
	return written->op->batch ? "batch" : "syscall";
}

static void report_write_json(const struct report *report, const struct written *written)
{
	const struct target *target = report->target;
	bool cpus = target->type->per_cpu && !written->program;
	FILE *out = report->out;

	fprintf(out,
		"{\"type\":\"%s\",\"op\":\"%s\",\"via\":\"%s\",\"from\":\"%s\",\"map\":%" PRIu32,
		written->op->kind == OP_UPDATE ? "update" : "delete", written->op->element,
		report_via(written), written->source->name, target->id);
	if (written->key) {
		fputs(",\"key\":\"", out);
		report_hex(report, written->key, target->key_bytes);
		putc('"', out);
	}
	if (written->op->kind == OP_UPDATE) {
		fputs(cpus ? ",\"cpus\":[\"" : ",\"value\":\"", out);
		report_values(report, written, "\",\"");
		fputs(cpus ? "\"]" : "\"", out);
		fprintf(out, ",\"flags\":\"%s\"", written->flags);
	}
	if (written->program)
		fprintf(out, ",\"program\":%" PRIu32 ",\"cpu\":%" PRIu32, written->program,
			written->cpu);
	if (written->result)
		fprintf(out, ",\"result\":\"%s\"", names_errno(written->result));
	else
		fputs(",\"result\":0", out);
	fprintf(out, ",\"tid\":%d}", (int)gettid());
}

static void report_write_text(const struct report *report, const struct written *written)
{
	FILE *out = report->out;

	fprintf(out, "%-*s %-*s [", report->source_width, written->source->name, report->op_width,
		written->op->name);
	if (written->key)
		report_hex(report, written->key, report->target->key_bytes);
	putc(']', out);
	if (written->op->kind == OP_UPDATE) {
		fputs(" = ", out);
		report_values(report, written, " ");
	}
	if (written->result)
		fprintf(out, "  %s", names_errno(written->result));
}

int report_write(const struct report *report, const struct written *written)
{
	if (report->json)
		report_write_json(report, written);
	else
		report_write_text(report, written);
	return report_end_line(report);
}

int report_burst(const struct report *report, const struct burst *burst)
{
	uint64_t ms = burst->elapsed_ns / 1000000;

	if (!report->json) {
		fprintf(report->out,
			"%-*s burst  %" PRIu64 " updates, %" PRIu64 " failed, in %" PRIu64
			".%03u s",
			report->source_width, burst->source->name, burst->count, burst->failed,
			ms / 1000, (unsigned int)(ms % 1000));
		return report_end_line(report);
	}
	fprintf(report->out,
		"{\"type\":\"burst\",\"from\":\"%s\",\"via\":\"%s\",\"map\":%" PRIu32
		",\"count\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"elapsed_ns\":%" PRIu64,
		burst->source->name, burst->program ? "program" : "syscall", report->target->id,
		burst->count, burst->failed, burst->elapsed_ns);
	if (burst->program)
		fprintf(report->out, ",\"program\":%" PRIu32, burst->program);
	fprintf(report->out, ",\"tid\":%d}", (int)gettid());
	return report_end_line(report);
}
