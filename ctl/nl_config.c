// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_config: the device, its peers and their keys, over generic netlink. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_config.h"

static void take_text(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr),
		 (const char *)mnl_attr_get_payload(attr));
}

static void take_stats(struct model_stats *stats, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= SPILLWAY_STAT_MAX &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint64_t))
			stats->value[mnl_attr_get_type(attr)] = mnl_attr_get_u64(attr);
}

static void take_device(const struct nlattr *attr, struct model_device *device)
{
	switch (mnl_attr_get_type(attr)) {
	case SPILLWAY_A_IFINDEX: device->ifindex = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_IFNAME: take_text(device->ifname, sizeof(device->ifname), attr); break;
	case SPILLWAY_A_GENERATION: device->generation = mnl_attr_get_u64(attr); break;
	case SPILLWAY_A_NODE_ID: device->node_id = mnl_attr_get_u16(attr); break;
	case SPILLWAY_A_NODE_NAME:
		take_text(device->node_name, sizeof(device->node_name), attr);
		break;
	case SPILLWAY_A_PORT: device->port = mnl_attr_get_u16(attr); break;
	case SPILLWAY_A_LOAD: device->load = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_FORECAST: device->forecast = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_PEER_FREE: device->free = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_CAPACITY: device->capacity = mnl_attr_get_u64(attr); break;
	case SPILLWAY_A_CONNS: device->conns = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_CONNS_OFFLOADED:
		device->conns_offloaded = mnl_attr_get_u32(attr);
		break;
	case SPILLWAY_A_STATS: take_stats(&device->stats, attr); break;
	}
}

static int device_answer(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		take_device(attr, data);
	return MNL_CB_OK;
}

int nl_device_get(struct nl_session *session, struct model_device *device,
		  struct nl_error *error)
{
	memset(device, 0, sizeof(*device));
	return nl_talk(session, nl_request(session, SPILLWAY_CMD_DEV_GET, 0), device_answer,
		       device, error);
}

struct pick {
	const char *wanted;
	bool found;
	unsigned int others;
	char name[sizeof(((struct model_device *)NULL)->ifname)];
};

static int pick_answer(const struct nlmsghdr *nlh, void *data)
{
	struct model_device device = { .ifname = "" };
	struct pick *pick = data;

	device_answer(nlh, &device);
	if (!strcmp(device.ifname, pick->wanted)) {
		pick->found = true;
	} else {
		pick->others++;
		memcpy(pick->name, device.ifname, sizeof(pick->name));
	}
	return MNL_CB_OK;
}

int nl_device_pick(struct nl_session *session, struct nl_error *error)
{
	struct pick pick = { .wanted = nl_session_device(session) };
	int err;

	err = nl_talk(session, nl_request(session, SPILLWAY_CMD_DEV_GET, NLM_F_DUMP),
		      pick_answer, &pick, error);
	if (err < 0 || pick.found || pick.others != 1)
		return err < 0 ? err : 0;
	return nl_session_use(session, pick.name, error);
}

int nl_device_set(struct nl_session *session, const struct nl_device_change *change,
		  struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_DEV_SET, 0);

	if (change->node_id)
		mnl_attr_put_u16(nlh, SPILLWAY_A_NODE_ID, *change->node_id);
	if (change->node_name)
		mnl_attr_put_strz(nlh, SPILLWAY_A_NODE_NAME, change->node_name);
	if (change->port)
		mnl_attr_put_u16(nlh, SPILLWAY_A_PORT, *change->port);
	return nl_talk(session, nlh, NULL, NULL, error);
}

int nl_device_report(struct nl_session *session, uint32_t load, uint32_t forecast,
		     uint32_t free, uint64_t capacity, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_DEV_SET, 0);

	mnl_attr_put_u32(nlh, SPILLWAY_A_LOAD, load);
	mnl_attr_put_u32(nlh, SPILLWAY_A_FORECAST, forecast);
	mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_FREE, free);
	mnl_attr_put_u64(nlh, SPILLWAY_A_CAPACITY, capacity);
	return nl_talk(session, nlh, NULL, NULL, error);
}

static void take_peer(const struct nlattr *attr, struct model_peer *peer)
{
	switch (mnl_attr_get_type(attr)) {
	case SPILLWAY_A_PEER_ID: peer->id = mnl_attr_get_u16(attr); break;
	case SPILLWAY_A_PEER_NAME: take_text(peer->name, sizeof(peer->name), attr); break;
	case SPILLWAY_A_PEER_ADDR4: peer->addr.s_addr = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_PEER_PORT: peer->port = mnl_attr_get_u16(attr); break;
	case SPILLWAY_A_PEER_WEIGHT: peer->weight = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_PEER_ADMIN: peer->admin = mnl_attr_get_u8(attr); break;
	case SPILLWAY_A_PEER_STATE: peer->state = mnl_attr_get_u8(attr); break;
	case SPILLWAY_A_PEER_REASON: peer->reason = mnl_attr_get_u8(attr); break;
	case SPILLWAY_A_LOAD: peer->load = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_FORECAST: peer->forecast = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_PEER_FREE: peer->free = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_CAPACITY: peer->capacity = mnl_attr_get_u64(attr); break;
	case SPILLWAY_A_CONNS_OFFLOADED: peer->conns_offloaded = mnl_attr_get_u32(attr); break;
	case SPILLWAY_A_PEER_RTT_US:
		peer->rtt_us = mnl_attr_get_u32(attr);
		peer->has_rtt = true;
		break;
	case SPILLWAY_A_PEER_SEEN_MS:
		peer->seen_ms = mnl_attr_get_u64(attr);
		peer->has_seen = true;
		break;
	case SPILLWAY_A_STATS: take_stats(&peer->stats, attr); break;
	}
}

