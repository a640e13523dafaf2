// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Health: every heartbeat_ms each peer is told how this node is, and the newest
 * stamp heard of it is echoed. A peer is up while it echoes stamps of ours that are
 * fresh: that proves the way there and back, with no clock but our own.
 *
 *   init --echo--> up --half of down_after_ms--> suspect --all of it--> down
 *                   ^------------echo--------------'---------echo----------'
 *
 * When a peer goes down, what it relays returns at once: the sockets never left, so
 * nothing is lost but the packets on their way.
 *
 * The same work looks after the keys' age: before the key that seals for a peer ends,
 * what the peer relays returns, and keys that have ended are wiped.
 *
 * Reception (softirq) only notes what came; states change in one place, the work.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/workqueue.h>

#include "crypt.h"
#include "frame.h"
#include "health.h"
#include "ipv6.h"
#include "link.h"
#include "netlink.h"
#include "peer.h"
#include "probe.h"
#include "relay.h"
#include "replica.h"
#include "trace.h"

/* A round trip longer than this is no measurement, but a stamp of another life. */
#define RTT_MAX_US	(60U * USEC_PER_SEC)

/* Between two looks at the keys of a device that is down. */
#define DOWN_MS		1000

/* How often it is said that this node falls silent. */
#define LEAVE_TIMES	3

static bool forwards_ipv6(const struct spw_device *spw)
{
	bool forwards;

	rcu_read_lock();
	forwards = spw_ipv6_forwards(spw->dev);
	rcu_read_unlock();
	return forwards;
}

static void compose(struct spw_peer *peer, struct spw_heartbeat *hb, u64 now)
{
	const struct spw_report *report = &peer->spw->report;

	memset(hb, 0, sizeof(*hb));
	hb->node_id = peer->spw->node_id;
	hb->flags = forwards_ipv6(peer->spw) ? SPW_HB_IPV6 : 0;
	hb->load = report->load;
	hb->forecast = report->forecast;
	hb->free = report->free;
	hb->capacity = report->capacity;
	hb->stamp = now;
	hb->instance = READ_ONCE(peer->messenger.self);

	spin_lock_bh(&peer->hb_lock);
	if (peer->stamp) {
		u64 delay = div_u64(now - peer->stamp_at, NSEC_PER_USEC);

		hb->echo = peer->stamp;
		hb->echo_delay_us = min_t(u64, delay, U32_MAX);
	}
	spin_unlock_bh(&peer->hb_lock);
}

static enum spillway_peer_state judge(struct spw_peer *peer, u64 now)
{
	const struct spw_settings *s = &peer->spw->settings;
	u32 beat = spw_setting_get(s, SPW_SET_HEARTBEAT_MS);
	u32 down = spw_setting_get(s, SPW_SET_DOWN_AFTER_MS);
	u64 echoed, silence;

	spin_lock_bh(&peer->hb_lock);
	echoed = peer->echoed;
	spin_unlock_bh(&peer->hb_lock);
	if (!echoed)
		return SPILLWAY_PEER_INIT;
	silence = div_u64(now - echoed, NSEC_PER_MSEC);
	if (silence >= down)
		return SPILLWAY_PEER_DOWN;
	/* An echo is one or two heartbeats old by nature. */
	if (silence >= 5ULL * beat && silence >= down / 2)
		return SPILLWAY_PEER_SUSPECT;
	return SPILLWAY_PEER_UP;
}

/* Why a peer is in its state: what it lacks first. */
static void give_reason(struct spw_peer *peer)
{
	if (!rcu_access_pointer(peer->tx_key))
		peer->reason = SPILLWAY_REASON_PEER_NO_KEY;
	else if (peer->state != SPILLWAY_PEER_UP)
		peer->reason = SPILLWAY_REASON_NO_HEARTBEAT;
	else
		peer->reason = peer->tx_ends ? SPILLWAY_REASON_KEY_EXPIRING :
					       SPILLWAY_REASON_NONE;
}

