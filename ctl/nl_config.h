/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nl_config: the device, its peers and their keys, over generic netlink. */
#ifndef SPILLWAY_CTL_NL_CONFIG_H
#define SPILLWAY_CTL_NL_CONFIG_H

#include "model.h"
#include "nl_session.h"

/* All return 0 or a negative errno and then fill @error. */

int nl_device_get(struct nl_session *session, struct model_device *device, struct nl_error *error);

/**
 * nl_device_pick() - if the session's device does not exist, take the only one there is
 *
 * Return: 0, also where nothing changes: the next request tells; or a negative errno.
 */
int nl_device_pick(struct nl_session *session, struct nl_error *error);

/**
 * struct nl_device_change - what nl_device_set() changes: what is not NULL
 * @node_id: while the device is down
 * @node_name: any time
 * @port: while the device is down
 */
struct nl_device_change {
	const uint16_t *node_id;
	const char *node_name;
	const uint16_t *port;
};

int nl_device_set(struct nl_session *session, const struct nl_device_change *change,
		  struct nl_error *error);

/* What this node tells its peers of itself; permille and bytes a second. */
int nl_device_report(struct nl_session *session, uint32_t load, uint32_t forecast, uint32_t free,
		     uint64_t capacity, struct nl_error *error);

/**
 * nl_peers() - all peers
 * @peers: receives an array to be freed, NULL if there are none
 * @count: how many
 *
 * The kernel walks them by id, so that changes meanwhile hide none that stays.
 */
int nl_peers(struct nl_session *session, struct model_peer **peers, size_t *count,
	     struct nl_error *error);
int nl_peer_get(struct nl_session *session, const char *name, struct model_peer *peer,
		struct nl_error *error);
int nl_peer_add(struct nl_session *session, const struct model_peer *peer, struct nl_error *error);

/**
 * struct nl_peer_change - what nl_peer_set() changes: what is not NULL
 * @addr: with @port: its endpoint
 * @port: host order
 * @weight: 0..%SPILLWAY_WEIGHT_MAX
 * @admin: &enum spillway_admin
 */
struct nl_peer_change {
	const struct address *addr;
	const uint16_t *port;
	const uint32_t *weight;
	const uint8_t *admin;
};

int nl_peer_set(struct nl_session *session, const char *name, const struct nl_peer_change *change,
		struct nl_error *error);
int nl_peer_del(struct nl_session *session, const char *name, struct nl_error *error);

/* A key is wiped from the session after it was sent. */
int nl_key_add(struct nl_session *session, const char *peer, enum spillway_key_direction direction,
	       uint32_t id, const uint8_t key[SPILLWAY_KEY_LEN], uint64_t first_pn,
	       struct nl_error *error);
int nl_key_del(struct nl_session *session, const char *peer, struct nl_error *error);

#endif /* SPILLWAY_CTL_NL_CONFIG_H */
