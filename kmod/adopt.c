// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets that wait for a connection of another node: SPILLWAY_SO_ADOPT.
 *
 * To its application such a socket is one that connects and has no answer yet: it is in
 * TCP_SYN_SENT, so that poll() waits, connect() does or says EALREADY, and close() and
 * shutdown() end it without a word (tcp_close_state()). It is in no table and has no port,
 * no timer and no packet, which is also how it is told from one that really connects. A
 * fresh socket would not do: tcp_poll() says POLLHUP of it at once.
 *
 * Nobody tells us when it is closed. We keep a reference, and look: once a second, and
 * whenever somebody comes to wait, so that what is closed does not count against the limit.
 * The reference keeps its namespace as well, for that second at most.
 *
 * &spw_adopts.lock is taken inside socket locks, and nothing inside it. Who may wait is
 * CAP_NET_ADMIN's (sockopt.c), so the limit is one for all.
 */
#include <linux/slab.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "adopt.h"
#include "adopt_match.h"
#include "capture.h"
#include "compat.h"
#include "device.h"
#include "trace.h"

/* A hint without the socket's lock; with it, it holds. */
static bool sock_waits(const struct sock *sk)
{
	return inet_sk_state_load(sk) == TCP_SYN_SENT && sk_unhashed(sk) &&
	       !READ_ONCE(inet_sk(sk)->inet_num) && !sock_flag(sk, SOCK_DEAD);
}

/**
 * spw_adopter_waits() - can it still take a connection?
 * @adopter: claimed
 *
 * It cannot where its application closed or disconnected it. A hint without the socket's
 * lock.
 */
bool spw_adopter_waits(const struct spw_adopter *adopter)
{
	return !READ_ONCE(adopter->gone) && sock_waits(adopter->sk);
}

static void unlink_adopter(struct spw_adopts *adopts, struct spw_adopter *adopter,
			   struct list_head *dead)
{
	lockdep_assert_held(&adopts->lock);
	list_move(&adopter->list, dead);
	adopts->nr--;
}

/* Outside the lock: the last reference takes a socket apart. */
static void bury(struct spw_device *spw, struct list_head *dead)
{
	struct spw_adopter *adopter, *next;

	list_for_each_entry_safe(adopter, next, dead, list) {
		trace_spillway_adopt(spw, "left", adopter->want.id);
		sock_put(adopter->sk);
		kfree(adopter);
	}
}

/* Those that nobody waits with any more, and any of @again, which is about to wait anew. */
static void sweep(struct spw_adopts *adopts, const struct sock *again,
		  struct list_head *dead)
{
	struct spw_adopter *adopter, *next;

	list_for_each_entry_safe(adopter, next, &adopts->waiting, list) {
		if (adopter->sk != again && sock_waits(adopter->sk))
			continue;
		if (adopter->sk == again)
			WRITE_ONCE(adopter->gone, true);
		if (!adopter->claimed)
			unlink_adopter(adopts, adopter, dead);
	}
}

static void look(struct work_struct *work)
{
	struct spw_device *spw = container_of(to_delayed_work(work), struct spw_device,
					      adopts.work);
	struct spw_adopts *adopts = &spw->adopts;
	LIST_HEAD(dead);

	spin_lock_bh(&adopts->lock);
	sweep(adopts, NULL, &dead);
	if (!list_empty(&adopts->waiting) && !adopts->dying)
		schedule_delayed_work(&adopts->work, HZ);
	spin_unlock_bh(&adopts->lock);
	bury(spw, &dead);
}

/* One that was made and never used, or disconnected: nothing is to be undone later. */
static int check_fresh(const struct sock *sk)
{
	if (sk->sk_state != TCP_CLOSE || !sk_unhashed(sk) || inet_sk(sk)->inet_num ||
	    !sk->sk_socket || sk->sk_socket->state != SS_UNCONNECTED ||
	    sk->sk_shutdown)
		return -EISCONN;
	return spw_capture_odd(sk) || sk->sk_bound_dev_if ? -EOPNOTSUPP : 0;
}

static int add(struct spw_device *spw, struct spw_adopter *adopter, struct list_head *dead)
{
	u32 max = spw_setting_get(&spw->settings, SPW_SET_ADOPT_MAX);
	struct spw_adopts *adopts = &spw->adopts;
	int err = 0;

	spin_lock_bh(&adopts->lock);
	sweep(adopts, adopter->sk, dead);
	if (adopts->dying) {
		err = -ENOPROTOOPT;
	} else if (adopts->nr >= max) {
		err = -ENOBUFS;
	} else {
		list_add_tail(&adopter->list, &adopts->waiting);
		adopts->nr++;
		schedule_delayed_work(&adopts->work, HZ);
		/* Of a wait before that was ended. */
		WRITE_ONCE(adopter->sk->sk_err, 0);
		tcp_set_state(adopter->sk, TCP_SYN_SENT);
	}
	spin_unlock_bh(&adopts->lock);
	return err;
}

/**
 * spw_adopt_wait() - a socket is to wait for a connection
 * @spw: device
 * @sk: socket, locked
 * @want: for which, passed spw_adopt_check()
 *
 * Process context.
 *
 * Return: 0; -EISCONN where it is not fresh, -EOPNOTSUPP where it uses what a connection
 * that comes cannot; -ENOBUFS where as many wait as may; -ENOMEM; -ENOPROTOOPT where the
 * device goes.
 */
