// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conns: connections that the module tracks, against how many the operator says this
 * node can hold. Unit: connections.
 */
#include "metrics/metrics.h"

static int conns_read(struct metrics_source *source, uint64_t now_ns,
		      struct metrics_reading *reading)
{
	const struct metrics_where *where = source->where;
	uint32_t count;
	int ret;

	(void)now_ns;
	ret = where->conns(where->conns_ctx, &count);
	if (ret)
		return ret;
	reading->used = count;
	reading->capacity = where->conns_max;
	return 0;
}

const struct metrics_ops metrics_conns = {
	.name = "connections",
	.read = conns_read,
};
