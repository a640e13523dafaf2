// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The replay window beside a model that forgets nothing. The input is a series of steps
 * of 16 bits, up or down from the highest number so far; the top value is a great leap.
 */
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
	uint64_t next;
};

static bool model_accept(struct model *m, uint64_t pn)
{
	size_t i;

	if (pn == ~0ULL || (m->next > SPW_REPLAY_WINDOW && pn < m->next - SPW_REPLAY_WINDOW))
		return false;
	for (i = 0; i < m->count; i++)
		if (m->seen[i] == pn)
			return false;
	m->seen[m->count++] = pn;
	if (pn >= m->next)
		m->next = pn + 1;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spw_replay r = { .next = 0 };
	static struct model m;
	int16_t step;
	uint64_t pn;
	size_t i;

	m.count = 0;
	m.next = 0;
	for (i = 0; i + 2 <= size && i < 2 * STEPS_MAX; i += 2) {
		memcpy(&step, data + i, sizeof(step));
		pn = m.next + (step == INT16_MAX ? LEAP : (uint64_t)(int64_t)step);
		if (spw_replay_accept(&r, pn) != model_accept(&m, pn) || r.next != m.next)
			abort();
	}
	return 0;
}
