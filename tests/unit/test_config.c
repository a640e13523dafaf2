// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration: what a whole file and an empty one give, and for every rule the
 * exact message of breaking it. Also durations and rates.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "units.h"

#include "kselftest_harness.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define NODE    "\"node\": { \"name\": \"vm-1\", \"id\": 1 }"
#define LINK    "\"uplink\": \"eth0\", \"uplink_rate\": \"20mbit\""
#define SOURCES "\"sources\": { " LINK " }"
#define PEER2   "\"name\": \"vm-2\", \"id\": 2, \"endpoint\": \"192.0.2.2:51821\""
#define PEER3   "\"name\": \"vm-3\", \"id\": 3, \"endpoint\": \"192.0.2.3:51821\""
#define KEY2    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY3    "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ZERO    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY     ", \"public_key\": \"" KEY2 "\""

static int parse(struct config *config, const char *text, struct config_error *err)
{
	memset(err, 0, sizeof(*err));
	return config_parse(config, "f", text, strlen(text), err);
}

TEST(defaults)
{
	struct config_error err;
	struct config config;

	ASSERT_EQ(0, parse(&config, "{" NODE "," SOURCES "}", &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_STREQ("vm-1", config.node.name);
	EXPECT_EQ(1, config.node.id);
	EXPECT_STREQ("spill0", config.node.device);
	EXPECT_EQ(51821, config.node.port);
	EXPECT_EQ(51821, config.node.control_port);
	EXPECT_STREQ("/etc/spillway/private.key", config.node.private_key_file);
	EXPECT_EQ(120000, config.node.rekey_ms);
	EXPECT_TRUE(config.node.create);
	EXPECT_FALSE(config.node.cleanup);
	EXPECT_EQ(0, config.peer_count);
	EXPECT_EQ(0, config.class_count);
	EXPECT_STREQ("auto", config.sources.cgroup);
	EXPECT_EQ(2500000, config.sources.uplink_rate);
	EXPECT_EQ(1U << CONFIG_CPU | 1U << CONFIG_MEMORY | 1U << CONFIG_NETWORK,
		  config.sources.count);
	EXPECT_EQ(1000, config.forecast.sample_ms);
	EXPECT_EQ(30000, config.forecast.horizon_ms);
	EXPECT_EQ(600000, config.forecast.history_ms);
	EXPECT_TRUE(config.forecast.interval == 0.8);
	EXPECT_TRUE(config.threshold.limit == 0.9);
	EXPECT_TRUE(config.offload.enabled);
	EXPECT_EQ(256, config.offload.max_per_round);
	EXPECT_EQ(14ULL * 24 * 3600 * 1000, config.history.keep_ms);
	EXPECT_STREQ("/run/spillway/spilld.sock", config.status.socket);
	config_free(&config);
}

static const char whole[] =
	"// a node\n"
	"{ \"node\": { \"name\": \"a.b_c-1\", \"id\": 65535, \"device\": \"sp1\", \"port\": 9,\n"
	"    \"control_port\": 10, \"private_key_file\": \"/k//1\", \"rekey\": \"5s\",\n"
	"    \"create\": false, \"cleanup\": true }, /* its\n peers */\n"
	"  \"peers\": [ { " PEER2 KEY ", \"weight\": 10000 },\n"
	"             { " PEER3 ", \"control\": \"192.0.2.33:99\",\n"
	"               \"public_key\": \"" KEY3 "\" } ],\n"
	"  \"sources\": { \"cgroup\": \"/sys/fs/cgroup/n1\", \"conns_max\": 5000,\n"
	"    \"count\": [ \"conns\", \"cpu\" ] },\n"
	"  \"classes\": [ { \"name\": \"db\", \"local_port\": [ 5432, 6379 ], \"critical\": true },\n"
	"    { \"name\": \"rest\", \"offload\": false } ],\n"
	"  \"forecast\": { \"sample\": \"500ms\", \"horizon\": \"10s\", \"interval\": 0.95,\n"
	"    \"history\": \"5m\" },\n"
	"  \"threshold\": { \"limit\": 1, \"min\": 0.7 },\n"
	"  \"offload\": { \"enabled\": false, \"min_age\": \"0s\", \"max_per_round\": 2048,\n"
	"    \"hysteresis\": \"1m\", \"recall_below\": 0 },\n"
	"  \"history\": { \"path\": \"h\", \"keep\": \"1d\" },\n"
	"  \"status\": { \"socket\": \"\" } }\n";

TEST(addresses_of_both_families)
{
	static const char text[] =
		"{ \"node\": { \"name\": \"a\", \"id\": 1, \"address\": \"2001:db8::1\" }," SOURCES
		",\n"
		"\"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"[2001:db8::2]:65535\"" KEY
		" } ] }";
	const struct in6_addr node = { { { 0x20, 1, 0xd, 0xb8, [15] = 1 } } };
	const struct in6_addr peer = { { { 0x20, 1, 0xd, 0xb8, [15] = 2 } } };
	struct config_error err;
	struct config config;

	ASSERT_EQ(0, parse(&config, text, &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_EQ(AF_INET6, config.node.address.family);
	EXPECT_EQ(0, memcmp(&node, &config.node.address.v6, sizeof(node)));
	EXPECT_EQ(AF_INET6, config.peers[0].endpoint.addr.family);
	EXPECT_EQ(0, memcmp(&peer, &config.peers[0].endpoint.addr.v6, sizeof(peer)));
	EXPECT_EQ(65535, config.peers[0].endpoint.port);
	config_free(&config);
}

TEST(whole_file)
{
	struct config_error err;
	struct config config;

	ASSERT_EQ(0, parse(&config, whole, &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_STREQ("a.b_c-1", config.node.name);
	EXPECT_EQ(65535, config.node.id);
	EXPECT_FALSE(config.node.create);
	EXPECT_TRUE(config.node.cleanup);
	ASSERT_EQ(2, config.peer_count);
	EXPECT_EQ(10000, config.peers[0].weight);
	EXPECT_EQ(10, config.node.control_port);
	EXPECT_STREQ("/k//1", config.node.private_key_file);
	EXPECT_EQ(5000, config.node.rekey_ms);
	EXPECT_EQ(0, config.peers[0].public_key[0]);
	EXPECT_EQ(31, config.peers[0].public_key[31]);
	EXPECT_EQ(1, config.peers[1].public_key[0]);
	EXPECT_EQ(51821, config.peers[0].control.port);
	EXPECT_EQ(0, memcmp(&config.peers[0].endpoint.addr, &config.peers[0].control.addr,
			    sizeof(struct address)));
	EXPECT_EQ(99, config.peers[1].control.port);
	EXPECT_EQ(htonl(0xc0000221), config.peers[1].control.addr.v4.s_addr);
	EXPECT_EQ(htonl(0xc0000203), config.peers[1].endpoint.addr.v4.s_addr);
	EXPECT_EQ(51821, config.peers[1].endpoint.port);
	EXPECT_EQ(1, config.peers[1].weight);
	EXPECT_EQ(1U << CONFIG_CONNS | 1U << CONFIG_CPU, config.sources.count);
	EXPECT_EQ(5000, config.sources.conns_max);
	ASSERT_EQ(2, config.class_count);
	EXPECT_EQ(2, config.classes[0].local.count);
	EXPECT_EQ(6379, config.classes[0].local.port[1]);
	EXPECT_EQ(0, config.classes[0].remote.count);
	EXPECT_TRUE(config.classes[0].critical);
	EXPECT_TRUE(config.classes[0].offload);
	EXPECT_FALSE(config.classes[1].offload);
	EXPECT_EQ(500, config.forecast.sample_ms);
	EXPECT_EQ(0, config.offload.min_age_ms);
	EXPECT_FALSE(config.offload.enabled);
	EXPECT_STREQ("", config.status.socket);
	config_free(&config);
}

static int load_with(struct config *config, const char *content, char *line,
		     struct config_error *err)
{
	char path[] = "/tmp/test_config.XXXXXX", *lines[] = { line, NULL };
	int fd = mkstemp(path), ret;

	if (fd < 0 || write(fd, content, strlen(content)) < 0 || close(fd))
		abort();
	ret = config_load_more(config, path, lines, err);
	unlink(path);
	/* Errors begin with a name that no test knows. */
	if (ret && !strncmp(err->text, path, strlen(path)))
		memmove(err->text, err->text + strlen(path), strlen(err->text + strlen(path)) + 1);
	return ret;
}

TEST(peer_in_a_line)
{
	static char good[] = " vm-2 id 2  endpoint 192.0.2.2:51821 key " KEY2 "\n";
	static char late[] = "vm-3 key " KEY3 " endpoint 192.0.2.3:5 id 3";
	struct config_error err = { "" };
	struct config config;

	ASSERT_EQ(0, load_with(&config, "{" NODE "," SOURCES "}", good, &err))
	{
		TH_LOG("%s", err.text);
	}
	ASSERT_EQ(1, config.peer_count);
	EXPECT_STREQ("vm-2", config.peers[0].name);
	EXPECT_EQ(2, config.peers[0].id);
	EXPECT_EQ(51821, config.peers[0].control.port);
	EXPECT_EQ(31, config.peers[0].public_key[31]);
	config_free(&config);
	ASSERT_EQ(0, load_with(&config, "{" NODE "," SOURCES ", \"peers\": [ { " PEER2 KEY " } ] }",
			       late, &err));
	ASSERT_EQ(2, config.peer_count);
	EXPECT_STREQ("vm-3", config.peers[1].name);
	config_free(&config);
}

TEST(line_that_is_no_peer)
{
	static char *const lines[][2] = {
		{ "", "--peer \"\": must be NAME id N endpoint ADDRESS:PORT key KEY" },
		{ "vm-2", "--peer \"vm-2\": must be NAME id N endpoint ADDRESS:PORT key KEY" },
		{ "b id 2 key k",
		  "--peer \"b id 2 key k\": must be NAME id N endpoint ADDRESS:PORT key KEY" },
		{ "b id 2 id 3 key k endpoint e",
		  "--peer \"b id 2 id 3 key k endpoint e\": must be "
		  "NAME id N endpoint ADDRESS:PORT key KEY" },
		{ "b id", "--peer \"b id\": must be NAME id N endpoint ADDRESS:PORT key KEY" },
		{ "b id x endpoint 1.2.3.4:5 key " KEY2,
		  ": peers[0].id: must be an integer, not string" },
		{ "b id 1 endpoint 1.2.3.4:5 key " KEY2, ": peers[0].id: 1 is this node's own id" },
		{ "b id 2 endpoint 1.2.3.4 key " KEY2,
		  ": peers[0].endpoint: \"1.2.3.4\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
		{ "b id 2 endpoint 1.2.3.4:5 key KEY",
		  ": peers[0].public_key: \"KEY\" is not a public key (spillctl pubkey)" },
	};
	struct config_error err;
	struct config config;
	char large[300];

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		EXPECT_EQ(-EINVAL, load_with(&config, "{" NODE "," SOURCES "}", lines[i][0], &err));
		EXPECT_STREQ(lines[i][1], err.text);
	}
	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	EXPECT_EQ(-EINVAL, load_with(&config, "{" NODE "," SOURCES "}", large, &err));
	EXPECT_EQ(-EINVAL, load_with(&config, "{" NODE ", \"peers\": 5 }",
				     "b id 2 endpoint 1.2.3.4:5 key " KEY2, &err));
	EXPECT_STREQ(":1: peers: must be an array, not int", err.text);
}

/* Unit tests run in the top directory. */
TEST(example)
{
	struct config_error err = { "" };
	struct config config;

	ASSERT_EQ(0, config_load(&config, "ctl/spillway.json.example", &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_EQ(2, config.peer_count);
	EXPECT_EQ(4, config.class_count);
	EXPECT_TRUE(config.classes[2].handoff);
	EXPECT_FALSE(config.classes[3].handoff);
	EXPECT_EQ(125000000, config.sources.uplink_rate);
	config_free(&config);
}

static const struct {
	const char *text;
	const char *error;
} refused[] = {
	/* Syntax */
	{ "", "f:1: the file ends within a value" },
	{ "{ " NODE "\n", "f:2: the file ends within a value" },
	{ "[]", "f: the whole file must be one object, { ... }" },
	{ "{ " NODE "," SOURCES " } x", "f:1: unexpected character" },
	{ "{ " NODE ",\n\n" SOURCES ", }", "f:3: unexpected character" },
	{ "{ " NODE ",\n 'sources': {} }", "f:2: no key where one must be" },
	{ "{ \"node\": { \"name\": 'a' } }", "f:1: unexpected character" },
	{ "{ " NODE ",\n sources: {} }", "f:2: quoted object property name expected" },
	{ "{ \"node\":\n{ \"id\": nan } }", "f:2: null expected" },
	{ "{\n/* " NODE "}", "f:2: comment without an end" },
	{ "{ \"a\": [[[[[[[[[1]]]]]]]]] }", "f:1: nesting too deep" },
	{ "{ \"a\xff\": 1 }", "f:1: invalid utf-8 string" },
	/* Keys */
	{ "{ " NODE ",\n\"node\": 1 }", "f:2: node: given twice, first in line 1" },
	{ "{ \"node\": { \"id\": 1,\n\"id\":\n1 } }",
	  "f:2: node.id: given twice, first in line 1" },
	{ "{ \"peers\": [ {}, { \"id\": 1, \"id\": 1 } ] }",
	  "f:1: peers[1].id: given twice, first in line 1" },
	{ "{ \"n\\u006fde\": 1 }", "f:1: key with an escape" },
	{ "{ \"\": 1 }", "f:1: empty key" },
	{ "{ \"nodes\": {} }", "f:1: nodes: unknown key; did you mean \"node\"?" },
	{ "{ \"node\": { \"nmae\": 1 } }", "f:1: node.nmae: unknown key; did you mean \"name\"?" },
	{ "{ \"node\": { \"PORT\": 1 } }", "f:1: node.PORT: unknown key; did you mean \"port\"?" },
	{ "{ " NODE "," SOURCES ", \"status\": { \"sqlite\": 1 } }",
	  "f:1: status.sqlite: unknown key; known here: socket" },
	{ "{ " NODE ", \"peers\": [ {\n \"wieght\": 1 } ] }",
	  "f:2: peers[0].wieght: unknown key; did you mean \"weight\"?" },
	{ "{ \"\\tnode\": {} }", "f:1: key with an escape" },
	/* Must be given */
	{ "{}", "f: node: must be given" },
	{ "{\n\"node\": { \"id\": 1 } }", "f:2: node.name: must be given" },
	{ "{ \"node\": { \"name\": \"a\" } }", "f:1: node.id: must be given" },
	{ "{ " NODE ", \"peers\": [ {}\n ] }", "f:1: peers[0].name: must be given" },
	{ "{ " NODE ", \"peers\": [ { \"name\": \"a\", \"id\": 2 } ] }",
	  "f:1: peers[0].endpoint: must be given" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 " } ] }", "f:1: peers[0].public_key: must be given" },
	{ "{ " NODE " }", "f: sources.uplink: must be given, since sources.count has network" },
	{ "{ " NODE ", \"sources\": { \"uplink\": \"eth0\" } }",
	  "f:1: sources.uplink_rate: must be given, since sources.uplink is" },
	{ "{ " NODE ", \"sources\": { \"uplink_rate\": \"1mbit\", \"count\": [ \"cpu\" ] } }",
	  "f:1: sources.uplink: must be given, since sources.uplink_rate is" },
	{ "{ " NODE ", \"sources\": { \"count\": [ \"conns\" ] } }",
	  "f:1: sources.conns_max: must be given, since sources.count has conns" },
	/* Types */
	{ "{ \"node\": 1 }", "f:1: node: must be an object, not int" },
	{ "{ \"node\": null }", "f:1: node: must be an object, not null" },
	{ "{ \"node\": { \"name\": 5 } }", "f:1: node.name: must be a string, not int" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": \"1\" } }",
	  "f:1: node.id: must be an integer, not string" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1.5 } }",
	  "f:1: node.id: must be an integer, not double" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"create\": 1 } }",
	  "f:1: node.create: must be true or false, not int" },
	{ "{ " NODE ", \"peers\": {} }", "f:1: peers: must be an array, not object" },
	{ "{ " NODE ", \"peers\": [ 7 ] }", "f:1: peers[0]: must be an object, not int" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"sample\": 1 } }",
	  "f:1: forecast.sample: must be a duration such as \"30s\", not int" },
	{ "{ " NODE ", \"sources\": { \"uplink_rate\": 1 } }",
	  "f:1: sources.uplink_rate: must be a rate such as \"20mbit\", not int" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"interval\": \"0.8\" } }",
	  "f:1: forecast.interval: must be a number, not string" },
	{ "{ " NODE ", \"sources\": { \"count\": \"cpu\" } }",
	  "f:1: sources.count: must be an array, not string" },
	/* Strings and names */
	{ "{ \"node\": { \"name\": \"\" } }", "f:1: node.name: has 0 bytes, must have 1 to 31" },
	{ "{ \"node\": { \"name\": \"12345678901234567890123456789012\" } }",
	  "f:1: node.name: has 32 bytes, must have 1 to 31" },
	{ "{ \"node\": { \"name\": \"a b\" } }",
	  "f:1: node.name: \"a b\": only letters, digits, '.', '_' and '-' may be used" },
	{ "{ \"node\": { \"name\": \"a\\u0000b\" } }", "f:1: node.name: has a control character" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"device\": \"1234567890123456\" } }",
	  "f:1: node.device: has 16 bytes, must have 1 to 15" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"device\": \"..\" }," SOURCES " }",
	  "f:1: node.device: \"..\" cannot name a device" },
	/* Numbers */
	{ "{ \"node\": { \"name\": \"a\", \"id\": 0 } }", "f:1: node.id: 0 is below 1" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": -3 } }", "f:1: node.id: -3 is below 1" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 65536 } }",
	  "f:1: node.id: 65536 is above 65535" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 99999999999999999999 } }",
	  "f:1: node.id: 18446744073709551615 is above 65535" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 KEY " },\n { " PEER3 KEY ", \"weight\": 20000 } ] }",
	  "f:2: peers[1].weight: 20000 is above 10000" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"interval\": 0.2 } }",
	  "f:1: forecast.interval: 0.2 is below 0.5" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"interval\": 1 } }",
	  "f:1: forecast.interval: 1 is above 0.99" },
	/* Durations and rates */
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"sample\": \"1\" } }",
	  "f:1: forecast.sample: \"1\" is not a duration such as 250ms, 30s, 10m, 2h, 14d" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"sample\": \"99ms\" } }",
	  "f:1: forecast.sample: 99ms is below 100ms" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"horizon\": \"61m\" } }",
	  "f:1: forecast.horizon: 61m is above 1h" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"horizon\": \"99999999999999999999s\" } }",
	  "f:1: forecast.horizon: 99999999999999999999s is above 1h" },
	{ "{ " NODE ", \"sources\": { \"uplink_rate\": \"20mbps\" } }",
	  "f:1: sources.uplink_rate: \"20mbps\" is not a rate such as 20mbit or 2500kB/s" },
	{ "{ " NODE ", \"sources\": { \"uplink_rate\": \"1bit\" } }",
	  "f:1: sources.uplink_rate: 1bit is below 8kbit" },
	{ "{ " NODE ", \"sources\": { \"uplink_rate\": \"9000gbit\" } }",
	  "f:1: sources.uplink_rate: 9000gbit is above 8000gbit" },
	/* Flags */
	{ "{ " NODE ", \"sources\": { \"count\": [] } }", "f:1: sources.count: must not be empty" },
	{ "{ " NODE ", \"sources\": { \"count\": [ \"disk\" ] } }",
	  "f:1: sources.count[0]: \"disk\" is none of cpu, memory, network, conns" },
	{ "{ " NODE ", \"sources\": { \"count\": [ \"cpu\", \"cpu\" ] } }",
	  "f:1: sources.count[1]: \"cpu\" is given twice" },
	/* Addresses, endpoints and ports */
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"address\": \"1.2.3\" } }",
	  "f:1: node.address: \"1.2.3\" is not an IP address" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"address\": 7 } }",
	  "f:1: node.address: must be an IP address, not int" },
	{ "{ " NODE ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"10.0.0.1\" } ] }",
	  "f:1: peers[0].endpoint: \"10.0.0.1\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"10.1:5\" } ] }",
	  "f:1: peers[0].endpoint: \"10.1:5\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"1.2.3.4:+5\" } ] }",
	  "f:1: peers[0].endpoint: \"1.2.3.4:+5\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"1.2.3.4:5x\" } ] }",
	  "f:1: peers[0].endpoint: \"1.2.3.4:5x\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"1.2.3.4:0\" } ] }",
	  "f:1: peers[0].endpoint: port 0 is not within 1 to 65535" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"1.2.3.4:65536\" } ] }",
	  "f:1: peers[0].endpoint: port 65536 is not within 1 to 65535" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"2001:db8::1:5\" } ] }",
	  "f:1: peers[0].endpoint: \"2001:db8::1:5\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"[2001:db8::1]\" } ] }",
	  "f:1: peers[0].endpoint: \"[2001:db8::1]\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"[fe80::1%eth0]:5\" } ] }",
	  "f:1: peers[0].endpoint: \"[fe80::1%eth0]:5\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"[2001:db8::1]:0\" } ] }",
	  "f:1: peers[0].endpoint: port 0 is not within 1 to 65535" },
	{ "{ " NODE "," SOURCES ", \"classes\": [ { \"name\": \"c\", \"local_port\": 0 } ] }",
	  "f:1: classes[0].local_port: 0 is below 1" },
	{ "{ " NODE "," SOURCES
	  ", \"classes\": [ { \"name\": \"c\", \"remote_port\": [ 1, 70000 ] } ] }",
	  "f:1: classes[0].remote_port[1]: 70000 is above 65535" },
	{ "{ " NODE "," SOURCES ", \"classes\": [ { \"name\": \"c\", \"remote_port\": [] } ] }",
	  "f:1: classes[0].remote_port: has 0 ports, must have 1 to 16" },
	/* Public keys */
	{ "{ " NODE ", \"peers\": [ { " PEER2 ", \"public_key\": 5 } ] }",
	  "f:1: peers[0].public_key: must be a public key in base64, not int" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 ", \"public_key\": \"AAEC\" } ] }",
	  "f:1: peers[0].public_key: \"AAEC\" is not a public key (spillctl pubkey)" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 ", \"public_key\": \"" ZERO "\" } ] }",
	  "f:1: peers[0].public_key: \"" ZERO "\" is not a public key (spillctl pubkey)" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 KEY " },\n{ " PEER3 KEY " } ] }",
	  "f:2: peers[1].public_key: is the key of peers[0] too" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"rekey\": \"4s\" } }",
	  "f:1: node.rekey: 4s is below 5s" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"rekey\": \"121s\" } }",
	  "f:1: node.rekey: 121s is above 2m" },
	{ "{ \"node\": { \"name\": \"a\", \"id\": 1, \"control_port\": 65536 } }",
	  "f:1: node.control_port: 65536 is above 65535" },
	/* Between keys */
	{ "{ " NODE ", \"sources\": { \"uplink\": \"spill0\", \"uplink_rate\": \"1mbit\" } }",
	  "f:1: sources.uplink: is the tunnel device itself, node.device" },
	{ "{ " NODE ", \"sources\": { " LINK ", \"cgroup\": \"n1\" } }",
	  "f:1: sources.cgroup: \"n1\" is none of auto, none and an absolute path" },
	{ "{ " NODE ", \"peers\": [ { \"name\": \"b\", \"id\": 1, \"endpoint\": \"1.2.3.4:5\"" KEY
	  " } ] }",
	  "f:1: peers[0].id: 1 is this node's own id" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"vm-1\", \"id\": 2, \"endpoint\": \"1.2.3.4:5\"" KEY
	  " } ] }",
	  "f:1: peers[0].name: \"vm-1\" is this node's own name" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 KEY " },\n"
	  "{ \"name\": \"b\", \"id\": 2, \"endpoint\": \"1.2.3.4:5\"" KEY " } ] }",
	  "f:2: peers[1].id: 2 is the id of peers[0] too" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 KEY " },\n"
	  "{ \"name\": \"vm-2\", \"id\": 3, \"endpoint\": \"1.2.3.4:5\"" KEY " } ] }",
	  "f:2: peers[1].name: \"vm-2\" is the name of peers[0] too" },
	{ "{ " NODE ", \"peers\": [ { " PEER2 KEY " },\n"
	  "{ \"name\": \"b\", \"id\": 3, \"endpoint\": \"192.0.2.2:51821\"" KEY " } ] }",
	  "f:2: peers[1].endpoint: is the endpoint of peers[0] too" },
	{ "{ " NODE
	  ", \"peers\": [ { \"name\": \"b\", \"id\": 2, \"endpoint\": \"[2001:db8::2]:5\"" KEY
	  " },\n { \"name\": \"c\", \"id\": 3, \"endpoint\": \"[2001:DB8:0::2]:5\"" KEY " } ] }",
	  "f:2: peers[1].endpoint: is the endpoint of peers[0] too" },
	{ "{ " NODE "," SOURCES ", \"classes\": [ { \"name\": \"c\", \"local_port\": 1 },\n"
	  "{ \"name\": \"c\" } ] }",
	  "f:2: classes[1].name: \"c\" is the name of classes[0] too" },
	{ "{ " NODE "," SOURCES ", \"classes\": [ { \"name\": \"c\",\n\"handoff\": true } ] }",
	  "f:2: classes[0].handoff: needs \"local_port\": the ports whose service runs on the peers too" },
	{ "{ " NODE "," SOURCES ", \"classes\": [ { \"name\": \"c\", \"local_port\": 1,"
	  " \"offload\": false,\n\"handoff\": true } ] }",
	  "f:2: classes[0].handoff: contradicts \"offload\": false" },
	{ "{ " NODE "," SOURCES ", \"classes\": [ { \"name\": \"c\" },\n { \"name\": \"d\" } ] }",
	  "f:1: classes[0]: fits every connection (no local_port, no remote_port), so it must be the last" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"sample\": \"700ms\" } }",
	  "f:1: forecast.horizon: must be a multiple of forecast.sample" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"horizon\": \"4s\" } }",
	  "f:1: forecast.horizon: is 4 samples ahead, must be 5 to 120" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"history\": \"3h\" } }",
	  "f:1: forecast.history: is 10800 samples, must be 60 to 7200" },
	{ "{ " NODE "," SOURCES ", \"forecast\": { \"history\": \"2h\" },\n"
	  "\"history\": { \"keep\": \"1h\" } }",
	  "f:2: history.keep: is less than forecast.history, which the model is fitted to" },
	{ "{ " NODE "," SOURCES ", \"threshold\": { \"min\": 0.95 } }",
	  "f:1: threshold.min: 0.95 is above threshold.limit, 0.9" },
	{ "{ " NODE "," SOURCES ", \"offload\": { \"recall_below\": 0.6 } }",
	  "f:1: offload.recall_below: 0.6 is not below threshold.min, 0.6" },
	{ "{ " NODE "," SOURCES ", \"status\": { \"socket\": \"s\" } }",
	  "f:1: status.socket: must be an absolute path" },
};

