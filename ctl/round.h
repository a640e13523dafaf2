/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * round: one offload, handoff or recall: ask the module for connections, let the policy
 * choose, send the batch. A batch is applied whole or not at all; where some entries
 * are refused (a connection ended meanwhile), they are dropped and the rest is sent
 * once more.
 */
#ifndef SPILLWAY_CTL_ROUND_H
#define SPILLWAY_CTL_ROUND_H

#include "config.h"
#include "pool.h"
#include "report.h"

struct round;

/**
 * struct round_result - what a round did
 * @moves: the connections that moved; valid until the next round
 * @moved: how many
 * @refused: connections the module would not move
 * @tx_rate: of the moved ones together, bytes a second
 */
struct round_result {
	struct report_move *moves;
	size_t moved;
	size_t refused;
	uint64_t tx_rate;
};

/**
 * round_new() - what rounds remember of one another
 * @config: must outlive this
 *
 * Return: NULL for out of memory.
 */
struct round *round_new(const struct config *config);
void round_free(struct round *round);

/**
 * round_offload() - move connections to peers
 * @rate: how much is to be moved, bytes a second
 * @now_ms: CLOCK_MONOTONIC
 * @result: always set
 *
 * Return: 0, also where nothing could be moved; a negative errno after an error that
 * was logged.
 */
int round_offload(struct round *round, struct pool *pool, double rate, uint64_t now_ms,
		  struct round_result *result);

/**
 * enum round_by - what a connection costs
 * @ROUND_BY_UPLINK: what it sends
 * @ROUND_BY_TRAFFIC: what it sends and receives: work is done for what is asked
 * @ROUND_BY_COUNT: all the same: what it holds it holds also at rest
 */
enum round_by {
	ROUND_BY_UPLINK,
	ROUND_BY_TRAFFIC,
	ROUND_BY_COUNT,
};

/**
 * struct round_load - of a resource that connections use without a rate of their own
 * @now: load, above 0; 1 is full
 * @excess: what of it is to leave
 */
struct round_load {
	double now;
	double excess;
};

/**
 * round_handoff() - give endpoints to peers, with the work that is done for them
 * @by: %ROUND_BY_TRAFFIC or %ROUND_BY_COUNT
 * @load: of this node. All its connections together cost that much, as far as is known:
 *	with other work on the node too little leaves at first, and the rest in later
 *	rounds. A peer is taken for as big as this node
 * @now_ms: CLOCK_MONOTONIC
 * @result: always set
 *
 * Only of classes that the operator named for it. One that was not at rest in time is
 * tried again when it has dwelt.
 *
 * Return: as round_offload().
 */
int round_handoff(struct round *round, struct pool *pool, enum round_by by,
		  const struct round_load *load, uint64_t now_ms, struct round_result *result);

/**
 * round_recall() - let connections come back
 * @rate: how much may come back, bytes a second
 *
 * Return: as round_offload().
 */
int round_recall(struct round *round, struct pool *pool, double rate, uint64_t now_ms,
		 struct round_result *result);

#endif /* SPILLWAY_CTL_ROUND_H */
