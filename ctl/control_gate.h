/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_gate: how much those who are not authenticated may cost. A handshake costs
 * memory and a signature, so there is a limit to those in progress, to those of one
 * address, and to their rate, all of them lower for addresses that are no peer's; and
 * refusals are not logged at the rate at which they come. Pure: time comes in as an
 * argument.
 */
#ifndef SPILLWAY_CTL_CONTROL_GATE_H
#define SPILLWAY_CTL_CONTROL_GATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define GATE_MAX                  256 /* handshakes in progress that came in */
#define GATE_ADDRESS              8   /* of one address */
#define GATE_PER_SECOND           100 /* begun */
#define GATE_STRANGERS            32  /* as GATE_MAX, from addresses that are no peer's */
#define GATE_STRANGERS_PER_SECOND 10
#define GATE_LINES_MINUTE         30 /* log lines */
#define GATE_LINES_BURST          10

/**
 * struct gate_bucket - tokens that grow with time
 * @tokens: millionths
 * @at: when they were counted, ms
 */
struct gate_bucket {
	uint64_t tokens;
	uint64_t at;
};

struct gate_slot {
	struct in6_addr addr;
	bool stranger;
	bool taken;
};

/**
 * struct control_gate - who is on his way in
 * @slots: handshakes in progress
 * @used: slots that are taken
 * @strangers: of these, strangers'
 * @rate: of all
 * @stranger_rate: of strangers
 * @lines: of the log
 * @unsaid: lines that were left out since the last one
 */
struct control_gate {
	struct gate_slot slots[GATE_MAX];
	unsigned int used;
	unsigned int strangers;
	struct gate_bucket rate;
	struct gate_bucket stranger_rate;
	struct gate_bucket lines;
	unsigned long unsaid;
};

void gate_init(struct control_gate *gate, uint64_t now);

/**
 * gate_enter() - may somebody begin?
 * @addr: IPv4 addresses mapped
 * @stranger: it is no peer's
 *
 * Return: a slot for gate_leave(), or -1.
 */
int gate_enter(struct control_gate *gate, const struct in6_addr *addr, bool stranger, uint64_t now);

/* Authenticated and done, or gone; -1 is nobody. */
void gate_leave(struct control_gate *gate, int slot);

/* May a refusal be logged? @unsaid: set to how many were not, since the last one. */
bool gate_may_log(struct control_gate *gate, uint64_t now, unsigned long *unsaid);

#endif /* SPILLWAY_CTL_CONTROL_GATE_H */
