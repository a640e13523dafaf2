// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The search for the path's MTU, from the very same source as the module's, against a
 * path in virtual time that has an MTU, a round-trip time and losses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "pmtu.h"

#include "kselftest_harness.h"

#define MS     1000000ULL
#define SECOND (1000 * MS)
#define RAISE  (600 * SECOND)

/* A path, and the search on it; replies come a round trip after their probes. */
struct path {
	struct spw_pmtu pmtu;
	uint64_t now;
	uint64_t rtt;
	uint32_t mtu;
	unsigned int loss; /* permille, each way together */
	bool flows;
	unsigned int probes;
	unsigned int sizes; /* different ones in a row */
	uint16_t last;
	size_t pending;
	struct {
		struct spw_pmtu_probe probe;
		uint64_t at;
	} reply[64];
};

static void path_init(struct path *p, uint32_t bound, uint32_t mtu)
{
	memset(p, 0, sizeof(*p));
	p->now = SECOND;
	p->rtt = 10 * MS;
	p->mtu = mtu;
	p->flows = true;
	spw_pmtu_start(&p->pmtu, false, bound, p->now);
}

static void probe(struct path *p, const struct spw_pmtu_probe *probe)
{
	p->probes++;
	p->sizes += probe->size != p->last;
	p->last = probe->size;
	if (probe->size > p->mtu || (unsigned int)(random() % 1000) < p->loss ||
	    p->pending == sizeof(p->reply) / sizeof(p->reply[0]))
		return;
	p->reply[p->pending].probe = *probe;
	p->reply[p->pending++].at = p->now + p->rtt;
}

static void replies(struct path *p)
{
	size_t i = 0;

	while (i < p->pending) {
		if (p->reply[i].at > p->now) {
			i++;
			continue;
		}
		spw_pmtu_reply(&p->pmtu, &p->reply[i].probe, p->now);
		p->reply[i] = p->reply[--p->pending];
	}
}

/* In steps of a millisecond. Returns the most that the size has been. */
static uint16_t run(struct path *p, uint64_t time)
{
	uint64_t end = p->now + time;
	struct spw_pmtu_now step = { .raise = RAISE };
	struct spw_pmtu_probe out;
	uint16_t most = 0;

	for (; p->now < end; p->now += MS) {
		replies(p);
		step.now = p->now;
		step.timer = spw_pmtu_timer((uint32_t)(p->rtt / 1000));
		step.flows = p->flows;
		step.echoed = p->mtu ? p->now - p->rtt : 0;
		if (spw_pmtu_step(&p->pmtu, &step, &out))
			probe(p, &out);
		if (p->pmtu.size > most)
			most = p->pmtu.size;
	}
	return most;
}

TEST(usual_path_takes_two_round_trips)
{
	struct path p;

	path_init(&p, 1500, 1500);
	EXPECT_EQ(SPW_PMTU_BASE4, p.pmtu.size);
	run(&p, 22 * MS);
	EXPECT_EQ(1500, p.pmtu.size);
	EXPECT_EQ(2, p.probes);
	p.flows = false;
	run(&p, 10 * MS);
	EXPECT_EQ(SPW_PMTU_COMPLETE, p.pmtu.state);
}

/* Whatever the path takes, it is found from below, to one part in 64, in a few steps. */
TEST(every_mtu)
{
	static const uint32_t bounds[] = { 1500, 9000, 65535 };
	unsigned int i, most = 0;
	struct path p;
	uint32_t mtu;

	for (i = 0; i < 3; i++) {
		for (mtu = 1200; mtu <= bounds[i]; mtu += mtu < 1600 ? 1 : 101) {
			path_init(&p, bounds[i], mtu);
			p.flows = false;
			ASSERT_LE(run(&p, 8 * SECOND), mtu);
			ASSERT_EQ(SPW_PMTU_COMPLETE, p.pmtu.state);
			ASSERT_GE(p.pmtu.size + (p.pmtu.size >> 6), mtu);
			ASSERT_EQ(0, p.pmtu.black_holes);
			if (p.sizes > most)
				most = p.sizes;
		}
	}
	TH_LOG("at most %u sizes", most);
	EXPECT_LE(most, 16);
}

