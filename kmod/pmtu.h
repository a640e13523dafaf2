/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How large a datagram the path to a peer takes: the search of RFC 8899. Pure. */
#ifndef _SPW_PMTU_H
#define _SPW_PMTU_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

enum spw_pmtu_limits {
	/* Sizes are of whole IP packets. RFC 8899 section 5.1.2 */
	SPW_PMTU_BASE4 = 1200,
	SPW_PMTU_MIN4 = 576,		/* RFC 1122 */
	SPW_PMTU_BASE6 = 1280,		/* RFC 8200: no link is below it */
	SPW_PMTU_MAX = 65535,
	SPW_PMTU_PROBES = 3,		/* MAX_PROBES of a size that is new */
	SPW_PMTU_PROBES_CONFIRM = 4,	/* of one that has worked before */
	SPW_PMTU_IDS = 8,		/* probes whose late replies still count */
};

#define SPW_PMTU_CONFIRM_NS	200000000ULL	/* between two while data flows */
#define SPW_PMTU_RETRY_NS	1000000000ULL	/* of the base size where it fails */
#define SPW_PMTU_TIMER_NS	1000000000ULL	/* PROBE_TIMER before an RTT is known */
#define SPW_PMTU_TIMER_MIN_NS	50000000ULL

enum spw_pmtu_state {
	SPW_PMTU_DISABLED,	/* the peer is not there */
	SPW_PMTU_BASE,		/* is the base size carried? */
	SPW_PMTU_SEARCHING,
	SPW_PMTU_COMPLETE,
	SPW_PMTU_ERROR,		/* not even the base size */
};

/**
 * struct spw_pmtu - one peer's path
 * @state: &enum spw_pmtu_state
 * @tries: probes of @probing that were sent
 * @six: outer packets are IPv6
 * @size: largest outer packet to be sent, PLPMTU of the RFC; also read without the lock
 * @bound: what the kernel's routing allows
 * @failed: smallest size that was lost, 0: none
 * @probing: size that is being probed, 0: none; equal to @size where that is confirmed
 * @first_id: of the first probe on this path
 * @next_id: of the next probe
 * @sent: sizes of the last probes by id, 0: answered
 * @deadline: when spw_pmtu_step() has something to do (ns)
 * @confirm_at: when @size is to be confirmed, if data flows (ns)
 * @raise_at: when the search begins again (ns)
 * @since: when the first probe of @probing was sent (ns)
 * @fell: size that was given up while the base size is not confirmed yet, 0: none
 * @black_holes: how often a smaller size was carried where @size had ceased to be
 */
struct spw_pmtu {
	__u8 state;
	__u8 tries;
	bool six;
	__u16 size;
	__u16 bound;
	__u16 failed;
	__u16 probing;
	__u32 first_id;
	__u32 next_id;
	__u16 sent[SPW_PMTU_IDS];
	__u64 deadline;
	__u64 confirm_at;
	__u64 raise_at;
	__u64 since;
	__u16 fell;
	__u32 black_holes;
};

/**
 * struct spw_pmtu_now - what a step needs to know
 * @now: ns
 * @timer: PROBE_TIMER, ns, see spw_pmtu_timer()
 * @raise: PMTU_RAISE_TIMER, ns
 * @echoed: when the newest small datagram was sent that the peer has heard (ns)
 * @flows: data was sent since the step before
 */
struct spw_pmtu_now {
	__u64 now;
	__u64 timer;
	__u64 raise;
	__u64 echoed;
	bool flows;
};

/**
 * struct spw_pmtu_probe - what a probe and its reply say
 * @id: of the probe
 * @size: bytes of its outer IP packet
 */
struct spw_pmtu_probe {
	__u32 id;
	__u16 size;
};

/**
 * struct spw_pmtu_answers - bounds what a peer can make us answer
 * @credit: ns of time not yet used, at most a burst's
 * @at: when it was counted (ns)
 */
struct spw_pmtu_answers {
	__u64 credit;
	__u64 at;
};

void spw_pmtu_start(struct spw_pmtu *p, bool six, __u32 bound, __u64 now);
void spw_pmtu_stop(struct spw_pmtu *p);
void spw_pmtu_set_bound(struct spw_pmtu *p, __u32 bound, __u64 now);
bool spw_pmtu_step(struct spw_pmtu *p, const struct spw_pmtu_now *now,
		   struct spw_pmtu_probe *probe);
int spw_pmtu_reply(struct spw_pmtu *p, const struct spw_pmtu_probe *probe,
		   __u64 now);
void spw_pmtu_lost(struct spw_pmtu *p, __u32 size, __u64 now);
__u64 spw_pmtu_timer(__u32 srtt_us);
bool spw_pmtu_may_answer(struct spw_pmtu_answers *a, __u64 now);

#endif /* _SPW_PMTU_H */
