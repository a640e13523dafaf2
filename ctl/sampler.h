/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sampler: all sources of a node read at one moment, and the load that they make.
 *
 * Load is that of the fullest resource, of those that the configuration counts: a node
 * is overloaded when any one of them is, however empty the others are.
 */
#ifndef SPILLWAY_CTL_SAMPLER_H
#define SPILLWAY_CTL_SAMPLER_H

#include "config.h"
#include "metrics/metrics.h"

/**
 * struct sample - one reading of everything
 * @time_ms: CLOCK_REALTIME
 * @reading: by &enum config_resource, valid where @error is 0
 * @error: 0, or the negative errno for which there is no reading; -ENODATA for a
 *	resource without a source
 * @load: 1 is full; NaN (missing) if any counted resource has no reading: the rest
 *	may not be the fullest
 * @worst: whose load @load is
 */
struct sample {
	int64_t time_ms;
	struct metrics_reading reading[CONFIG_RESOURCES];
	int error[CONFIG_RESOURCES];
	double load;
	enum config_resource worst;
};

/**
 * struct sampler - the sources
 * @where: where they read
 * @sources: by &enum config_resource; not open where there is none
 * @count: resources that make the load
 * @quiet: readings that failed last time too, so that each failure is logged once
 */
struct sampler {
	struct metrics_where where;
	struct metrics_source sources[CONFIG_RESOURCES];
	uint32_t count;
	uint32_t quiet;
};

/**
 * sampler_open() - open the sources that a configuration asks for
 * @sampler: zeroed; must not move afterwards
 * @sources: must outlive the sampler
 * @root: prefix of all paths, "" outside of tests
 * @conns: counts connections, see struct metrics_where
 *
 * Return: 0 or a negative errno, logged.
 */
int sampler_open(struct sampler *sampler, const struct config_sources *sources, const char *root,
		 int (*conns)(void *ctx, uint32_t *count), void *conns_ctx);

void sampler_close(struct sampler *sampler);

/**
 * sampler_take() - read everything
 * @now_ns: CLOCK_MONOTONIC
 * @time_ms: CLOCK_REALTIME, for the record
 */
void sampler_take(struct sampler *sampler, uint64_t now_ns, int64_t time_ms, struct sample *sample);

/**
 * sample_demand() - the load as it would be if nothing were relayed, here or elsewhere
 * @sample: with its load
 * @count: resources that make the load
 * @foreign: part of the uplink that is used for the pool, less what the pool relieves
 *	it of; negative where more was given away than taken in
 *
 * What the node itself asks for. Moves change the load, but not the demand, and a
 * forecast is about what happens by itself: the step that a move makes must not look
 * like the start of a trend (known interventions are taken out before a model is
 * fitted: Box and Tiao, 1975).
 *
 * Return: 0 or more; NaN where the load is missing.
 */
double sample_demand(const struct sample *sample, uint32_t count, double foreign);

/* Load of one resource: NaN where it has no reading or its capacity is not known. */
double sample_load(const struct sample *sample, enum config_resource resource);

#endif /* SPILLWAY_CTL_SAMPLER_H */
