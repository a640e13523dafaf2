/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An endpoint that is to move is brought to a standstill, and its image taken. */
#ifndef _SPW_FREEZE_H
#define _SPW_FREEZE_H

#include <linux/types.h>

struct sock;
struct spw_captured;
struct spw_offer;

struct sock *spw_freeze_sock(struct spw_offer *offer);
bool spw_freeze_lock(struct sock *sk);
u8 spw_freeze_image(struct spw_offer *offer, struct sock *sk, struct spw_captured *image);
u32 spw_freeze_idle_ms(const struct spw_offer *offer);
u8 spw_freeze_look(struct spw_offer *offer, u8 *reason);
u8 spw_freeze_claim(struct spw_offer *offer);
bool spw_freeze_may(const struct spw_offer *offer);
bool spw_freeze_hold(struct spw_offer *offer);
u8 spw_freeze(struct spw_offer *offer);

#endif /* _SPW_FREEZE_H */
