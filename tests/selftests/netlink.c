// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The generic netlink family: what it refuses, with which error, attribute and words,
 * and that a refusal changes nothing. Runs in a guest, in a namespace of its own.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "nl_config.h"
#include "nl_conns.h"

static void sh(const char *command)
{
	if (system(command))
		fprintf(stderr, "# failed: %s\n", command);
}

FIXTURE(family)
{
	struct nl_session *session;
	struct nl_error error;
};

FIXTURE_SETUP(family)
{
	const uint16_t id = 1;
	struct nl_device_change change = { .node_id = &id, .node_name = "n1" };

	sh("tests/lab/load");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sh("ip link set lo up; ip link add spill0 type spillway; ip link set spill0 up");
	ASSERT_EQ(0, nl_session_open(&self->session, "spill0", &self->error));
	sh("ip link set spill0 down");
	ASSERT_EQ(0, nl_device_set(self->session, &change, &self->error));
	sh("ip link set spill0 up");
}

FIXTURE_TEARDOWN(family)
{
	nl_session_close(self->session);
}

static int add_peer(struct nl_session *session, uint16_t id, const char *name, const char *addr,
		    struct nl_error *error)
{
	struct model_peer peer = { .id = id, .port = 51821, .weight = 1 };

	snprintf(peer.name, sizeof(peer.name), "%s", name);
	address_parse(addr, strlen(addr), &peer.addr);
	return nl_peer_add(session, &peer, error);
}

static size_t peers_of(struct nl_session *session)
{
	struct model_peer *peers = NULL;
	struct nl_error error;
	size_t count = 999;

	nl_peers(session, &peers, &count, &error);
	free(peers);
	return count;
}

#define EXPECT_WORDS(words)                                  \
	EXPECT_NE(NULL, strstr(self->error.text, words))     \
	{                                                    \
		TH_LOG("error is \"%s\"", self->error.text); \
	}

TEST_F(family, second_device_is_refused)
{
	EXPECT_NE(0, system("ip link add spill1 type spillway 2>/dev/null"));
	EXPECT_EQ(0, system("ip link show spill0 >/dev/null"));
}

TEST_F(family, device_that_is_not_there)
{
	struct nl_session *session;
	struct model_device device;

	ASSERT_EQ(0, nl_session_open(&session, "none0", &self->error));
	EXPECT_EQ(-ENODEV, nl_device_get(session, &device, &self->error));
	EXPECT_WORDS("device: no such device");
	nl_session_close(session);
	ASSERT_EQ(0, nl_session_open(&session, "lo", &self->error));
	EXPECT_EQ(-ENODEV, nl_device_get(session, &device, &self->error));
	EXPECT_WORDS("not a spillway device");
	nl_session_close(session);
}

TEST_F(family, identity_changes_only_while_down)
{
	const uint16_t id = 7, port = 4000;
	struct nl_device_change change = { .node_id = &id };
	struct model_device device;

	EXPECT_EQ(-EBUSY, nl_device_set(self->session, &change, &self->error));
	EXPECT_WORDS("node id: ");
	change = (struct nl_device_change){ .port = &port };
	EXPECT_EQ(-EBUSY, nl_device_set(self->session, &change, &self->error));
	EXPECT_WORDS("port: ");
	ASSERT_EQ(0, nl_device_get(self->session, &device, &self->error));
	EXPECT_EQ(1, device.node_id);
	EXPECT_EQ(51821, device.port);
	EXPECT_STREQ("n1", device.node_name);
}

TEST_F(family, load_out_of_range)
{
	EXPECT_EQ(-ERANGE,
		  nl_device_report(self->session, SPILLWAY_LOAD_MAX + 1, 0, 0, 0, &self->error));
	EXPECT_WORDS("load: ");
	EXPECT_EQ(0, nl_device_report(self->session, 500, 600, 300, 1000, &self->error));
}