int spw_adopt_wait(struct spw_device *spw, struct sock *sk,
		   const struct spillway_adopt *want)
{
	struct spw_adopter *adopter;
	LIST_HEAD(dead);
	int err;

	err = check_fresh(sk);
	if (err)
		return err;
	adopter = kzalloc(sizeof(*adopter), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!adopter)
		return -ENOMEM;
	adopter->want = *want;
	adopter->family = sk->sk_family;
	adopter->v6only = ipv6_only_sock(sk);
	adopter->sk = sk;
	sock_hold(sk);
	err = add(spw, adopter, &dead);
	bury(spw, &dead);
	if (err) {
		if (err == -ENOBUFS)
			spw_stat_inc(spw->stats, SPILLWAY_STAT_ADOPT_REFUSED);
		__sock_put(sk);
		kfree(adopter);
		return err;
	}
	sk->sk_socket->state = SS_CONNECTING;
	spw_stat_inc(spw->stats, SPILLWAY_STAT_ADOPT_WAITED);
	trace_spillway_adopt(spw, "waits", want->id);
	return 0;
}

static bool takes(const struct spw_adopter *adopter, const struct spw_adopt_offer *offer)
{
	if (offer->family == 6 ? adopter->family != AF_INET6 : adopter->v6only)
		return false;
	return spw_adopt_fits(&adopter->want, offer) && sock_waits(adopter->sk);
}

/**
 * spw_adopt_claim() - who waits for this connection?
 * @spw: device
 * @offer: connection that is to come
 *
 * The one that has waited longest. Any context.
 *
 * Return: it, the caller's until spw_adopt_release() or spw_adopt_done(); or NULL.
 */
struct spw_adopter *spw_adopt_claim(struct spw_device *spw,
				    const struct spw_adopt_offer *offer)
{
	struct spw_adopts *adopts = &spw->adopts;
	struct spw_adopter *adopter, *found = NULL;

	if (!READ_ONCE(adopts->nr))
		return NULL;
	spin_lock_bh(&adopts->lock);
	list_for_each_entry(adopter, &adopts->waiting, list)
		if (!adopter->claimed && takes(adopter, offer)) {
			found = adopter;
			found->claimed = true;
			break;
		}
	spin_unlock_bh(&adopts->lock);
	if (found)
		trace_spillway_adopt(spw, "claimed", offer->id);
	return found;
}

/**
 * spw_adopt_release() - a move came to nothing: its adopter waits on
 * @spw: device
 * @adopter: claimed; not the caller's any more
 *
 * Process context.
 */
void spw_adopt_release(struct spw_device *spw, struct spw_adopter *adopter)
{
	struct spw_adopts *adopts = &spw->adopts;
	LIST_HEAD(dead);

	spin_lock_bh(&adopts->lock);
	adopter->claimed = false;
	if (!spw_adopter_waits(adopter))
		unlink_adopter(adopts, adopter, &dead);
	spin_unlock_bh(&adopts->lock);
	bury(spw, &dead);
}

/**
 * spw_adopt_done() - an adopter has its connection
 * @spw: device
 * @adopter: claimed; freed
 *
 * Return: its socket, with a reference that is the caller's now.
 */
struct sock *spw_adopt_done(struct spw_device *spw, struct spw_adopter *adopter)
{
	struct spw_adopts *adopts = &spw->adopts;
	struct sock *sk = adopter->sk;

	spin_lock_bh(&adopts->lock);
	list_del(&adopter->list);
	adopts->nr--;
	spin_unlock_bh(&adopts->lock);
	trace_spillway_adopt(spw, "adopted", adopter->want.id);
	kfree(adopter);
	return sk;
}

/* As a connection that fails: the error is for connect(), SO_ERROR and poll(). */
static void fail(struct sock *sk)
{
	lock_sock(sk);
	if (sock_waits(sk)) {
		tcp_set_state(sk, TCP_CLOSE);
		WRITE_ONCE(sk->sk_err, ENODEV);
		sk_error_report(sk);
	}
	release_sock(sk);
}

/**
 * spw_adopts_init() - nobody waits
 * @spw: device that is not published yet
 */
void spw_adopts_init(struct spw_device *spw)
{
	spin_lock_init(&spw->adopts.lock);
	INIT_LIST_HEAD(&spw->adopts.waiting);
	INIT_DELAYED_WORK(&spw->adopts.work, look);
}

/**
 * spw_adopts_stop() - the device goes: whoever waits is told
 * @spw: device whose moves are over
 *
 * Process context; under RTNL.
 */
void spw_adopts_stop(struct spw_device *spw)
{
	struct spw_adopts *adopts = &spw->adopts;
	struct spw_adopter *adopter;
	LIST_HEAD(all);

	spin_lock_bh(&adopts->lock);
	adopts->dying = true;
	list_splice_init(&adopts->waiting, &all);
	adopts->nr = 0;
	spin_unlock_bh(&adopts->lock);
	cancel_delayed_work_sync(&adopts->work);
	list_for_each_entry(adopter, &all, list)
		fail(adopter->sk);
	bury(spw, &all);
}