TEST(every_error)
{
	struct config_error err;
	struct config config;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		EXPECT_EQ(-EINVAL, parse(&config, refused[i].text, &err))
		{
			TH_LOG("taken: %s", refused[i].text);
		}
		EXPECT_STREQ(refused[i].error, err.text);
		/* Nothing is left that would have to be freed. */
		EXPECT_EQ(NULL, config.peers);
		EXPECT_EQ(NULL, config.classes);
	}
}

TEST(bytes_that_are_not_text)
{
	static const char nul[] = "{\n\0}";
	struct config_error err;
	struct config config;

	EXPECT_EQ(-EINVAL, config_parse(&config, "f", nul, sizeof(nul) - 1, &err));
	EXPECT_STREQ("f:2: NUL byte", err.text);
	EXPECT_EQ(-EINVAL, parse(&config, "{ \"a\033[2J\": 1 }", &err));
	EXPECT_EQ(NULL, strchr(err.text, 033));
}

/* Every cut and every flipped byte of a good file: an error or not, but no crash. */
TEST(damaged_file)
{
	struct config_error err;
	struct config config;
	char text[sizeof(whole)];
	int ret;

	for (size_t len = 0; len + 2 < sizeof(whole); len++) {
		EXPECT_NE(0, config_parse(&config, "f", whole, len, &err))
		{
			TH_LOG("taken when cut after %zu bytes", len);
		}
	}
	for (size_t i = 0; i + 1 < sizeof(whole); i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(text, whole, sizeof(whole));
			text[i] ^= (char)(1 << bit);
			ret = config_parse(&config, "f", text, sizeof(whole) - 1, &err);
			if (!ret)
				config_free(&config);
			else
				EXPECT_EQ(0, strncmp(err.text, "f:", 2));
		}
	}
}

