/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket that a listener would have made of a handshake that it has not seen. */
#ifndef _SPW_CHILD_H
#define _SPW_CHILD_H

#include <linux/types.h>

struct net;
struct sock;
struct spw_image;
struct spw_restored;

bool spw_child_alive(const struct sock *sk);
u8 spw_child_make(struct net *net, const struct spw_image *image,
		  struct spw_restored *restored);
void spw_child_destroy(struct sock *sk);
void spw_child_exit(void);

#endif /* _SPW_CHILD_H */
