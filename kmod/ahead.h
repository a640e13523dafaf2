/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images that are sent ahead of a move. */
#ifndef _SPW_AHEAD_H
#define _SPW_AHEAD_H

#include "capture.h"

struct spw_move_msg;
struct spw_offer;

enum spw_ahead_limits {
	SPW_AHEAD_LEAST = 16 << 10,	/* bytes of queues and session that are worth it */
	SPW_AHEAD_MAX = 64 << 20,	/* of all images of a device */
};

/**
 * struct spw_ahead - what the target has of an endpoint before it is frozen; under
 *	&spw_moves.lock
 * @image: as it was said, NULL if none was, or the target has not kept it
 * @looked: that was decided
 * @waits: the target has not answered yet
 */
struct spw_ahead {
	struct spw_captured image;
	bool looked;
	bool waits;
};

bool spw_ahead_waits(struct spw_offer *offer);
void spw_ahead_taken(struct spw_offer *offer, const struct spw_move_msg *msg);
bool spw_ahead_patch(struct spw_offer *offer);
void spw_ahead_drop(struct spw_offer *offer);

#endif /* _SPW_AHEAD_H */
