/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inner packets of a received burst, handed up as few large ones. */
#ifndef _SPW_TRAIN_H
#define _SPW_TRAIN_H

#include "chunk.h"
#include "inner.h"
#include "messages.h"

struct sk_buff;
struct spw_peer;

/**
 * struct spw_train - packets that follow one another
 * @peer: who sent them
 * @tos: outer type of service or traffic class
 * @partial: their TCP checksums are still to be made
 * @skb: the large packet that grows, or NULL; its headers are in @merge
 * @merge: what may follow
 * @chunk: where frames are opened to
 * @todo: bytes of the burst that are still to be opened
 * @frame: where the next frame goes, inside @chunk
 * @covers: bytes below the end of @chunk that @frame covers
 * @saved: these bytes
 */
struct spw_train {
	struct spw_peer *peer;
	u8 tos;
	bool partial;
	struct sk_buff *skb;
	struct spw_merge merge;
	struct spw_chunk chunk;
	unsigned int todo;
	u8 *frame;
	unsigned int covers;
	u8 saved[SPW_LEN_FRAME_HDR + SPW_INNER_HDR_MAX];
};

void spw_train_begin(struct spw_train *t, u8 tos, unsigned int todo);
void *spw_train_room(struct spw_train *t, unsigned int len);
void spw_train_skip(struct spw_train *t);
int spw_train_add(struct spw_train *t, struct spw_peer *peer, bool partial,
		  const struct spw_inner *inner);
void spw_train_end(struct spw_train *t);

#endif /* _SPW_TRAIN_H */
