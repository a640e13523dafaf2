// SPDX-License-Identifier: GPL-2.0-or-later
/* How many handshakes may be in progress, and how many lines are logged. */
#include <string.h>

#include "control_gate.h"

#include "kselftest_harness.h"

FIXTURE(gate)
{
	struct control_gate gate;
	uint64_t now;
};

FIXTURE_SETUP(gate)
{
	self->now = 5000000;
	gate_init(&self->gate, self->now);
}

FIXTURE_TEARDOWN(gate)
{
}

static struct in6_addr address(unsigned int n)
{
	struct in6_addr addr = { 0 };

	memcpy(&addr.s6_addr[12], &n, sizeof(n));
	return addr;
}

static int enter(FIXTURE_DATA(gate) * self, unsigned int n, bool stranger)
{
	struct in6_addr addr = address(n);

	return gate_enter(&self->gate, &addr, stranger, self->now);
}

TEST_F(gate, one_address)
{
	int slots[GATE_ADDRESS];

	for (int i = 0; i < GATE_ADDRESS; i++) {
		slots[i] = enter(self, 1, false);
		EXPECT_LE(0, slots[i]);
	}
	EXPECT_EQ(-1, enter(self, 1, false));
	EXPECT_LE(0, enter(self, 2, false));
	gate_leave(&self->gate, slots[3]);
	EXPECT_LE(0, enter(self, 1, false));
	EXPECT_EQ(-1, enter(self, 1, false));
}

TEST_F(gate, strangers_leave_room_for_peers)
{
	unsigned int in = 0;

	for (unsigned int n = 0; n < 1000; n++)
		in += enter(self, n, true) >= 0;
	EXPECT_EQ(GATE_STRANGERS, in);
	self->now += 1000; /* the strangers' are not taken from the peers' */
	for (unsigned int n = 0; n < 1000; n++)
		in += enter(self, 2000 + n, false) >= 0;
	EXPECT_EQ(GATE_MAX, in);
	for (int slot = 0; slot < GATE_MAX; slot++)
		gate_leave(&self->gate, slot);
	gate_leave(&self->gate, -1);
	EXPECT_EQ(0, self->gate.used);
	EXPECT_EQ(0, self->gate.strangers);
}

TEST_F(gate, strangers_have_a_rate)
{
	unsigned int in = 0;

	/* A minute, one each millisecond, gone again at once. */
	for (unsigned int ms = 0; ms < 60000; ms++) {
		int slot = enter(self, ms, true);

		in += slot >= 0;
		gate_leave(&self->gate, slot);
		self->now++;
	}
	EXPECT_LE(60 * GATE_STRANGERS_PER_SECOND + GATE_STRANGERS - 2, in);
	EXPECT_GE(60 * GATE_STRANGERS_PER_SECOND + GATE_STRANGERS, in);
	/* A clock that stands or goes back gives nothing. */
	self->now = 0;
	while (enter(self, 1, true) >= 0)
		gate_leave(&self->gate, 0);
	EXPECT_EQ(-1, enter(self, 1, true));
	/* However long nobody comes, a burst is a burst. */
	self->now = UINT64_MAX / 2;
	for (in = 0; in < 1000 && enter(self, in, true) >= 0; in++)
		gate_leave(&self->gate, 0);
	EXPECT_EQ(GATE_STRANGERS, in);
}

TEST_F(gate, peers_have_a_higher_rate)
{
	unsigned int in = 0;

	for (unsigned int ms = 0; ms < 60000; ms++) {
		int slot = enter(self, 1, false);

		in += slot >= 0;
		gate_leave(&self->gate, slot);
		self->now++;
	}
	EXPECT_LE(60 * GATE_PER_SECOND + GATE_MAX - 2, in);
	EXPECT_GE(60 * GATE_PER_SECOND + GATE_MAX, in);
}

TEST_F(gate, lines)
{
	unsigned long unsaid = 99, in = 0, out = 0;

	for (unsigned int ms = 0; ms < 120000; ms++) {
		if (gate_may_log(&self->gate, self->now++, &unsaid)) {
			in++;
			out += unsaid;
		}
	}
	EXPECT_GE(2 * GATE_LINES_MINUTE + GATE_LINES_BURST, in);
	EXPECT_LE(2 * GATE_LINES_MINUTE + GATE_LINES_BURST - 2, in);
	EXPECT_EQ(120000, in + out + self->gate.unsaid);
}

TEST_HARNESS_MAIN
