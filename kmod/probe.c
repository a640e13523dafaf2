// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Path MTU: carries probes and replies between the search (pmtu.c) and the tunnel, and
 * tells the search what the kernel's routing knows. One work of the device looks at all
 * peers when the earliest has something to do; a reply (softirq) is given to the search
 * at once, since what follows from it is data's business.
 */
#include <linux/jhash.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>
#include <net/ip6_fib.h>
#include <net/route.h>

#include "frame.h"
#include "messages.h"
#include "netlink.h"
#include "peer.h"
#include "probe.h"
#include "socket.h"
#include "trace.h"

/* Which way does the routing go? A change of it is another path. */
static u32 path_of(const struct spw_route *route)
{
	const struct dst_entry *dst = route->dst;
	const struct rt6_info *rt6 = (const struct rt6_info *)dst;
	const struct rtable *rt4 = (const struct rtable *)dst;
	u32 hash = dst->dev->ifindex;

	if (route->endpoint.family == AF_INET6)
		return jhash(&rt6->rt6i_gateway, sizeof(rt6->rt6i_gateway), hash);
	if (rt4->rt_gw_family == AF_INET6)
		return jhash(&rt4->rt_gw6, sizeof(rt4->rt_gw6), hash);
	return jhash_1word((__force u32)rt4->rt_gw4, hash);
}

/* A datagram of the base size at least: a few acknowledgements are no flow. */
static bool flows(struct spw_peer *peer)
{
	u64 moved = spw_stats_sum(peer->stats, SPILLWAY_STAT_TX_BYTES);

	if (moved - peer->pmtu_moved < SPW_PMTU_BASE4)
		return false;
	peer->pmtu_moved = moved;
	return true;
}

/* What the routing says, as far as there is a route. */
static void look(struct spw_peer *peer, u64 now)
{
	struct spw_route route;
	u32 bound, path;
	bool six;

	if (spw_socket_route(peer, &route))
		return;
	bound = dst_mtu(route.dst);
	path = path_of(&route);
	six = route.endpoint.family == AF_INET6;
	dst_release(route.dst);
	if (peer->pmtu.state == SPW_PMTU_DISABLED || peer->pmtu_path != path ||
	    peer->pmtu.six != six)
		spw_pmtu_start(&peer->pmtu, six, bound, now);
	else
		spw_pmtu_set_bound(&peer->pmtu, bound, now);
	peer->pmtu_path = path;
}

static bool probe_due(struct spw_peer *peer, u64 now,
		      struct spw_pmtu_probe *probe)
{
	const struct spw_settings *s = &peer->spw->settings;
	struct spw_pmtu_now step = {
		.now = now,
		.timer = spw_pmtu_timer(READ_ONCE(peer->srtt_us)),
		.echoed = READ_ONCE(peer->echoed),
		.raise = (u64)spw_setting_get(s, SPW_SET_PMTU_RAISE_S) *
			 NSEC_PER_SEC,
	};

	if (peer->state != SPILLWAY_PEER_UP &&
	    peer->state != SPILLWAY_PEER_SUSPECT) {
		spw_pmtu_stop(&peer->pmtu);
		return false;
	}
	look(peer, now);
	step.flows = flows(peer);
	return spw_pmtu_step(&peer->pmtu, &step, probe);
}

static void send_probe(struct spw_peer *peer, const struct spw_pmtu_probe *probe)
{
	unsigned int over = peer->pmtu.six ? SPW_LEN_OVERHEAD6 :
					     SPW_LEN_OVERHEAD4;

	if (probe->size < over + SPW_LEN_PROBE)
		return;
	if (!spw_frame_probe(peer, SPW_FRAME_PROBE, probe,
			     probe->size - over - SPW_LEN_PROBE))
		spw_peer_count(peer, SPILLWAY_STAT_PROBE_TX, 1);
}

static const char *change_of(const struct spw_peer *peer, u16 size, bool hole)
{
	if (hole)
		return "black-hole";
	return size < peer->pmtu_told.size ? "routing" : "probe";
}

/* A result of the search is an event; its steps on the way are not. */
static void tell(struct spw_peer *peer)
{
	u32 holes = READ_ONCE(peer->pmtu.black_holes) -
		    peer->pmtu_told.black_holes;
	u16 size = READ_ONCE(peer->pmtu.size), told = peer->pmtu_told.size;
	u8 state = READ_ONCE(peer->pmtu.state);

	if (holes)
		spw_peer_count(peer, SPILLWAY_STAT_PMTU_BLACK_HOLE, holes);
	peer->pmtu_told.black_holes += holes;
	/* Health tells of a peer that is not there. */
	if (state == SPW_PMTU_DISABLED)
		peer->pmtu_told.size = size;
	if (size == told || state < SPW_PMTU_SEARCHING ||
	    (size > told && state != SPW_PMTU_COMPLETE))
		return;
	trace_spillway_path_mtu(peer, told, size, change_of(peer, size, holes));
	peer->pmtu_told.size = size;
	spw_netlink_peer_event(peer);
}

/* Returns when the peer has something to do next. */
static u64 step(struct spw_peer *peer, u64 now)
{
	struct spw_pmtu_probe probe;
	u64 next = U64_MAX;
	bool due;

	local_bh_disable();
	rcu_read_lock();
	spin_lock(&peer->pmtu_lock);
	due = probe_due(peer, now, &probe);
	if (peer->pmtu.state != SPW_PMTU_DISABLED)
		next = peer->pmtu.deadline;
	spin_unlock(&peer->pmtu_lock);
	if (due)
		send_probe(peer, &probe);
	rcu_read_unlock();
	local_bh_enable();
	tell(peer);
	return next;
}

