/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generic netlink family and its events. */
#ifndef _SPW_NETLINK_H
#define _SPW_NETLINK_H

#include <linux/gfp.h>
#include <linux/spillway.h>

struct spw_conn;
struct spw_device;
struct spw_job;
struct spw_peer;

void spw_netlink_device_event(struct spw_device *spw);
void spw_netlink_peer_event(struct spw_peer *peer);
void spw_netlink_conn_event(struct spw_device *spw, struct spw_conn *conn,
			    enum spillway_conn_event event,
			    enum spillway_reason reason, gfp_t gfp);
void spw_netlink_move_event(struct spw_peer *peer, const struct spw_conn *conn, u8 role,
			    enum spillway_conn_event event, enum spillway_reason reason);
void spw_netlink_job_event(struct spw_device *spw, const struct spw_job *job);
int spw_netlink_init(void);
void spw_netlink_exit(void);

#endif /* _SPW_NETLINK_H */
