// SPDX-License-Identifier: GPL-2.0-or-later
/* policy: which connections move, and to whom. */
#include <stdlib.h>

#include "policy.h"

/* What a millisecond of distance costs, in room (1 = a whole node). */
#define RTT_COST_PER_MS 0.01

/* Powers of two of the age in seconds: 0 for less than one, 1 for less than two, ... */
static int age_class(uint64_t age_ms)
{
	uint64_t s = age_ms / 1000;
	int power = 0;

	while (s) {
		s >>= 1;
		power++;
	}
	return power;
}

static int better(const void *a, const void *b)
{
	const struct policy_conn *x = a, *y = b;
	int ax = age_class(x->age_ms), ay = age_class(y->age_ms);

	if (x->critical != y->critical)
		return x->critical ? 1 : -1;
	if (ax != ay)
		return ax > ay ? -1 : 1;
	if (x->cost != y->cost)
		return x->cost > y->cost ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Room that a peer would have left, as a share of it, or below 0. */
static double room_after(const struct policy_peer *peer, uint64_t cost)
{
	if (!peer->usable || !peer->weight || !peer->capacity)
		return -1;
	return peer->free - (double)cost / (double)peer->capacity;
}

static double score(const struct policy_peer *peer, uint64_t cost)
{
	return room_after(peer, cost) * peer->weight - RTT_COST_PER_MS * peer->rtt_us / 1000.0;
}

static struct policy_peer *choose_peer(struct policy_peer *peers, size_t count,
				       const struct policy_conn *conn)
{
	uint64_t cost = conn->cost;
	struct policy_peer *best = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (room_after(&peers[i], cost) >= 0 && (!conn->ipv6 || peers[i].ipv6) &&
		    (!best || score(&peers[i], cost) > score(best, cost)))
			best = &peers[i];
	return best;
}

static bool may_leave(const struct policy_rules *rules, const struct policy_conn *conn)
{
	return !conn->pinned && !conn->peer_id && conn->cost && conn->age_ms >= rules->min_age_ms &&
	       conn->since_ms >= rules->dwell_ms;
}

size_t policy_offload(const struct policy_rules *rules, struct policy_conn *conns,
		      size_t conn_count, struct policy_peer *peers, size_t peer_count, double rate,
		      struct policy_move *moves)
{
	struct policy_peer *peer;
	size_t i, n = 0;

	qsort(conns, conn_count, sizeof(*conns), better);
	for (i = 0; i < conn_count && n < rules->max_moves && rate > 0; i++) {
		if (!may_leave(rules, &conns[i]))
			continue;
		peer = choose_peer(peers, peer_count, &conns[i]);
		if (!peer)
			continue;
		peer->free = room_after(peer, conns[i].cost);
		moves[n++] = (struct policy_move){
			.conn_id = conns[i].id,
			.peer_id = peer->id,
			.cost = conns[i].cost,
		};
		rate -= (double)conns[i].cost;
	}
	return n;
}

size_t policy_recall(const struct policy_rules *rules, struct policy_conn *conns, size_t conn_count,
		     double rate, struct policy_move *moves)
{
	size_t i, n = 0;

	qsort(conns, conn_count, sizeof(*conns), better);
	for (i = conn_count; i-- && n < rules->max_moves;) {
		const struct policy_conn *c = &conns[i];

		if (!c->peer_id || c->since_ms < rules->dwell_ms || (double)c->cost > rate)
			continue;
		moves[n++] = (struct policy_move){ .conn_id = c->id, .cost = c->cost };
		rate -= (double)c->cost;
	}
	return n;
}
