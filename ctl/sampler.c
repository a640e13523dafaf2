// SPDX-License-Identifier: GPL-2.0-or-later
/* sampler: all sources of a node read at one moment. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sampler.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/*
 * "auto": in a container, the root of the cgroup file system is the container's own
 * cgroup and has limits; on a machine it is the real root, which has none, and procfs
 * tells about the machine.
 */
static const char *find_cgroup(const struct config_sources *sources, const char *root)
{
	char path[PATH_MAX];

	if (!strcmp(sources->cgroup, "none"))
		return NULL;
	if (strcmp(sources->cgroup, "auto"))
		return sources->cgroup;
	snprintf(path, sizeof(path), "%s%s/cpu.max", root, CGROUP_ROOT);
	return access(path, R_OK) ? NULL : CGROUP_ROOT;
}

static int open_one(struct sampler *sampler, enum config_resource resource,
		    const struct metrics_ops *ops)
{
	int ret = metrics_open(&sampler->sources[resource], ops, &sampler->where);

	if (ret)
		log_err("source of %s (%s): %s", config_resource_names[resource], ops->name,
			strerror(-ret));
	return ret;
}

int sampler_open(struct sampler *sampler, const struct config_sources *sources, const char *root,
		 int (*conns)(void *ctx, uint32_t *count), void *conns_ctx)
{
	struct metrics_where *where = &sampler->where;
	int ret;

	sampler->count = sources->count;
	where->root = root;
	where->cgroup = find_cgroup(sources, root);
	where->uplink = sources->uplink;
	where->uplink_rate = sources->uplink_rate;
	where->conns_max = sources->conns_max;
	where->conns = conns;
	where->conns_ctx = conns_ctx;
	ret = open_one(sampler, CONFIG_CPU,
		       where->cgroup ? &metrics_cgroup_cpu : &metrics_proc_cpu);
	if (!ret)
		ret = open_one(sampler, CONFIG_MEMORY,
			       where->cgroup ? &metrics_cgroup_memory : &metrics_proc_memory);
	if (!ret && where->uplink[0])
		ret = open_one(sampler, CONFIG_NETWORK, &metrics_netdev);
	if (!ret && where->conns)
		ret = open_one(sampler, CONFIG_CONNS, &metrics_conns);
	if (ret)
		sampler_close(sampler);
	return ret;
}

void sampler_close(struct sampler *sampler)
{
	for (int i = 0; i < CONFIG_RESOURCES; i++)
		metrics_close(&sampler->sources[i]);
}

double sample_load(const struct sample *sample, enum config_resource resource)
{
	const struct metrics_reading *reading = &sample->reading[resource];

	if (sample->error[resource] || !(reading->capacity > 0))
		return NAN;
	return reading->used / reading->capacity;
}

/* What is sent is what relaying changes; what is received is as it is. */
static double own_network(const struct sample *sample, double foreign)
{
	const struct metrics_reading *reading = &sample->reading[CONFIG_NETWORK];

	return fmax(reading->tx / reading->capacity - foreign, reading->rx / reading->capacity);
}

double sample_demand(const struct sample *sample, uint32_t count, double foreign)
{
	double demand = 0;

	if (isnan(sample->load))
		return NAN;
	for (enum config_resource i = 0; i < CONFIG_RESOURCES; i++) {
		if (count & 1U << i)
			demand = fmax(demand, i == CONFIG_NETWORK ? own_network(sample, foreign) :
								    sample_load(sample, i));
	}
	return demand;
}

/* Logs when a source begins to fail and when it is well again, not every second. */
static void note_error(struct sampler *sampler, enum config_resource resource, int error)
{
	uint32_t bit = 1U << resource;

	if (error && error != -EAGAIN && !(sampler->quiet & bit)) {
		sampler->quiet |= bit;
		log_warn("no reading of %s (%s): %s", config_resource_names[resource],
			 sampler->sources[resource].ops->name, strerror(-error));
	} else if (!error && sampler->quiet & bit) {
		sampler->quiet &= ~bit;
		log_notice("%s is read again", config_resource_names[resource]);
	}
}

static void add_load(struct sample *sample, enum config_resource resource)
{
	double load = sample_load(sample, resource);

	if (isnan(load) || isnan(sample->load)) {
		sample->load = NAN;
	} else if (load >= sample->load) {
		sample->load = load;
		sample->worst = resource;
	}
}

void sampler_take(struct sampler *sampler, uint64_t now_ns, int64_t time_ms, struct sample *sample)
{
	memset(sample, 0, sizeof(*sample));
	sample->time_ms = time_ms;
	for (enum config_resource i = 0; i < CONFIG_RESOURCES; i++) {
		if (sampler->sources[i].ops) {
			sample->error[i] =
				metrics_read(&sampler->sources[i], now_ns, &sample->reading[i]);
			note_error(sampler, i, sample->error[i]);
		} else {
			sample->error[i] = -ENODATA;
		}
		if (sampler->count & 1U << i)
			add_load(sample, i);
	}
}
