// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replication, the origin: which connections are replicated to whom. Those that a peer
 * relays are replicated to it, so that their remotes learn at once when this node dies;
 * others where the operator asks for it.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "compat.h"
#include "conntab.h"
#include "peer.h"
#include "relay.h"
#include "replica.h"

enum replica_times {
	RETRY_US = 1000000,	/* until what was refused is told again */
	REST_MS = 250,		/* between two looks while no peer is there */
};

static void soon(struct spw_replicas *r)
{
	if (!READ_ONCE(r->dying))
		queue_work(system_highpri_wq, &r->work);
}

static enum hrtimer_restart ring(struct hrtimer *timer)
{
	soon(container_of(timer, struct spw_replicas, timer));
	return HRTIMER_NORESTART;
}

static struct spw_replica_out *out_new(struct spw_peer *peer, const struct spw_conn *conn)
{
	struct spw_replicas *r = peer->spw->replicas;
	struct spw_replica_out *out;

	if (!spw_replica_charge(r, &r->nr_out, sizeof(*out)))
		return ERR_PTR(-ENOBUFS);
	out = kzalloc(sizeof(*out), GFP_KERNEL | __GFP_NOWARN);
	if (!out) {
		spw_replica_uncharge(r, &r->nr_out, sizeof(*out));
		return ERR_PTR(-ENOBUFS);
	}
	out->id = conn->id;
	out->whole = true;
	rcu_read_lock();
	out->sk = spw_conn_sock(peer->spw, conn);
	rcu_read_unlock();
	if (spw_sock_lives(out->sk))
		return out;
	if (out->sk)
		sock_gen_put(out->sk);
	kfree(out);
	spw_replica_uncharge(r, &r->nr_out, sizeof(*out));
	return ERR_PTR(-ENOENT);
}

/**
 * spw_replica_drop() - a connection is not replicated any more, and need not be told
 * @peer: to whom; under &spw_replicas.lock
 * @out: freed
 */
void spw_replica_drop(struct spw_peer *peer, struct spw_replica_out *out)
{
	struct spw_replicas *r = peer->spw->replicas;

	xa_erase(&peer->replica.out, out->place);
	if (xa_load(&peer->replica.by_id, out->id) == out)
		xa_erase(&peer->replica.by_id, out->id);
	peer->replica.nr_out--;
	if (out->sk)
		sock_put(out->sk);
	kfree(out);
	spw_replica_uncharge(r, &r->nr_out, sizeof(*out));
}

static int out_insert(struct spw_peer *peer, struct spw_replica_out *out)
{
	struct spw_replica_peer *p = &peer->replica;
	int err;

	err = xa_alloc(&p->out, &out->place, out, xa_limit_31b, GFP_KERNEL | __GFP_NOWARN);
	if (err)
		return err;
	err = xa_err(xa_store(&p->by_id, out->id, out, GFP_KERNEL | __GFP_NOWARN));
	if (err)
		xa_erase(&p->out, out->place);
	else
		p->nr_out++;
	return err;
}

/* Returns 0, -ENOBUFS where there are too many or no memory, -ENOENT: it has ended. */
static int add(struct spw_peer *peer, const struct spw_conn *conn, u8 flag)
{
	struct spw_replicas *r = peer->spw->replicas;
	struct spw_replica_out *out;

	lockdep_assert_held(&r->lock);
	out = xa_load(&peer->replica.by_id, conn->id);
	if (out && out->flags) {
		out->flags |= flag;
		out->whole = true;
		return 0;
	}
	out = out_new(peer, conn);
	if (IS_ERR(out))
		return PTR_ERR(out);
	out->flags = flag;
	if (out_insert(peer, out)) {
		sock_put(out->sk);
		kfree(out);
		spw_replica_uncharge(r, &r->nr_out, sizeof(*out));
		return -ENOBUFS;
	}
	soon(r);
	return 0;
}

