/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has changed in an endpoint since an image that the other side has. Pure.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  | fields: bit b (0 the lowest): the one of number b has changed |
 *  +---------------------------------------------------------------+
 *  | for each of them, the lowest first, by how much ...
 *
 * The numbers are those of the list in image_diff.c. By how much is a difference modulo
 * 2^32, as signed, doubled and, if negative, inverted (0, -1, 1, -2 are 0, 1, 2, 3), in
 * groups of 7 bits, the lowest first, with bit 7 set in all but the last group and no
 * more groups than needed. It is never 0. So two images have one difference.
 */
#ifndef _SPW_IMAGE_DIFF_H
#define _SPW_IMAGE_DIFF_H

#include "image.h"

enum spw_image_diff_size {
	SPW_IMAGE_DIFF_MAX = 64,	/* bytes */
};

/**
 * struct spw_image_shift - what happens to the bytes of the queues, in bytes
 * @received_front: leave the front of what was received
 * @received_back: are appended to it, those before the new end
 * @send_front: leave the front of what was sent and not acknowledged, followed by what
 *	was not sent
 * @send_back: are appended to that
 */
struct spw_image_shift {
	__u32 received_front;
	__u32 received_back;
	__u32 send_front;
	__u32 send_back;
};

int spw_image_diff_build(void *data, const struct spw_image *from,
			 const struct spw_image *to);
int spw_image_diff_apply(const void *data, size_t len, struct spw_image *image,
			 struct spw_image_shift *shift,
			 enum spw_image_why *why);

#endif /* _SPW_IMAGE_DIFF_H */
