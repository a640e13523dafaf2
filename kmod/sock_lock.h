/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock of a socket where lock_sock() does not do: of one that is frozen it belongs to
 * a move, not to a task; one that is new comes with its spinlock.
 */
#ifndef _SPW_SOCK_LOCK_H
#define _SPW_SOCK_LOCK_H

#include <net/sock.h>

/**
 * spw_sock_trylock() - what lock_sock() does where it need not wait
 * @sk: socket; process context
 *
 * A socket that is not locked has nothing in its backlog: __release_sock() comes first.
 *
 * Return: whether it is locked now, to be unlocked by release_sock().
 */
static inline bool spw_sock_trylock(struct sock *sk)
{
	bool owned;

	spin_lock_bh(&sk->sk_lock.slock);
	owned = sk->sk_lock.owned;
	sk->sk_lock.owned = 1;
	spin_unlock_bh(&sk->sk_lock.slock);
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	if (!owned)
		mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
#endif
	return !owned;
}

/**
 * spw_sock_own() - bh_lock_sock() becomes lock_sock()
 * @sk: socket, its spinlock held and nobody's but the caller's; bottom halves off
 *
 * To be unlocked by release_sock().
 */
static inline void spw_sock_own(struct sock *sk)
{
	sk->sk_lock.owned = 1;
	bh_unlock_sock(sk);
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	mutex_acquire(&sk->sk_lock.dep_map, SINGLE_DEPTH_NESTING, 1, _RET_IP_);
#endif
}

/* The task goes on to something else, the lock stays: lockdep need not find it held. */
static inline void spw_sock_keep(struct sock *sk)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	mutex_release(&sk->sk_lock.dep_map, _RET_IP_);
#endif
}

/* Whoever does something to the socket, or unlocks it, holds the lock for that time. */
static inline void spw_sock_take(struct sock *sk)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
#endif
}

#endif /* _SPW_SOCK_LOCK_H */
