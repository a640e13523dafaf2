/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image that was sent ahead, and what is to be changed about it. Pure: shared with user
 * space.
 *
 * A patch: the bytes of the whole image (32 bits), then pieces that make it up, in order,
 * all words big-endian:
 *
 *  +-+-------------------------------------------------------------+
 *  |E| bytes of the piece                                          |
 *  +-+-------------------------------------------------------------+
 *  | E: where it is in the earlier image; else the bytes themselves ...
 *
 * It says nothing of what an image is: what comes of it is read and checked as any other.
 */
#ifndef _SPW_IMAGE_PATCH_H
#define _SPW_IMAGE_PATCH_H

#include "image.h"

enum spw_image_patch_limits {
	SPW_IMAGE_PATCH_LEAST = 64,	/* bytes that are worth a piece */
	SPW_IMAGE_PATCH_PIECES = 16,	/* of the earlier image */
};

/* Bytes of its words, all pieces and what is between them. */
#define SPW_IMAGE_PATCH_WORDS	(4 + SPW_IMAGE_PATCH_PIECES * 12 + 4)

/**
 * struct spw_image_blob - an image, as bytes and read
 * @data: its bytes
 * @len: how many
 * @image: what they say; points into @data
 */
struct spw_image_blob {
	const __u8 *data;
	__u32 len;
	struct spw_image image;
};

__u32 spw_image_patch_build(void *to, size_t room, const struct spw_image_blob *from,
			    const struct spw_image_blob *whole);
__u32 spw_image_patch_size(const void *patch, size_t len);
int spw_image_patch_apply(const void *patch, size_t len, const void *from, size_t from_len,
			  void *to);

#endif /* _SPW_IMAGE_PATCH_H */
