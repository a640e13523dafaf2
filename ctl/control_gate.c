// SPDX-License-Identifier: GPL-2.0-or-later
/* control_gate: how much those who are not authenticated may cost. */
#include <string.h>

#include "control_gate.h"

#define TOKEN 1000000

static bool take(struct gate_bucket *bucket, uint64_t now, uint64_t per_minute, uint64_t burst)
{
	uint64_t more = now > bucket->at ? now - bucket->at : 0;

	/* An hour fills every bucket; more could overflow. */
	if (more > 3600000)
		more = 3600000;
	bucket->tokens += more * per_minute * TOKEN / 60000;
	if (bucket->tokens > burst * TOKEN)
		bucket->tokens = burst * TOKEN;
	bucket->at = now;
	if (bucket->tokens < TOKEN)
		return false;
	bucket->tokens -= TOKEN;
	return true;
}

void gate_init(struct control_gate *gate, uint64_t now)
{
	memset(gate, 0, sizeof(*gate));
	gate->rate = (struct gate_bucket){ (uint64_t)GATE_MAX * TOKEN, now };
	gate->stranger_rate = (struct gate_bucket){ (uint64_t)GATE_STRANGERS * TOKEN, now };
	gate->lines = (struct gate_bucket){ (uint64_t)GATE_LINES_BURST * TOKEN, now };
}

int gate_enter(struct control_gate *gate, const struct in6_addr *addr, bool stranger, uint64_t now)
{
	unsigned int same = 0;
	int slot = -1;

	for (int i = 0; i < GATE_MAX; i++) {
		if (!gate->slots[i].taken)
			slot = slot < 0 ? i : slot;
		else
			same += !memcmp(&gate->slots[i].addr, addr, sizeof(*addr));
	}
	if (slot < 0 || same >= GATE_ADDRESS)
		return -1;
	if (stranger &&
	    (gate->strangers >= GATE_STRANGERS ||
	     !take(&gate->stranger_rate, now, GATE_STRANGERS_PER_SECOND * 60, GATE_STRANGERS)))
		return -1;
	if (!take(&gate->rate, now, GATE_PER_SECOND * 60, GATE_MAX))
		return -1;
	gate->slots[slot] = (struct gate_slot){ *addr, stranger, true };
	gate->used++;
	gate->strangers += stranger;
	return slot;
}

void gate_leave(struct control_gate *gate, int slot)
{
	if (slot < 0)
		return;
	gate->used--;
	gate->strangers -= gate->slots[slot].stranger;
	gate->slots[slot].taken = false;
}

bool gate_may_log(struct control_gate *gate, uint64_t now, unsigned long *unsaid)
{
	if (!take(&gate->lines, now, GATE_LINES_MINUTE, GATE_LINES_BURST)) {
		gate->unsaid++;
		return false;
	}
	*unsaid = gate->unsaid;
	gate->unsaid = 0;
	return true;
}