static void change_state(struct spw_peer *peer, enum spillway_peer_state state)
{
	struct spw_device *spw = peer->spw;
	u8 old;

	if (state == peer->state)
		return;
	old = peer->state;
	WRITE_ONCE(peer->state, state);
	give_reason(peer);
	trace_spillway_peer_state(peer, old, state,
				  spw_reason_name(peer->reason));
	if (state == SPILLWAY_PEER_DOWN) {
		spw_replica_condemn(peer);
		spw_peer_count(peer, SPILLWAY_STAT_PEER_DOWN, 1);
		spw_relay_return_all(spw, peer, SPILLWAY_REASON_NO_HEARTBEAT);
	}
	spw_probe_kick(spw);
	if (state == SPILLWAY_PEER_UP || state == SPILLWAY_PEER_SUSPECT) {
		spw_messenger_up(peer);
	} else {
		spw_messenger_down(peer);
		spw_hosted_clear(peer);
	}
	spw_netlink_peer_event(peer);
}

/* A peer that stops forwarding IPv6 says so; what it relays would go nowhere. */
static void change_ipv6(struct spw_peer *peer)
{
	bool was = peer->ipv6;

	spin_lock_bh(&peer->hb_lock);
	peer->ipv6 = peer->flags & SPW_HB_IPV6;
	spin_unlock_bh(&peer->hb_lock);
	if (was && !peer->ipv6)
		spw_relay_return_ipv6(peer->spw, peer);
}

/* Returns whether there is a key to say it with. */
static bool say(struct spw_peer *peer, u64 now)
{
	struct spw_heartbeat hb;

	if (!rcu_access_pointer(peer->tx_key))
		return false;
	compose(peer, &hb, now);
	spw_frame_heartbeat(peer, &hb);
	return true;
}

static void beat(struct spw_peer *peer)
{
	u64 now = ktime_get_ns();

	change_state(peer, judge(peer, now));
	give_reason(peer);
	change_ipv6(peer);
	if (!say(peer, now))
		return;
	spw_notify_sync(peer);
	spw_moves_peer_sync(peer);
	spw_replica_peer_sync(peer);
}

/* Returns whether the peer has keys. */
static bool watch_keys(struct spw_peer *peer)
{
	u64 now = spw_key_clock();
	bool ends = spw_peer_tx_ends(peer, now);

	if (ends != peer->tx_ends) {
		peer->tx_ends = ends;
		if (ends)
			spw_relay_return_all(peer->spw, peer,
					     SPILLWAY_REASON_KEY_EXPIRING);
		give_reason(peer);
		spw_netlink_peer_event(peer);
	}
	return spw_peer_expire_keys(peer, now);
}

static void health_work(struct work_struct *work)
{
	struct spw_device *spw = container_of(to_delayed_work(work),
					      struct spw_device, health_work);
	u32 ms = spw_setting_get(&spw->settings, SPW_SET_HEARTBEAT_MS);
	bool running = netif_running(spw->dev), keys = false;
	struct spw_peer *peer;
	unsigned long id;

	mutex_lock(&spw->lock);
	if (spw->dying)
		goto out;
	spw_device_follow(spw);
	spw->beat_at = ktime_get_ns();
	xa_for_each(&spw->peers, id, peer) {
		keys |= watch_keys(peer);
		if (running && spw->node_id)
			beat(peer);
	}
	if (running || keys)
		queue_delayed_work(system_wq, &spw->health_work,
				   msecs_to_jiffies(running ? ms : DOWN_MS));
out:
	mutex_unlock(&spw->lock);
}

/**
 * spw_health_heard() - a heartbeat came
 * @peer: from whom, under RCU
 * @hb: authentic and well-formed
 * @now: ktime (ns)
 *
 * Softirq.
 */
void spw_health_heard(struct spw_peer *peer, const struct spw_heartbeat *hb,
		      u64 now)
{
	bool fresh = false;
	u64 rtt;

	spin_lock(&peer->hb_lock);
	peer->flags = hb->flags;
	peer->report.load = hb->load;
	peer->report.forecast = hb->forecast;
	peer->report.free = hb->free;
	peer->report.capacity = hb->capacity;
	peer->stamp = hb->stamp;
	peer->stamp_at = now;

	/* An echo from before our start, or of nothing that we sent, is no echo. */
	if (!hb->echo || hb->echo > now || hb->echo < peer->echoed)
		goto out;
	rtt = div_u64(now - hb->echo, NSEC_PER_USEC);
	if (rtt < hb->echo_delay_us || rtt > RTT_MAX_US)
		goto out;
	rtt -= hb->echo_delay_us;
	peer->echoed = hb->echo;
	fresh = true;
	/* RFC 6298: one eighth of each new sample; 0 stands for none. */
	peer->srtt_us = peer->srtt_us ? (7ULL * peer->srtt_us + rtt + 4) / 8 : rtt;
	if (!peer->srtt_us)
		peer->srtt_us = 1;
out:
	spin_unlock(&peer->hb_lock);
	if (fresh)
		spw_messenger_heard(peer, hb->instance, hb->echo);
}

