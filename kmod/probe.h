/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path MTU: probes and replies between the search (pmtu.c) and the tunnel. */
#ifndef _SPW_PROBE_H
#define _SPW_PROBE_H

#include <linux/types.h>

struct spw_device;
struct spw_peer;
struct spw_pmtu_probe;

void spw_probe_init(struct spw_device *spw);
void spw_probe_start(struct spw_device *spw);
void spw_probe_kick(struct spw_device *spw);
void spw_probe_stop(struct spw_device *spw);
void spw_probe_path(struct spw_peer *peer);
void spw_probe_lost(struct spw_peer *peer, unsigned int size, u64 now);
int spw_probe_answer(struct spw_peer *peer, const struct spw_pmtu_probe *probe,
		     u64 now);
int spw_probe_answered(struct spw_peer *peer,
		       const struct spw_pmtu_probe *reply, u64 now);

#endif /* _SPW_PROBE_H */
