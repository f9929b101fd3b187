/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sections of the BPF object; see sections.h. */
#include "load/sections.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "load/feat.h"

/* "fentry/security_bpf" */
static int name_function(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const struct feat *feat = (const struct feat *)cookie;
	const char *section = bpf_program__section_name(prog), *function = strchr(section, '/');

	opts->attach_btf_id = function ? feat_function_id(feat, function + 1) : 0;
	return opts->attach_btf_id ? 0 : -ESRCH;
}

void sections_begin(struct sections *sections, const struct feat *feat)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = (long)feat,
		    .prog_prepare_load_fn = name_function);

	sections->handlers[0] = libbpf_register_prog_handler("fentry/", BPF_PROG_TYPE_TRACING,
							     BPF_TRACE_FENTRY, &opts);
	sections->handlers[1] = libbpf_register_prog_handler("fexit/", BPF_PROG_TYPE_TRACING,
							     BPF_TRACE_FEXIT, &opts);
}

void sections_end(struct sections *sections)
{
	for (int i = 0; i < 2; i++)
		if (sections->handlers[i] > 0)
			libbpf_unregister_prog_handler(sections->handlers[i]);
}