/**
 * spw_health_init() - before the device is published
 * @spw: device
 */
void spw_health_init(struct spw_device *spw)
{
	INIT_DELAYED_WORK(&spw->health_work, health_work);
}

/**
 * spw_health_start() - the device came up
 * @spw: device
 */
void spw_health_start(struct spw_device *spw)
{
	/* It may be waiting already, for the keys of a device that was down. */
	mod_delayed_work(system_wq, &spw->health_work, 0);
}

/**
 * spw_health_leave() - peers will not hear of this node any more, and it is not dead
 * @spw: device, its lock held
 * @only: this one, or NULL for all
 *
 * What they relayed has returned. Said to those that keep replicas, and more than once:
 * nobody answers it, and who misses it may end those connections, see replica_end.c.
 */
void spw_health_leave(struct spw_device *spw, struct spw_peer *only)
{
	struct spw_heartbeat hb;
	struct spw_peer *peer;
	unsigned long id;
	int i;

	xa_for_each(&spw->peers, id, peer) {
		if ((only && peer != only) || !spw_replica_is_told(&peer->replica) ||
		    !rcu_access_pointer(peer->tx_key) || !rcu_access_pointer(spw->sock4))
			continue;
		for (i = 0; i < LEAVE_TIMES; i++) {
			compose(peer, &hb, ktime_get_ns());
			hb.flags |= SPW_HB_LEAVES;
			spw_frame_heartbeat(peer, &hb);
		}
	}
}

/**
 * spw_health_breathe() - in the midst of what may take longer than a heartbeat does
 * @spw: device, its lock held; process context
 *
 * This node is not to be taken for dead while it is busy with many connections, with the
 * lock held. Nothing is judged here: who holds the lock goes on with the peers as they were.
 */
void spw_health_breathe(struct spw_device *spw)
{
	u64 ms = spw_setting_get(&spw->settings, SPW_SET_HEARTBEAT_MS);
	u64 now = ktime_get_ns();
	struct spw_peer *peer;
	unsigned long id;

	lockdep_assert_held(&spw->lock);
	cond_resched();
	if (!netif_running(spw->dev) || !spw->node_id ||
	    now - spw->beat_at < ms * NSEC_PER_MSEC)
		return;
	spw->beat_at = now;
	xa_for_each(&spw->peers, id, peer)
		say(peer, now);
}

/**
 * spw_health_kick() - send now: a key, an endpoint or an interval is new
 * @spw: device, its lock held
 */
void spw_health_kick(struct spw_device *spw)
{
	if (!spw->dying)
		mod_delayed_work(system_wq, &spw->health_work, 0);
}

/**
 * spw_health_stop() - the device goes down: all peers are unknown again
 * @spw: device, its lock not held, no longer running
 */
void spw_health_stop(struct spw_device *spw)
{
	struct spw_peer *peer;
	unsigned long id;

	cancel_delayed_work_sync(&spw->health_work);
	mutex_lock(&spw->lock);
	xa_for_each(&spw->peers, id, peer) {
		spin_lock_bh(&peer->hb_lock);
		peer->flags = 0;
		peer->stamp = 0;
		peer->echoed = 0;
		peer->srtt_us = 0;
		spin_unlock_bh(&peer->hb_lock);
		peer->ipv6 = false;
		spw_replica_forget(peer);
		change_state(peer, SPILLWAY_PEER_INIT);
		peer->reason = SPILLWAY_REASON_DEVICE_DOWN;
	}
	spw_health_kick(spw); /* its keys still age */
	mutex_unlock(&spw->lock);
}

/**
 * spw_health_end() - the device goes
 * @spw: device, marked as dying; its lock not held
 */
void spw_health_end(struct spw_device *spw)
{
	cancel_delayed_work_sync(&spw->health_work);
}
