// SPDX-License-Identifier: GPL-2.0-or-later
/* rate: how fast a counter of the kernel grows. */
#include <errno.h>

#include "metrics/rate.h"

int metrics_rate_step(struct metrics_rate *rate, uint64_t value, uint64_t now_ns,
		      double *per_second)
{
	struct metrics_rate old = *rate;

	rate->value = value;
	rate->time_ns = now_ns;
	rate->valid = true;
	if (!old.valid || value < old.value || now_ns <= old.time_ns)
		return -EAGAIN;
	*per_second = (double)(value - old.value) * 1e9 / (double)(now_ns - old.time_ns);
	return 0;
}
