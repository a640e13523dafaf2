/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another node of the pool, as this one sees it. */
#ifndef _SPW_PEER_H
#define _SPW_PEER_H

#include <linux/in6.h>
#include <linux/seqlock.h>
#include <linux/spillway.h>
#include <net/dst_cache.h>

#include "device.h"
#include "hosted.h"
#include "messenger.h"
#include "notify.h"
#include "repair.h"

struct netlink_ext_ack;
struct spw_heartbeat;
struct spw_key;

/**
 * struct spw_endpoint - outer address; unused bytes are zero, so that two compare
 * @family: AF_INET or AF_INET6
 * @port: UDP
 * @addr4: IPv4
 * @addr6: IPv6
 */
struct spw_endpoint {
	u16 family;
	__be16 port;
	union {
		__be32 addr4;
		struct in6_addr addr6;
	};
};

/**
 * struct spw_peer - a peer
 * @spw: its device
 * @id: node id, key of &spw_device.peers
 * @name: operator's name for it, never changes
 * @endpoint_lock: guards @endpoint; readers in softirq
 * @endpoint: where it is
 * @dst_cache: route to it, for each CPU
 * @weight: 0..%SPILLWAY_WEIGHT_MAX; under &spw_device.lock
 * @admin: what the operator wants; under &spw_device.lock
 * @state: what health finds; written under &spw_device.lock
 * @reason: why @state; under &spw_device.lock
 * @tx_key: RCU, written under &spw_device.lock
 * @rx_keys: current and the one before; under &spw_device.lock, the packet path
 *	finds them through &spw_device.rx_keys
 * @nr_conns: connections that it relays for us
 * @heard: ktime (ns) of the last authentic datagram, 0 if none
 * @hb_lock: guards the fields from @report to @srtt_us; taken in softirq
 * @report: what it says of itself
 * @stamp: last stamp that it sent
 * @stamp_at: ktime (ns) when that arrived
 * @echoed: newest stamp of ours that it has heard (ns, our clock), 0 if none
 * @srtt_us: smoothed round-trip time (RFC 6298), 0 before the first sample
 * @repair: loss detection and retransmission
 * @messenger: control messages
 * @notify: what it was told of @nr_conns
 * @hosted: what this node relays for it
 * @stats: counters
 * @rcu: freed after a grace period
 */
struct spw_peer {
	struct spw_device *spw;
	u16 id;
	char name[SPILLWAY_NAME_MAX + 1];
	seqlock_t endpoint_lock; /* guards endpoint */
	struct spw_endpoint endpoint;
	struct dst_cache dst_cache;
	u32 weight;
	u8 admin;
	u8 state;
	u8 reason;
	struct spw_key __rcu *tx_key;
	struct spw_key *rx_keys[2];
	atomic_t nr_conns;
	u64 heard;
	spinlock_t hb_lock; /* see above */
	struct spw_report report;
	u64 stamp;
	u64 stamp_at;
	u64 echoed;
	u32 srtt_us;
	struct spw_repair repair;
	struct spw_messenger messenger;
	struct spw_notify notify;
	struct spw_hosted hosted;
	struct spw_stats __percpu *stats;
	struct rcu_head rcu;
};

/**
 * struct spw_peer_config - what a request says of a peer
 * @id: node id
 * @name: its name
 * @endpoint: where it is
 * @weight: share
 * @admin: &enum spillway_admin
 */
struct spw_peer_config {
	u16 id;
	const char *name;
	struct spw_endpoint endpoint;
	u32 weight;
	u8 admin;
};

struct spw_peer *spw_peer_add(struct spw_device *spw,
			      const struct spw_peer_config *config);
void spw_peer_remove(struct spw_peer *peer);
void spw_peer_remove_all(struct spw_device *spw);
struct spw_peer *spw_peer_by_id(struct spw_device *spw, u16 id);
struct spw_peer *spw_peer_by_name(struct spw_device *spw, const char *name);
void spw_peer_get_endpoint(struct spw_peer *peer, struct spw_endpoint *endpoint);
void spw_peer_set_endpoint(struct spw_peer *peer,
			   const struct spw_endpoint *endpoint);
int spw_peer_add_tx_key(struct spw_peer *peer, u32 id, const u8 *secret,
			u64 first_pn);
int spw_peer_add_rx_key(struct spw_peer *peer, u32 id, const u8 *secret);
void spw_peer_drop_keys(struct spw_peer *peer);
void spw_peer_heard(struct spw_peer *peer, u64 now);
void spw_peer_roam(struct spw_peer *peer, const struct spw_endpoint *from);

/* An event on the way to or from a peer: its counter and the device's. */
static inline void spw_peer_count(struct spw_peer *peer,
				  enum spillway_stat which, u64 n)
{
	spw_stat_add(peer->spw->stats, which, n);
	spw_stat_add(peer->stats, which, n);
}

#endif /* _SPW_PEER_H */
