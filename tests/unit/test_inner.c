// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's pure room of inner packets: what is carried, and what is put together. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

#include "kselftest_harness.h"

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10, ECE = 0x40, CWR = 0x80 };

struct packet {
	uint8_t data[2048];
	size_t len;
};

/* A segment of one connection, with 12 bytes of TCP options. */
static void build(struct packet *p, int family, uint16_t id, uint32_t seq, uint8_t flags,
		  size_t payload)
{
	uint8_t *tcp;

	memset(p, 0, sizeof(*p));
	p->len = (family == 4 ? 20 : 40) + 32 + payload;
	if (family == 4) {
		p->data[0] = 0x45;
		p->data[2] = (uint8_t)(p->len >> 8);
		p->data[3] = (uint8_t)p->len;
		p->data[4] = (uint8_t)(id >> 8);
		p->data[5] = (uint8_t)id;
		p->data[8] = 64;
		p->data[9] = 6;
		inet_pton(AF_INET, "192.0.2.1", p->data + 12);
		inet_pton(AF_INET, "198.51.100.7", p->data + 16);
	} else {
		p->data[0] = 0x60;
		p->data[4] = (uint8_t)((p->len - 40) >> 8);
		p->data[5] = (uint8_t)(p->len - 40);
		p->data[6] = 6;
		p->data[7] = 64;
		inet_pton(AF_INET6, "2001:db8::1", p->data + 8);
		inet_pton(AF_INET6, "2001:db8:1::7", p->data + 24);
	}
	tcp = p->data + (family == 4 ? 20 : 40);
	tcp[1] = 80;
	tcp[3] = 90;
	seq = htonl(seq);
	memcpy(tcp + 4, &seq, 4);
	tcp[12] = 0x80;
	tcp[13] = flags;
	tcp[15] = 77; /* window */
	tcp[20] = 1;
}

static bool add(struct spw_merge *m, const struct packet *p)
{
	struct spw_inner inner;

	if (spw_inner_parse(p->data, p->len, &inner))
		abort();
	return spw_merge_add(m, p->data, &inner);
}

static void begin(struct spw_merge *m, const struct packet *p)
{
	struct spw_inner inner;

	if (spw_inner_parse(p->data, p->len, &inner))
		abort();
	spw_merge_begin(m, p->data, &inner);
}

FIXTURE(family)
{
	struct packet p;
	struct spw_merge m;
	struct spw_inner inner;
};

FIXTURE_VARIANT(family)
{
	int family;
};

FIXTURE_VARIANT_ADD(family, ipv4){ .family = 4 };
FIXTURE_VARIANT_ADD(family, ipv6){ .family = 6 };

FIXTURE_SETUP(family)
{
	build(&self->p, variant->family, 100, 1000, ACK, 500);
}

FIXTURE_TEARDOWN(family)
{
}

TEST_F(family, shape)
{
	ASSERT_EQ(0, spw_inner_parse(self->p.data, self->p.len, &self->inner));
	EXPECT_EQ(variant->family, self->inner.family);
	EXPECT_EQ(variant->family == 4 ? 20 : 40, self->inner.ip_len);
	EXPECT_EQ(self->inner.ip_len + 32, self->inner.hdr_len);
	EXPECT_EQ(500, self->inner.payload);
}

TEST_F(family, every_other_length_is_refused)
{
	size_t len;

	for (len = 0; len <= self->p.len + 8; len++)
		if (len != self->p.len) {
			EXPECT_EQ(-EPROTO, spw_inner_parse(self->p.data, len, &self->inner));
		}
}

TEST_F(family, what_is_not_carried)
{
	struct packet p = self->p;
	int i;

	p.data[variant->family == 4 ? 9 : 6] = 17;
	EXPECT_EQ(-EPROTO, spw_inner_parse(p.data, p.len, &self->inner));
	for (i = 0; i < 16; i++) {
		p = self->p;
		p.data[0] = (uint8_t)(i << 4 | (p.data[0] & 0xf));
		if (i != variant->family)
			EXPECT_EQ(-EPROTO, spw_inner_parse(p.data, p.len, &self->inner));
	}
	/* A TCP header shorter than the least, and longer than the packet. */
	build(&p, variant->family, 1, 1, ACK, 0);
	for (i = 0; i < 16; i++) {
		p.data[p.len - 32 + 12] = (uint8_t)(i << 4);
		EXPECT_EQ(i >= 5 && i <= 8 ? 0 : -EPROTO,
			  spw_inner_parse(p.data, p.len, &self->inner));
	}
}

