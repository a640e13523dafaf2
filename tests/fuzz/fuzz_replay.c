// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The replay window beside a model that forgets nothing. The input is a series of steps
 * of 16 bits, up or down from the highest number so far; the top value is a great leap,
 * and one of eight is no number that comes but one that is claimed by another.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define STEPS_MAX 4096
#define LEAP      (1ULL << 40)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct model {
	uint64_t seen[STEPS_MAX];
	size_t count;
	uint64_t claimed[STEPS_MAX];
	size_t claims;
	uint64_t next;
};

static bool among(const uint64_t *list, size_t count, uint64_t pn)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i] == pn)
			return true;
	return false;
}

static bool too_old(const struct model *m, uint64_t pn)
{
	return m->next > SPW_REPLAY_WINDOW && pn < m->next - SPW_REPLAY_WINDOW;
}

static bool model_accept(struct model *m, uint64_t pn)
{
	if (pn == ~0ULL || too_old(m, pn) || among(m->seen, m->count, pn))
		return false;
	m->seen[m->count++] = pn;
	if (pn >= m->next)
		m->next = pn + 1;
	return true;
}

static bool model_claim(struct model *m, uint64_t pn)
{
	if (pn >= m->next || too_old(m, pn))
		return true;
	if (among(m->seen, m->count, pn) || among(m->claimed, m->claims, pn))
		return false;
	m->claimed[m->claims++] = pn;
	return true;
}

static void step_to(struct spw_replay *r, struct model *m, uint64_t pn, bool claim)
{
	if (claim) {
		if (spw_replay_claim(r, pn) != model_claim(m, pn))
			abort();
		return;
	}
	if (spw_replay_accept(r, pn) != model_accept(m, pn) || r->next != m->next)
		abort();
	if (pn < m->next && !too_old(m, pn) &&
	    spw_replay_is_claimed(r, pn) != among(m->claimed, m->claims, pn))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spw_replay r = { .next = 0 };
	static struct model m;
	int16_t step;
	uint64_t pn;
	size_t i;

	m.count = 0;
	m.claims = 0;
	m.next = 0;
	for (i = 0; i + 2 <= size && i < 2 * STEPS_MAX; i += 2) {
		memcpy(&step, data + i, sizeof(step));
		pn = m.next + (step == INT16_MAX ? LEAP : (uint64_t)(int64_t)step);
		step_to(&r, &m, pn, step % 8 == 5);
	}
	return 0;
}
