/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of connections whose endpoint moves, has moved away or has come. */
#ifndef _SPW_GATE_H
#define _SPW_GATE_H

#include <linux/rhashtable-types.h>
#include <linux/skbuff.h>

#include "conn.h"
#include "shorten.h"

struct spw_device;
struct spw_peer;
struct tcphdr;

enum spw_gate_mode {
	SPW_GATE_PASS,		/* as if there were none: the tuple is claimed, no more */
	SPW_GATE_HOLD,		/* what comes waits */
	SPW_GATE_FORWARD,	/* to the peer that has the endpoint now */
	SPW_GATE_STEER,		/* to the socket here, whose address is not this node's */
	SPW_GATE_SINK,		/* to nobody: there nearly was a socket here */
};

enum spw_gate_verdict {
	SPW_GATE_GO_ON,		/* the packet goes its way */
	SPW_GATE_TAKEN,		/* the packet is not the caller's any more */
	SPW_GATE_DROP,
};

enum spw_gate_limits {
	SPW_GATE_HELD_PACKETS = 1024,
	SPW_GATE_HELD_BYTES = 4 << 20,	/* as they lie in memory */
	SPW_GATES_HELD_BYTES = 64 << 20, /* of all gates of a device */
	SPW_GATES_ICMP_RATE = 1000,	/* errors a second, likewise */
};

/* For what is still under way when a connection is over, or goes another way. */
#define SPW_GATE_OVER_NS	(2ULL * NSEC_PER_SEC)

/**
 * struct spw_gate_key - what the table is searched by; hashed as it lies, so all that is
 *	not used is 0
 * @tuple: as the socket here has, had or will have it
 * @family: AF_INET or AF_INET6
 */
struct spw_gate_key {
	struct spw_tuple tuple;
	u32 family;
};

/**
 * struct spw_gate - what happens to the packets of one connection
 * @node: in &spw_device.gates
 * @key: which connection
 * @spw: device
 * @mode: &enum spw_gate_mode; written under @lock, read under RCU
 * @before: mode to go back to when it thaws; under &spw_moves.lock as all to @since
 * @busy: a move is at work on it
 * @muted: what the socket here sends is dropped; also read under RCU
 * @over: the peer that has the endpoint says that it ended: goes soon; also read under
 *	RCU
 * @bound_if: interface that the socket here is bound to, or 0
 * @id: of the move by which the endpoint went, 0 if it has not
 * @from: whom it came from, NULL if from nobody or if that peer went; also read under
 *	RCU
 * @from_instance: of that peer, as moves name it
 * @from_id: of the move by which it came
 * @since: ktime (ns) when it went or came last, or @over was said
 * @back: its packets leave through @from; written as that
 * @next: who has the endpoint, or is about to; to be compared only, by who reads it
 *	under RCU
 * @was: likewise, who had it before @next and may still have packets under way
 * @shorten: how it comes to take one hop
 * @list: in &spw_moves.gates
 * @peer: who has the endpoint; RCU, NULL if nobody else or if that peer went
 * @lock: guards all below and the mode; taken in softirq
 * @held: packets
 * @held_bytes: of them
 * @full: some were not held
 * @copies: what comes is held, and a copy sent on to @peer
 * @missed: something was sent on that is not held
 * @watched: it is noticed whether something goes through
 * @passed: something did since then
 * @expects: what its peer sends here is held already, although the mode is
 *	%SPW_GATE_FORWARD
 * @after: mode to be, while what was held is given back
 * @given: what just is; only compared
 * @rcu: freed after a grace period
 */
struct spw_gate {
	struct rhash_head node;
	struct spw_gate_key key;
	struct spw_device *spw;
	u8 mode;
	u8 before;
	bool busy;
	bool muted;
	bool over;
	int bound_if;
	u64 id;
	struct spw_peer *from;
	u32 from_instance;
	u64 from_id;
	u64 since;
	bool back;
	const struct spw_peer *next;
	const struct spw_peer *was;
	struct spw_shorten shorten;
	struct list_head list;
	struct spw_peer __rcu *peer;
	spinlock_t lock; /* see above */
	struct sk_buff_head held;
	u32 held_bytes;
	bool full;
	bool copies;
	bool missed;
	bool watched;
	bool passed;
	bool expects;
	u8 after;
	const struct sk_buff *given;
	struct rcu_head rcu;
};

int spw_gate_init(struct spw_device *spw);
void spw_gate_destroy(struct spw_device *spw);

struct spw_gate *spw_gate_new(struct spw_device *spw, u8 family,
			      const struct spw_tuple *tuple);
void spw_gate_pass(struct spw_gate *gate);
void spw_gate_free(struct spw_gate *gate);
struct spw_gate *spw_gate_find(struct spw_device *spw, u8 family,
			       const struct spw_tuple *tuple);

void spw_gate_watch(struct spw_gate *gate);
void spw_gate_unwatch(struct spw_gate *gate);
bool spw_gate_hold(struct spw_gate *gate);
bool spw_gate_expect(struct spw_gate *gate);
void spw_gate_unexpect(struct spw_gate *gate);
void spw_gate_thaw(struct spw_gate *gate);
void spw_gate_copy(struct spw_gate *gate, struct spw_peer *peer);
void spw_gate_keep(struct spw_gate *gate);
void spw_gate_forward(struct spw_gate *gate, struct spw_peer *peer);
void spw_gate_steer(struct spw_gate *gate);
void spw_gate_open(struct spw_gate *gate);
void spw_gate_sink(struct spw_gate *gate);
void spw_gate_discard(struct spw_gate *gate);
bool spw_gate_hop(struct sk_buff *skb, u32 family);
bool spw_gate_moved_on(struct spw_gate *gate, u32 snd_nxt);

enum spw_gate_verdict spw_gate_packet(struct spw_device *spw, struct sk_buff *skb,
				      u8 family, const struct spw_tuple *tuple);
struct spw_peer *spw_gate_peer(struct spw_device *spw, u8 family,
			       const struct spw_tuple *tuple);

#endif /* _SPW_GATE_H */
