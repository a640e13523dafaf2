// SPDX-License-Identifier: GPL-2.0-or-later
/* What people write on spillctl's command line, and what it says where they err. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spillctl.h"

#include "kselftest_harness.h"

FIXTURE(words)
{
	struct spillctl ctl;
	FILE *said; /* what goes to stderr */
	int stderr_fd;
	char text[512];
};

FIXTURE_SETUP(words)
{
	memset(&self->ctl, 0, sizeof(self->ctl));
	self->ctl.verb = "conns";
	self->said = tmpfile();
	ASSERT_NE(NULL, self->said);
	self->stderr_fd = dup(STDERR_FILENO);
	dup2(fileno(self->said), STDERR_FILENO);
}

FIXTURE_TEARDOWN(words)
{
	dup2(self->stderr_fd, STDERR_FILENO);
	close(self->stderr_fd);
	fclose(self->said);
}

/* What was said since the last time. */
static const char *said(FIXTURE_DATA(words) * self)
{
	size_t len;

	rewind(self->said);
	len = fread(self->text, 1, sizeof(self->text) - 1, self->said);
	self->text[len] = '\0';
	rewind(self->said);
	if (ftruncate(fileno(self->said), 0))
		return "ftruncate failed";
	return self->text;
}

TEST_F(words, numbers)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "4", "11", "99999999999999999999", "a",
	};
	uint64_t value = 77;

	EXPECT_TRUE(arg_number(&self->ctl, "top", "5", 5, 10, &value));
	EXPECT_EQ(5, value);
	EXPECT_TRUE(arg_number(&self->ctl, "top", "10", 5, 10, &value));
	EXPECT_EQ(10, value);
	EXPECT_TRUE(arg_number(&self->ctl, "top", "18446744073709551615", 0, UINT64_MAX, &value));
	EXPECT_EQ(UINT64_MAX, value);
	EXPECT_STREQ("", said(self));
	value = 77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_FALSE(arg_number(&self->ctl, "top", bad[i], 5, 10, &value));
		EXPECT_NE(NULL, strstr(said(self), "conns: top: "));
	}
	EXPECT_EQ(77, value);
}

TEST_F(words, an_unknown_word_gets_the_known_ones)
{
	uint8_t value = 77;

	EXPECT_TRUE(arg_word(&self->ctl, "role", "offloaded", &model_role, &value));
	EXPECT_EQ(SPILLWAY_ROLE_OFFLOADED, value);
	EXPECT_FALSE(arg_word(&self->ctl, "role", "Local", &model_role, &value));
	EXPECT_NE(NULL, strstr(said(self), "role: \"Local\" is none of local, offloaded"));
	EXPECT_EQ(SPILLWAY_ROLE_OFFLOADED, value);
}

TEST_F(words, names)
{
	char longest[SPILLWAY_NAME_MAX + 2];

	memset(longest, 'n', sizeof(longest));
	longest[SPILLWAY_NAME_MAX + 1] = '\0';
	EXPECT_FALSE(arg_name(&self->ctl, "peer", longest));
	EXPECT_NE(NULL, strstr(said(self), "peer: "));
	longest[SPILLWAY_NAME_MAX] = '\0';
	EXPECT_TRUE(arg_name(&self->ctl, "peer", longest));
	EXPECT_FALSE(arg_name(&self->ctl, "peer", ""));
}

TEST_F(words, endpoints)
{
	static const char *const bad[] = {
		"",
		":51821",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2:51821",
		"192.0.2.256",
		"host:51821",
		"192.0.2.1 :51821",
		"192.0.2.111.192.0.2.111:51821",
		"2001:db8::1",
		"2001:db8::1:51821",
		"[2001:db8::1",
		"[2001:db8::1]:",
		"[2001:db8::1]51821",
		"[2001:db8::1]:0",
		"[2001:db8::1]:65536",
		"[192.0.2.1]:51821",
		"[fe80::1%lo]:51821",
		"[]:51821",
		"[1:2:3:4:5:6:7:8:9:1111:2222:3333:4444:5555]:1",
	};
	struct address addr;
	char text[ENDPOINT_TEXT_MAX];
	uint16_t port;

	ASSERT_TRUE(arg_endpoint(&self->ctl, "192.0.2.1:65535", &addr, &port));
	EXPECT_EQ(AF_INET, addr.family);
	EXPECT_EQ(htonl(0xc0000201), addr.v4.s_addr);
	EXPECT_EQ(65535, port);
	ASSERT_TRUE(arg_endpoint(&self->ctl, "192.0.2.1", &addr, &port));
	EXPECT_EQ(SPILLWAY_PORT_DEFAULT, port);
	ASSERT_TRUE(arg_endpoint(&self->ctl, "[2001:DB8:0:0::1]:65535", &addr, &port));
	EXPECT_STREQ("[2001:db8::1]:65535", endpoint_text(&addr, port, text));
	ASSERT_TRUE(arg_endpoint(&self->ctl, "[2001:db8::1]", &addr, &port));
	EXPECT_EQ(SPILLWAY_PORT_DEFAULT, port);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_FALSE(arg_endpoint(&self->ctl, bad[i], &addr, &port));
		EXPECT_NE(NULL, strstr(said(self), "endpoint"));
	}
}

