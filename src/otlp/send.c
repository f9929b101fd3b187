/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Logs of OTLP over HTTP, to an OpenTelemetry Collector or who else takes them: a request for some
 * lines at once, in order. What the receiver can't take now goes to the spool, which is sent before
 * anything else; where that is full, or there is none, it stays in the queue. What it refuses for
 * good is counted as lost.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "otlp/curl.h"
#include "otlp/otlp.h"
#include "sinks/type.h"

#define FULL_BATCH 256 /* as many as the queue gives at once: there may be more behind */
#define ANSWER_BYTES (64 << 10)
#define RETRY_NS (1000ull * 1000 * 1000) /* while lines go to the spool, it is tried so often */

struct state {
	CURL *curl;
	struct curl_slist *headers;
	char host[256];
	struct spool spool;
	bool spools, has_spool; /* it was asked for; it is open */
	int wake_fd;
	struct buf request, spooled, packed, answer;
	bool packs; /* compression=gzip */
	uint64_t retry_at_ns; /* CLOCK_MONOTONIC; 0: the last time it worked */
	atomic_uint_fast64_t lost;
	bool told; /* that something was refused */
	bool told_broken; /* that the connection can't be had, for a reason that stays */
	char error[CURL_ERROR_SIZE];
};

/* ---- one request ---- */

static size_t take_answer(char *data, size_t size, size_t n, void *context)
{
	struct state *s = context;
	size_t len = size * n, room = ANSWER_BYTES - s->answer.len;

	buf_bytes(&s->answer, data, len < room ? len : room);
	return len;
}

/* Not 0: it is time to end. */
static int is_over(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct state *s = context;
	struct pollfd fd = { .fd = s->wake_fd, .events = POLLIN };

	(void)a, (void)b, (void)c, (void)d;
	return poll(&fd, 1, 0) > 0;
}

/* As opentelemetry.io/docs/specs/otlp has it; all else is for good. */
static bool is_later(long status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

static void lose(struct state *s, uint64_t n, long status)
{
	atomic_fetch_add(&s->lost, n);
	if (!s->told)
		log_warn("output otlp: the receiver refuses lines, HTTP status %ld: %.*s", status,
			 (int)(s->answer.len < 200 ? s->answer.len : 200),
			 s->answer.len ? s->answer.data : "");
	s->told = true;
}

/* There was no answer. That nobody listens passes; what is wrong with a certificate does not. */
static int no_answer(struct state *s, CURLcode code)
{
	const char *why = *s->error ? s->error : curl.easy_strerror(code);
	int err = code == CURLE_COULDNT_CONNECT	   ? -ECONNREFUSED :
		  code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT :
		  code == CURLE_OUT_OF_MEMORY	   ? -ENOMEM :
						     -EIO;

	if (err != -EIO || s->told_broken) {
		log_debug("output otlp: %s", why);
		return err;
	}
	s->told_broken = true;
	log_warn("output otlp: %s; it is tried again", why);
	return err;
}

/* 0: it was taken, or refused for good. */
static int post(struct state *s, const struct buf *request, size_t n)
{
	uint64_t rejected;
	long status = 0;
	CURLcode code;
	int err;

	if (request->failed)
		return -ENOMEM;
	if (s->packs) {
		err = otlp_gzip(&s->packed, request);
		if (err)
			return err;
		request = &s->packed;
	}
	s->answer.len = 0;
	curl.easy_setopt(s->curl, CURLOPT_POSTFIELDS, request->data);
	curl.easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->len);
	code = curl.easy_perform(s->curl);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return -ECANCELED;
	if (code != CURLE_OK)
		return no_answer(s, code);
	s->told_broken = false;
	curl.easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (is_later(status))
		return -EBUSY;
	if (status / 100 != 2) {
		lose(s, n, status);
		return 0;
	}
	rejected = otlp_rejected(s->answer.data, s->answer.len);
	if (rejected)
		lose(s, rejected < n ? rejected : n, status);
	return 0;
}

static int try_post(struct state *s, const struct buf *request, size_t n)
{
	int err = post(s, request, n);

	s->retry_at_ns = err ? clock_ns(CLOCK_MONOTONIC) + RETRY_NS : 0;
	return err;
}

