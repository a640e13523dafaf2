/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image that a target keeps of an endpoint that comes. */
#ifndef _SPW_KEPT_H
#define _SPW_KEPT_H

#include <linux/types.h>

struct spw_move_msg;
struct spw_moves;

/**
 * struct spw_kept - an image; all under &spw_moves.lock
 * @data: of the frozen endpoint, NULL before it came
 * @size: its bytes
 * @ahead: of the endpoint while it lived, NULL if none was sent ahead
 * @ahead_size: its bytes
 */
struct spw_kept {
	u8 *data;
	u32 size;
	u8 *ahead;
	u32 ahead_size;
};

u32 spw_kept_ahead(struct spw_moves *moves, struct spw_kept *kept,
		   const struct spw_move_msg *msg);
u8 spw_kept_take(struct spw_moves *moves, struct spw_kept *kept,
		 const struct spw_move_msg *msg);
void spw_kept_drop(struct spw_moves *moves, struct spw_kept *kept);

#endif /* _SPW_KEPT_H */