TEST(plausible_mtus_are_found_to_the_byte)
{
	static const uint32_t mtus[] = { 1280, 1400, 1420, 1450, 1480, 1492 };
	struct path p;
	size_t i;

	for (i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		path_init(&p, 1500, mtus[i]);
		run(&p, 4 * SECOND);
		EXPECT_EQ(mtus[i], p.pmtu.size);
	}
}

TEST(black_hole_is_left_within_half_a_second)
{
	uint64_t began;
	struct path p;

	path_init(&p, 1500, 1500);
	run(&p, SECOND);
	ASSERT_EQ(1500, p.pmtu.size);
	p.mtu = 1280;
	for (began = p.now; p.pmtu.size > p.mtu && p.now < began + 5 * SECOND;)
		run(&p, MS);
	EXPECT_EQ(SPW_PMTU_BASE4, p.pmtu.size);
	EXPECT_LE(p.now - began, 500 * MS);
	EXPECT_EQ(0, p.pmtu.black_holes);
	EXPECT_LE(run(&p, 4 * SECOND), 1280);
	EXPECT_EQ(1280, p.pmtu.size);
	EXPECT_EQ(1, p.pmtu.black_holes);
}

/* Nothing is carried at all: that is health's matter. */
TEST(silence_is_no_black_hole)
{
	struct path p;

	path_init(&p, 1500, 1500);
	run(&p, SECOND);
	p.mtu = 0;
	run(&p, 60 * SECOND);
	EXPECT_EQ(SPW_PMTU_BASE, p.pmtu.state);
	EXPECT_EQ(SPW_PMTU_BASE4, p.pmtu.size);
	p.mtu = 1500;
	run(&p, SECOND);
	EXPECT_EQ(1500, p.pmtu.size);
	EXPECT_LE(p.pmtu.black_holes, 1);
}

/* A report from the data path does not wait for the next confirmation. */
TEST(loss_report_confirms_now)
{
	unsigned int before;
	struct path p;

	path_init(&p, 1500, 1500);
	run(&p, SECOND);
	while (p.pmtu.probing || p.pmtu.deadline < p.now + 150 * MS)
		run(&p, MS);
	before = p.probes;
	spw_pmtu_lost(&p.pmtu, 1100, p.now);
	run(&p, 2 * MS);
	EXPECT_EQ(before, p.probes);
	spw_pmtu_lost(&p.pmtu, 1400, p.now);
	run(&p, 2 * MS);
	EXPECT_EQ(before + 1, p.probes);
	run(&p, SECOND);
	EXPECT_EQ(1500, p.pmtu.size);
	EXPECT_EQ(0, p.pmtu.black_holes);
}

TEST(idle_path_is_left_alone)
{
	unsigned int before;
	struct path p;

	path_init(&p, 1500, 1500);
	run(&p, SECOND);
	p.flows = false;
	run(&p, SECOND);
	before = p.probes;
	run(&p, 1000 * SECOND);
	EXPECT_EQ(before, p.probes);
}

TEST(path_that_grows_is_found_by_the_raise_timer)
{
	struct path p;

	path_init(&p, 1500, 1280);
	run(&p, 10 * SECOND);
	ASSERT_EQ(1280, p.pmtu.size);
	p.mtu = 1500;
	run(&p, RAISE - 20 * SECOND);
	EXPECT_EQ(1280, p.pmtu.size);
	run(&p, 30 * SECOND);
	EXPECT_EQ(1500, p.pmtu.size);
}

TEST(routing_sets_the_bound)
{
	struct path p;

	path_init(&p, 1500, 1500);
	run(&p, SECOND);
	spw_pmtu_set_bound(&p.pmtu, 1280, p.now);
	EXPECT_EQ(1280, p.pmtu.size);
	EXPECT_EQ(1280, run(&p, 10 * SECOND));
	spw_pmtu_set_bound(&p.pmtu, 1000, p.now);
	EXPECT_EQ(1000, p.pmtu.size);
	EXPECT_EQ(1000, run(&p, 10 * SECOND));
	p.mtu = 9000;
	spw_pmtu_set_bound(&p.pmtu, 9000, p.now);
	run(&p, SECOND);
	EXPECT_EQ(9000, p.pmtu.size);
	EXPECT_EQ(0, p.pmtu.black_holes);
}

