/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replication: peers keep images of connections of this node, nearly up to date. This node
 * is origin of those that it tells of, and target of those that it is told of.
 */
#ifndef _SPW_REPLICA_H
#define _SPW_REPLICA_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "image.h"
#include "lag.h"
#include "messenger.h"
#include "replica_msg.h"

struct netlink_ext_ack;
struct sock;
struct spw_conn;
struct spw_device;
struct spw_move;
struct spw_peer;

enum spw_replica_limits {
	SPW_REPLICA_LOOK = 7,		/* words that are looked at in each round */
	SPW_PASSED_BITS = 14,
	SPW_PASSED_SLOTS = 1 << SPW_PASSED_BITS,
};

/**
 * struct spw_replicas - replication of a device
 * @lock: guards what this node is origin of; taken inside &spw_device.lock, with
 *	nothing of ours inside but the locks of sockets and messengers
 * @spw: device
 * @timer: begins @work: the timer wheel is too coarse for that
 * @work: rounds
 * @end_work: what became of peers that are down
 * @nr_out: connections that are replicated to peers
 * @nr_in: connections of peers that are kept here
 * @bytes: memory of both
 * @buffer: a message that is being written, %SPW_LEN_REPLICAS bytes; under @lock
 * @dying: nothing begins any more
 */
struct spw_replicas {
	struct mutex lock; /* see above */
	struct spw_device *spw;
	struct hrtimer timer;
	struct work_struct work;
	struct delayed_work end_work;
	atomic_t nr_out;
	atomic_t nr_in;
	atomic_long_t bytes;
	u8 *buffer;
	bool dying;
};

enum spw_replica_out_flags {
	SPW_OUT_RELAYED = 1,	/* since the peer relays it */
	SPW_OUT_ASKED = 2,	/* since the operator wants it */
};

/**
 * struct spw_replica_out - a connection that is replicated to a peer
 * @place: by which the peer knows it
 * @flags: &enum spw_replica_out_flags, 0: it is to be told that this is over
 * @whole: an image is to be told, not a difference
 * @id: of the connection
 * @sk: its socket, with a reference; NULL once that has ended
 * @look: what was seen of the socket last
 * @seen: when (us), and nothing had changed then, or it was told; 0: never
 * @retry: not to be told before this (us)
 * @told: when it was told last (us), 0 if never
 * @since: when it was last as it was acknowledged (us), see @round
 * @round: in which something was told last that was not acknowledged then
 * @image: as the peer has it, or is to have it
 *
 * All under &spw_replicas.lock.
 */
struct spw_replica_out {
	u32 place;
	u8 flags;
	bool whole;
	u64 id;
	struct sock *sk;
	u32 look[SPW_REPLICA_LOOK];
	u64 seen;
	u64 retry;
	u64 told;
	u64 since;
	u32 round;
	struct spw_image image;
};

/**
 * struct spw_replica_in - a connection of a peer, kept here
 * @relayed: this node relays it
 * @id: the peer's id of it
 * @updated: ktime (ns)
 * @image: as the peer said last, without bytes of queues
 */
struct spw_replica_in {
	bool relayed;
	u64 id;
	u64 updated;
	struct spw_image image;
};

enum spw_replica_peer_flags {
	SPW_REPLICA_STALE,	/* the stream ended: the peer knows nothing; any context */
	SPW_REPLICA_VOID,	/* likewise, of what the peer says; any context */
};

/**
 * struct spw_replica_peer - what a peer has to do with replication
 * @flags: &enum spw_replica_peer_flags
 * @out: what is replicated to it, by place; this to @lag under &spw_replicas.lock
 * @by_id: the same by id
 * @nr_out: how many
 * @next: place where the next round begins
 * @reset: to be said
 * @credit: bytes that may be told now
 * @credited: when that was counted (us)
 * @lag: rounds, and how long they took
 * @in_lock: guards all below, but for @condemned, @times and @next_reset, which
 *	are under &spw_device.lock, and writes of packets to @passed; taken inside the former
 * @in: what it replicates to this node, by its place
 * @nr_in: how many
 * @nr_relayed: of these, relayed by this node
 * @condemned: ktime (ns) since when it is down, and nothing was done about it; else 0
 * @times: how often all its connections were reset; as @condemned
 * @next_reset: place of the next that is to be, 0: it begins anew; likewise
 * @passed: what it sent through this node last, see passed.h; NULL until there is use
 *	for it, freed with the peer
 */
struct spw_replica_peer {
	unsigned long flags;
	struct xarray out;
	struct xarray by_id;
	u32 nr_out;
	unsigned long next;
	bool reset;
	u64 credit;
	u64 credited;
	struct spw_lag lag;
	struct mutex in_lock; /* see above */
	struct xarray in;
	u32 nr_in;
	u32 nr_relayed;
	u64 condemned;
	u8 times;
	unsigned long next_reset;
	u64 *passed;
};

/* May it have something of this node that it was not told the end of? Any context. */
static inline bool spw_replica_is_told(const struct spw_replica_peer *p)
{
	return READ_ONCE(p->nr_out) || READ_ONCE(p->lag.last) != READ_ONCE(p->lag.acked);
}

/**
 * struct spw_replica_view - replication as told to the operator
 * @peer: to whom; under &spw_device.lock
 * @age_us: since something was told last
 * @lag_us: for how long something is true that was not acknowledged, 0 if all is
 */
struct spw_replica_view {
	const struct spw_peer *peer;
	u64 age_us;
	u64 lag_us;
};

extern const struct spw_message_ops spw_replica_ops;

/* replica.c: the origin */
int spw_replica_init(struct spw_device *spw);
void spw_replica_stop(struct spw_device *spw);
void spw_replica_free(struct spw_device *spw);
void spw_replica_peer_init(struct spw_peer *peer);
void spw_replica_peer_sync(struct spw_peer *peer);
void spw_replica_peer_gone(struct spw_peer *peer);
void spw_replica_peer_free(struct spw_peer *peer);
void spw_replica_relayed(struct spw_peer *peer, const struct spw_conn *conn);
void spw_replica_returned(struct spw_peer *peer, const struct spw_conn *conn);
void spw_replica_lag(struct spw_peer *peer, u32 *p50, u32 *p99, u32 *most);
void spw_replica_answer(struct spw_peer *peer, const struct spw_replica_msg *msg);
int spw_replica_ask(struct spw_device *spw, struct spw_move *moves, u32 n);
int spw_replica_unask(struct spw_device *spw, struct spw_move *moves, u32 n);
bool spw_replica_show(struct spw_device *spw, u64 id, struct spw_replica_view *view);

/* replica_round.c: what the origin says */
bool spw_replica_round(struct spw_peer *peer);
void spw_replica_drop(struct spw_peer *peer, struct spw_replica_out *out);
u64 spw_replica_now(void);

/* replica_store.c: the target */
bool spw_replica_charge(struct spw_replicas *r, atomic_t *nr, u32 bytes);
void spw_replica_uncharge(struct spw_replicas *r, atomic_t *nr, u32 bytes);
void spw_replica_forget(struct spw_peer *peer);

/* replica_end.c: the origin is dead */
void spw_replica_condemn(struct spw_peer *peer);
void spw_replica_end_work(struct work_struct *work);

#endif /* _SPW_REPLICA_H */
