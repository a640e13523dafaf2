// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc_cpu: CPU time of the whole machine, the first line of /proc/stat, proc(5).
 *
 * Unit: CPUs. Time stolen by the hypervisor counts as used: the VM cannot have it, so
 * it is as near to its end as if it had used it. Guest time is in user time already.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "metrics/metrics.h"
#include "metrics/procfile.h"

/* Fields of the line "cpu": user nice system idle iowait irq softirq steal. */
enum {
	FIELD_IDLE = 3,
	FIELD_IOWAIT = 4,
	FIELDS = 8,
};

struct cpu_ticks {
	uint64_t total;
	uint64_t idle;
	bool valid;
};

static int parse_ticks(const char *text, struct cpu_ticks *ticks)
{
	uint64_t number;

	*ticks = (struct cpu_ticks){ .valid = true };
	if (strncmp(text, "cpu ", 4))
		return -EBADMSG;
	text += 3;
	for (int i = 0; i < FIELDS; i++) {
		text += strspn(text, " ");
		if (procfile_number(&text, &number) || (*text != ' ' && *text != '\n') ||
		    __builtin_add_overflow(ticks->total, number, &ticks->total))
			return -EBADMSG;
		if (i == FIELD_IDLE || i == FIELD_IOWAIT)
			ticks->idle += number;
	}
	return 0;
}

static int proc_cpu_read(struct metrics_source *source, uint64_t now_ns,
			 struct metrics_reading *reading)
{
	const struct metrics_where *where = source->where;
	struct cpu_ticks *last = source->priv;
	struct cpu_ticks old = *last;
	struct cpu_ticks now;
	char text[PROCFILE_MAX];
	uint64_t total, idle;
	long cpus;
	int ret;

	(void)now_ns;
	ret = procfile_read(text, where->root, "/proc", "stat");
	if (!ret)
		ret = parse_ticks(text, &now);
	if (ret)
		return ret;
	*last = now;
	/* A CPU that goes offline takes its ticks with it. */
	if (!old.valid || now.total <= old.total)
		return -EAGAIN;
	total = now.total - old.total;
	/* Idle and iowait may step back a little, proc(5). */
	idle = now.idle > old.idle ? now.idle - old.idle : 0;
	if (idle > total)
		idle = total;
	cpus = where->cpus ? (long)where->cpus : sysconf(_SC_NPROCESSORS_ONLN);
	reading->capacity = cpus > 0 ? (double)cpus : 1;
	reading->used = reading->capacity * (double)(total - idle) / (double)total;
	return 0;
}

const struct metrics_ops metrics_proc_cpu = {
	.name = "cpu of /proc/stat",
	.priv_size = sizeof(struct cpu_ticks),
	.read = proc_cpu_read,
};
