/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heartbeats, and the peer states that follow from them. */
#ifndef _SPW_HEALTH_H
#define _SPW_HEALTH_H

#include <linux/types.h>

struct spw_device;
struct spw_heartbeat;
struct spw_peer;

void spw_health_init(struct spw_device *spw);
void spw_health_start(struct spw_device *spw);
void spw_health_stop(struct spw_device *spw);
void spw_health_end(struct spw_device *spw);
void spw_health_leave(struct spw_device *spw, struct spw_peer *only);
void spw_health_breathe(struct spw_device *spw);
void spw_health_kick(struct spw_device *spw);
void spw_health_heard(struct spw_peer *peer, const struct spw_heartbeat *hb,
		      u64 now);

#endif /* _SPW_HEALTH_H */
