/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer is told which connections it relays for this node. */
#ifndef _SPW_NOTIFY_H
#define _SPW_NOTIFY_H

#include "messenger.h"

struct spw_conn;

enum spw_notify_flags {
	SPW_NOTIFY_STALE,	/* the peer may know anything: tell it all */
};

/**
 * struct spw_notify - what a peer was told
 * @flags: &enum spw_notify_flags; set in any context
 * @telling: all is being told, from @next on; under &spw_device.lock
 * @next: id of the connection; likewise
 */
struct spw_notify {
	unsigned long flags;
	bool telling;
	u64 next;
};

extern const struct spw_message_ops spw_notify_ops;

void spw_notify_init(struct spw_peer *peer);
void spw_notify_conn(struct spw_peer *peer, const struct spw_conn *conn,
		     enum spw_notice_event event);
void spw_notify_sync(struct spw_peer *peer);

#endif /* _SPW_NOTIFY_H */
