/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages for bursts: contiguous room that is handed out from front to back. */
#ifndef _SPW_CHUNK_H
#define _SPW_CHUNK_H

#include <linux/mm.h>

/**
 * struct spw_chunk - pages with one reference of ours
 * @page: the first, or NULL
 * @size: bytes in all
 * @used: of these, handed out
 */
struct spw_chunk {
	struct page *page;
	unsigned int size;
	unsigned int used;
};

/* Bytes of the largest chunk: what the page allocator keeps lists of for each CPU. */
#define SPW_CHUNK_MAX	(PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER)

static inline void *spw_chunk_end(const struct spw_chunk *c)
{
	return page_address(c->page) + c->used;
}

static inline unsigned int spw_chunk_left(const struct spw_chunk *c)
{
	return c->size - c->used;
}

bool spw_chunk_renew(struct spw_chunk *c, unsigned int need, unsigned int want);
void spw_chunk_put(struct spw_chunk *c);

#endif /* _SPW_CHUNK_H */
