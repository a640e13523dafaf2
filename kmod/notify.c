// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A peer is told which connections it relays for this node, as they come and go, in
 * batches. Where it may have missed something (a new stream, a full queue, no memory) it
 * is told all of them anew, behind a notice that voids what was said before. It is
 * information for the peer's operator: no packet depends on it.
 */
#include "conntab.h"
#include "hosted.h"
#include "notice.h"
#include "notify.h"
#include "peer.h"

enum notify_limits {
	BATCH = 80 * SPW_LEN_NOTICE,	/* with its head less than a page */
	LONGEST = 64 << 10,		/* of a peer that batches more */
	SYNC_STEP = 65536,		/* connections looked at in one heartbeat */
};

static int tell(struct spw_peer *peer, const struct spw_notice *notice)
{
	u8 data[SPW_LEN_NOTICE];

	spw_notice_build(data, notice);
	return spw_messenger_append(peer, SPW_MESSAGE_NOTICES, data, sizeof(data),
				    BATCH);
}

static void name_conn(struct spw_notice *notice, const struct spw_conn *conn)
{
	const struct spw_tuple *t = &conn->tuple;

	notice->lport = t->lport;
	notice->rport = t->rport;
	if (conn->family == AF_INET6) {
		notice->family = 6;
		memcpy(notice->laddr, &t->laddr6, sizeof(t->laddr6));
		memcpy(notice->raddr, &t->raddr6, sizeof(t->raddr6));
	} else {
		notice->family = 4;
		memcpy(notice->laddr, &t->laddr, sizeof(t->laddr));
		memcpy(notice->raddr, &t->raddr, sizeof(t->raddr));
	}
}

static int tell_conn(struct spw_peer *peer, const struct spw_conn *conn,
		     enum spw_notice_event event)
{
	struct spw_notice notice = { .event = event, .id = conn->id };

	if (event == SPW_NOTICE_OFFLOADED)
		name_conn(&notice, conn);
	return tell(peer, &notice);
}

/**
 * spw_notify_init() - for a peer that nobody can find yet
 * @peer: peer
 */
void spw_notify_init(struct spw_peer *peer)
{
	set_bit(SPW_NOTIFY_STALE, &peer->notify.flags);
}

/**
 * spw_notify_conn() - a connection was given to the peer, or is not relayed any more
 * @peer: who relays it, or relayed it; under &spw_device.lock
 * @conn: connection
 * @event: what happened
 */
void spw_notify_conn(struct spw_peer *peer, const struct spw_conn *conn,
		     enum spw_notice_event event)
{
	lockdep_assert_held(&peer->spw->lock);
	/* It will be told all, as it is then. */
	if (test_bit(SPW_NOTIFY_STALE, &peer->notify.flags))
		return;
	if (tell_conn(peer, conn, event))
		set_bit(SPW_NOTIFY_STALE, &peer->notify.flags);
}

static bool begin(struct spw_peer *peer)
{
	const struct spw_notice reset = { .event = SPW_NOTICE_RESET };
	struct spw_notify *n = &peer->notify;

	/* Cleared first: the stream may end again at any time. */
	if (!test_and_clear_bit(SPW_NOTIFY_STALE, &n->flags))
		return true;
	if (tell(peer, &reset)) {
		set_bit(SPW_NOTIFY_STALE, &n->flags);
		return false;
	}
	n->telling = true;
	n->next = 1;
	return true;
}

/**
 * spw_notify_sync() - tell all, if need be; as much as there is room for
 * @peer: under &spw_device.lock, once a heartbeat
 */
void spw_notify_sync(struct spw_peer *peer)
{
	struct spw_notify *n = &peer->notify;
	struct spw_conn *conn;
	int i;

	lockdep_assert_held(&peer->spw->lock);
	if (peer->state != SPILLWAY_PEER_UP || !begin(peer))
		return;
	if (!atomic_read(&peer->nr_conns))
		n->telling = false;
	for (i = 0; n->telling && i < SYNC_STEP; i++, n->next++) {
		conn = spw_conntab_next(peer->spw, &n->next);
		if (!conn)
			n->telling = false;
		else if (rcu_access_pointer(conn->peer) == peer &&
			 tell_conn(peer, conn, SPW_NOTICE_OFFLOADED))
			break;
	}
}

static void ended(struct spw_peer *peer)
{
	set_bit(SPW_NOTIFY_STALE, &peer->notify.flags);
}

const struct spw_message_ops spw_notify_ops = {
	.max = LONGEST,
	.take = spw_hosted_take,
	.ended = ended,
};
