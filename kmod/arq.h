/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss detection and retransmission, the sender's part. Pure. */
#ifndef _SPW_ARQ_H
#define _SPW_ARQ_H

#include "messages.h"
#include "rtt.h"
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

enum spw_arq_limits {
	SPW_ARQ_RING = 4096,	/* datagrams under way that are remembered */
	SPW_ARQ_BYTES = 8 << 20, /* memory that their packets may hold */
	SPW_ARQ_TRIES = 3,	/* retransmissions of one datagram */
	SPW_ARQ_PROBES = 2,	/* probes without an answer */
	SPW_ARQ_OUT = 16,	/* retransmissions that one step yields */
	SPW_ARQ_SHARE = 10,	/* percent of the bytes sent may be sent again */
	SPW_ARQ_PATIENCE_US = 3000, /* no deadline of what is sent now is sooner */
	SPW_ARQ_SETTLED = 64,	/* datagrams that one step settles */
	SPW_ARQ_CREDIT = 128 << 10, /* bytes of that which may be saved up */
};

/* Why nothing is kept of a datagram whose number is remembered. */
enum spw_arq_gone {
	SPW_ARQ_HERE,	/* it is kept, or has arrived */
	SPW_ARQ_LOST,	/* declared lost */
	SPW_ARQ_OLD,	/* too old, or sent again to draw an answer */
};

/**
 * struct spw_arq_packet - a packet that is kept until its datagrams have arrived
 * @next: in &spw_arq_out.freed
 * @owner: of which connection it is, to be compared only
 * @refs: datagrams under way, and the sender while it cuts
 * @bytes: memory that it holds
 * @end_seq: one above its last sequence number
 * @needed: it is TCP's own retransmission or its probe
 */
struct spw_arq_packet {
	struct spw_arq_packet *next;
	const void *owner;
	__u32 refs;
	__u32 bytes;
	__u32 end_seq;
	bool needed;
};

/**
 * struct spw_arq_sent - a datagram under way
 * @packet: NULL where none is, or @gone says why
 * @seq: link number, see struct spw_arq
 * @at: when it was sent (ns)
 * @first: when its piece was sent first
 * @first_seq: number that its piece was sent first under
 * @piece: which piece of @packet
 * @len: bytes of the datagram
 * @tries: retransmissions so far
 * @gone: &enum spw_arq_gone
 */
struct spw_arq_sent {
	struct spw_arq_packet *packet;
	__u64 seq;
	__u64 at;
	__u64 first;
	__u64 first_seq;
	__u32 piece;
	__u16 len;
	__u8 tries;
	__u8 gone;
};

/**
 * struct spw_arq - what one sender knows of one path
 * @ring: %SPW_ARQ_RING datagrams, at their number modulo its size; NULL: off
 * @head: one above the highest number given
 * @tail: nothing below it is under way
 * @bytes: memory held
 * @rtt: of the path
 * @gone: no number below it is remembered as gone
 * @newest: highest number that arrived
 * @newest_at: when the latest of those that arrived was sent (RACK.xmit_ts)
 * @acked: whether anything arrived yet
 * @reordered: the path was seen to reorder
 * @steps: width of the reordering window (RACK.reo_wnd_mult)
 * @steps_at: when that changed last
 * @slow: longest that one took that had been declared lost (ns)
 * @credit: bytes that may be sent again
 * @sampled_at: when @rtt was measured last
 * @eliciting_at: when something that asks for an acknowledgment was sent last
 * @probes: without an answer
 * @sample_sent: datagrams since the loss rate was judged last
 * @sample_lost: of these, lost and not found to have arrived after all
 * @sample_queued: of those declared lost, while a queue stood
 * @loss: permille, at the last judgement
 * @off_until: nothing is kept before (ns): the path is beyond help
 */
struct spw_arq {
	struct spw_arq_sent *ring;
	__u64 head;
	__u64 tail;
	__u64 bytes;
	struct spw_rtt rtt;
	__u64 gone;
	__u64 newest;
	__u64 newest_at;
	bool acked;
	bool reordered;
	__u32 steps;
	__u64 steps_at;
	__u64 slow;
	__s64 credit;
	__u64 sampled_at;
	__u64 eliciting_at;
	__u32 probes;
	__u32 sample_sent;
	__u32 sample_lost;
	__u32 sample_queued;
	__u32 loss;
	__u64 off_until;
};

/**
 * struct spw_arq_again - a piece to be sent again
 * @packet: whose; one reference goes to the caller, for spw_arq_sent() or
 *	spw_arq_put()
 * @piece: which
 * @first: when it was sent first
 * @first_seq: and under which number
 * @tries: retransmissions, this one included
 */
struct spw_arq_again {
	struct spw_arq_packet *packet;
	__u32 piece;
	__u64 first;
	__u64 first_seq;
	__u8 tries;
};

/**
 * struct spw_arq_out - what a step wants done, once no lock is held
 * @freed: packets that nothing needs any more
 * @acked: datagrams that arrived
 * @lost: declared lost
 * @spurious: declared lost before, but arrived
 * @late: given up: too old, or tried often enough
 * @poor: given up: the share of retransmissions is used up
 * @full: given up: it is probably a full queue that dropped it
 * @probes: of @again, to draw an answer
 * @silent: bytes of the largest datagram among those that are given up and after which
 *	nothing has arrived, 0: none
 * @off: the path was found to be beyond help
 * @n: how many in @again
 * @again: pieces to be sent again; where it is full, there may be more: ask again
 */
struct spw_arq_out {
	struct spw_arq_packet *freed;
	__u32 acked;
	__u32 lost;
	__u32 spurious;
	__u32 late;
	__u32 poor;
	__u32 full;
	__u32 probes;
	__u32 silent;
	__u32 off;
	__u32 n;
	struct spw_arq_again again[SPW_ARQ_OUT];
};

/**
 * struct spw_ack - what a receiver has, host order
 * @key_id: of the key whose numbers these are
 * @largest: highest number received
 * @delay_us: since that came
 * @bits: bit b of word w: number (@largest / 64 - w) * 64 + b was received
 */
struct spw_ack {
	__u32 key_id;
	__u32 delay_us;
	__u64 largest;
	__u64 bits[SPW_ACK_WORDS];
};

void spw_arq_out_init(struct spw_arq_out *out);
void spw_arq_init(struct spw_arq *arq, struct spw_arq_sent *ring);
bool spw_arq_hold(struct spw_arq *arq, struct spw_arq_packet *packet, __u64 now);
void spw_arq_settled(struct spw_arq *arq, const void *owner, __u32 una,
		     struct spw_arq_out *out);
void spw_arq_sent(struct spw_arq *arq, __u64 seq, struct spw_arq_packet *packet,
		  __u32 piece, __u16 len, __u64 now, struct spw_arq_out *out);
void spw_arq_resent(struct spw_arq *arq, __u64 seq,
		    const struct spw_arq_again *again, __u16 len, __u64 now,
		    struct spw_arq_out *out);
void spw_arq_put(struct spw_arq *arq, struct spw_arq_packet *packet,
		 struct spw_arq_out *out);
int spw_arq_ack(struct spw_arq *arq, const struct spw_ack *ack, __u64 offset,
		__u64 next, __u64 now, struct spw_arq_out *out);
void spw_arq_timer(struct spw_arq *arq, __u64 now, struct spw_arq_out *out);
__u64 spw_arq_next(const struct spw_arq *arq);
__u64 spw_arq_soonest(const struct spw_arq *arq, __u64 now);
void spw_arq_drop_all(struct spw_arq *arq, struct spw_arq_out *out);

#endif /* _SPW_ARQ_H */
