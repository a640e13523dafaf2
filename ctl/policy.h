/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy: which connections move, and to whom. Pure.
 *
 * Order: classes that are not critical first; then the older first, by powers of two of
 * their age (a connection that has lived long will live long: Crovella and Bestavros
 * 1997, so its move pays); within the same power the higher cost first, since fewer
 * moves do; then the smaller id, so that the order is total.
 *
 * Target: the peer with the most room left after the move, less a little for its
 * distance; each assignment uses up room, so that a batch does not drown a peer.
 */
#ifndef SPILLWAY_CTL_POLICY_H
#define SPILLWAY_CTL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct policy_conn - a connection that might move
 * @id: of the module
 * @age_ms: since it was seen first
 * @cost: what this node is relieved of without it, in the unit of the rate that is asked
 *	for: bytes a second of its uplink, or what else is to be relieved
 * @tx_rate: bytes a second that leave this node; of no concern to the choice
 * @critical: of a class that moves last
 * @pinned: never moves
 * @ipv6: its packets are IPv6
 * @peer_id: who relays it, 0: nobody
 * @since_ms: for how long it has been where it is
 * @handoff: its endpoint is to go, not its packets only; of no concern to the choice
 */
struct policy_conn {
	uint64_t id;
	uint64_t age_ms;
	uint64_t cost;
	uint64_t tx_rate;
	bool critical;
	bool pinned;
	bool ipv6;
	uint16_t peer_id;
	uint64_t since_ms;
	bool handoff;
};

/**
 * struct policy_peer - a node that might take connections
 * @id: node id
 * @usable: up, ready, weight above 0
 * @ipv6: forwards IPv6
 * @weight: share, 1 is the norm
 * @free: part of its capacity that it says it can take, 0..1
 * @capacity: cost of all that would fill it
 * @rtt_us: round-trip time
 */
struct policy_peer {
	uint16_t id;
	bool usable;
	bool ipv6;
	uint32_t weight;
	double free;
	uint64_t capacity;
	uint32_t rtt_us;
};

/**
 * struct policy_rules - as configured
 * @min_age_ms: younger connections stay
 * @dwell_ms: what moved stays where it is for this long
 * @max_moves: in one round
 */
struct policy_rules {
	uint64_t min_age_ms;
	uint64_t dwell_ms;
	size_t max_moves;
};

/* One move: a connection and the peer it goes to; a recall has peer_id 0. */
struct policy_move {
	uint64_t conn_id;
	uint16_t peer_id;
	uint64_t cost;
};

/**
 * policy_offload() - choose what to give away
 * @rules: rules
 * @conns: candidates; sorted in place
 * @conn_count: how many
 * @peers: the pool without this node; their room is used up in place
 * @peer_count: how many
 * @rate: cost that should leave; moves end when they reach it
 * @moves: receives them; room for @rules->max_moves
 *
 * Return: how many moves.
 */
size_t policy_offload(const struct policy_rules *rules, struct policy_conn *conns,
		      size_t conn_count, struct policy_peer *peers, size_t peer_count, double rate,
		      struct policy_move *moves);

/**
 * policy_recall() - choose what to take back, the reverse of the order above
 * @rate: cost that may come back; what does not fit stays
 *
 * Return: how many moves.
 */
size_t policy_recall(const struct policy_rules *rules, struct policy_conn *conns, size_t conn_count,
		     double rate, struct policy_move *moves);

#endif /* SPILLWAY_CTL_POLICY_H */