TEST_F(words, prefixes)
{
	static const char *const bad[] = {
		"",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/8/8",
		"10/8",
		"2001:db8::/129",
		"2001:db8::/",
		"[2001:db8::]/32",
		"2001:db8/32",
		"fe80::1%eth0",
	};
	struct address addr;
	uint8_t plen;

	ASSERT_TRUE(arg_prefix(&self->ctl, "src", "10.1.2.3", &addr, &plen));
	EXPECT_EQ(32, plen);
	EXPECT_EQ(htonl(0x0a010203), addr.v4.s_addr);
	ASSERT_TRUE(arg_prefix(&self->ctl, "src", "0.0.0.0/0", &addr, &plen));
	EXPECT_EQ(0, plen);
	ASSERT_TRUE(arg_prefix(&self->ctl, "src", "2001:db8::7", &addr, &plen));
	EXPECT_EQ(AF_INET6, addr.family);
	EXPECT_EQ(128, plen);
	ASSERT_TRUE(arg_prefix(&self->ctl, "src", "::/0", &addr, &plen));
	EXPECT_EQ(0, plen);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_FALSE(arg_prefix(&self->ctl, "src", bad[i], &addr, &plen));
		EXPECT_NE(NULL, strstr(said(self), "src: "));
	}
}

/* Reads the words; returns how many were taken, -1 where they were refused. */
static int read_filter(FIXTURE_DATA(words) * self, const char *line, struct model_filter *filter)
{
	char copy[256], *argv[32];
	int argc = 0, i = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	memset(filter, 0, sizeof(*filter));
	return filter_read(&self->ctl, argc, argv, &i, filter) ? i : -1;
}

TEST_F(words, every_filter)
{
	struct model_filter f;

	EXPECT_EQ(16, read_filter(self,
				  "role local dir in peer n2 src 10.0.0.0/8 dst 192.0.2.1 "
				  "sport 80 dport 65535 age 1500ms",
				  &f));
	EXPECT_EQ(MODEL_HAS(CONN_ROLE) | MODEL_HAS(CONN_DIRECTION) | MODEL_HAS(PEER_NAME) |
			  MODEL_HAS(LOCAL_PLEN) | MODEL_HAS(REMOTE_PLEN) | MODEL_HAS(LOCAL_PORT) |
			  MODEL_HAS(REMOTE_PORT) | MODEL_HAS(AGE_MS),
		  f.has);
	EXPECT_EQ(SPILLWAY_ROLE_LOCAL, f.role);
	EXPECT_EQ(SPILLWAY_DIR_IN, f.direction);
	EXPECT_STREQ("n2", f.peer_name);
	EXPECT_EQ(AF_INET, f.local.family);
	EXPECT_EQ(AF_INET, f.remote.family);
	EXPECT_EQ(8, f.local_plen);
	EXPECT_EQ(32, f.remote_plen);
	EXPECT_EQ(80, f.local_port);
	EXPECT_EQ(65535, f.remote_port);
	EXPECT_EQ(1500, f.age_ms);
}

TEST_F(words, a_filter_ends_at_another_word)
{
	struct model_filter f;

	EXPECT_EQ(2, read_filter(self, "dport 80 to n2", &f));
	EXPECT_EQ(0, read_filter(self, "to n2", &f));
	EXPECT_EQ(0, read_filter(self, "", &f));
	EXPECT_EQ(0, f.has);
}

