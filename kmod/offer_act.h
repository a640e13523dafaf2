/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an origin does with an endpoint that is frozen. */
#ifndef _SPW_OFFER_ACT_H
#define _SPW_OFFER_ACT_H

#include <linux/types.h>

struct spw_moves;
struct spw_offer;

void spw_offer_act(struct spw_offer *offer, u32 actions, u32 there_us);
void spw_offer_open_gate(struct spw_offer *offer);
void spw_offer_unlock(struct spw_offer *offer);
void spw_offer_pace_begin(struct spw_offer *offer);
void spw_offer_pace_stop(struct spw_offer *offer);
void spw_offers_release(struct spw_moves *moves);

#endif /* _SPW_OFFER_ACT_H */