TEST(limits_of_the_file)
{
	char name[] = "/tmp/test_config.XXXXXX";
	struct config_error err;
	struct config config;
	char *text;
	int fd;

	text = calloc(1, CONFIG_FILE_MAX + 2);
	ASSERT_NE(NULL, text);
	memset(text, ' ', CONFIG_FILE_MAX + 1);
	fd = mkstemp(name);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(CONFIG_FILE_MAX + 1, write(fd, text, CONFIG_FILE_MAX + 1));
	EXPECT_EQ(-EFBIG, config_load(&config, name, &err));
	EXPECT_NE(NULL, strstr(err.text, ": larger than 1048576 bytes"));
	/* Exactly the limit is read, and is found to be no document. */
	ASSERT_EQ(0, ftruncate(fd, CONFIG_FILE_MAX));
	EXPECT_EQ(-EINVAL, config_load(&config, name, &err));
	EXPECT_NE(NULL, strstr(err.text, ":1: the file ends within a value"));
	close(fd);
	unlink(name);
	free(text);
	EXPECT_EQ(-ENOENT, config_load(&config, "/nonexistent/f.json", &err));
	EXPECT_STREQ("/nonexistent/f.json: No such file or directory", err.text);
	EXPECT_EQ(-EISDIR, config_load(&config, "/", &err));
	EXPECT_STREQ("/: Is a directory", err.text);
}