void nl_parse_peer(const struct nlmsghdr *nlh, struct model_peer *peer)
{
	const struct nlattr *attr;

	memset(peer, 0, sizeof(*peer));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		take_peer(attr, peer);
}

struct peer_list {
	struct model_peer *peers;
	size_t count;
};

static int list_answer(const struct nlmsghdr *nlh, void *data)
{
	struct peer_list *list = data;
	struct model_peer *peers;

	peers = reallocarray(list->peers, list->count + 1, sizeof(*peers));
	if (!peers)
		return MNL_CB_ERROR;
	list->peers = peers;
	nl_parse_peer(nlh, &peers[list->count++]);
	return MNL_CB_OK;
}

int nl_peers(struct nl_session *session, struct model_peer **peers, size_t *count,
	     struct nl_error *error)
{
	struct peer_list list = { .count = 0 };
	int err;

	err = nl_talk(session, nl_request(session, SPILLWAY_CMD_PEER_GET, NLM_F_DUMP),
		      list_answer, &list, error);
	if (err < 0) {
		free(list.peers);
		return err;
	}
	*peers = list.peers;
	*count = list.count;
	return 0;
}

static int peer_answer(const struct nlmsghdr *nlh, void *data)
{
	nl_parse_peer(nlh, data);
	return MNL_CB_OK;
}

static struct nlmsghdr *peer_request(struct nl_session *session, uint8_t command,
				     const char *name)
{
	struct nlmsghdr *nlh = nl_request(session, command, 0);

	mnl_attr_put_strz(nlh, SPILLWAY_A_PEER_NAME, name);
	return nlh;
}

int nl_peer_get(struct nl_session *session, const char *name, struct model_peer *peer,
		struct nl_error *error)
{
	return nl_talk(session, peer_request(session, SPILLWAY_CMD_PEER_GET, name),
		       peer_answer, peer, error);
}

int nl_peer_add(struct nl_session *session, const struct model_peer *peer,
		struct nl_error *error)
{
	struct nlmsghdr *nlh = peer_request(session, SPILLWAY_CMD_PEER_NEW, peer->name);

	mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_ID, peer->id);
	mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_ADDR4, peer->addr.s_addr);
	mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_PORT, peer->port);
	mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_WEIGHT, peer->weight);
	mnl_attr_put_u8(nlh, SPILLWAY_A_PEER_ADMIN, peer->admin);
	return nl_talk(session, nlh, NULL, NULL, error);
}

int nl_peer_set(struct nl_session *session, const char *name,
		const struct nl_peer_change *change, struct nl_error *error)
{
	struct nlmsghdr *nlh = peer_request(session, SPILLWAY_CMD_PEER_SET, name);

	if (change->addr)
		mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_ADDR4, change->addr->s_addr);
	if (change->port)
		mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_PORT, *change->port);
	if (change->weight)
		mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_WEIGHT, *change->weight);
	if (change->admin)
		mnl_attr_put_u8(nlh, SPILLWAY_A_PEER_ADMIN, *change->admin);
	return nl_talk(session, nlh, NULL, NULL, error);
}

int nl_peer_del(struct nl_session *session, const char *name, struct nl_error *error)
{
	return nl_talk(session, peer_request(session, SPILLWAY_CMD_PEER_DEL, name), NULL,
		       NULL, error);
}

int nl_key_add(struct nl_session *session, const char *peer,
	       enum spillway_key_direction direction, uint32_t id,
	       const uint8_t key[SPILLWAY_KEY_LEN], uint64_t first_pn,
	       struct nl_error *error)
{
	struct nlmsghdr *nlh = peer_request(session, SPILLWAY_CMD_KEY_NEW, peer);
	int err;

	mnl_attr_put_u8(nlh, SPILLWAY_A_KEY_DIRECTION, direction);
	mnl_attr_put_u32(nlh, SPILLWAY_A_KEY_ID, id);
	mnl_attr_put(nlh, SPILLWAY_A_KEY, SPILLWAY_KEY_LEN, key);
	if (direction == SPILLWAY_KEY_TX)
		mnl_attr_put_u64(nlh, SPILLWAY_A_KEY_FIRST_PN, first_pn);
	err = nl_talk(session, nlh, NULL, NULL, error);
	explicit_bzero(nlh, nlh->nlmsg_len);
	return err;
}

int nl_key_del(struct nl_session *session, const char *peer, struct nl_error *error)
{
	return nl_talk(session, peer_request(session, SPILLWAY_CMD_KEY_DEL, peer), NULL,
		       NULL, error);
}
