// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that their applications give away: moves that are part of no job. A job is
 * the operator's, and few are remembered; these would push those out. What became of one
 * is remembered with its connection, see app.c.
 *
 * Whoever owns a socket may do so, without any privilege: it is his own connection that
 * goes. What it costs others is bounded by the number of such moves under way, a setting
 * that leaves the larger part of what can be under way to the operator's jobs.
 */
#include <linux/random.h>

#include "app.h"
#include "conn.h"
#include "device.h"
#include "gift.h"
#include "job.h"
#include "moves.h"
#include "offer.h"
#include "peer.h"
#include "relay.h"

/* May it go there? As for the operator: the same reasons, the same errors. */
static int check(struct spw_device *spw, struct spw_move *move, u16 peer_id)
{
	int err;

	move->peer_id = peer_id;
	move->reason = SPILLWAY_REASON_NONE;
	err = spw_relay_check_all(spw, move, 1, spw_relay_check);
	if (!err && !spw_moves_ready(move->peer))
		err = -EHOSTDOWN;
	return err;
}

/* One of those that it may go to, the oftener the more weight it has; in one pass. */
static int choose(struct spw_device *spw, struct spw_move *move)
{
	struct spw_peer *peer, *chosen = NULL;
	int err = -EHOSTDOWN;
	unsigned long id;
	u32 total = 0;

	xa_for_each(&spw->peers, id, peer) {
		int why = check(spw, move, peer->id);

		if (why) {
			/* What is wrong with the connection is so with every peer. */
			err = chosen ? 0 : why;
			continue;
		}
		total += peer->weight;
		if (reciprocal_scale(get_random_u32(), total) < peer->weight)
			chosen = peer;
		err = 0;
	}
	return chosen ? check(spw, move, chosen->id) : err;
}

static int begin(struct spw_device *spw, u64 id, const char *name)
{
	struct spw_move move = { .conn_id = id };
	struct spw_moves *moves = spw->moves;
	struct spw_conn copy = {};
	struct spw_peer *peer;
	int err;

	if (moves->nr_gifts >= spw_setting_get(&spw->settings, SPW_SET_HANDOFF_ASKED) ||
	    moves->nr_offers >= SPW_OFFERS_MAX)
		return -EAGAIN;
	peer = *name ? spw_peer_by_name(spw, name) : NULL;
	if (*name && !peer)
		return -ENXIO;
	err = peer ? check(spw, &move, peer->id) : choose(spw, &move);
	if (err)
		return err;
	spw_conn_copy(&copy, move.conn);
	err = spw_app_ask(spw, id);
	if (err)
		return err;
	err = spw_offer_begin(NULL, 0, &copy, move.peer);
	if (err)
		spw_app_result(spw, id, SPILLWAY_MOVE_STAYED, SPILLWAY_REASON_MOVE_MEMORY);
	else
		spw_moves_soon(moves, 0);
	return err;
}

/**
 * spw_gift_begin() - an application gives its connection away
 * @spw: device
 * @id: of the connection
 * @name: of the peer; empty: one that is ready, by weight
 *
 * Process context, without the socket's lock.
 *
 * Return: 0: it is under way, and spw_app_asked() tells how far; -EPERM where the
 * operator does not want this; -EAGAIN where too many are under way; -EALREADY where this
 * one is, or is relayed by a peer; -ENXIO where there is no such peer, -EHOSTDOWN and
 * others where it takes nothing; -EOPNOTSUPP where the connection cannot be moved.
 */
int spw_gift_begin(struct spw_device *spw, u64 id, const char *name)
{
	int err;

	if (!spw_setting_get(&spw->settings, SPW_SET_HANDOFF_ASKED))
		return -EPERM;
	mutex_lock(&spw->lock);
	mutex_lock(&spw->moves->lock);
	err = spw->dying ? -ENOPROTOOPT : begin(spw, id, name);
	mutex_unlock(&spw->moves->lock);
	mutex_unlock(&spw->lock);
	return err;
}

/**
 * spw_gift_result() - what became of it
 * @conn: copy of it
 * @peer: target; under &spw_moves.lock
 * @out: what the machine of the move says
 */
void spw_gift_result(const struct spw_conn *conn, struct spw_peer *peer,
		     const struct spw_move_out *out)
{
	struct spw_device *spw = peer->spw;

	spw_job_count(spw, out->result);
	spw_app_result(spw, conn->id, out->result, spw_job_reason(out->reason));
}
