// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc_memory: memory of the whole machine: MemTotal less MemAvailable of
 * /proc/meminfo, proc(5). MemAvailable is the kernel's own estimate of what can be had
 * without swapping. Unit: bytes.
 */
#include <errno.h>

#include "metrics/metrics.h"
#include "metrics/procfile.h"

static int proc_memory_read(struct metrics_source *source, uint64_t now_ns,
			    struct metrics_reading *reading)
{
	char text[PROCFILE_MAX];
	uint64_t total, available;
	int ret;

	(void)now_ns;
	ret = procfile_read(text, source->where->root, "/proc", "meminfo");
	if (!ret)
		ret = procfile_field(text, "MemTotal:", &total);
	if (!ret)
		ret = procfile_field(text, "MemAvailable:", &available);
	if (ret)
		return ret;
	if (!total || available > total)
		return -EBADMSG;
	reading->used = (double)(total - available) * 1024;
	reading->capacity = (double)total * 1024;
	return 0;
}

const struct metrics_ops metrics_proc_memory = {
	.name = "memory of /proc/meminfo",
	.read = proc_memory_read,
};