TEST_F(family, peer_twice_or_self)
{
	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "10.0.0.2", &self->error));
	EXPECT_EQ(-EEXIST, add_peer(self->session, 2, "x", "10.0.0.3", &self->error));
	EXPECT_WORDS("peer id: ");
	EXPECT_EQ(-EEXIST, add_peer(self->session, 3, "n2", "10.0.0.3", &self->error));
	EXPECT_WORDS("peer: ");
	EXPECT_EQ(-EINVAL, add_peer(self->session, 1, "me", "10.0.0.1", &self->error));
	EXPECT_WORDS("peer id: ");
	EXPECT_EQ(-EINVAL, add_peer(self->session, 4, "l", "127.0.0.1", &self->error));
	EXPECT_WORDS("endpoint address: ");
	EXPECT_EQ(-EINVAL, add_peer(self->session, 4, "", "10.0.0.4", &self->error));
	EXPECT_EQ(1, peers_of(self->session));
}

TEST_F(family, peer_over_ipv6)
{
	static const char *const bad[] = { "::", "::1", "fe80::1", "ff02::1", "::ffff:10.0.0.4" };
	struct nlmsghdr *nlh;
	struct model_peer peer;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, add_peer(self->session, 2, "n2", bad[i], &self->error));
		EXPECT_WORDS("endpoint address: ");
	}
	nlh = nl_request(self->session, SPILLWAY_CMD_PEER_NEW, 0);
	mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_ID, 2);
	mnl_attr_put_strz(nlh, SPILLWAY_A_PEER_NAME, "n2");
	mnl_attr_put_u32(nlh, SPILLWAY_A_PEER_ADDR4, 0x0200000a);
	mnl_attr_put(nlh, SPILLWAY_A_PEER_ADDR6, sizeof(in6addr_any), &in6addr_any);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("endpoint address: an endpoint has one address");
	EXPECT_EQ(0, peers_of(self->session));

	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "2001:db8::2", &self->error));
	ASSERT_EQ(0, nl_peer_get(self->session, "n2", &peer, &self->error));
	EXPECT_EQ(AF_INET6, peer.addr.family);
}

TEST_F(family, peer_out_of_range)
{
	const uint32_t weight = SPILLWAY_WEIGHT_MAX + 1;
	const uint8_t admin = __SPILLWAY_ADMIN_MAX;
	struct nl_peer_change change = { .weight = &weight };
	struct model_peer peer;

	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "10.0.0.2", &self->error));
	EXPECT_EQ(-ERANGE, nl_peer_set(self->session, "n2", &change, &self->error));
	EXPECT_WORDS("weight: ");
	change = (struct nl_peer_change){ .admin = &admin };
	EXPECT_EQ(-ERANGE, nl_peer_set(self->session, "n2", &change, &self->error));
	EXPECT_WORDS("admin: ");
	ASSERT_EQ(0, nl_peer_get(self->session, "n2", &peer, &self->error));
	EXPECT_EQ(1, peer.weight);
	EXPECT_EQ(SPILLWAY_ADMIN_READY, peer.admin);
	EXPECT_EQ(-ENOENT, nl_peer_del(self->session, "n9", &self->error));
	EXPECT_WORDS("peer: no such peer");
	EXPECT_EQ(0, nl_peer_del(self->session, "n2", &self->error));
	EXPECT_EQ(0, peers_of(self->session));
}

static int send_key(struct nl_session *session, size_t len, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_KEY_NEW, 0);
	const uint8_t key[64] = { 1 };

	mnl_attr_put_strz(nlh, SPILLWAY_A_PEER_NAME, "n2");
	mnl_attr_put_u8(nlh, SPILLWAY_A_KEY_DIRECTION, SPILLWAY_KEY_RX);
	mnl_attr_put_u32(nlh, SPILLWAY_A_KEY_ID, 5);
	mnl_attr_put(nlh, SPILLWAY_A_KEY, len, key);
	return nl_talk(session, nlh, NULL, NULL, error);
}