/* ---- in order ---- */

/* All that waits on disk; -ENOENT is the end of it. */
static int send_spool(struct state *s)
{
	size_t n;
	int err = spool_get(&s->spool, &s->spooled, &n);

	while (!err) {
		err = try_post(s, &s->spooled, n);
		if (err)
			break;
		spool_drop(&s->spool);
		err = spool_get(&s->spool, &s->spooled, &n);
	}
	return err == -ENOENT ? 0 : err;
}

static void make_request(struct state *s, struct item **items, size_t n)
{
	s->request.len = 0;
	s->request.failed = false;
	otlp_request(&s->request, s->host, items, n);
}

/*
 * The last stays in the queue, which then asks again by itself. Behind a full batch there may be
 * more: the queue is told neither that it works nor that it fails, and comes at once, with the last
 * alone if there was no more.
 */
static int keep(struct state *s, struct item **items, size_t n, size_t *done, int err)
{
	size_t kept = n - 1;
	int failed;

	if (!kept)
		return err;
	make_request(s, items, kept);
	failed = s->request.failed ? -ENOMEM : spool_put(&s->spool, &s->request, kept);
	if (failed)
		return failed == -ENOSPC ? err : failed;
	*done += kept;
	return n < FULL_BATCH ? err : -ECANCELED;
}

static int write_otlp(void *state, struct item **items, size_t n, size_t *done)
{
	struct state *s = state;
	bool waits = n >= FULL_BATCH && s->spools && s->retry_at_ns > clock_ns(CLOCK_MONOTONIC);
	int err = waits ? -EBUSY : s->spools ? send_spool(s) : 0;

	if (!err) {
		make_request(s, items, n);
		err = try_post(s, &s->request, n);
	}
	if (!err)
		*done += n;
	return err && err != -ECANCELED && s->spools ? keep(s, items, n, done, err) : err;
}

static uint64_t lost(void *state)
{
	struct state *s = state;

	return atomic_load(&s->lost);
}

/* ---- opening ---- */

/* Files of PEM: bpfmon reads them now, for an output that can't begin is better than one that fails. */
static int set_file(struct state *s, const struct sinks_open *o, const char *name,
		    CURLoption option)
{
	const char *path = sinks_text(o->values, name);

	if (!*path)
		return 0;
	if (access(path, R_OK)) {
		snprintf(o->why, o->why_size,
			 "output otlp: %s %.256s: %s; give a readable PEM file", name, path,
			 strerror(errno));
		return -EINVAL;
	}
	return curl.easy_setopt(s->curl, option, path) == CURLE_OK ? 0 : -ENOMEM;
}

static int set_up_tls(struct state *s, const struct sinks_open *o)
{
	int err = set_file(s, o, "ca", CURLOPT_CAINFO);

	err = err ? err : set_file(s, o, "cert", CURLOPT_SSLCERT);
	return err ? err : set_file(s, o, "key", CURLOPT_SSLKEY);
}

static int set_up(struct state *s, const struct sinks_open *o)
{
	const char *url = sinks_text(o->values, "url"), *header = sinks_text(o->values, "header");
	struct curl_slist *more;

	curl.global_init(CURL_GLOBAL_DEFAULT);
	s->curl = curl.easy_init();
	s->headers = curl.slist_append(NULL, "Content-Type: application/json");
	/* Without this it would wait for "100 Continue" before it sends. */
	more = s->headers ? curl.slist_append(s->headers, "Expect:") : NULL;
	if (more && *header)
		more = curl.slist_append(s->headers, header);
	if (more && s->packs)
		more = curl.slist_append(s->headers, "Content-Encoding: gzip");
	if (!s->curl || !more)
		return -ENOMEM;
	curl.easy_setopt(s->curl, CURLOPT_URL, url);
	curl.easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
	curl.easy_setopt(s->curl, CURLOPT_USERAGENT, "bpfmon");
	curl.easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(s->curl, CURLOPT_TIMEOUT, (long)sinks_number(o->values, "timeout"));
	curl.easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->error);
	curl.easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl.easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
	curl.easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
	curl.easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, is_over);
	curl.easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
	return set_up_tls(s, o);
}

