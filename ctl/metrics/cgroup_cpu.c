// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cgroup_cpu: CPU time of a cgroup, usage_usec of cpu.stat, against cpu.max. See
 * Documentation/admin-guide/cgroup-v2.rst of the kernel.
 *
 * Unit: CPUs. Where cpu.max says "max" or more than the machine has, the capacity is
 * the machine's.
 */
#include <errno.h>
#include <unistd.h>

#include "metrics/metrics.h"
#include "metrics/procfile.h"
#include "metrics/rate.h"

static double machine_cpus(const struct metrics_where *where)
{
	long cpus = where->cpus ? (long)where->cpus : sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 0 ? (double)cpus : 1;
}

/* cpu.max: "$MAX $PERIOD", both in microseconds. */
static int read_capacity(const struct metrics_where *where, double *cpus)
{
	char text[PROCFILE_MAX];
	const char *p = text;
	uint64_t quota, period;
	int ret;

	*cpus = machine_cpus(where);
	ret = procfile_read(text, where->root, where->cgroup, "cpu.max");
	/* The file is there only where the CPU controller is on: else nothing limits. */
	if (ret == -ENOENT)
		return 0;
	if (!ret)
		ret = procfile_limit(&p, &quota);
	if (ret)
		return ret;
	if (quota == UINT64_MAX)
		return 0;
	if (*p++ != ' ' || procfile_number(&p, &period) || *p != '\n' || !period || !quota)
		return -EBADMSG;
	if ((double)quota / (double)period < *cpus)
		*cpus = (double)quota / (double)period;
	return 0;
}

static int cgroup_cpu_read(struct metrics_source *source, uint64_t now_ns,
			   struct metrics_reading *reading)
{
	const struct metrics_where *where = source->where;
	char text[PROCFILE_MAX];
	double usec_per_second;
	uint64_t usage_usec;
	int ret;

	ret = procfile_read(text, where->root, where->cgroup, "cpu.stat");
	if (!ret)
		ret = procfile_field(text, "usage_usec", &usage_usec);
	if (!ret)
		ret = read_capacity(where, &reading->capacity);
	if (ret)
		return ret;
	ret = metrics_rate_step(source->priv, usage_usec, now_ns, &usec_per_second);
	if (!ret)
		reading->used = usec_per_second / 1e6;
	return ret;
}

const struct metrics_ops metrics_cgroup_cpu = {
	.name = "cgroup cpu",
	.priv_size = sizeof(struct metrics_rate),
	.read = cgroup_cpu_read,
};