static int replicate(struct spw_peer *peer, const struct spw_conn *conn, u8 flag)
{
	struct spw_replicas *r = peer->spw->replicas;
	int err;

	mutex_lock(&r->lock);
	err = add(peer, conn, flag);
	mutex_unlock(&r->lock);
	if (err == -ENOBUFS)
		spw_peer_count(peer, SPILLWAY_STAT_REPLICA_FULL, 1);
	return err;
}

static void end(struct spw_peer *peer, u64 id, u8 flag)
{
	struct spw_replicas *r = peer->spw->replicas;
	struct spw_replica_out *out;

	mutex_lock(&r->lock);
	out = xa_load(&peer->replica.by_id, id);
	if (out && out->flags & flag) {
		out->flags &= ~flag;
		out->whole = true;
		soon(r);
	}
	mutex_unlock(&r->lock);
}

/**
 * spw_replica_relayed() - a peer relays a connection from now on
 * @peer: it
 * @conn: connection, under &spw_device.lock
 */
void spw_replica_relayed(struct spw_peer *peer, const struct spw_conn *conn)
{
	if (spw_setting_get(&peer->spw->settings, SPW_SET_REPLICA_RELAYED))
		replicate(peer, conn, SPW_OUT_RELAYED);
}

/**
 * spw_replica_returned() - a peer does not relay it any more
 * @peer: it
 * @conn: connection, under &spw_device.lock
 */
void spw_replica_returned(struct spw_peer *peer, const struct spw_conn *conn)
{
	end(peer, conn->id, SPW_OUT_RELAYED);
}

static struct spw_replica_out *asked_for(struct spw_peer *peer, u64 id)
{
	struct spw_replica_out *out = xa_load(&peer->replica.by_id, id);

	return out && out->flags & SPW_OUT_ASKED ? out : NULL;
}

static enum spillway_reason check_ask(struct spw_device *spw, struct spw_move *move)
{
	enum spillway_reason reason;

	move->conn = spw_conntab_get(spw, move->conn_id);
	if (!move->conn)
		return SPILLWAY_REASON_CONN_GONE;
	reason = spw_relay_check_peer(spw, move);
	if (reason)
		return reason;
	return asked_for(move->peer, move->conn_id) ? SPILLWAY_REASON_CONN_BUSY :
						      SPILLWAY_REASON_NONE;
}

/**
 * spw_replica_ask() - replicate connections, all or none
 * @spw: device, its lock held
 * @moves: entries; each receives its reason
 * @n: how many
 *
 * Return: 0, or the error of the first entry that is refused; nothing has changed
 * then.
 */
int spw_replica_ask(struct spw_device *spw, struct spw_move *moves, u32 n)
{
	int err;
	u32 i;

	lockdep_assert_held(&spw->lock);
	mutex_lock(&spw->replicas->lock);
	err = spw_relay_check_all(spw, moves, n, check_ask);
	mutex_unlock(&spw->replicas->lock);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		err = replicate(moves[i].peer, moves[i].conn, SPW_OUT_ASKED);
		if (err)
			break;
	}
	if (!err)
		return 0;
	moves[i].reason = err == -ENOENT ? SPILLWAY_REASON_CONN_GONE :
					   SPILLWAY_REASON_REPLICA_ROOM;
	while (i--)
		end(moves[i].peer, moves[i].conn_id, SPW_OUT_ASKED);
	return err;
}

static enum spillway_reason check_unask(struct spw_device *spw, struct spw_move *move)
{
	struct spw_peer *peer;
	unsigned long id;

	move->conn = spw_conntab_get(spw, move->conn_id);
	if (!move->conn)
		return SPILLWAY_REASON_CONN_GONE;
	xa_for_each(&spw->peers, id, peer)
		if (asked_for(peer, move->conn_id))
			return SPILLWAY_REASON_NONE;
	return SPILLWAY_REASON_REPLICA_NONE;
}

/**
 * spw_replica_unask() - do not replicate connections any more, all or none
 * @spw: device, its lock held
 * @moves: entries; each receives its reason
 * @n: how many
 *
 * Those that are relayed are replicated to their relay nevertheless.
 *
 * Return: as spw_replica_ask().
 */
