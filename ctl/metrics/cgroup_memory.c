// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cgroup_memory: memory of a cgroup, memory.current less inactive_file of memory.stat,
 * against memory.max.
 *
 * Unit: bytes. Page cache that has not been used lately is given back before anything
 * is out of memory, so it does not count: else every node that ever read a large file
 * would look full. Where memory.max is "max", the capacity is the machine's memory.
 */
#include <errno.h>

#include "metrics/metrics.h"
#include "metrics/procfile.h"

static int read_capacity(const struct metrics_where *where, double *capacity)
{
	char text[PROCFILE_MAX];
	const char *p = text;
	uint64_t limit = 0, total = 0;
	int ret;

	ret = procfile_read(text, where->root, where->cgroup, "memory.max");
	if (!ret)
		ret = procfile_limit(&p, &limit);
	if (!ret)
		ret = procfile_read(text, where->root, "/proc", "meminfo");
	if (!ret)
		ret = procfile_field(text, "MemTotal:", &total);
	if (!ret && (total > UINT64_MAX / 1024 || !total || !limit))
		ret = -EBADMSG;
	if (!ret)
		*capacity = (double)(limit < total * 1024 ? limit : total * 1024);
	return ret;
}

static int cgroup_memory_read(struct metrics_source *source, uint64_t now_ns,
			      struct metrics_reading *reading)
{
	const struct metrics_where *where = source->where;
	char text[PROCFILE_MAX];
	uint64_t current, inactive;
	const char *p = text;
	int ret;

	(void)now_ns;
	ret = procfile_read(text, where->root, where->cgroup, "memory.current");
	if (!ret)
		ret = procfile_number(&p, &current);
	if (!ret && *p != '\n')
		ret = -EBADMSG;
	if (!ret)
		ret = procfile_read(text, where->root, where->cgroup, "memory.stat");
	if (!ret)
		ret = procfile_field(text, "inactive_file", &inactive);
	if (!ret)
		ret = read_capacity(where, &reading->capacity);
	/* The two files are not read at one moment: the cache may seem the larger. */
	if (!ret)
		reading->used = current > inactive ? (double)(current - inactive) : 0;
	return ret;
}

const struct metrics_ops metrics_cgroup_memory = {
	.name = "cgroup memory",
	.read = cgroup_memory_read,
};
