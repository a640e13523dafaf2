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
 * Reception (softirq) only notes what came; states change in one place, the work.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/workqueue.h>

#include "crypt.h"
#include "health.h"
#include "link.h"
#include "netlink.h"
#include "peer.h"
#include "relay.h"
#include "send.h"

/* A round trip longer than this is no measurement, but a stamp of another life. */
#define RTT_MAX_US	(60U * USEC_PER_SEC)

static void compose(struct spw_peer *peer, struct spw_heartbeat *hb, u64 now)
{
	const struct spw_report *report = &peer->spw->report;

	memset(hb, 0, sizeof(*hb));
	hb->node_id = peer->spw->node_id;
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

static void change_state(struct spw_peer *peer, enum spillway_peer_state state)
{
	struct spw_device *spw = peer->spw;

	if (state == peer->state)
		return;
	WRITE_ONCE(peer->state, state);
	peer->reason = state == SPILLWAY_PEER_UP ? SPILLWAY_REASON_NONE :
						   SPILLWAY_REASON_NO_HEARTBEAT;
	if (state == SPILLWAY_PEER_DOWN) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_PEER_DOWN);
		spw_relay_return_all(spw, peer, SPILLWAY_REASON_NO_HEARTBEAT);
	}
	if (state == SPILLWAY_PEER_UP || state == SPILLWAY_PEER_SUSPECT) {
		spw_messenger_up(peer);
	} else {
		spw_messenger_down(peer);
		spw_hosted_clear(peer);
	}
	spw_netlink_peer_event(peer);
}

static void beat(struct spw_peer *peer)
{
	u64 now = ktime_get_ns();
	struct spw_heartbeat hb;

	change_state(peer, judge(peer, now));
	if (!rcu_access_pointer(peer->tx_key))
		return;
	if (peer->state == SPILLWAY_PEER_INIT)
		peer->reason = SPILLWAY_REASON_NO_HEARTBEAT;
	compose(peer, &hb, now);
	spw_send_heartbeat(peer, &hb);
	spw_notify_sync(peer);
}

static void health_work(struct work_struct *work)
{
	struct spw_device *spw = container_of(to_delayed_work(work),
					      struct spw_device, health_work);
	u32 ms = spw_setting_get(&spw->settings, SPW_SET_HEARTBEAT_MS);
	struct spw_peer *peer;
	unsigned long id;

	mutex_lock(&spw->lock);
	if (!spw->dying && netif_running(spw->dev)) {
		if (spw->node_id)
			xa_for_each(&spw->peers, id, peer)
				beat(peer);
		queue_delayed_work(system_wq, &spw->health_work,
				   msecs_to_jiffies(ms));
	}
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
	queue_delayed_work(system_wq, &spw->health_work, 0);
}

/**
 * spw_health_kick() - send now: a key, an endpoint or an interval is new
 * @spw: device, its lock held
 */
void spw_health_kick(struct spw_device *spw)
{
	if (!spw->dying && netif_running(spw->dev))
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
		peer->stamp = 0;
		peer->echoed = 0;
		peer->srtt_us = 0;
		spin_unlock_bh(&peer->hb_lock);
		change_state(peer, SPILLWAY_PEER_INIT);
		peer->reason = SPILLWAY_REASON_DEVICE_DOWN;
	}
	mutex_unlock(&spw->lock);
}
