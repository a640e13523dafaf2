/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunables: one table; sysfs.c only exposes it. */
#ifndef _SPW_SETTINGS_H
#define _SPW_SETTINGS_H

#include <linux/types.h>

/* Names, bounds and defaults are in settings.c. */
enum spw_setting {
	SPW_SET_HEARTBEAT_MS,	/* between two heartbeats to a peer */
	SPW_SET_DOWN_AFTER_MS,	/* silence that means: down */
	SPW_SET_CONNS_MAX,	/* connections in the table */
	SPW_SET_ARQ,		/* lost datagrams are sent again */
	SPW_SET_PMTU_RAISE_S,	/* until a path is tried with larger datagrams */
	SPW_SET_CONTROL_KBYTES,	/* control messages that wait for one peer */
	SPW_SET_HANDOFF_IDLE_MS, /* without a packet before an unaware server is left */
	SPW_SET_HANDOFF_EOF,	/* its application sees an end of file, not a reset */
	SPW_SET_HANDOFF_ASKED,	/* moves under way that applications asked for */
	SPW_SET_SESSION_KBYTES,	/* session data of applications */
	SPW_SET_ADOPT_MAX,	/* sockets that wait for a connection */
	SPW_SET_REPLICA_RELAYED,	/* what a peer relays is replicated to it */
	SPW_SET_REPLICA_INTERVAL_MS,	/* between two rounds of replication */
	SPW_SET_REPLICA_MAX,	/* connections replicated, either way */
	SPW_SET_REPLICA_KBYTES,	/* memory of both */
	SPW_SET_REPLICA_KBYTES_S,	/* told to one peer */
	SPW_SET_REPLICA_RST,	/* remotes of a dead peer's connections are told */
	SPW_SET_REPLICA_CONFIRM_MS,	/* between down and dead */
	SPW_SET_HANDOFF_RETURN,	/* endpoints that came send through whom they came from */
	SPW_SETTINGS_COUNT
};

/* Values of %SPW_SET_REPLICA_RST: when is a silent peer taken for dead? */
enum spw_rst {
	SPW_RST_NEVER,
	SPW_RST_WITNESSED,	/* another peer is heard */
	SPW_RST_ALONE,		/* or there is no other */
};

/**
 * struct spw_settings - values in force; private to settings.c
 * @value: written under &spw_device.lock, read anywhere
 */
struct spw_settings {
	u32 value[SPW_SETTINGS_COUNT];
};

void spw_settings_init(struct spw_settings *s);
u32 spw_setting_get(const struct spw_settings *s, enum spw_setting which);
int spw_setting_set(struct spw_settings *s, enum spw_setting which, u32 value);

#endif /* _SPW_SETTINGS_H */
