// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_config: the device, its peers and their keys, over generic netlink. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nl_config.h"
#include "nl_decode.h"

static int device_answer(const struct nlmsghdr *nlh, void *data)
{
	nl_decode_device(nlh, data);
	return MNL_CB_OK;
}

int nl_device_get(struct nl_session *session, struct model_device *device, struct nl_error *error)
{
	memset(device, 0, sizeof(*device));
	return nl_talk(session, nl_request(session, SPILLWAY_CMD_DEV_GET, 0), device_answer, device,
		       error);
}

int nl_device_pick(struct nl_session *session, struct nl_error *error)
{
	struct nl_list list = { .size = sizeof(struct model_device), .decode = nl_decode_device };
	const char *wanted = nl_session_device(session);
	const struct model_device *devices;
	size_t i;
	int ret;

	ret = nl_dump(session, nl_request(session, SPILLWAY_CMD_DEV_GET, NLM_F_DUMP), &list, error);
	if (ret < 0)
		return ret;
	devices = list.items;
	for (i = 0; i < list.count && strcmp(devices[i].ifname, wanted); i++)
		;
	ret = i == list.count && list.count == 1 ?
		      nl_session_use(session, devices[0].ifname, error) :
		      0;
	free(list.items);
	return ret;
}

int nl_device_set(struct nl_session *session, const struct nl_device_change *change,
		  struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_DEV_SET, 0);

	if (change->node_id)
		mnl_attr_put_u16(nlh, SPILLWAY_A_NODE_ID, *change->node_id);
	if (change->node_name)
		nl_put_name(nlh, SPILLWAY_A_NODE_NAME, change->node_name);
	if (change->port)
		mnl_attr_put_u16(nlh, SPILLWAY_A_PORT, *change->port);
	return nl_talk(session, nlh, NULL, NULL, error);
}

int nl_device_report(struct nl_session *session, uint32_t load, uint32_t forecast, uint32_t free,
		     uint64_t capacity, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_DEV_SET, 0);

	mnl_attr_put_u32(nlh, SPILLWAY_A_LOAD, load);
	mnl_attr_put_u32(nlh, SPILLWAY_A_FORECAST, forecast);
	mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_FREE, free);
	mnl_attr_put_u64(nlh, SPILLWAY_A_CAPACITY, capacity);
	return nl_talk(session, nlh, NULL, NULL, error);
}

int nl_peers(struct nl_session *session, struct model_peer **peers, size_t *count,
	     struct nl_error *error)
{
	struct nl_list list = { .size = sizeof(struct model_peer), .decode = nl_decode_peer };
	int ret;

	ret = nl_dump(session, nl_request(session, SPILLWAY_CMD_PEER_GET, NLM_F_DUMP), &list,
		      error);
	*peers = list.items;
	*count = list.count;
	return ret < 0 ? ret : 0;
}

static int peer_answer(const struct nlmsghdr *nlh, void *data)
{
	nl_decode_peer(nlh, data);
	return MNL_CB_OK;
}

static struct nlmsghdr *peer_request(struct nl_session *session, uint8_t command, const char *name)
{
	struct nlmsghdr *nlh = nl_request(session, command, 0);

	nl_put_name(nlh, SPILLWAY_A_PEER_NAME, name);
	return nlh;
}

int nl_peer_get(struct nl_session *session, const char *name, struct model_peer *peer,
		struct nl_error *error)
{
	memset(peer, 0, sizeof(*peer));
	return nl_talk(session, peer_request(session, SPILLWAY_CMD_PEER_GET, name), peer_answer,
		       peer, error);
}

int nl_peer_add(struct nl_session *session, const struct model_peer *peer, struct nl_error *error)
{
	struct nlmsghdr *nlh = peer_request(session, SPILLWAY_CMD_PEER_NEW, peer->name);

	mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_ID, peer->id);
	nl_put_address(nlh, SPILLWAY_A_PEER_ADDR4, SPILLWAY_A_PEER_ADDR6, &peer->addr);
	mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_PORT, peer->port);
	mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_WEIGHT, peer->weight);
	mnl_attr_put_u8(nlh, SPILLWAY_A_PEER_ADMIN, peer->admin);
	return nl_talk(session, nlh, NULL, NULL, error);
}

int nl_peer_set(struct nl_session *session, const char *name, const struct nl_peer_change *change,
		struct nl_error *error)
{
	struct nlmsghdr *nlh = peer_request(session, SPILLWAY_CMD_PEER_SET, name);

	if (change->addr)
		nl_put_address(nlh, SPILLWAY_A_PEER_ADDR4, SPILLWAY_A_PEER_ADDR6, change->addr);
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
	return nl_talk(session, peer_request(session, SPILLWAY_CMD_PEER_DEL, name), NULL, NULL,
		       error);
}

int nl_key_add(struct nl_session *session, const char *peer, enum spillway_key_direction direction,
	       uint32_t id, const uint8_t key[SPILLWAY_KEY_LEN], uint64_t first_pn,
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
	return nl_talk(session, peer_request(session, SPILLWAY_CMD_KEY_DEL, peer), NULL, NULL,
		       error);
}