static void probe_work(struct work_struct *work)
{
	struct spw_device *spw = container_of(to_delayed_work(work),
					      struct spw_device, probe_work);
	u64 now = ktime_get_ns(), next = now + SPW_PMTU_CONFIRM_NS;
	struct spw_peer *peer;
	unsigned long id;

	mutex_lock(&spw->lock);
	if (!spw->dying && netif_running(spw->dev)) {
		xa_for_each(&spw->peers, id, peer)
			next = min(next, step(peer, now));
		next = next > now ? next - now : 0;
		queue_delayed_work(system_wq, &spw->probe_work,
				   nsecs_to_jiffies(next) + 1);
	}
	mutex_unlock(&spw->lock);
}

/**
 * spw_probe_init() - before the device is published
 * @spw: device
 */
void spw_probe_init(struct spw_device *spw)
{
	INIT_DELAYED_WORK(&spw->probe_work, probe_work);
}

/**
 * spw_probe_start() - the device came up
 * @spw: device
 */
void spw_probe_start(struct spw_device *spw)
{
	queue_delayed_work(system_wq, &spw->probe_work, 0);
}

/**
 * spw_probe_kick() - a search has something to do now
 * @spw: device, under its lock, or under RCU in softirq
 *
 * A device that is not running is left alone. One that goes down waits for all RCU
 * readers when it closes its sockets, and only then for the work: see
 * spw_probe_stop().
 */
void spw_probe_kick(struct spw_device *spw)
{
	if (netif_running(spw->dev))
		mod_delayed_work(system_wq, &spw->probe_work, 0);
}

/**
 * spw_probe_stop() - the device goes down
 * @spw: device, its lock not held, its sockets closed: nothing is received any more
 */
void spw_probe_stop(struct spw_device *spw)
{
	struct spw_peer *peer;
	unsigned long id;

	cancel_delayed_work_sync(&spw->probe_work);
	mutex_lock(&spw->lock);
	xa_for_each(&spw->peers, id, peer) {
		spin_lock_bh(&peer->pmtu_lock);
		spw_pmtu_stop(&peer->pmtu);
		spin_unlock_bh(&peer->pmtu_lock);
	}
	mutex_unlock(&spw->lock);
}

/**
 * spw_probe_path() - the peer is elsewhere: what was found is of no use there
 * @peer: under its device's lock, or under RCU in softirq
 */
void spw_probe_path(struct spw_peer *peer)
{
	spin_lock_bh(&peer->pmtu_lock);
	spw_pmtu_stop(&peer->pmtu);
	spin_unlock_bh(&peer->pmtu_lock);
	spw_probe_kick(peer->spw);
}

/**
 * spw_probe_lost() - datagrams with data were lost, and nothing came after them
 * @peer: on the way to it; under RCU
 * @size: bytes of the largest among them, without outer headers
 * @now: ktime (ns)
 *
 * Any context but hard interrupts.
 */
void spw_probe_lost(struct spw_peer *peer, unsigned int size, u64 now)
{
	bool due;

	spin_lock_bh(&peer->pmtu_lock);
	size += peer->pmtu.six ? SPW_LEN_OUTER6 : SPW_LEN_OUTER4;
	spw_pmtu_lost(&peer->pmtu, size, now);
	due = peer->pmtu.deadline <= now;
	spin_unlock_bh(&peer->pmtu_lock);
	if (due)
		spw_probe_kick(peer->spw);
}

/**
 * spw_probe_answer() - answer a peer's probe
 * @peer: under RCU, bottom halves off
 * @probe: authentic and well-formed
 * @now: ktime (ns)
 *
 * Return: 0 or the counter of the drop.
 */
int spw_probe_answer(struct spw_peer *peer, const struct spw_pmtu_probe *probe,
		     u64 now)
{
	bool may;

	spin_lock(&peer->pmtu_lock);
	may = spw_pmtu_may_answer(&peer->pmtu_answers, now);
	spin_unlock(&peer->pmtu_lock);
	if (!may)
		return SPILLWAY_STAT_RX_DROP_PROBE;
	spw_peer_count(peer, SPILLWAY_STAT_PROBE_RX, 1);
	spw_frame_probe(peer, SPW_FRAME_PROBE_REPLY, probe, 0);
	return 0;
}

/**
 * spw_probe_answered() - a reply came
 * @peer: under RCU, bottom halves off
 * @reply: authentic and well-formed
 * @now: ktime (ns)
 *
 * Return: 0 or the counter of the drop.
 */
int spw_probe_answered(struct spw_peer *peer,
		       const struct spw_pmtu_probe *reply, u64 now)
{
	bool due;
	int err;

	spin_lock(&peer->pmtu_lock);
	err = spw_pmtu_reply(&peer->pmtu, reply, now);
	due = peer->pmtu.deadline <= now;
	spin_unlock(&peer->pmtu_lock);
	if (err)
		return SPILLWAY_STAT_RX_DROP_PROBE;
	spw_peer_count(peer, SPILLWAY_STAT_PROBE_REPLY_RX, 1);
	if (due)
		spw_probe_kick(peer->spw);
	return 0;
}
