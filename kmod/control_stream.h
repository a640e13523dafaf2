/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages, reliable and exactly once: the sender's and the receiver's part. Pure. */
#ifndef _SPW_CONTROL_STREAM_H
#define _SPW_CONTROL_STREAM_H

#include "messages.h"
#include "rtt.h"
#ifndef __KERNEL__
#include <stdbool.h>
#endif

enum spw_control_limits {
	SPW_CONTROL_BURST = 16,		/* chunks that one step yields */
	SPW_CONTROL_DUPS = 3,		/* RFC 9002: kPacketThreshold */
	SPW_CONTROL_ACK_EVERY = 2,	/* chunks, RFC 9000 section 13.2.2 */
	SPW_CONTROL_ACK_SMALL = 16,	/* so many of messages that are small, ... */
	SPW_CONTROL_SMALL = 512,	/* bytes: some twenty of them fit the first window */
	SPW_CONTROL_CWND_FIRST = 10 * SPW_CONTROL_UNIT,	/* RFC 9002 section 7.2 */
	SPW_CONTROL_CWND_MIN = 2 * SPW_CONTROL_UNIT,
	SPW_CONTROL_CWND_MAX = 2 * SPW_CONTROL_WINDOW * SPW_CONTROL_UNIT,
};

/**
 * struct spw_chunk_head - a CONTROL frame, host order
 * @from: sender's instance
 * @to: receiver's instance, as the sender heard it
 * @stream: of the sender
 * @type: of the message
 * @attempt: how often the chunk was sent before, 65535 stands for more
 * @seq: number of the chunk, 0 the first of its stream
 * @length: bytes of the whole message
 * @offset: of the chunk in it
 */
struct spw_chunk_head {
	__u32 from;
	__u32 to;
	__u32 stream;
	__u16 type;
	__u16 attempt;
	__u64 seq;
	__u32 length;
	__u32 offset;
};

/**
 * struct spw_control_ack - what a receiver has of a stream, host order
 * @from: receiver's instance
 * @to: sender's instance
 * @stream: sender's
 * @delay_us: since @newest came
 * @next: all chunks below it have come
 * @limit: chunks below it may be sent; never goes back
 * @newest: the chunk that came last, of those that were new
 * @attempt: &spw_chunk_head.attempt of that
 * @bits: bit b of word w: chunk @next + 64 * w + b has come
 */
struct spw_control_ack {
	__u32 from;
	__u32 to;
	__u32 stream;
	__u32 delay_us;
	__u64 next;
	__u64 limit;
	__u64 newest;
	__u16 attempt;
	__u64 bits[SPW_CONTROL_WORDS];
};

enum spw_control_state {
	SPW_CONTROL_WAITS,	/* to be sent, or sent again */
	SPW_CONTROL_FLIES,
	SPW_CONTROL_ARRIVED,
};

/**
 * struct spw_control_sent - a chunk in the sender's window
 * @at: when it was sent last (ns)
 * @before: when the time before
 * @since: when first, of those times that nobody has judged yet; 0 if none
 * @len: bytes, headers of the chunk included
 * @tries: how often it was sent
 * @state: &enum spw_control_state
 * @lost: it was declared lost before it was sent last
 */
struct spw_control_sent {
	__u64 at;
	__u64 before;
	__u64 since;
	__u32 len;
	__u32 tries;
	__u8 state;
	bool lost;
};

/**
 * struct spw_control_tx - what a sender knows of its stream and of the path
 * @ring: %SPW_CONTROL_WINDOW chunks, at their number modulo its size
 * @una: all below have arrived (RFC 9293: SND.UNA)
 * @fresh: those from here on were never sent
 * @next: one above the highest number given
 * @limit: the receiver takes those below
 * @flying: bytes on their way
 * @lost: chunks that wait to be sent again
 * @cwnd: congestion window, bytes
 * @ssthresh: slow start below it
 * @recovery: when the congestion window was halved last
 * @limited: more would have been sent but for the congestion window
 * @rtt: of the path
 * @newest: highest number that arrived
 * @newest_at: when the latest of those that arrived was sent (RACK.xmit_ts)
 * @acked: whether anything arrived yet
 * @gap_from: of what was sent after this
 * @gap_to: and before that, nothing has arrived
 * @gone_from: the first of that which is known to be lost, 0 if none is
 * @gone_to: and the last
 * @reordered: the path was seen to reorder
 * @steps: width of the reordering window (RACK.reo_wnd_mult)
 * @steps_at: when that changed last
 * @probes: without an answer (RFC 9002: pto_count)
 * @probed_at: when the first of those that had none was sent
 * @sent_at: when anything was sent last
 * @pace_at: nothing new is sent before
 */
