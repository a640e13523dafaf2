/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * round: one offload or one recall: ask the module for connections, let the policy
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
 * round_recall() - let connections come back
 * @rate: how much may come back, bytes a second
 *
 * Return: as round_offload().
 */
int round_recall(struct round *round, struct pool *pool, double rate, uint64_t now_ms,
		 struct round_result *result);

#endif /* SPILLWAY_CTL_ROUND_H */