TEST(too_many_peers)
{
	size_t room = 32 + 3 * (SPILLWAY_PEERS_MAX + 1);
	struct config_error err;
	struct config config;
	char *text, *p;

	text = malloc(room + sizeof(NODE));
	ASSERT_NE(NULL, text);
	p = text + sprintf(text, "{ " NODE ", \"peers\": [ {}");
	for (int i = 0; i < SPILLWAY_PEERS_MAX; i++)
		p += sprintf(p, ",{}");
	sprintf(p, "]}");
	EXPECT_EQ(-EINVAL, parse(&config, text, &err));
	EXPECT_STREQ("f:1: peers: has 1025 entries, must have 0 to 1024", err.text);
	free(text);
}

static const struct {
	const char *text;
	int ret;
	uint64_t value;
} duration_cases[] = {
	{ "0ms", 0, 0 },
	{ "1s", 0, 1000 },
	{ "007m", 0, 420000 },
	{ "2h", 0, 7200000 },
	{ "14d", 0, 1209600000 },
	{ "18446744073709551615ms", 0, UINT64_MAX },
	{ "18446744073709551616ms", -ERANGE, 0 },
	{ "18446744073709551615s", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ "10", -EINVAL, 0 },
	{ "-1s", -EINVAL, 0 },
	{ "+1s", -EINVAL, 0 },
	{ " 1s", -EINVAL, 0 },
	{ "1 s", -EINVAL, 0 },
	{ "1s ", -EINVAL, 0 },
	{ "1S", -EINVAL, 0 },
	{ "1.5s", -EINVAL, 0 },
	{ "0x1s", -EINVAL, 0 },
	{ "1m30s", -EINVAL, 0 },
};

