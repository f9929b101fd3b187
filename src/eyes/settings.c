/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values of the kernel that cost sight, against what they were at the start. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eyes/detect.h"

#define UNKNOWN INT64_MIN	/* as struct settings has it */

enum bad_when {
	BAD_AT_0, /* also when it was so at the start */
	BAD_FELL_TO_0,
	BAD_ROSE,
};

static const struct {
	const char *name, *path;
	enum bad_when bad;
	const char *means;
} settings[SETTINGS] = {
	[SETTING_FTRACE] = { "kernel.ftrace_enabled", "/proc/sys/kernel/ftrace_enabled", BAD_AT_0,
			     "hooks by fentry, fexit and kprobe are not called" },
	[SETTING_KPROBES] = { "/sys/kernel/debug/kprobes/enabled",
			      "/sys/kernel/debug/kprobes/enabled", BAD_AT_0,
			      "hooks by kprobe are not called" },
	[SETTING_OPTIMIZED] = { "debug.kprobes-optimization",
				"/proc/sys/debug/kprobes-optimization", BAD_FELL_TO_0,
				"kprobes are slower, and inside of one another skipped" },
	[SETTING_JIT] = { "net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable", BAD_AT_0,
			  "hooks that are loaded from now on can't be attached by trampoline" },
	[SETTING_KPTR] = { "kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict", BAD_ROSE,
			   "functions of the kernel are not found by name any more" },
	[SETTING_PARANOID] = { "kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid",
			       BAD_ROSE, "a bpfmon without CAP_PERFMON can attach no kprobe" },
	[SETTING_UNPRIVILEGED] = { "kernel.unprivileged_bpf_disabled",
				   "/proc/sys/kernel/unprivileged_bpf_disabled", BAD_FELL_TO_0,
				   "everybody may load BPF programs and make maps" },
	[SETTING_LOCKDOWN] = { "lockdown", "/sys/kernel/security/lockdown", BAD_ROSE,
			       "the kernel may refuse hooks and iterators from now on" },
};

int eyes_open(const struct eyes_ask *ask, const char *path)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s%s", ask->root, path);
	return open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

bool eyes_read(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* "none [integrity] confidentiality" has as many levels as are before the one in brackets. */
static int64_t level_of(const char *line)
{
	int64_t level = 0;

	for (; *line && *line != '['; line++)
		level += *line == ' ';
	return *line ? level : UNKNOWN;
}

/* Those in /proc stay open, which is faster; others would keep their file systems from umount(2). */
static int64_t read_setting(const struct settings *s, const struct eyes_ask *ask,
			    unsigned int which)
{
	int fd = s->fds[which] >= 0 ? s->fds[which] : eyes_open(ask, settings[which].path);
	char line[256], *end;
	bool can_read = eyes_read(fd, line, sizeof(line));
	int64_t value;

	if (fd >= 0 && fd != s->fds[which])
		close(fd);
	if (!can_read)
		return UNKNOWN;
	if (which == SETTING_LOCKDOWN)
		return level_of(line);
	value = strtoll(line, &end, 10);
	return end > line && (!*end || *end == '\n') ? value : UNKNOWN;
}

void settings_init(struct settings *s, const struct eyes_ask *ask)
{
	for (unsigned int i = 0; i < SETTINGS; i++) {
		s->fds[i] = strncmp(settings[i].path, "/proc/", 6) ?
				    -1 :
				    eyes_open(ask, settings[i].path);
		s->first[i] = read_setting(s, ask, i);
	}
}

void settings_fini(struct settings *s)
{
	for (unsigned int i = 0; i < SETTINGS; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
}

static bool is_bad(const struct eyes *eyes, unsigned int which, int64_t value)
{
	int64_t first = eyes->settings.first[which];

	switch (settings[which].bad) {
	case BAD_AT_0:
		return !value;
	case BAD_FELL_TO_0:
		return !value && first;
	default:
		/* To 1, only processes without CAP_SYSLOG are shown no addresses. */
		return value > first &&
		       !(which == SETTING_KPTR && value == 1 && eyes->ask->sees_addresses);
	}
}

static void put_value(struct buf *b, unsigned int which, int64_t value)
{
	static const char *const levels[] = { "none", "integrity", "confidentiality" };

	if (which == SETTING_LOCKDOWN && value >= 0 && value < 3)
		buf_str(b, levels[value]);
	else
		buf_printf(b, "%" PRId64, value);
}

void eyes_look_setting(struct eyes *eyes, unsigned int what, struct finding *f)
{
	int64_t value, first = eyes->settings.first[what];

	/* This kernel has none, or it is not for us to read. */
	if (first == UNKNOWN)
		return;
	value = read_setting(&eyes->settings, eyes->ask, what);
	f->bad = value == UNKNOWN || is_bad(eyes, what, value);
	f->which = (uint64_t)value;
	if (value == UNKNOWN) {
		buf_printf(&f->reason, "%s can not be read any more: it may be that %s",
			   settings[what].name, settings[what].means);
		return;
	}
	buf_printf(&f->reason, "%s is ", settings[what].name);
	put_value(&f->reason, what, value);
	if (value != first) {
		buf_str(&f->reason, ", at the start it was ");
		put_value(&f->reason, what, first);
	}
	if (f->bad)
		buf_printf(&f->reason, ": %s", settings[what].means);
}