int spw_replica_unask(struct spw_device *spw, struct spw_move *moves, u32 n)
{
	struct spw_peer *peer;
	unsigned long id;
	int err;
	u32 i;

	lockdep_assert_held(&spw->lock);
	mutex_lock(&spw->replicas->lock);
	err = spw_relay_check_all(spw, moves, n, check_unask);
	mutex_unlock(&spw->replicas->lock);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		xa_for_each(&spw->peers, id, peer)
			end(peer, moves[i].conn_id, SPW_OUT_ASKED);
	return 0;
}

static void refused(struct spw_peer *peer, const struct spw_replica_msg *msg)
{
	struct spw_replica_out *out = xa_load(&peer->replica.out, msg->number);

	/* It may be over meanwhile, and its place another's: that is told once more. */
	if (!out)
		return;
	out->whole = true;
	if (!(msg->flags & SPW_REPLICA_AGAIN))
		out->retry = spw_replica_now() + RETRY_US;
	spw_peer_count(peer, SPILLWAY_STAT_REPLICA_REFUSED, 1);
}

/**
 * spw_replica_answer() - a target says something
 * @peer: it; process context, under no lock
 * @msg: %SPW_REPLICA_ACK or %SPW_REPLICA_REFUSED
 */
void spw_replica_answer(struct spw_peer *peer, const struct spw_replica_msg *msg)
{
	struct spw_replicas *r = peer->spw->replicas;

	mutex_lock(&r->lock);
	if (msg->kind == SPW_REPLICA_REFUSED)
		refused(peer, msg);
	else
		spw_lag_ack(&peer->replica.lag, msg->number, spw_replica_now());
	mutex_unlock(&r->lock);
}

/**
 * spw_replica_peer_sync() - with each heartbeat
 * @peer: under &spw_device.lock
 *
 * Also who replicates nothing says so at the beginning of each stream.
 */
void spw_replica_peer_sync(struct spw_peer *peer)
{
	struct spw_replicas *r = peer->spw->replicas;

	if (peer->state == SPILLWAY_PEER_UP &&
	    (test_bit(SPW_REPLICA_STALE, &peer->replica.flags) ||
	     READ_ONCE(peer->replica.reset)))
		soon(r);
}

static void rounds_work(struct work_struct *work)
{
	struct spw_replicas *r = container_of(work, struct spw_replicas, work);
	u32 ms = spw_setting_get(&r->spw->settings, SPW_SET_REPLICA_INTERVAL_MS);
	struct spw_peer *peer;
	bool there = false;
	unsigned long id;

	mutex_lock(&r->lock);
	/* Who is found here is not freed before this lock was had. */
	xa_for_each(&r->spw->peers, id, peer)
		there |= spw_replica_round(peer);
	mutex_unlock(&r->lock);
	if (atomic_read(&r->nr_out) && !READ_ONCE(r->dying))
		hrtimer_start(&r->timer, ms_to_ktime(there ? ms : REST_MS),
			      HRTIMER_MODE_REL_SOFT);
}

/**
 * spw_replica_lag() - how long did changes take until the peer had acknowledged them?
 * @peer: under &spw_device.lock
 * @p50: receives what half of them did not exceed (us), 0 if there were none
 * @p99: likewise 99 of 100
 * @most: likewise all
 */
void spw_replica_lag(struct spw_peer *peer, u32 *p50, u32 *p99, u32 *most)
{
	struct spw_replicas *r = peer->spw->replicas;

	mutex_lock(&r->lock);
	*p50 = spw_lag_quantile(&peer->replica.lag, 500);
	*p99 = spw_lag_quantile(&peer->replica.lag, 990);
	*most = spw_lag_most(&peer->replica.lag);
	mutex_unlock(&r->lock);
}

static bool lags(const struct spw_replica_peer *p, const struct spw_replica_out *out)
{
	return out->round && (s32)(out->round - p->lag.acked) > 0;
}

/**
 * spw_replica_show() - how is a connection replicated?
 * @spw: device, its lock held
 * @id: of the connection
 * @view: receives it
 *
 * Return: whether it is.
 */
