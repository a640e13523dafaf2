/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps of a move that fail when they are told to, so that it can be tried what comes of
 * that: the kernels that are shipped have no fault injection of their own.
 */
#ifndef _SPW_FAULT_H
#define _SPW_FAULT_H

#include <linux/compiler.h>
#include <linux/types.h>

/* The module's parameter fail_move; in order of the steps. */
enum spw_fault {
	SPW_FAULT_NONE,
	SPW_FAULT_OFFER,	/* origin: no memory for the move */
	SPW_FAULT_ROOM,		/* target: no room */
	SPW_FAULT_LOOK,		/* origin: the socket cannot be moved */
	SPW_FAULT_HOLD,		/* origin: no memory to hold packets */
	SPW_FAULT_FREEZE,	/* origin: the socket is gone */
	SPW_FAULT_CAPTURE,	/* origin: no memory for the image */
	SPW_FAULT_IMAGE,	/* target: no memory for the image */
	SPW_FAULT_BUILD,	/* target: no memory for the endpoint */
	SPW_FAULT_GO,		/* target: the endpoint cannot be handed over */
	SPW_FAULT_SAY,		/* both: every other message cannot be sent at first */
	SPW_FAULT_FOLLOW,	/* afterwards: the last does not follow the first */
	SPW_FAULT_WENT_ON,	/* the first does not send to the last */
	SPW_FAULT_UNHEARD,	/* what it says to the middle one of that is lost */
	SPW_FAULT_EXPECT,	/* target: COMMIT is to come after the image */
	__SPW_FAULT_MAX
};

extern unsigned int spw_fault_step;

static inline bool spw_fault(enum spw_fault step)
{
	return unlikely(READ_ONCE(spw_fault_step) == step);
}

#endif /* _SPW_FAULT_H */
