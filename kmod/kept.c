// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images at a target, until they are built: one that was sent ahead, while the endpoint
 * still lived at its origin, and that of the frozen endpoint, which comes whole or as what
 * is to be changed about the first. What they say is looked at by who builds of them.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "fault.h"
#include "image_patch.h"
#include "kept.h"
#include "move_msg.h"
#include "moves.h"

/* All images together have an eighth of the memory. */
static bool has_room(const struct spw_moves *moves, u32 size)
{
	return moves->guest_bytes + size <= (u64)totalram_pages() << PAGE_SHIFT >> 3;
}

static u8 *room_for(u32 size)
{
	return spw_fault(SPW_FAULT_IMAGE) ? NULL :
	       kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

/**
 * spw_kept_ahead() - an image comes ahead
 * @moves: of the device, locked
 * @kept: has none yet
 * @msg: which brings it
 *
 * Return: its bytes, or 0 where it is not kept: it is not needed.
 */
u32 spw_kept_ahead(struct spw_moves *moves, struct spw_kept *kept,
		   const struct spw_move_msg *msg)
{
	if (kept->ahead || !has_room(moves, msg->size))
		return 0;
	kept->ahead = room_for(msg->size);
	if (!kept->ahead)
		return 0;
	memcpy(kept->ahead, msg->image, msg->size);
	kept->ahead_size = msg->size;
	moves->guest_bytes += msg->size;
	return msg->size;
}

static void drop_ahead(struct spw_moves *moves, struct spw_kept *kept)
{
	kvfree(kept->ahead);
	kept->ahead = NULL;
	moves->guest_bytes -= kept->ahead_size;
	kept->ahead_size = 0;
}

/**
 * spw_kept_take() - the image of the frozen endpoint comes
 * @moves: of the device, locked
 * @kept: receives it; what was sent ahead is not needed any more
 * @msg: IMAGE, GIVE or their patches
 *
 * Return: 0; %SPW_MOVE_BECAUSE_ROOM; %SPW_MOVE_BECAUSE_MEMORY; %SPW_MOVE_BECAUSE_IMAGE
 * where it does not fit to what was sent ahead.
 */
u8 spw_kept_take(struct spw_moves *moves, struct spw_kept *kept,
		 const struct spw_move_msg *msg)
{
	bool patch = spw_move_msg_has_patch(msg->kind);
	u32 size = patch ? spw_image_patch_size(msg->image, msg->size) : msg->size;
	u8 reason = SPW_MOVE_BECAUSE_NOTHING;

	if (!size)
		return SPW_MOVE_BECAUSE_IMAGE;
	/* One has room in any case. */
	if (moves->guest_bytes && !has_room(moves, size))
		return SPW_MOVE_BECAUSE_ROOM;
	kept->data = room_for(size);
	if (!kept->data)
		return SPW_MOVE_BECAUSE_MEMORY;
	kept->size = size;
	moves->guest_bytes += size;
	if (!patch)
		memcpy(kept->data, msg->image, size);
	else if (spw_image_patch_apply(msg->image, msg->size, kept->ahead, kept->ahead_size,
				       kept->data))
		reason = SPW_MOVE_BECAUSE_IMAGE;
	drop_ahead(moves, kept);
	return reason;
}

/**
 * spw_kept_drop() - nothing of it is needed any more
 * @moves: of the device, locked
 * @kept: has nothing afterwards
 */
void spw_kept_drop(struct spw_moves *moves, struct spw_kept *kept)
{
	drop_ahead(moves, kept);
	kvfree(kept->data);
	kept->data = NULL;
	moves->guest_bytes -= kept->size;
	kept->size = 0;
}
