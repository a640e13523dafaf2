/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP packet cut into pieces, each written as a frame straight to where it is sealed. */
#ifndef _SPW_CUT_H
#define _SPW_CUT_H

#include <net/tso.h>

#include "messages.h"

struct sk_buff;

/**
 * struct spw_cut - a packet being cut
 * @skb: what, at its IP header; not changed
 * @tso: how far, see net/core/tso.c
 * @hdr_len: IP and TCP headers, the same for each piece
 * @mss: payload of each piece but the last
 * @left: payload still to come
 * @flags: &enum spw_data_flags of its frames
 * @ago: 0, or what %SPW_DATA_AGAIN wants
 */
struct spw_cut {
	struct sk_buff *skb;
	struct tso_t tso;
	unsigned int hdr_len;
	unsigned int mss;
	unsigned int left;
	u8 flags;
	u16 ago;
};

int spw_cut_begin(struct spw_cut *c, struct sk_buff *skb, unsigned int inner_max);
void spw_cut_again(struct spw_cut *c, struct sk_buff *skb, unsigned int hdr_len,
		   unsigned int mss, unsigned int piece);
unsigned int spw_cut_frame(struct spw_cut *c, u8 *frame);

/* Bytes of the next piece with its headers. */
static inline unsigned int spw_cut_next(const struct spw_cut *c)
{
	return c->hdr_len + min(c->left, c->mss);
}

/* Pieces that are still to come. */
static inline unsigned int spw_cut_pieces(const struct spw_cut *c)
{
	return DIV_ROUND_UP(c->left, c->mss);
}

/* Bytes of all datagrams that are still to come. */
static inline unsigned int spw_cut_todo(const struct spw_cut *c)
{
	return c->left + spw_cut_pieces(c) * (SPW_LEN_SEAL + c->hdr_len);
}

#endif /* _SPW_CUT_H */
