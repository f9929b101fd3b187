/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libcurl, loaded when an output needs it: with all that it needs itself it is thirty libraries, which
 * would make every bpfmon 5 MB larger and slower to start.
 */
#include "otlp/curl.h"

#include <dlfcn.h>
#include <stdio.h>

struct curl curl;

/* As Debian calls the one that the package is built with, and as all others do. */
static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };

static const struct {
	const char *name;
	void *to;
} functions[] = {
	{ "curl_global_init", &curl.global_init },
	{ "curl_easy_init", &curl.easy_init },
	{ "curl_easy_setopt", &curl.easy_setopt },
	{ "curl_easy_getinfo", &curl.easy_getinfo },
	{ "curl_easy_perform", &curl.easy_perform },
	{ "curl_easy_strerror", &curl.easy_strerror },
	{ "curl_easy_cleanup", &curl.easy_cleanup },
	{ "curl_slist_append", &curl.slist_append },
	{ "curl_slist_free_all", &curl.slist_free_all },
};

/* It stays: outputs are opened in one thread, before others run. */
bool curl_load(char *why, size_t why_size)
{
	void *library = NULL;

	for (size_t i = 0; !library && i < sizeof(names) / sizeof(names[0]); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		snprintf(why, why_size, "cannot load libcurl: %s; install libcurl3-gnutls",
			 dlerror());
		return false;
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		*(void **)functions[i].to = dlsym(library, functions[i].name);
		if (*(void **)functions[i].to)
			continue;
		snprintf(why, why_size, "libcurl has no %s(): use another", functions[i].name);
		return false;
	}
	return true;
}