TEST(addresses)
{
	static const char *const bad4[] = { "0.0.0.0",   "0.1.2.3",   "127.0.0.1",
					    "224.0.0.1", "240.0.0.1", "255.255.255.255" };
	static const char *const bad6[] = { "::", "::1", "ff02::1", "fe80::1", "febf::1" };
	struct spw_inner inner;
	struct packet p;
	size_t i;

	for (i = 0; i < 2 * sizeof(bad4) / sizeof(*bad4); i++) {
		build(&p, 4, 1, 1, ACK, 10);
		inet_pton(AF_INET, bad4[i / 2], p.data + (i % 2 ? 12 : 16));
		EXPECT_EQ(-EPROTO, spw_inner_parse(p.data, p.len, &inner));
	}
	for (i = 0; i < 2 * sizeof(bad6) / sizeof(*bad6); i++) {
		build(&p, 6, 1, 1, ACK, 10);
		inet_pton(AF_INET6, bad6[i / 2], p.data + (i % 2 ? 8 : 24));
		EXPECT_EQ(-EPROTO, spw_inner_parse(p.data, p.len, &inner));
	}
}

TEST(fragments_are_refused)
{
	struct spw_inner inner;
	struct packet p;

	build(&p, 4, 1, 1, ACK, 10);
	p.data[6] = 0x40;
	EXPECT_EQ(0, spw_inner_parse(p.data, p.len, &inner));
	p.data[6] = 0x20;
	EXPECT_EQ(-EPROTO, spw_inner_parse(p.data, p.len, &inner));
	p.data[6] = 0;
	p.data[7] = 1;
	EXPECT_EQ(-EPROTO, spw_inner_parse(p.data, p.len, &inner));
}

TEST_F(family, segments_in_order_are_one)
{
	struct packet next;

	begin(&self->m, &self->p);
	build(&next, variant->family, 101, 1500, ACK, 500);
	EXPECT_TRUE(add(&self->m, &next));
	build(&next, variant->family, 102, 2000, ACK | PSH, 300);
	EXPECT_TRUE(add(&self->m, &next));
	EXPECT_EQ(3, self->m.count);
	EXPECT_EQ(1300, self->m.payload);
	/* Shorter than the first: the last. */
	build(&next, variant->family, 103, 2300, ACK, 300);
	EXPECT_FALSE(add(&self->m, &next));

	spw_merge_finish(&self->m);
	memcpy(next.data, self->m.hdr, self->m.shape.hdr_len);
	ASSERT_EQ(0, spw_inner_parse(next.data, self->m.shape.hdr_len + 1300, &self->inner));
	EXPECT_EQ(1300, self->inner.payload);
	EXPECT_EQ(ACK | PSH, next.data[self->inner.ip_len + 13]);
}

TEST_F(family, sequence_must_follow)
{
	static const uint32_t wrong[] = { 1499, 1501, 1000, 500, 0, 0x80000000 };
	struct packet next;
	size_t i;

	begin(&self->m, &self->p);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		build(&next, variant->family, 101, wrong[i], ACK, 500);
		EXPECT_FALSE(add(&self->m, &next));
	}
	EXPECT_EQ(1, self->m.count);
	/* Around zero. */
	build(&next, variant->family, 100, 0xfffffff0, ACK, 500);
	begin(&self->m, &next);
	build(&next, variant->family, 101, 0xfffffff0 + 500, ACK, 500);
	EXPECT_TRUE(add(&self->m, &next));
}

TEST_F(family, longer_or_empty_stays_apart)
{
	struct packet next;

	begin(&self->m, &self->p);
	build(&next, variant->family, 101, 1500, ACK, 501);
	EXPECT_FALSE(add(&self->m, &next));
	build(&next, variant->family, 101, 1500, ACK, 0);
	EXPECT_FALSE(add(&self->m, &next));
	build(&next, variant->family, 101, 1500, ACK, 0);
	begin(&self->m, &next);
	build(&next, variant->family, 102, 1500, ACK, 500);
	EXPECT_FALSE(add(&self->m, &next));
}

TEST_F(family, flags)
{
	static const uint8_t apart[] = { ACK | SYN, ACK | RST, 0, ACK | ECE, ACK | CWR };
	static const uint8_t ends[] = { ACK | PSH, ACK | FIN, ACK | FIN | PSH };
	struct packet next;
	size_t i;

	for (i = 0; i < sizeof(apart); i++) {
		begin(&self->m, &self->p);
		build(&next, variant->family, 101, 1500, apart[i], 500);
		EXPECT_FALSE(add(&self->m, &next));
	}
	for (i = 0; i < sizeof(ends); i++) {
		begin(&self->m, &self->p);
		build(&next, variant->family, 101, 1500, ends[i], 500);
		EXPECT_TRUE(add(&self->m, &next));
		build(&next, variant->family, 102, 2000, ACK, 500);
		EXPECT_FALSE(add(&self->m, &next));
		build(&next, variant->family, 100, 1000, ends[i], 500);
		begin(&self->m, &next);
		build(&next, variant->family, 101, 1500, ACK, 500);
		EXPECT_FALSE(add(&self->m, &next));
	}
	/* CWR on the first is kept there. */
	build(&next, variant->family, 100, 1000, ACK | CWR, 500);
	begin(&self->m, &next);
	build(&next, variant->family, 101, 1500, ACK, 500);
	EXPECT_TRUE(add(&self->m, &next));
}