struct spw_control_tx {
	struct spw_control_sent *ring;
	__u64 una;
	__u64 fresh;
	__u64 next;
	__u64 limit;
	__u64 flying;
	__u32 lost;
	__u64 cwnd;
	__u64 ssthresh;
	__u64 recovery;
	bool limited;
	struct spw_rtt rtt;
	__u64 newest;
	__u64 newest_at;
	bool acked;
	__u64 gap_from;
	__u64 gap_to;
	__u64 gone_from;
	__u64 gone_to;
	bool reordered;
	__u32 steps;
	__u64 steps_at;
	__u32 probes;
	__u64 probed_at;
	__u64 sent_at;
	__u64 pace_at;
};

/**
 * struct spw_control_out - what a step wants done, and what it found
 * @seq: chunks to be sent now
 * @n: how many
 * @lost: chunks declared lost
 * @spurious: declared lost, but arrived
 * @again: of @seq, not sent for the first time
 * @probes: of @seq, to draw an answer
 * @halved: how often the congestion window was halved
 * @collapsed: persistent congestion was found
 */
struct spw_control_out {
	__u64 seq[SPW_CONTROL_BURST];
	__u32 n;
	__u32 lost;
	__u32 spurious;
	__u32 again;
	__u32 probes;
	__u32 halved;
	__u32 collapsed;
};

void spw_control_tx_init(struct spw_control_tx *tx, struct spw_control_sent *ring,
			 __u64 rtt, __u64 now);
bool spw_control_tx_wants(const struct spw_control_tx *tx);
__u64 spw_control_tx_add(struct spw_control_tx *tx, __u32 len);
int spw_control_tx_ack(struct spw_control_tx *tx, const struct spw_control_ack *ack,
		       __u64 now, struct spw_control_out *out);
void spw_control_tx_step(struct spw_control_tx *tx, __u64 now,
			 struct spw_control_out *out);
__u64 spw_control_tx_due(const struct spw_control_tx *tx);
__u16 spw_control_tx_attempt(const struct spw_control_tx *tx, __u64 seq);

enum spw_control_admission {
	SPW_CONTROL_STALE,	/* of a life or stream that is over */
	SPW_CONTROL_SAME,
	SPW_CONTROL_NEW,	/* the stream before is over */
};

enum spw_control_verdict {
	SPW_CONTROL_ORDER,	/* the next one */
	SPW_CONTROL_HELD,	/* others are missing before it */
	SPW_CONTROL_DUPLICATE,
	SPW_CONTROL_BEYOND,	/* outside the window that was told */
};

/**
 * struct spw_control_rx - what a receiver has of a stream
 * @self: this end's instance
 * @peer: the sender's instance, 0 before it was heard
 * @stream: that is received, 0 before the first
 * @next: all below have come
 * @waiting: chunks handed on, of this stream or those before, that nobody took yet
 * @bits: chunks above @next that have come, at their number modulo the window
 * @told: limit that the sender was told last
 * @newest: chunk that came last
 * @last: highest that has come
 * @attempt: how often it was sent before
 * @newest_at: when (ns)
 * @pending: chunks that were not acknowledged
 * @large: of these, those of messages that are not small
 * @since: when the first of them came
 * @now: acknowledge without delay
 */
struct spw_control_rx {
	__u32 self;
	__u32 peer;
	__u32 stream;
	__u64 next;
	__u32 waiting;
	__u64 bits[SPW_CONTROL_WORDS];
	__u64 told;
	__u64 newest;
	__u64 last;
	__u16 attempt;
	__u64 newest_at;
	__u32 pending;
	__u32 large;
	__u64 since;
	bool now;
};

enum spw_control_join {
	SPW_CONTROL_MORE,	/* belongs to the message, which is not whole yet */
	SPW_CONTROL_WHOLE,	/* the last one of it */
	SPW_CONTROL_BROKEN,	/* does not follow: the message is void; ask again */
	SPW_CONTROL_STRAY,	/* of a message whose beginning was not taken */
};

/**
 * struct spw_control_message - a message that is put together
 * @open: there is one
 * @type: of it
 * @length: bytes in all
 * @have: bytes that are there
 */
struct spw_control_message {
	bool open;
	__u16 type;
	__u32 length;
	__u32 have;
};

void spw_control_rx_meet(struct spw_control_rx *rx, __u32 self, __u32 peer);
enum spw_control_admission spw_control_rx_admit(struct spw_control_rx *rx,
						const struct spw_chunk_head *head);
enum spw_control_verdict spw_control_rx_judge(struct spw_control_rx *rx, __u64 seq,
					      __u64 now);
__u32 spw_control_rx_take(struct spw_control_rx *rx, const struct spw_chunk_head *head,
			  __u64 now);
void spw_control_rx_taken(struct spw_control_rx *rx, __u64 now);
__u64 spw_control_rx_due(const struct spw_control_rx *rx);
void spw_control_rx_tell(struct spw_control_rx *rx, __u64 now,
			 struct spw_control_ack *ack);
enum spw_control_join spw_control_rx_join(struct spw_control_message *message,
					  const struct spw_chunk_head *head,
					  __u32 len);

#endif /* _SPW_CONTROL_STREAM_H */
