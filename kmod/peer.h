/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another node of the pool, as this one sees it. */
#ifndef _SPW_PEER_H
#define _SPW_PEER_H

#include <linux/in6.h>
#include <linux/seqlock.h>
#include <linux/spillway.h>
#include <net/dst_cache.h>

#include "device.h"
#include "pmtu.h"
#include "hosted.h"
#include "messenger.h"
#include "moves.h"
#include "notify.h"
#include "repair.h"
#include "replica.h"

struct netlink_ext_ack;
struct spw_heartbeat;
struct spw_key;

enum spw_peer_limits {
	/* the newest, one under agreement before it, and the one in use */
	SPW_PEER_RX_KEYS = 3,
};

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
 * @ipv6: it forwards IPv6, as health last found; under &spw_device.lock
 * @tx_key: RCU, written under &spw_device.lock
 * @tx_ends: @tx_key was found to be about to end; under &spw_device.lock
 * @rx_keys: newest first, without a gap; under &spw_device.lock, the packet path
 *	finds them through &spw_device.rx_keys
 * @nr_conns: connections that it relays for us
 * @heard: ktime (ns) of the last authentic datagram, 0 if none
 * @hb_lock: guards the fields from @report to @srtt_us; taken in softirq
 * @report: what it says of itself
 * @flags: &enum spw_heartbeat_flags, likewise
 * @stamp: last stamp that it sent
 * @stamp_at: ktime (ns) when that arrived
 * @echoed: newest stamp of ours that it has heard (ns, our clock), 0 if none
 * @srtt_us: smoothed round-trip time (RFC 6298), 0 before the first sample
 * @repair: loss detection and retransmission
 * @pmtu_lock: guards the fields from @pmtu to @pmtu_moved; taken in softirq
 * @pmtu: how large a datagram the path takes; its size is also read without the lock
 * @pmtu_answers: bounds what is answered
 * @pmtu_path: which way the kernel's routing goes
 * @pmtu_moved: bytes that were sent to it up to the last step
 * @pmtu_told: size and black holes of the last event; under &spw_device.lock
 * @messenger: control messages
 * @notify: what it was told of @nr_conns
 * @hosted: what this node relays for it
 * @moving: moves of endpoints to and from it
 * @replica: connections that it keeps for this node, or this node for it
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
	bool ipv6;
	struct spw_key __rcu *tx_key;
	bool tx_ends;
	struct spw_key *rx_keys[SPW_PEER_RX_KEYS];
	atomic_t nr_conns;
	u64 heard;
	spinlock_t hb_lock; /* see above */
	struct spw_report report;
	u16 flags;
	u64 stamp;
	u64 stamp_at;
	u64 echoed;
	u32 srtt_us;
	struct spw_repair repair;
	spinlock_t pmtu_lock; /* see above */
	struct spw_pmtu pmtu;
	struct spw_pmtu_answers pmtu_answers;
	u32 pmtu_path;
	u64 pmtu_moved;
	struct {
		u16 size;
		u32 black_holes;
	} pmtu_told;
	struct spw_messenger messenger;
	struct spw_notify notify;
	struct spw_hosted hosted;
	struct spw_moving moving;
	struct spw_replica_peer replica;
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
struct spw_key *spw_peer_rx_key(struct spw_device *spw, u32 id);
struct spw_peer *spw_peer_by_name(struct spw_device *spw, const char *name);
void spw_peer_get_endpoint(struct spw_peer *peer, struct spw_endpoint *endpoint);
void spw_peer_set_endpoint(struct spw_peer *peer,
			   const struct spw_endpoint *endpoint);
int spw_peer_add_tx_key(struct spw_peer *peer, u32 id, const u8 *secret,
			u64 first_pn);
int spw_peer_add_rx_key(struct spw_peer *peer, u32 id, const u8 *secret);
void spw_peer_drop_keys(struct spw_peer *peer);
bool spw_peer_expire_keys(struct spw_peer *peer, u64 now);
bool spw_peer_tx_ends(struct spw_peer *peer, u64 now);
void spw_peer_heard(struct spw_peer *peer, u64 now);
void spw_peer_drop(struct spw_peer *peer, enum spillway_stat why,
		   unsigned int n);
void spw_peer_roam(struct spw_peer *peer, const struct spw_endpoint *from);

/* An event on the way to or from a peer: its counter and the device's. */
static inline void spw_peer_count(struct spw_peer *peer,
				  enum spillway_stat which, u64 n)
{
	spw_stat_add(peer->spw->stats, which, n);
	spw_stat_add(peer->stats, which, n);
}

#endif /* _SPW_PEER_H */