TEST_F(words, a_bad_filter_names_its_word)
{
	static const char *const bad[][2] = {
		{ "dport", "dport: a value is missing" },
		{ "dport 0", "dport: " },
		{ "sport 65536", "sport: " },
		{ "sport http", "sport: " },
		{ "src ::1::", "src: " },
		{ "dst 2001:db8::/129", "dst: " },
		{ "dst 10.0.0.0/40", "dst: " },
		{ "age 5", "age: " },
		{ "age -5s", "age: " },
		{ "role any", "role: \"any\" is none of local, offloaded" },
		{ "role hosted", "role: hosted connections are not among these: see "
				 "\"spillctl conns --hosted\"" },
		{ "role moved", "see \"spillctl moved\"" },
		{ "role arrived", "see \"spillctl moved\"" },
		{ "role local dir up", "dir: " },
	};
	struct model_filter f;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, read_filter(self, bad[i][0], &f));
		EXPECT_NE(NULL, strstr(said(self), bad[i][1]))
		{
			TH_LOG("%s: said \"%s\"", bad[i][0], self->text);
		}
	}
}

TEST_F(words, only_a_peer)
{
	char word[] = "peer", name[] = "n2", more[] = "x";
	char *const argv[] = { word, name, more }, *const other[] = { more };
	const char *peer = more;

	EXPECT_TRUE(arg_peer_only(&self->ctl, 0, (char **)argv, &peer));
	EXPECT_EQ(NULL, peer);
	EXPECT_TRUE(arg_peer_only(&self->ctl, 2, (char **)argv, &peer));
	EXPECT_STREQ("n2", peer);
	EXPECT_STREQ("", said(self));
	EXPECT_FALSE(arg_peer_only(&self->ctl, 1, (char **)argv, &peer));
	EXPECT_NE(NULL, strstr(said(self), "peer: a value is missing"));
	EXPECT_FALSE(arg_peer_only(&self->ctl, 3, (char **)argv, &peer));
	EXPECT_NE(NULL, strstr(said(self), "\"x\" does not apply"));
	EXPECT_FALSE(arg_peer_only(&self->ctl, 1, (char **)other, &peer));
	EXPECT_NE(NULL, strstr(said(self), "\"x\" does not apply"));
}

TEST(numbers_for_people)
{
	char text[TEXT_MAX];

	EXPECT_STREQ("999B", text_bytes(999, text));
	EXPECT_STREQ("1.0kB", text_bytes(1000, text));
	EXPECT_STREQ("10kB", text_bytes(9960, text));
	EXPECT_STREQ("1.0MB", text_bytes(999500, text));
	EXPECT_STREQ("18EB", text_bytes(UINT64_MAX, text));
	EXPECT_STREQ("8.0kbit", text_rate(1000, text));
	EXPECT_STREQ("999ms", text_time_ms(999, text));
	EXPECT_STREQ("1.5s", text_time_ms(1500, text));
	EXPECT_STREQ("1m05s", text_time_ms(65000, text));
	EXPECT_STREQ("25h01m", text_time_ms(25 * 3600000 + 60000, text));
	EXPECT_STREQ("999us", text_time_us(999, text));
	EXPECT_STREQ("1.5ms", text_time_us(1500, text));
	EXPECT_STREQ("91%", text_permille(908, text));
}

TEST(addresses_for_people)
{
	struct address none = { .family = AF_UNSPEC };
	struct address four = { .family = AF_INET, .v4 = { htonl(0xc0000201) } };
	char longest[] = "2001:db8:1111:2222:3333:4444:5555:6666";
	char text[ENDPOINT_TEXT_MAX], again[ENDPOINT_TEXT_MAX];
	struct address six;

	ASSERT_TRUE(address_parse(longest, strlen(longest), &six));
	EXPECT_STREQ("192.0.2.1:51821", endpoint_text(&four, 51821, text));
	EXPECT_STREQ("192.0.2.1", address_text(&four, text));
	EXPECT_STREQ(longest, address_text(&six, text));
	snprintf(again, sizeof(again), "[%s]:65535", longest);
	EXPECT_STREQ(again, endpoint_text(&six, 65535, text));
	EXPECT_STREQ("-", address_text(&none, text));
	EXPECT_FALSE(address_equal(&four, &six));
	EXPECT_TRUE(address_equal(&six, &six));
	EXPECT_FALSE(address_parse("1\0.2.3.4", 9, &four));
}

TEST_HARNESS_MAIN
