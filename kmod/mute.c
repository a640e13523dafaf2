// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A target that was told to take over and died, or is cut off, leaves its origin in doubt
 * for as long as a minute. The application is not to wait for a lock for all that time:
 * one that serves many connections would serve none of them. So the socket is unlocked,
 * and what it sends is dropped on its way out, as by a network that is down; TCP sends it
 * again if the endpoint turns out to be here. Who writes finds the buffer full: what the
 * socket took now would be lost with it if the endpoint is at the target, and all that was
 * written before is there.
 *
 * What was received and not read the target's application may have read as well. A socket
 * that has any stays locked.
 */
#include <linux/atomic.h>
#include <net/tcp.h>

#include "device.h"
#include "gate.h"
#include "mute.h"
#include "restore.h"

/**
 * spw_mute() - drop from now on what the socket sends
 * @gate: of its connection, which holds; under &spw_moves.lock
 * @sk: socket, locked, so that nothing is under way; to be unlocked by the caller
 * @muted: receives what spw_mute_wake() needs
 *
 * Return: false where it is to stay locked.
 */
bool spw_mute(struct spw_gate *gate, struct sock *sk, struct spw_muted *muted)
{
	struct sk_buff *tail = tcp_write_queue_tail(sk);

	if (!skb_queue_empty(&sk->sk_receive_queue))
		return false;
	muted->sndbuf = sk->sk_sndbuf;
	muted->userlocks = sk->sk_userlocks & SOCK_SNDBUF_LOCK;
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, 0);
	/* tcp_sendmsg() fills this one up without asking for room. */
	if (tail)
		TCP_SKB_CB(tail)->eor = 1;
	WRITE_ONCE(gate->muted, true);
	/* The lock orders both before whatever the unlocked socket sends. */
	atomic_inc(&gate->spw->nr_muted);
	atomic_inc(&gate->spw->nr_watched);
	return true;
}

/**
 * spw_unmute() - it may speak again, or is not there any more
 * @gate: muted or not; under &spw_moves.lock
 */
void spw_unmute(struct spw_gate *gate)
{
	if (!gate->muted)
		return;
	WRITE_ONCE(gate->muted, false);
	atomic_dec(&gate->spw->nr_watched);
	atomic_dec(&gate->spw->nr_muted);
}

/**
 * spw_mute_wake() - what was dropped is sent again soon
 * @sk: that may speak again; its lock is taken
 * @muted: as it was before
 *
 * Its timer has waited longer and longer meanwhile, up to the doubt's end.
 */
void spw_mute_wake(struct sock *sk, const struct spw_muted *muted)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	lock_sock(sk);
	/* Its application may have set another one meanwhile. */
	if (!sk->sk_sndbuf) {
		WRITE_ONCE(sk->sk_sndbuf, muted->sndbuf);
		sk->sk_userlocks &= ~SOCK_SNDBUF_LOCK | muted->userlocks;
	}
	sk->sk_write_space(sk);
	if (sk->sk_state != TCP_CLOSE) {
		icsk->icsk_backoff = 0;
		icsk->icsk_rto = clamp_t(u32, __tcp_set_rto(tcp_sk(sk)), TCP_RTO_MIN,
					 TCP_RTO_MAX);
		spw_restore_wake(sk);
	}
	release_sock(sk);
}

/**
 * spw_mutes() - is a packet of a socket that is to say nothing?
 * @spw: device, of whose sockets one is muted
 * @family: of the packet
 * @tuple: of its connection, as the socket has it
 *
 * In LOCAL_OUT, under RCU.
 */
bool spw_mutes(struct spw_device *spw, u8 family, const struct spw_tuple *tuple)
{
	const struct spw_gate *gate = spw_gate_find(spw, family, tuple);

	return gate && READ_ONCE(gate->muted);
}