bool spw_replica_show(struct spw_device *spw, u64 id, struct spw_replica_view *view)
{
	struct spw_replicas *r = spw->replicas;
	u64 now = spw_replica_now();
	struct spw_replica_out *out;
	struct spw_peer *peer;
	bool found = false;
	unsigned long i;

	if (!atomic_read(&r->nr_out))
		return false;
	mutex_lock(&r->lock);
	xa_for_each(&spw->peers, i, peer) {
		out = xa_load(&peer->replica.by_id, id);
		if (!out || !out->flags)
			continue;
		view->peer = peer;
		view->age_us = out->told ? now - out->told : 0;
		view->lag_us = lags(&peer->replica, out) ? now - out->since : 0;
		/* Nothing was told yet, or the latest could not be. */
		if (!view->lag_us && out->whole)
			view->lag_us = out->seen ? now - out->seen : 0;
		found = true;
		break;
	}
	mutex_unlock(&r->lock);
	return found;
}

/**
 * spw_replica_peer_init() - for a peer that nobody can find yet
 * @peer: peer
 */
void spw_replica_peer_init(struct spw_peer *peer)
{
	struct spw_replica_peer *p = &peer->replica;

	xa_init_flags(&p->out, XA_FLAGS_ALLOC);
	xa_init(&p->by_id);
	mutex_init(&p->in_lock);
	xa_init(&p->in);
	p->flags = BIT(SPW_REPLICA_STALE) | BIT(SPW_REPLICA_VOID);
}

/**
 * spw_replica_peer_gone() - a peer is removed
 * @peer: unpublished, its messenger stopped; under &spw_device.lock
 */
void spw_replica_peer_gone(struct spw_peer *peer)
{
	struct spw_replicas *r = peer->spw->replicas;
	struct spw_replica_out *out;
	unsigned long place;

	mutex_lock(&r->lock);
	xa_for_each(&peer->replica.out, place, out)
		spw_replica_drop(peer, out);
	mutex_unlock(&r->lock);
	spw_replica_forget(peer);
}

/**
 * spw_replica_peer_free() - nobody can find the peer any more
 * @peer: gone, or never published
 */
void spw_replica_peer_free(struct spw_peer *peer)
{
	kvfree(peer->replica.passed);
}

/**
 * spw_replica_init() - nothing is replicated yet
 * @spw: device that is not published yet
 *
 * Return: 0 or -ENOMEM.
 */
int spw_replica_init(struct spw_device *spw)
{
	struct spw_replicas *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->buffer = kvmalloc(SPW_LEN_REPLICAS, GFP_KERNEL);
	if (!r->buffer) {
		kfree(r);
		return -ENOMEM;
	}
	mutex_init(&r->lock);
	r->spw = spw;
	spw_compat_hrtimer_setup(&r->timer, ring, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	INIT_WORK(&r->work, rounds_work);
	INIT_DELAYED_WORK(&r->end_work, spw_replica_end_work);
	spw->replicas = r;
	return 0;
}

/* The work may have started the timer, and the timer the work. */
static void end_rounds(struct spw_replicas *r)
{
	cancel_work_sync(&r->work);
	hrtimer_cancel(&r->timer);
	cancel_work_sync(&r->work);
}

/**
 * spw_replica_stop() - the device goes
 * @spw: device that is dying and has no peer any more; its lock not held
 */
void spw_replica_stop(struct spw_device *spw)
{
	WRITE_ONCE(spw->replicas->dying, true);
	end_rounds(spw->replicas);
	cancel_delayed_work_sync(&spw->replicas->end_work);
}

/**
 * spw_replica_free() - nobody can find the device any more
 * @spw: stopped, or never published
 */
void spw_replica_free(struct spw_device *spw)
{
	struct spw_replicas *r = spw->replicas;

	/* Who was told that a stream ended may have looked before it was stopped. */
	end_rounds(r);
	cancel_delayed_work_sync(&r->end_work);
	mutex_destroy(&r->lock);
	kvfree(r->buffer);
	kfree(r);
}
