/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of a relayed connection are made to fit the tunnel. */
#ifndef _SPW_CLAMP_H
#define _SPW_CLAMP_H

struct sk_buff;
struct sock;
struct spw_conn;
struct spw_device;
struct spw_peer;
struct spw_tuple;

void spw_clamp_set(struct spw_device *spw, struct spw_conn *conn,
		   const struct spw_peer *peer, const struct sk_buff *skb);
void spw_clamp_begin(struct spw_device *spw, struct spw_conn *conn,
		     const struct spw_peer *peer);
void spw_clamp_lift(struct spw_device *spw, struct spw_conn *conn,
		    const struct sk_buff *skb);
void spw_clamp_capture(struct spw_device *spw, u8 family,
		       const struct spw_tuple *tuple, struct sock *sk);
void spw_clamp_forget(struct spw_device *spw, struct spw_conn *conn);

#endif /* _SPW_CLAMP_H */
