/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rate: how fast a counter of the kernel grows, or that this cannot be said. */
#ifndef SPILLWAY_CTL_METRICS_RATE_H
#define SPILLWAY_CTL_METRICS_RATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct metrics_rate - a counter and its last reading
 * @value: last value
 * @time_ns: when it was read
 * @valid: there was one
 */
struct metrics_rate {
	uint64_t value;
	uint64_t time_ns;
	bool valid;
};

/**
 * metrics_rate_step() - growth a second since the last reading
 * @now_ns: CLOCK_MONOTONIC
 * @per_second: set on success
 *
 * Return: 0; -EAGAIN for the first reading, for a counter that went backwards (its
 * owner was made anew) and where no time has passed. The reading is kept either way.
 */
int metrics_rate_step(struct metrics_rate *rate, uint64_t value, uint64_t now_ns,
		      double *per_second);

#endif /* SPILLWAY_CTL_METRICS_RATE_H */
