/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root object of a network namespace: all that a node has hangs off it. */
#ifndef _SPW_DEVICE_H
#define _SPW_DEVICE_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/ratelimit_types.h>
#include <linux/rhashtable.h>
#include <linux/spillway.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "settings.h"
#include "stats.h"

struct dst_entry;
struct spw_conn;
struct spw_key;
struct spw_moves;
struct spw_replicas;

enum spw_device_limits {
	SPW_HOOKS = 6,
	SPW_HOOKS_ARRIVING = 2,	/* the first of these: only while there are gates */
	SPW_RX_SLOTS = 16,
	SPW_RELAYED_SLOTS = 1024,
};

/**
 * struct spw_report - what a node says of its load, see SPILLWAY_A_LOAD and others
 * @load: permille
 * @forecast: permille
 * @free: permille
 * @capacity: bytes a second
 */
struct spw_report {
	u32 load;
	u32 forecast;
	u32 free;
	u64 capacity;
};

/**
 * struct spw_apps - what applications say of their connections, see app.c
 * @lock: guards the others
 * @by_id: of those that said anything, by id of the connection
 * @bytes: of all that
 */
struct spw_apps {
	struct mutex lock; /* see above */
	struct xarray by_id;
	u64 bytes;
};

/**
 * struct spw_adopts - sockets that wait for a connection, see adopt.c
 * @lock: guards the others but @work
 * @waiting: &struct spw_adopter, who has waited longest first
 * @nr: in @waiting
 * @work: looks for those that were closed
 * @dying: nobody waits any more
 */
struct spw_adopts {
	spinlock_t lock; /* see above */
	struct list_head waiting;
	u32 nr;
	struct delayed_work work;
	bool dying;
};

/**
 * struct spw_device - private area of a spillway netdevice
 * @dev: the netdevice
 * @net: its namespace, for life (the device cannot be moved); no reference
 * @lock: configuration and steering: every change of a peer, key, setting, report,
 *	and of who relays a connection. Taken inside RTNL where both are needed
 * @dying: under @lock: set once, when the device goes; nothing is added after it
 * @settings: tunables
 * @node_id: 1..65535, 0 until set; under @lock
 * @node_name: under @lock
 * @port: UDP port in host order; changes only while the device is down; under @lock
 * @report: this node's; under @lock
 * @generation: grows with each event
 * @stats: counters
 * @sock4: tunnel socket for IPv4 while the device is up; RCU
 * @sock6: the same for IPv6, NULL where the kernel has none
 * @steer4: route that leads relayed IPv4 packets into the device; RCU, written under
 *	RTNL when the device is created and when it goes
 * @steer6: the same for IPv6, NULL where the kernel has none
 * @local4: route that leads IPv4 packets to a socket here whatever their address;
 *	likewise
 * @local6: the same for IPv6
 * @hooks: netfilter hooks of the namespace
 * @hooked: @hooks are registered but the first; under RTNL
 * @arriving: these are, too; under &spw_moves.lock
 * @conns4: IPv4 connections by tuple; lookups under RCU, see conntab.c
 * @conns6: the same for IPv6
 * @conns_by_id: the same by id; its own lock, irq off not needed but BH
 * @conn_next_id: last id given
 * @nr_conns: in the table, embryonic ones included
 * @nr_offloaded: of these, relayed by a peer
 * @nr_watched: of these, relayed, or not yet given back what clamp.c took (those that
 *	are both count twice), and of @gates those in @nr_back and @nr_muted; lets the
 *	hook pass everything else
 * @nr_hosted: connections that this node relays for its peers, as they say
 * @gates: connections whose endpoint moves or has moved; changes under &spw_moves.lock,
 *	lookups under RCU
 * @nr_muted: gates of sockets that are to say nothing; lets the hook pass everything else
 * @nr_gates: in @gates; lets the hook pass everything else
 * @nr_back: of these, endpoints whose packets leave through whom they came from
 * @nr_next: of these, endpoints that another node has, or that are on their way there
 * @held_bytes: of packets that these hold
 * @icmp_rate: of ICMP errors that are sent on after these
 * @moves: moves of endpoints
 * @replicas: connections whose images are replicated
 * @apps: what applications say of their connections
 * @adopts: sockets that wait for a connection
 * @gc_work: finds connections that ended
 * @gc_full: jiffies when @gc_work looks at all of them next
 * @peers: by node id; changes under @lock, lookups under RCU
 * @nr_peers: under @lock
 * @rx_keys: receive keys by id; changes under @lock, lookups under RCU
 * @relayed: connections that peers relay, one for each pattern of ports, found without
 *	a hash; likewise
 * @rx_slots: the newest of those whose id ends with the same bits, found without a
 *	walk; likewise
 * @health_work: sends heartbeats and notices silence
 * @beat_at: ktime (ns) of the last round of heartbeats; under @lock
 * @probe_work: finds how large a datagram the paths take
 */
struct spw_device {
	struct net_device *dev;
	struct net *net;
	struct mutex lock; /* see above */
	bool dying;
	struct spw_settings settings;
	u16 node_id;
	char node_name[SPILLWAY_NAME_MAX + 1];
	u16 port;
	struct spw_report report;
	atomic64_t generation;
	struct spw_stats __percpu *stats;

	struct sock __rcu *sock4;
	struct sock __rcu *sock6;
	struct dst_entry __rcu *steer4;
	struct dst_entry __rcu *steer6;
	struct dst_entry __rcu *local4;
	struct dst_entry __rcu *local6;
	struct nf_hook_ops hooks[SPW_HOOKS];
	bool hooked;
	bool arriving;

	struct rhashtable conns4;
	struct rhashtable conns6;
	struct xarray conns_by_id;
	atomic64_t conn_next_id;
	atomic_t nr_conns;
	atomic_t nr_offloaded;
	atomic_t nr_watched;
	atomic_t nr_muted;
	atomic_t nr_hosted;
	struct rhashtable gates;
	atomic_t nr_gates;
	atomic_t nr_back;
	atomic_t nr_next;
	atomic_long_t held_bytes;
	struct ratelimit_state icmp_rate;
	struct spw_moves *moves;
	struct spw_replicas *replicas;
	struct spw_apps apps;
	struct spw_adopts adopts;
	struct delayed_work gc_work;
	unsigned long gc_full;

	struct xarray peers;
	u32 nr_peers;
	struct xarray rx_keys;
	struct spw_key __rcu *rx_slots[SPW_RX_SLOTS];
	struct spw_conn __rcu **relayed;
	struct delayed_work health_work;
	u64 beat_at;
	struct delayed_work probe_work;
};

int spw_device_init(void);
void spw_device_exit(void);
void spw_device_follow(struct spw_device *spw);
struct spw_device *spw_device_get(const struct net *net);
bool spw_device_is(const struct net_device *dev);

#endif /* _SPW_DEVICE_H */