static void close_otlp(void *state)
{
	struct state *s = state;

	if (s->has_spool)
		spool_close(&s->spool);
	if (s->curl)
		curl.easy_cleanup(s->curl);
	if (s->headers)
		curl.slist_free_all(s->headers);
	buf_fini(&s->request);
	buf_fini(&s->spooled);
	buf_fini(&s->packed);
	buf_fini(&s->answer);
	free(s);
}

static int open_spool(struct state *s, const struct sinks_open *o, const char *path)
{
	int err = spool_open(&s->spool, path, sinks_number(o->values, "spool-size"));

	s->has_spool = !err;
	if (!err)
		return 0;
	snprintf(o->why, o->why_size, "output otlp: spool %.256s: %s", path,
		 err == -EBUSY ? "another bpfmon uses it; give another folder" : strerror(-err));
	return -EINVAL;
}

/* What can be said without a connection. */
static int check(const struct sinks_open *o)
{
	const char *url = sinks_text(o->values, "url"), *way = sinks_text(o->values, "compression");
	bool tls = !strncmp(url, "https://", 8);

	*o->why = '\0';
	if (!tls && strncmp(url, "http://", 7))
		snprintf(o->why, o->why_size,
			 "output otlp: url '%.128s': give http://ADDRESS:PORT/v1/logs, or https:",
			 url);
	else if (*way && strcmp(way, "gzip") != 0)
		snprintf(o->why, o->why_size,
			 "output otlp: compression '%.32s': give gzip, or none", way);
	else if (!tls && (*sinks_text(o->values, "ca") || *sinks_text(o->values, "cert")))
		snprintf(o->why, o->why_size,
			 "output otlp: certificates are for https, the url is %.128s", url);
	else if (!*sinks_text(o->values, "cert") != !*sinks_text(o->values, "key"))
		snprintf(o->why, o->why_size, "output otlp: cert and key: give both, or none");
	return *o->why ? -EINVAL : 0;
}

static int open_otlp(const struct sinks_open *o, void **state)
{
	const char *spool = sinks_text(o->values, "spool");
	struct state *s;
	char why[256];
	int err;

	snprintf(o->label, SINKS_LABEL, "otlp %s", sinks_text(o->values, "url"));
	if (!curl_load(why, sizeof(why))) {
		snprintf(o->why, o->why_size, "output otlp: %s", why);
		return -ENOENT;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(o->why, o->why_size, "output otlp: no memory");
		return -ENOMEM;
	}
	s->wake_fd = o->wake_fd;
	s->spools = *spool;
	s->packs = *sinks_text(o->values, "compression");
	gethostname(s->host, sizeof(s->host) - 1);
	err = set_up(s, o);
	if (err == -ENOMEM)
		snprintf(o->why, o->why_size, "output otlp: no memory");
	if (!err && s->spools)
		err = open_spool(s, o, spool);
	if (err)
		close_otlp(s);
	else
		*state = s;
	return err;
}

static const struct sinks_option options[] = {
	{ "url", SINKS_TEXT, "http://127.0.0.1:4318/v1/logs", "of the receiver, http or https", 0,
	  0 },
	{ "header", SINKS_TEXT, "", "one more, such as 'Authorization: Bearer TOKEN'", 0, 0 },
	{ "ca", SINKS_TEXT, "", "PEM file of who signs for the receiver; default: the system's", 0,
	  0 },
	{ "cert", SINKS_TEXT, "", "PEM file with our own certificate, where it wants one", 0, 0 },
	{ "key", SINKS_TEXT, "", "PEM file with its key", 0, 0 },
	{ "compression", SINKS_TEXT, "", "gzip; default: none", 0, 0 },
	{ "timeout", SINKS_NUMBER, "10", "seconds for a request", 1, 600 },
	{ "spool", SINKS_TEXT, "", "a folder for what it can't take now; default: memory alone", 0,
	  0 },
	{ "spool-size", SINKS_NUMBER, "256M", "bytes that the folder takes at most", 1 << 20,
	  1ull << 40 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_otlp = {
	.name = "otlp",
	.help = "logs of OpenTelemetry over HTTP, with a spool on disk",
	.format = "json",
	.options = options,
	.check = check,
	.open = open_otlp,
	.write = write_otlp,
	.lost = lost,
	.close = close_otlp,
};
