/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The functions of libcurl that are used, once it is loaded. */
#ifndef BPFMON_OTLP_CURL_H
#define BPFMON_OTLP_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Its macros check arguments of calls by name, which these are not. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

struct curl {
	__typeof__(&curl_global_init) global_init;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_setopt) easy_setopt;
	__typeof__(&curl_easy_getinfo) easy_getinfo;
	__typeof__(&curl_easy_perform) easy_perform;
	__typeof__(&curl_easy_strerror) easy_strerror;
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_slist_append) slist_append;
	__typeof__(&curl_slist_free_all) slist_free_all;
};

extern struct curl curl;

/* False: it is not there; `why` says what to install. */
bool curl_load(char *why, size_t why_size);

#endif
