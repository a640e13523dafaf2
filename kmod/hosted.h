/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this node relays for a peer, as the peer says. */
#ifndef _SPW_HOSTED_H
#define _SPW_HOSTED_H

#include <linux/mutex.h>
#include <linux/xarray.h>

#include "notice.h"

struct spw_peer;

enum spw_hosted_limits {
	SPW_HOSTED_MAX = 65536,	/* connections of one peer */
};

/**
 * struct spw_hosted - connections of one peer that this node relays
 * @lock: guards @conns and what is in it; taken inside &spw_device.lock
 * @conns: notices by the peer's id of the connection
 * @count: how many; written under @lock
 */
struct spw_hosted {
	struct mutex lock; /* see above */
	struct xarray conns;
	u32 count;
};

void spw_hosted_init(struct spw_peer *peer);
int spw_hosted_take(struct spw_peer *peer, const u8 *data, u32 len);
void spw_hosted_clear(struct spw_peer *peer);

#endif /* _SPW_HOSTED_H */
