// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages for bursts. Large ones where there are any, since a datagram must lie in one
 * piece to be sealed or opened; small ones do when memory is scarce.
 */
#include <linux/gfp.h>

#include "chunk.h"

/**
 * spw_chunk_renew() - fresh pages in place of the old
 * @c: chunk, empty or not
 * @need: bytes that must fit
 * @want: bytes that would be of use
 *
 * Return: false without memory; @c is empty then.
 */
bool spw_chunk_renew(struct spw_chunk *c, unsigned int need, unsigned int want)
{
	unsigned int order = get_order(clamp_t(unsigned int, want, need,
					       max_t(unsigned int, need,
						     SPW_CHUNK_MAX)));

	spw_chunk_put(c);
	c->page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN |
			      (order ? __GFP_NORETRY : 0), order);
	if (unlikely(!c->page) && order > get_order(need)) {
		order = get_order(need);
		c->page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN,
				      order);
	}
	if (unlikely(!c->page))
		return false;
	c->size = PAGE_SIZE << order;
	return true;
}

/**
 * spw_chunk_put() - let go
 * @c: chunk; packets that point into it hold references of their own
 */
void spw_chunk_put(struct spw_chunk *c)
{
	if (c->page)
		put_page(c->page);
	*c = (struct spw_chunk){};
}
