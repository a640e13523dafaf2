/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that say nothing while it is not known whether they are the endpoint still. */
#ifndef _SPW_MUTE_H
#define _SPW_MUTE_H

#include <linux/types.h>

struct sock;
struct spw_device;
struct spw_gate;
struct spw_tuple;

/**
 * struct spw_muted - of the socket, as it was before
 * @sndbuf: bytes of its send buffer
 * @userlocks: SOCK_SNDBUF_LOCK where its application set that
 */
struct spw_muted {
	int sndbuf;
	u8 userlocks;
};

bool spw_mute(struct spw_gate *gate, struct sock *sk, struct spw_muted *muted);
void spw_unmute(struct spw_gate *gate);
void spw_mute_wake(struct sock *sk, const struct spw_muted *muted);
bool spw_mutes(struct spw_device *spw, u8 family, const struct spw_tuple *tuple);

#endif /* _SPW_MUTE_H */
