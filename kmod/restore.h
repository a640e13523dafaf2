/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image becomes a TCP socket, dormant first. */
#ifndef _SPW_RESTORE_H
#define _SPW_RESTORE_H

#include <linux/types.h>

struct net;
struct request_sock;
struct sock;
struct spw_image;

/**
 * struct spw_restored - a socket that was made of an image
 * @sk: it, in the tables of the stack, but in nobody's hands and silent until
 *	spw_restore_go(); with a reference
 * @listener: who is to accept it, with a reference; NULL once it was told
 * @req: its place in the accept queue, with a reference; NULL once it is there
 *
 * All of them are NULL where nothing was made. The socket holds a reference on its
 * namespace, as those of the listener do: one that is dormant keeps a namespace alive
 * that nobody is in any more, so it must not be dormant for ever.
 */
struct spw_restored {
	struct sock *sk;
	struct sock *listener;
	struct request_sock *req;
};

bool spw_restore_possible(const struct spw_image *image);
void spw_restore_congestion_control(struct sock *sk, const struct spw_image *image);
u8 spw_restore_fill(struct sock *sk, const struct spw_image *image);
void spw_restore_options(struct sock *sk, const struct spw_image *image);
void spw_restore_wake(struct sock *sk);
u8 spw_restore(struct net *net, const struct spw_image *image,
	       struct spw_restored *restored);
u8 spw_restore_go(struct spw_restored *restored, const struct spw_image *image);
void spw_restore_tell(struct spw_restored *restored);
void spw_restore_undo(struct spw_restored *restored);

#endif /* _SPW_RESTORE_H */
