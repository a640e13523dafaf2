/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues of a socket that was made of an image. */
#ifndef _SPW_REFILL_H
#define _SPW_REFILL_H

#include <linux/types.h>

struct sock;
struct spw_image;

bool spw_refill_nothing(const struct spw_image *image);
u8 spw_refill(struct sock *sk, const struct spw_image *image);

#endif /* _SPW_REFILL_H */
