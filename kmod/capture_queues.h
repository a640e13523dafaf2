/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues of a TCP socket, measured for an image and copied into it. */
#ifndef _SPW_CAPTURE_QUEUES_H
#define _SPW_CAPTURE_QUEUES_H

#include "image.h"

struct sock;

u8 spw_queues_measure(const struct sock *sk, const struct spw_image *image,
		      struct spw_image_room *room);
u8 spw_queues_write(const struct sock *sk, const struct spw_image *image,
		    struct spw_image_writer *w);

#endif /* _SPW_CAPTURE_QUEUES_H */