TEST_F(family, key_of_wrong_length)
{
	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "10.0.0.2", &self->error));
	EXPECT_EQ(-ERANGE, send_key(self->session, SPILLWAY_KEY_LEN - 1, &self->error));
	EXPECT_WORDS("key: ");
	EXPECT_EQ(-ERANGE, send_key(self->session, SPILLWAY_KEY_LEN + 1, &self->error));
	EXPECT_EQ(-ERANGE, send_key(self->session, 0, &self->error));
	EXPECT_EQ(0, send_key(self->session, SPILLWAY_KEY_LEN, &self->error));
}

TEST_F(family, keys_are_not_used_twice)
{
	const uint8_t a[SPILLWAY_KEY_LEN] = { 1 }, b[SPILLWAY_KEY_LEN] = { 2 };

	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "10.0.0.2", &self->error));
	ASSERT_EQ(0, add_peer(self->session, 3, "n3", "10.0.0.3", &self->error));
	EXPECT_EQ(0, nl_key_add(self->session, "n2", SPILLWAY_KEY_TX, 1, a, 1000, &self->error));
	/* The same key must not go back over its packet numbers. */
	EXPECT_EQ(-EINVAL, nl_key_add(self->session, "n2", SPILLWAY_KEY_TX, 1, a, 0, &self->error));
	EXPECT_WORDS("first-pn: ");
	EXPECT_EQ(0,
		  nl_key_add(self->session, "n2", SPILLWAY_KEY_TX, 1, a, 1ULL << 40, &self->error));
	/* It went on with its own numbers: these are still above them. */
	EXPECT_EQ(0,
		  nl_key_add(self->session, "n2", SPILLWAY_KEY_TX, 1, a, 1ULL << 30, &self->error));
	EXPECT_EQ(0, nl_key_add(self->session, "n2", SPILLWAY_KEY_RX, 9, a, 0, &self->error));
	/* An id names one key on a receiver. */
	EXPECT_EQ(-EEXIST, nl_key_add(self->session, "n3", SPILLWAY_KEY_RX, 9, a, 0, &self->error));
	EXPECT_EQ(-EEXIST, nl_key_add(self->session, "n2", SPILLWAY_KEY_RX, 9, b, 0, &self->error));
	EXPECT_WORDS("key id: ");
	EXPECT_EQ(-ERANGE,
		  nl_key_add(self->session, "n2", SPILLWAY_KEY_TX, 1, b, 1ULL << 63, &self->error));
	EXPECT_EQ(0, nl_key_del(self->session, "n2", &self->error));
}

TEST_F(family, receive_keys_make_room)
{
	uint8_t key[SPILLWAY_KEY_LEN] = { 0 };
	struct model_peer peer;

	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "10.0.0.2", &self->error));
	ASSERT_EQ(0, add_peer(self->session, 3, "n3", "10.0.0.3", &self->error));
	ASSERT_EQ(0, nl_peer_get(self->session, "n2", &peer, &self->error));
	EXPECT_FALSE(peer.has_tx_key || peer.has_rx_key);
	for (uint32_t id = 1; id <= 4; id++) {
		key[0] = (uint8_t)id;
		EXPECT_EQ(0, nl_key_add(self->session, "n2", SPILLWAY_KEY_RX, id, key, 0,
					&self->error));
	}
	/* Three stay: their ids are taken, that of the first is free. */
	key[0] = 99;
	for (uint32_t id = 2; id <= 4; id++)
		EXPECT_EQ(-EEXIST, nl_key_add(self->session, "n2", SPILLWAY_KEY_RX, id, key, 0,
					      &self->error));
	EXPECT_EQ(0, nl_key_add(self->session, "n3", SPILLWAY_KEY_RX, 1, key, 0, &self->error));
	EXPECT_EQ(0, nl_key_add(self->session, "n2", SPILLWAY_KEY_TX, 1, key, 0, &self->error));
	ASSERT_EQ(0, nl_peer_get(self->session, "n2", &peer, &self->error));
	EXPECT_TRUE(peer.has_tx_key && peer.has_rx_key);
	EXPECT_GE(60000, peer.tx_key_age_ms);
	EXPECT_EQ(1, peer.stats.value[SPILLWAY_STAT_KEY_NEW]);
}

