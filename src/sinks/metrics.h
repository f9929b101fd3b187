/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is counted for Prometheus, and its text format. The number of series is bounded: what is
 * over the bound is counted in one series `other`. For one thread at a time.
 */
#ifndef BPFMON_SINKS_METRICS_H
#define BPFMON_SINKS_METRICS_H

#include "sinks/item.h"
#include "sinks/sinks.h"

struct metrics;

/* `series`: of maps and writers, at most. NULL: no memory. */
struct metrics *metrics_new(size_t series);
void metrics_free(struct metrics *m);

void metrics_event(struct metrics *m, const struct event *e, const struct item_about *about);
void metrics_monitor(struct metrics *m, const struct monitor *said);

/*
 * Text format 0.0.4, with the outputs of `all` if that is not NULL:
 *
 * # HELP bpfmon_events_total Events by type.
 * # TYPE bpfmon_events_total counter
 * bpfmon_events_total{type="map.update"} 7
 */
void metrics_write(const struct metrics *m, struct sinks *all, struct buf *b);

#endif