TEST(less_than_the_base_size)
{
	struct path p;

	path_init(&p, 1500, 1000);
	run(&p, 5 * SECOND);
	EXPECT_EQ(SPW_PMTU_ERROR, p.pmtu.state);
	EXPECT_EQ(SPW_PMTU_MIN4, p.pmtu.size);
	p.mtu = 1500;
	run(&p, 2 * SECOND);
	EXPECT_EQ(1500, p.pmtu.size);
	/* IPv6 has nothing below its minimum link MTU. */
	p.mtu = 1000;
	spw_pmtu_start(&p.pmtu, true, 1500, p.now);
	run(&p, 5 * SECOND);
	EXPECT_EQ(SPW_PMTU_BASE6, p.pmtu.size);
}

/* Chance is no black hole for long: the size is back after two round trips. */
TEST(random_loss)
{
	uint64_t below = 0, total = 0;
	struct path p;

	srandom(3);
	path_init(&p, 1500, 1500);
	run(&p, SECOND);
	p.loss = 200;
	while (total < 1000 * SECOND) {
		run(&p, 5 * MS);
		total += 5 * MS;
		below += p.pmtu.size < 1500 ? 5 * MS : 0;
	}
	TH_LOG("%u black holes, below for %llu ms", p.pmtu.black_holes,
	       (unsigned long long)(below / MS));
	EXPECT_LE(p.pmtu.black_holes, 30);
	EXPECT_LE(below, total / 100);
}

/* Queues grow and the probes' timer has not heard of it: late replies repair it. */
TEST(late_replies_count)
{
	struct spw_pmtu_now step = { .raise = RAISE, .timer = 50 * MS, .flows = true };
	struct spw_pmtu_probe first, next;
	struct spw_pmtu p = { .next_id = 0xfffffffe };

	spw_pmtu_start(&p, false, 1500, 0);
	ASSERT_TRUE(spw_pmtu_step(&p, &step, &first));
	EXPECT_EQ(0, spw_pmtu_reply(&p, &first, 0));
	EXPECT_EQ(-ENOENT, spw_pmtu_reply(&p, &first, 0));
	p.confirm_at = SECOND;
	ASSERT_TRUE(spw_pmtu_step(&p, &step, &first));
	EXPECT_EQ(1500, first.size);
	EXPECT_EQ(0, spw_pmtu_reply(&p, &first, 0));
	for (step.now = SECOND; p.size == 1500; step.now += 10 * MS)
		if (spw_pmtu_step(&p, &step, &next) && next.size == 1500)
			first = next;
	EXPECT_EQ(SPW_PMTU_BASE4, p.size);
	EXPECT_EQ(0, spw_pmtu_reply(&p, &first, step.now));
	EXPECT_EQ(1500, p.size);
}

TEST(replies_that_answer_nothing)
{
	struct spw_pmtu_now step = { .raise = RAISE, .timer = SECOND };
	struct spw_pmtu_probe sent, wrong;
	struct spw_pmtu p = { .next_id = 7 };

	EXPECT_EQ(-ENOENT, spw_pmtu_reply(&p, &(struct spw_pmtu_probe){ 6, 1200 }, 0));
	spw_pmtu_start(&p, false, 1500, 0);
	EXPECT_EQ(-ENOENT, spw_pmtu_reply(&p, &(struct spw_pmtu_probe){ 6, 1200 }, 0));
	ASSERT_TRUE(spw_pmtu_step(&p, &step, &sent));
	wrong = (struct spw_pmtu_probe){ sent.id, 1500 };
	EXPECT_EQ(-ENOENT, spw_pmtu_reply(&p, &wrong, 0));
	wrong = (struct spw_pmtu_probe){ sent.id + 1, sent.size };
	EXPECT_EQ(-ENOENT, spw_pmtu_reply(&p, &wrong, 0));
	EXPECT_EQ(SPW_PMTU_BASE4, p.size);
	/* A new path: what was sent before proves nothing. */
	spw_pmtu_start(&p, false, 1500, 0);
	EXPECT_EQ(-ENOENT, spw_pmtu_reply(&p, &sent, 0));
	EXPECT_EQ(SPW_PMTU_BASE, p.state);
}

