// SPDX-License-Identifier: GPL-2.0-or-later
/* dwell: when connections were moved last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dwell.h"

struct move {
	uint64_t conn_id;
	uint64_t time_ms;
};

/* Moves by connection, each once. */
struct dwell {
	uint64_t time_ms;
	struct move *moves;
	size_t count;
	size_t room;
};

struct dwell *dwell_new(uint64_t time_ms)
{
	struct dwell *dwell = calloc(1, sizeof(*dwell));

	if (dwell)
		dwell->time_ms = time_ms;
	return dwell;
}

void dwell_free(struct dwell *dwell)
{
	if (dwell)
		free(dwell->moves);
	free(dwell);
}

void dwell_prune(struct dwell *dwell, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < dwell->count; i++) {
		if (now_ms - dwell->moves[i].time_ms < dwell->time_ms)
			dwell->moves[kept++] = dwell->moves[i];
	}
	dwell->count = kept;
}

/* Index of the first move whose connection is not below @conn_id. */
static size_t find(const struct dwell *dwell, uint64_t conn_id)
{
	size_t low = 0, high = dwell->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dwell->moves[mid].conn_id < conn_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void forget_oldest(struct dwell *dwell)
{
	size_t oldest = 0;

	for (size_t i = 1; i < dwell->count; i++) {
		if (dwell->moves[i].time_ms < dwell->moves[oldest].time_ms)
			oldest = i;
	}
	dwell->count--;
	memmove(&dwell->moves[oldest], &dwell->moves[oldest + 1],
		(dwell->count - oldest) * sizeof(*dwell->moves));
}

static int make_room(struct dwell *dwell)
{
	size_t room = dwell->room ? 2 * dwell->room : 64;
	struct move *moves;

	if (dwell->count == DWELL_MAX)
		forget_oldest(dwell);
	if (dwell->count < dwell->room)
		return 0;
	moves = reallocarray(dwell->moves, room, sizeof(*moves));
	if (!moves)
		return -ENOMEM;
	dwell->moves = moves;
	dwell->room = room;
	return 0;
}

int dwell_add(struct dwell *dwell, uint64_t conn_id, uint64_t now_ms)
{
	size_t i = find(dwell, conn_id);
	int ret;

	if (i < dwell->count && dwell->moves[i].conn_id == conn_id) {
		dwell->moves[i].time_ms = now_ms;
		return 0;
	}
	ret = make_room(dwell);
	if (ret)
		return ret;
	i = find(dwell, conn_id);
	memmove(&dwell->moves[i + 1], &dwell->moves[i], (dwell->count - i) * sizeof(*dwell->moves));
	dwell->moves[i] = (struct move){ .conn_id = conn_id, .time_ms = now_ms };
	dwell->count++;
	return 0;
}

uint64_t dwell_since(const struct dwell *dwell, uint64_t conn_id, uint64_t now_ms)
{
	size_t i = find(dwell, conn_id);

	if (i < dwell->count && dwell->moves[i].conn_id == conn_id)
		return now_ms - dwell->moves[i].time_ms;
	return UINT64_MAX;
}
