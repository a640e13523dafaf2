/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that their applications give away. */
#ifndef _SPW_GIFT_H
#define _SPW_GIFT_H

#include <linux/types.h>

struct spw_conn;
struct spw_device;
struct spw_move_out;
struct spw_peer;

int spw_gift_begin(struct spw_device *spw, u64 id, const char *name);
void spw_gift_result(const struct spw_conn *conn, struct spw_peer *peer,
		     const struct spw_move_out *out);

#endif /* _SPW_GIFT_H */