/* Any other byte of the headers makes a difference, the checksums apart. */
TEST_F(family, any_other_difference_stays_apart)
{
	size_t ip = variant->family == 4 ? 20 : 40, i;
	struct packet next;

	for (i = 0; i < ip + 32; i++) {
		bool length = variant->family == 4 ? i == 2 || i == 3 : i == 4 || i == 5;
		bool csum = (variant->family == 4 && (i == 10 || i == 11)) || i == ip + 16 ||
			    i == ip + 17;
		struct spw_inner inner;

		begin(&self->m, &self->p);
		build(&next, variant->family, 101, 1500, ACK, 500);
		next.data[i] ^= 0x04;
		if (length || spw_inner_parse(next.data, next.len, &inner))
			continue;
		EXPECT_EQ(csum, spw_merge_add(&self->m, next.data, &inner))
		{
			TH_LOG("byte %zu", i);
		}
	}
}

TEST(ipv4_ids)
{
	struct spw_merge m;
	struct packet p;

	build(&p, 4, 0xffff, 1000, ACK, 500);
	begin(&m, &p);
	build(&p, 4, 0, 1500, ACK, 500);
	EXPECT_TRUE(add(&m, &p));
	build(&p, 4, 7, 2000, ACK, 500);
	EXPECT_FALSE(add(&m, &p));
	/* All the same is right where nothing may be cut (RFC 6864). */
	build(&p, 4, 9, 1000, ACK, 500);
	p.data[6] = 0x40;
	begin(&m, &p);
	build(&p, 4, 9, 1500, ACK, 500);
	EXPECT_FALSE(add(&m, &p));
	p.data[6] = 0x40;
	EXPECT_TRUE(add(&m, &p));
}

TEST_F(family, the_whole_is_an_ip_packet)
{
	struct packet next;
	uint32_t seq = 1000;
	int n = 1;

	build(&self->p, variant->family, 0, seq, ACK, 1448);
	begin(&self->m, &self->p);
	for (;;) {
		build(&next, variant->family, (uint16_t)n, seq += 1448, ACK, 1448);
		if (!add(&self->m, &next))
			break;
		n++;
	}
	EXPECT_EQ((65535 - self->m.shape.hdr_len) / 1448, n);
}

/* An ICMP error about a segment that the outer destination has sent, cut down. */
static void build_error(struct packet *p, int family)
{
	const size_t ip = family == 4 ? 20 : 40, dst = family == 4 ? 16 : 24,
		     addr = family == 4 ? 4 : 16;
	struct packet quoted;

	build(&quoted, family, 1, 1000, ACK, 100);
	build(p, family, 2, 0, 0, 0);
	p->len = 2 * ip + 16;
	if (family == 4)
		p->data[3] = (uint8_t)p->len;
	else
		p->data[5] = (uint8_t)(p->len - ip);
	p->data[family == 4 ? 9 : 6] = family == 4 ? 1 : 58;
	memset(p->data + ip, 0, 8);
	p->data[ip] = family == 4 ? 3 : 2;
	memcpy(p->data + ip + 8, quoted.data, ip + 8);
	memcpy(p->data + dst, quoted.data + dst - addr, addr);
}

TEST_F(family, icmp_error)
{
	build_error(&self->p, variant->family);
	ASSERT_EQ(0, spw_inner_parse(self->p.data, self->p.len, &self->inner));
	EXPECT_TRUE(self->inner.icmp);
	EXPECT_EQ(self->p.len, self->inner.hdr_len);
	EXPECT_EQ(0, self->inner.payload);
	/* Nothing follows it, and it follows nothing. */
	begin(&self->m, &self->p);
	EXPECT_FALSE(add(&self->m, &self->p));
}

TEST_F(family, icmp_error_bad)
{
	const int six = variant->family == 6;
	const size_t ip = six ? 40 : 20;
	/* Type, what is quoted: version, protocol, who sent it. */
	const size_t at[] = { ip, ip + 8, ip + 8 + (six ? 6 : 9), ip + 8 + (six ? 8 : 12) };
	size_t i;

	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		build_error(&self->p, variant->family);
		self->p.data[at[i]] ^= 0x80;
		EXPECT_NE(0, spw_inner_parse(self->p.data, self->p.len, &self->inner));
	}
	build_error(&self->p, variant->family);
	EXPECT_NE(0, spw_inner_parse(self->p.data, self->p.len - 1, &self->inner));
	EXPECT_NE(0, spw_inner_parse(self->p.data, self->p.len + 1, &self->inner));
}

TEST_HARNESS_MAIN
