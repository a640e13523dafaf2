/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics: what all sources of load have in common. One file a source; each reads one
 * resource from one place and says how much of its capacity is used.
 */
#ifndef SPILLWAY_CTL_METRICS_H
#define SPILLWAY_CTL_METRICS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct metrics_where - where the sources read
 * @root: prefix of every path, "" for the real ones: fixtures in tests
 * @cgroup: directory of the node's cgroup v2, for the cgroup sources
 * @cpus: CPUs of the machine; 0: ask the system
 * @uplink: netdevice whose bytes are counted
 * @uplink_rate: capacity of @uplink in each direction, bytes a second
 * @conns_max: connections that count as full; 0: not known
 * @conns: asks the module for the number of connections; 0 or a negative errno
 * @conns_ctx: for @conns
 */
struct metrics_where {
	const char *root;
	const char *cgroup;
	unsigned int cpus;
	const char *uplink;
	uint64_t uplink_rate;
	uint32_t conns_max;
	int (*conns)(void *ctx, uint32_t *count);
	void *conns_ctx;
};

/**
 * struct metrics_reading - one reading of one resource
 * @used: in the unit of the source: CPUs, bytes, bytes a second, connections
 * @capacity: in the same unit, above 0; 0: not known
 * @tx: of a network: sent, in the same unit; @used is the greater of the two
 * @rx: of a network: received
 */
struct metrics_reading {
	double used;
	double capacity;
	double tx;
	double rx;
};

/**
 * struct metrics_source - a source that is open
 * @ops: what it is
 * @where: as it was opened with; must outlive the source
 * @priv: of the source
 */
struct metrics_source {
	const struct metrics_ops *ops;
	const struct metrics_where *where;
	void *priv;
};

/**
 * struct metrics_ops - a kind of source
 * @name: for messages, such as "cgroup cpu"
 * @priv_size: bytes of &metrics_source.priv, zeroed before @open
 * @open: optional; 0 or a negative errno
 * @read: one reading at @now_ns of CLOCK_MONOTONIC. 0; -EAGAIN where the resource is a
 *	rate and this is the first reading, or the counters began anew; -EBADMSG for
 *	text that is not as the kernel writes it; another negative errno of reading.
 *	Nothing is made up: an error means that there is no reading.
 * @close: optional
 */
struct metrics_ops {
	const char *name;
	size_t priv_size;
	int (*open)(struct metrics_source *source);
	int (*read)(struct metrics_source *source, uint64_t now_ns,
		    struct metrics_reading *reading);
	void (*close)(struct metrics_source *source);
};

extern const struct metrics_ops metrics_cgroup_cpu;
extern const struct metrics_ops metrics_cgroup_memory;
extern const struct metrics_ops metrics_proc_cpu;
extern const struct metrics_ops metrics_proc_memory;
extern const struct metrics_ops metrics_netdev;
extern const struct metrics_ops metrics_conns;

/**
 * metrics_open() - open a source
 *
 * Return: 0 or a negative errno, with nothing to close.
 */
int metrics_open(struct metrics_source *source, const struct metrics_ops *ops,
		 const struct metrics_where *where);

int metrics_read(struct metrics_source *source, uint64_t now_ns, struct metrics_reading *reading);

/* Also of a source that was never opened, where @source is zeroed. */
void metrics_close(struct metrics_source *source);

#endif /* SPILLWAY_CTL_METRICS_H */
