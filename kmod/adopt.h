/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that wait for a connection of another node. */
#ifndef _SPW_ADOPT_H
#define _SPW_ADOPT_H

#include <linux/spillway.h>
#include <linux/types.h>

struct sock;
struct spw_adopt_offer;
struct spw_device;
struct spw_image;

/**
 * struct spw_adopter - a socket that waits
 * @list: in &spw_adopts.waiting
 * @sk: socket, with a reference
 * @want: for what
 * @family: of the socket, AF_INET or AF_INET6
 * @v6only: it takes no connection of IPv4
 * @claimed: by a move, whose it is until that is over; under &spw_adopts.lock
 * @gone: the socket is another adopter's now; likewise
 */
struct spw_adopter {
	struct list_head list;
	struct sock *sk;
	struct spillway_adopt want;
	u16 family;
	bool v6only;
	bool claimed;
	bool gone;
};

void spw_adopts_init(struct spw_device *spw);
void spw_adopts_stop(struct spw_device *spw);
int spw_adopt_wait(struct spw_device *spw, struct sock *sk,
		   const struct spillway_adopt *want);
struct spw_adopter *spw_adopt_claim(struct spw_device *spw,
				    const struct spw_adopt_offer *offer);
bool spw_adopter_waits(const struct spw_adopter *adopter);
void spw_adopt_release(struct spw_device *spw, struct spw_adopter *adopter);
struct sock *spw_adopt_done(struct spw_device *spw, struct spw_adopter *adopter);

#endif /* _SPW_ADOPT_H */
