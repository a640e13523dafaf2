/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image becomes the connection of a socket that waits. */
#ifndef _SPW_ADOPT_FILL_H
#define _SPW_ADOPT_FILL_H

#include <linux/types.h>

struct sock;
struct spw_adopter;
struct spw_adopt_saved;
struct spw_image;

u8 spw_adopt_begin(const struct spw_adopter *adopter, const struct spw_image *image,
		   struct spw_adopt_saved **saved);
void spw_adopt_commit(struct sock *sk, const struct spw_image *image,
		      struct spw_adopt_saved *saved);
void spw_adopt_undo(struct sock *sk, struct spw_adopt_saved *saved);

#endif /* _SPW_ADOPT_FILL_H */