TEST_F(family, attribute_that_is_not_known)
{
	struct nlmsghdr *nlh = nl_request(self->session, SPILLWAY_CMD_DEV_GET, 0);

	mnl_attr_put_u32(nlh, SPILLWAY_A_MAX + 1, 1);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	nlh = nl_request(self->session, SPILLWAY_CMD_DEV_GET, 0);
	mnl_attr_put_u32(nlh, SPILLWAY_A_LOAD, 1);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("load: this operation does not take the attribute");
	nlh = nl_request(self->session, SPILLWAY_CMD_PEER_NEW, 0);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("peer id");
}

TEST_F(family, malformed_attribute)
{
	struct nlmsghdr *nlh = nl_request(self->session, SPILLWAY_CMD_DEV_SET, 0);

	mnl_attr_put_u8(nlh, SPILLWAY_A_LOAD, 1);
	EXPECT_GT(0, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("load: ");
	nlh = nl_request(self->session, SPILLWAY_CMD_DEV_SET, 0);
	mnl_attr_put(nlh, SPILLWAY_A_NODE_NAME, 3, "abc");
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("node name: ");
}

TEST_F(family, offload_names_each_reason)
{
	struct model_move moves[] = {
		{ .conn_id = 1, .peer_id = 2 },
		{ .conn_id = 77, .peer_id = 1 },
	};
	struct model_device device;

	EXPECT_EQ(-ENOENT, nl_offload(self->session, moves, 2, &self->error));
	EXPECT_EQ(SPILLWAY_REASON_CONN_GONE, moves[0].reason);
	EXPECT_EQ(SPILLWAY_REASON_CONN_GONE, moves[1].reason);
	EXPECT_EQ(-ENOENT, nl_recall(self->session, moves, 1, &self->error));
	ASSERT_EQ(0, nl_device_get(self->session, &device, &self->error));
	EXPECT_EQ(0, device.conns_offloaded);
}

TEST_F(family, batch_that_is_empty_or_too_large)
{
	struct nlmsghdr *nlh = nl_request(self->session, SPILLWAY_CMD_OFFLOAD, 0);
	struct nlattr *nest, *entry;
	int i;

	nest = mnl_attr_nest_start(nlh, SPILLWAY_A_BATCH);
	mnl_attr_nest_end(nlh, nest);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("batch: the batch is empty");

	nlh = nl_request(self->session, SPILLWAY_CMD_RECALL, 0);
	nest = mnl_attr_nest_start(nlh, SPILLWAY_A_BATCH);
	for (i = 0; i <= SPILLWAY_BATCH_MAX; i++) {
		entry = mnl_attr_nest_start(nlh, SPILLWAY_A_ENTRY);
		mnl_attr_put_u64(nlh, SPILLWAY_A_CONN_ID, (uint64_t)i);
		mnl_attr_nest_end(nlh, entry);
	}
	mnl_attr_nest_end(nlh, nest);
	EXPECT_EQ(-E2BIG, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("batch: ");

	nlh = nl_request(self->session, SPILLWAY_CMD_OFFLOAD, 0);
	nest = mnl_attr_nest_start(nlh, SPILLWAY_A_BATCH);
	mnl_attr_put_u32(nlh, SPILLWAY_A_LOAD, 1);
	mnl_attr_nest_end(nlh, nest);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("load: ");
}

TEST_F(family, largest_batch_gets_all_its_reasons)
{
	struct model_move *moves = calloc(SPILLWAY_BATCH_MAX, sizeof(*moves));
	int i, gone = 0;

	ASSERT_NE(NULL, moves);
	for (i = 0; i < SPILLWAY_BATCH_MAX; i++)
		moves[i] = (struct model_move){ .conn_id = 1000 + (uint64_t)i, .peer_id = 2 };
	EXPECT_EQ(-ENOENT, nl_offload(self->session, moves, SPILLWAY_BATCH_MAX, &self->error));
	for (i = 0; i < SPILLWAY_BATCH_MAX; i++)
		gone += moves[i].reason == SPILLWAY_REASON_CONN_GONE;
	EXPECT_EQ(SPILLWAY_BATCH_MAX, gone);
	free(moves);
}

TEST_F(family, filters_are_checked)
{
	struct model_filter filter = { .has = MODEL_HAS(PEER_NAME), .peer_name = "nobody" };
	struct model_conn *conns = NULL;
	struct nlmsghdr *nlh;
	size_t count;

	EXPECT_EQ(-ENOENT, nl_conns(self->session, &filter, &conns, &count, &self->error));
	EXPECT_WORDS("no such peer");
	nlh = nl_request(self->session, SPILLWAY_CMD_CONN_GET, NLM_F_DUMP);
	mnl_attr_put_u8(nlh, SPILLWAY_A_SORT, SPILLWAY_SORT_AGE);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	nlh = nl_request(self->session, SPILLWAY_CMD_CONN_GET, NLM_F_DUMP);
	mnl_attr_put_u32(nlh, SPILLWAY_A_LOCAL_ADDR4, 10);
	mnl_attr_put_u8(nlh, SPILLWAY_A_LOCAL_PLEN, 33);
	EXPECT_EQ(-ERANGE, nl_talk(self->session, nlh, NULL, NULL, &self->error));
}

TEST_F(family, hosted_are_asked_for_by_peer_alone)
{
	struct model_conn *conns = NULL;
	struct nlmsghdr *nlh;
	size_t count = 1;

	EXPECT_EQ(0, nl_hosted(self->session, NULL, &conns, &count, &self->error));
	EXPECT_EQ(0, count);
	EXPECT_EQ(-ENOENT, nl_hosted(self->session, "nobody", &conns, &count, &self->error));
	EXPECT_WORDS("no such peer");
	nlh = nl_request(self->session, SPILLWAY_CMD_HOSTED_GET, NLM_F_DUMP);
	mnl_attr_put_u16(nlh, SPILLWAY_A_LOCAL_PORT, 80);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	/* It is a dump, and nothing else. */
	nlh = nl_request(self->session, SPILLWAY_CMD_HOSTED_GET, 0);
	EXPECT_EQ(-EOPNOTSUPP, nl_talk(self->session, nlh, NULL, NULL, &self->error));
}

static struct nlmsghdr *dump(struct nl_session *session)
{
	return nl_request(session, SPILLWAY_CMD_CONN_GET, NLM_F_DUMP);
}

TEST_F(family, addresses_that_contradict)
{
	const struct in6_addr six = { { { 0x20, 1, 0xd, 0xb8 } } };
	struct nlmsghdr *nlh = dump(self->session);

	mnl_attr_put_u32(nlh, SPILLWAY_A_LOCAL_ADDR4, 10);
	mnl_attr_put(nlh, SPILLWAY_A_LOCAL_ADDR6, sizeof(six), &six);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("an end has one address");

	nlh = dump(self->session);
	mnl_attr_put(nlh, SPILLWAY_A_LOCAL_ADDR6, sizeof(six), &six);
	mnl_attr_put_u32(nlh, SPILLWAY_A_REMOTE_ADDR4, 10);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("both ends of a connection are of one family");

	nlh = dump(self->session);
	mnl_attr_put_u32(nlh, SPILLWAY_A_REMOTE_ADDR4, 10);
	mnl_attr_put_u8(nlh, SPILLWAY_A_REMOTE_PLEN, 64);
	EXPECT_EQ(-ERANGE, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("an IPv4 prefix has at most 32 bits");

	nlh = dump(self->session);
	mnl_attr_put(nlh, SPILLWAY_A_REMOTE_ADDR6, sizeof(six), &six);
	mnl_attr_put_u8(nlh, SPILLWAY_A_REMOTE_PLEN, 129);
	EXPECT_EQ(-ERANGE, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("dst prefix length: ");

	nlh = dump(self->session);
	mnl_attr_put_u8(nlh, SPILLWAY_A_LOCAL_PLEN, 8);
	EXPECT_EQ(-EINVAL, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("a prefix length without its address");

	nlh = dump(self->session);
	mnl_attr_put(nlh, SPILLWAY_A_LOCAL_ADDR6, sizeof(six) - 1, &six);
	EXPECT_EQ(-ERANGE, nl_talk(self->session, nlh, NULL, NULL, &self->error));
	EXPECT_WORDS("src: ");

	nlh = dump(self->session);
	mnl_attr_put(nlh, SPILLWAY_A_LOCAL_ADDR6, sizeof(six), &six);
	mnl_attr_put_u8(nlh, SPILLWAY_A_LOCAL_PLEN, 0);
	EXPECT_EQ(0, nl_talk(self->session, nlh, NULL, NULL, &self->error));
}

TEST_F(family, tunables_have_bounds)
{
	EXPECT_NE(0, system("mount -t sysfs s /sys 2>/dev/null;"
			    "echo 9 > /sys/class/net/spill0/spillway/heartbeat_ms 2>/dev/null"));
	EXPECT_NE(0, system("echo 3 > /sys/class/net/spill0/spillway/control_kbytes"
			    " 2>/dev/null"));
	EXPECT_NE(0, system("echo 10001 > /sys/class/net/spill0/spillway/heartbeat_ms"
			    " 2>/dev/null"));
	/* Less than two heartbeats would take peers down for one that is lost. */
	EXPECT_NE(0, system("echo 100 > /sys/class/net/spill0/spillway/down_after_ms"
			    " 2>/dev/null"));
	EXPECT_EQ(0, system("echo 50 > /sys/class/net/spill0/spillway/heartbeat_ms"));
	EXPECT_EQ(0, system("echo 100 > /sys/class/net/spill0/spillway/down_after_ms"));
	EXPECT_EQ(0, system("grep -qx 50 /sys/class/net/spill0/spillway/heartbeat_ms"));
	EXPECT_EQ(0, system("umount /sys"));
}

static void note_event(const struct nl_event *event, void *data)
{
	unsigned int *seen = data;

	if (event->kind == SPILLWAY_CMD_PEER_NTF)
		*seen |= 1U << event->peer.state;
	if (event->kind == SPILLWAY_CMD_DEV_NTF)
		*seen |= 1U << 31;
}

TEST_F(family, events_tell_what_changed)
{
	struct nl_device_change change = { .node_name = "renamed" };
	struct nl_events *events;
	unsigned int seen = 0;

	ASSERT_EQ(0, nl_events_open(&events, self->session, 1, &self->error));
	ASSERT_EQ(0, add_peer(self->session, 2, "n2", "10.0.0.2", &self->error));
	ASSERT_EQ(0, nl_device_set(self->session, &change, &self->error));
	ASSERT_EQ(0, nl_peer_del(self->session, "n2", &self->error));
	EXPECT_EQ(0, nl_events_read(events, note_event, &seen, &self->error));
	EXPECT_EQ(1U << SPILLWAY_PEER_INIT | 1U << SPILLWAY_PEER_GONE | 1U << 31, seen);
	nl_events_close(events);
}

TEST_HARNESS_MAIN
