// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Room around a packet for what is put in front of it and behind, in a copy where it has
 * none; whoever was charged for the packet is charged for the copy.
 */
#include <linux/skbuff.h>
#include <net/sock.h>

#include "messages.h"
#include "room.h"

/**
 * spw_charged() - is a TCP socket charged for a packet that it has sent?
 * @skb: packet
 *
 * tcp_wfree() cannot be named from a module; what a TCP socket sends has it.
 */
bool spw_charged(const struct sk_buff *skb)
{
	return skb->sk && sk_fullsock(skb->sk) &&
	       skb->sk->sk_protocol == IPPROTO_TCP && skb->destructor &&
	       skb->destructor != sock_edemux && skb->destructor != sock_efree &&
	       skb->destructor != sock_rfree;
}

/**
 * spw_charge_move() - a copy takes over what the socket is charged for the original
 * @to: copy
 * @from: original, spw_charged()
 *
 * So TCP small queues go on holding back a sender whose packets wait below us.
 */
void spw_charge_move(struct sk_buff *to, struct sk_buff *from)
{
	int more = to->truesize - from->truesize;

	to->sk = from->sk;
	to->destructor = from->destructor;
	from->sk = NULL;
	from->destructor = NULL;
	if (more > 0)
		refcount_add(more, &to->sk->sk_wmem_alloc);
	else if (more < 0)
		WARN_ON_ONCE(refcount_sub_and_test(-more,
						   &to->sk->sk_wmem_alloc));
}

/**
 * spw_room_make() - linear, private, with room for headers in front and the tag behind
 * @skb: packet; consumed where it is not what is returned
 * @head: bytes in front
 *
 * Return: the packet or a copy, NULL without memory.
 */
struct sk_buff *spw_room_make(struct sk_buff *skb, unsigned int head)
{
	struct sk_buff *copy;

	if (!skb_is_nonlinear(skb) && !skb_cloned(skb) && !skb_shared(skb) &&
	    skb_headroom(skb) >= head && skb_tailroom(skb) >= SPW_LEN_TAG)
		return skb;
	copy = skb_copy_expand(skb, head, SPW_LEN_TAG, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(copy)) {
		if (spw_charged(skb))
			spw_charge_move(copy, skb);
		consume_skb(skb);
	} else {
		kfree_skb(skb);
	}
	return copy;
}
