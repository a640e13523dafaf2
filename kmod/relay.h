/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who relays which connection, and the steering of its packets. */
#ifndef _SPW_RELAY_H
#define _SPW_RELAY_H

#include <linux/spillway.h>
#include <linux/types.h>

struct sk_buff;
struct spw_conn;
struct spw_device;
struct spw_peer;
struct spw_tuple;

/**
 * struct spw_move - one entry of a batch
 * @conn_id: asked for
 * @peer_id: asked for; not used by a recall
 * @reason: &enum spillway_reason, why it is refused
 * @conn: found, under &spw_device.lock
 * @peer: found, likewise
 */
struct spw_move {
	u64 conn_id;
	u16 peer_id;
	u8 reason;
	struct spw_conn *conn;
	struct spw_peer *peer;
};

int spw_relay_init(struct spw_device *spw);
void spw_relay_exit(struct spw_device *spw);
struct spw_conn *spw_relay_find(struct spw_device *spw, u8 family,
				const struct spw_tuple *tuple);
void spw_relay_steer(struct spw_device *spw, struct sk_buff *skb, u8 family,
		     const struct spw_tuple *tuple);
enum spillway_reason spw_relay_check(struct spw_device *spw, struct spw_move *move);
enum spillway_reason spw_relay_check_peer(struct spw_device *spw, struct spw_move *move);
int spw_relay_check_all(struct spw_device *spw, struct spw_move *moves, u32 n,
			enum spillway_reason (*check)(struct spw_device *spw,
						      struct spw_move *move));
int spw_relay_offload(struct spw_device *spw, struct spw_move *moves, u32 n);
int spw_relay_recall(struct spw_device *spw, struct spw_move *moves, u32 n);
u32 spw_relay_return_all(struct spw_device *spw, const struct spw_peer *peer,
			 enum spillway_reason reason);
void spw_relay_return_ipv6(struct spw_device *spw, const struct spw_peer *peer);
void spw_relay_forget(struct spw_device *spw, struct spw_conn *conn);

#endif /* _SPW_RELAY_H */
