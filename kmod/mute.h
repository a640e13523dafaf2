/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that say nothing while it is not known whether they are the endpoint still. */
#ifndef _SPW_MUTE_H
#define _SPW_MUTE_H

#include <linux/types.h>

struct sock;
struct spw_device;
struct spw_gate;
struct spw_tuple;

bool spw_mute(struct spw_gate *gate, const struct sock *sk);
void spw_unmute(struct spw_gate *gate);
void spw_mute_wake(struct sock *sk);
bool spw_mutes(struct spw_device *spw, u8 family, const struct spw_tuple *tuple);

#endif /* _SPW_MUTE_H */