TEST(durations)
{
	uint64_t ms;

	for (size_t i = 0; i < ARRAY_LEN(duration_cases); i++) {
		ms = 0;
		EXPECT_EQ(duration_cases[i].ret, units_parse_duration(duration_cases[i].text, &ms))
		{
			TH_LOG("\"%s\"", duration_cases[i].text);
		}
		EXPECT_EQ(duration_cases[i].value, ms);
	}
}

static const struct {
	const char *text;
	int ret;
	uint64_t value;
} rate_cases[] = {
	{ "8bit", 0, 1 },
	{ "15bit", 0, 1 },
	{ "20mbit", 0, 2500000 },
	{ "1gbit", 0, 125000000 },
	{ "2500kB/s", 0, 2500000 },
	{ "3B/s", 0, 3 },
	{ "18446744073709551615B/s", 0, UINT64_MAX },
	{ "18446744073709551615kbit", -ERANGE, 0 },
	{ "20mbps", -EINVAL, 0 },
	{ "20Mbit", -EINVAL, 0 },
	{ "20", -EINVAL, 0 },
	{ "20 mbit", -EINVAL, 0 },
	{ "-20mbit", -EINVAL, 0 },
};

TEST(rates)
{
	uint64_t rate;

	for (size_t i = 0; i < ARRAY_LEN(rate_cases); i++) {
		rate = 0;
		EXPECT_EQ(rate_cases[i].ret, units_parse_rate(rate_cases[i].text, &rate))
		{
			TH_LOG("\"%s\"", rate_cases[i].text);
		}
		EXPECT_EQ(rate_cases[i].value, rate);
	}
}

TEST(units_as_text)
{
	char text[UNITS_TEXT_MAX];

	units_format_duration(90000, text);
	EXPECT_STREQ("90s", text);
	units_format_duration(0, text);
	EXPECT_STREQ("0ms", text);
	units_format_duration(14ULL * 24 * 3600 * 1000, text);
	EXPECT_STREQ("14d", text);
	units_format_rate(2500000, text);
	EXPECT_STREQ("20mbit", text);
	units_format_rate(1, text);
	EXPECT_STREQ("8bit", text);
	units_format_rate(UINT64_MAX, text);
	EXPECT_STREQ("18446744073709551615B/s", text);
}

TEST_HARNESS_MAIN
