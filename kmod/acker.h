/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to acknowledge, the receiver's part of loss detection. Pure. */
#ifndef _SPW_ACKER_H
#define _SPW_ACKER_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

enum spw_acker_limits {
	SPW_ACKER_COUNT = 128,	/* datagrams to an acknowledgment */
};

/**
 * struct spw_acker - what has not been acknowledged
 * @key_id: of the key that it came under
 * @pending: datagrams
 * @since: when the first of them came (ns)
 * @top_at: when the highest number came
 * @gap: one of them was not the one expected
 * @gap_at: when a gap was told last
 */
struct spw_acker {
	__u32 key_id;
	__u32 pending;
	__u64 since;
	__u64 top_at;
	bool gap;
	__u64 gap_at;
};

/**
 * struct spw_heard - datagrams of one packet that want an acknowledgment
 * @n: how many
 * @gap: one was not the one expected
 * @top: one had the highest number
 */
struct spw_heard {
	__u32 n;
	bool gap;
	bool top;
};

void spw_acker_heard(struct spw_acker *a, const struct spw_heard *heard,
		     __u64 now);
__u64 spw_acker_due(const struct spw_acker *a);
__u32 spw_acker_told(struct spw_acker *a, __u64 now);

#endif /* _SPW_ACKER_H */