/* Replies of any content: the size stays within its bounds, and the search ends. */
TEST(replies_of_any_content)
{
	struct spw_pmtu_probe probe;
	struct path p;
	int i;

	srandom(5);
	path_init(&p, 9000, 1400);
	for (i = 0; i < 200000; i++) {
		probe.id = p.pmtu.next_id - (uint32_t)(random() % 12);
		probe.size = (uint16_t)random();
		spw_pmtu_reply(&p.pmtu, &probe, p.now);
		if (i % 5000 == 0)
			spw_pmtu_set_bound(&p.pmtu, 68 + (uint32_t)(random() % 9000), p.now);
		run(&p, MS);
		ASSERT_LE(p.pmtu.size, p.pmtu.bound);
	}
	spw_pmtu_set_bound(&p.pmtu, 600, p.now);
	spw_pmtu_set_bound(&p.pmtu, 1500, p.now);
	run(&p, 10 * SECOND);
	EXPECT_EQ(1400, p.pmtu.size);
}

TEST(answers_are_bounded)
{
	struct spw_pmtu_answers a = { 0 };
	unsigned int answered = 0;
	uint64_t now;

	for (now = SECOND; now < 2 * SECOND; now += MS / 10)
		answered += spw_pmtu_may_answer(&a, now);
	EXPECT_GE(answered, 200);
	EXPECT_LE(answered, 220);
	EXPECT_TRUE(spw_pmtu_may_answer(&a, 3 * SECOND));
}

static int parse(uint8_t type, const uint8_t *body, uint16_t len, struct spw_pmtu_probe *probe)
{
	struct spw_frame frame = { .type = type, .len = len, .body = body };

	return spw_link_parse_probe(&frame, probe);
}

TEST(probe_on_the_wire)
{
	const struct spw_pmtu_probe probe = { 0x12345678, 1280 };
	const uint16_t len4 = 1280 - SPW_LEN_OVERHEAD4, len6 = 1280 - SPW_LEN_OVERHEAD6;
	struct spw_pmtu_probe got = { 0, 0 };
	uint8_t body[1280] = { 0 };
	uint16_t len;

	spw_link_build_probe(body, &probe);
	EXPECT_EQ(0x12, body[0]);
	EXPECT_EQ(0x05, body[4]);
	for (len = 0; len < sizeof(body); len++)
		EXPECT_EQ(len == len4 || len == len6 ? 0 : -EPROTO,
			  parse(SPW_FRAME_PROBE, body, len, &got));
	EXPECT_EQ(probe.id, got.id);
	EXPECT_EQ(probe.size, got.size);
	for (len = 0; len < 100; len++)
		EXPECT_EQ(len == SPW_LEN_PROBE ? 0 : -EPROTO,
			  parse(SPW_FRAME_PROBE_REPLY, body, len, &got));
	body[7] = 1;
	EXPECT_EQ(-EPROTO, parse(SPW_FRAME_PROBE_REPLY, body, SPW_LEN_PROBE, &got));
	EXPECT_EQ(-EPROTO, parse(SPW_FRAME_PROBE, body, len4, &got));
}

TEST(probe_frames_are_known)
{
	uint8_t data[64] = { 0 };
	struct spw_frame frame;

	spw_link_build_frame(data, SPW_FRAME_PROBE, 0, 60);
	EXPECT_EQ(0, spw_link_parse_frame(data, 64, &frame));
	spw_link_build_frame(data, SPW_FRAME_PROBE_REPLY, 0, 60);
	EXPECT_EQ(0, spw_link_parse_frame(data, 64, &frame));
	spw_link_build_frame(data, SPW_FRAME_PROBE, SPW_DATA_CSUM, 60);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
	spw_link_build_frame(data, SPW_FRAME_PROBE_REPLY, SPW_DATA_CSUM, 60);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
}

TEST_HARNESS_MAIN
