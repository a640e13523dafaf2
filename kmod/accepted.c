// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is made up for when an application accepts a restored socket.
 *
 * inet_csk_accept() charges the memory of a socket to the control group of whoever
 * accepts it, but for its send queue: nobody could have written into that before. When
 * what a restored socket has there is freed it would be taken off what was never put
 * on, and the group's counter underflow. The kernel tells nobody of an accept; but at
 * its end, the charge made, it frees the request by the destructor that the request's
 * operations name. For these requests that is ours, until it was called.
 *
 * The module stays while there are such requests.
 */
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/request_sock.h>
#include <net/sock.h>

#include "accepted.h"
#include "compat.h"

/**
 * struct waiting - a socket that nobody has accepted yet
 * @list: in @waiting
 * @sk: socket; not referenced, its request does that
 */
struct waiting {
	struct list_head list;
	struct sock *sk;
};

static LIST_HEAD(waiting);
static DEFINE_SPINLOCK(waiting_lock); /* guards the list, and @ours until it is set */

/* The kernel's operations but for the destructor: of IPv4, and of IPv6. */
static struct ours {
	struct request_sock_ops ops;
	const struct request_sock_ops *original;
} ours[2];

static struct ours *ours_of(const struct request_sock_ops *ops)
{
	return &ours[ops->family == AF_INET6];
}

/* Returns whether it was there. */
static bool forget(const struct sock *sk)
{
	struct waiting *w, *found = NULL;

	spin_lock_bh(&waiting_lock);
	list_for_each_entry(w, &waiting, list)
		if (w->sk == sk) {
			list_del(&w->list);
			found = w;
			break;
		}
	spin_unlock_bh(&waiting_lock);
	kfree(found);
	return found;
}

#ifdef CONFIG_MEMCG
/* As if it had been charged with the rest: by the pages that it adds to those. */
static void charge(struct sock *sk)
{
	int rest, pages;

	if (!mem_cgroup_sockets_enabled || !READ_ONCE(sk->sk_memcg))
		return;
	lock_sock(sk);
	rest = sk->sk_forward_alloc + atomic_read(&sk->sk_rmem_alloc);
	pages = sk_mem_pages(rest + sk->sk_wmem_queued) - sk_mem_pages(rest);
	/* The charge is wanted, the pages are there already. */
	if (pages > 0 && __sk_mem_schedule(sk, pages << PAGE_SHIFT, SK_MEM_SEND)) {
		spw_compat_forward_alloc_add(sk, -(pages << PAGE_SHIFT));
		/* As sk_memory_allocated_sub(), which needs what is not exported. */
		this_cpu_sub(*sk->sk_prot->per_cpu_fw_alloc, pages);
	}
	release_sock(sk);
}
#else
static void charge(struct sock *sk)
{
}
#endif

/* Of a listener that closes, the request is copied for another one (reuseport). */
static bool is_migrating(const struct request_sock *req, const struct sock *sk)
{
	return req->rsk_listener && !sock_flag(sk, SOCK_DEAD) &&
	       READ_ONCE(req->rsk_listener->sk_state) != TCP_LISTEN;
}

/*
 * From accept(), in process context and with no lock; or from who takes down a
 * listener, with the child's spinlock: it is dead then.
 */
static void taken(struct request_sock *req)
{
	struct ours *o = ours_of(req->rsk_ops);
	struct sock *sk = req->sk;

	req->rsk_ops = o->original;
	o->original->destructor(req);
	if (!sk || is_migrating(req, sk) || !forget(sk))
		return;
	if (!sock_flag(sk, SOCK_DEAD))
		charge(sk);
	module_put(THIS_MODULE);
}

/* Under @waiting_lock. */
static void take_ops(struct request_sock *req)
{
	struct ours *o = ours_of(req->rsk_ops);

	if (!o->original) {
		o->ops = *req->rsk_ops;
		o->ops.destructor = taken;
		o->original = req->rsk_ops;
	}
	req->rsk_ops = &o->ops;
}

/**
 * spw_accepted_watch() - a restored socket is about to be put into an accept queue
 * @req: request for it
 * @sk: socket; process context
 *
 * Return: 0, -ENOMEM, or -ENODEV where the module is going.
 */
int spw_accepted_watch(struct request_sock *req, struct sock *sk)
{
	struct waiting *w;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	w = kmalloc(sizeof(*w), GFP_KERNEL | __GFP_NOWARN);
	if (!w) {
		module_put(THIS_MODULE);
		return -ENOMEM;
	}
	w->sk = sk;
	spin_lock_bh(&waiting_lock);
	list_add(&w->list, &waiting);
	take_ops(req);
	spin_unlock_bh(&waiting_lock);
	return 0;
}

/**
 * spw_accepted_unwatch() - it was not put there
 * @req: request that is watched
 * @sk: its socket
 */
void spw_accepted_unwatch(struct request_sock *req, struct sock *sk)
{
	req->rsk_ops = ours_of(req->rsk_ops)->original;
	if (forget(sk))
		module_put(THIS_MODULE);
}
