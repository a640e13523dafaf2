/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of endpoints that came, on their way through where they came from. */
#ifndef _SPW_BACK_H
#define _SPW_BACK_H

#include "peer.h"

struct sk_buff;
struct spw_device;
struct spw_gate;
struct spw_tuple;

void spw_back_follow(struct spw_gate *gate);
void spw_back_follow_all(struct spw_device *spw);
void spw_back_expect(struct spw_gate *gate, const struct spw_peer *peer);
void spw_back_pass(struct spw_gate *gate, const struct spw_peer *peer);
void spw_back_settle(struct spw_gate *gate);
void spw_back_forget(struct spw_gate *gate);
struct spw_peer *spw_back_peer(struct spw_device *spw, u8 family,
			       const struct spw_tuple *tuple);
bool spw_back_is(struct spw_peer *peer, struct sk_buff *skb, bool six);

/**
 * spw_back_admit() - is what a peer sent of an endpoint that it has, if of any that moved?
 * @peer: who, under RCU
 * @skb: it, its headers set; marked if so
 * @six: it is IPv6
 *
 * Return: false where it is of a moved connection that the peer has not got.
 */
static inline bool spw_back_admit(struct spw_peer *peer, struct sk_buff *skb, bool six)
{
	return likely(!atomic_read(&peer->spw->nr_next)) || spw_back_is(peer, skb, six);
}

bool spw_back_out(struct spw_device *spw, struct sk_buff *skb, u8 family);

#endif /* _SPW_BACK_H */
