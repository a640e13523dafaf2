/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwell: when connections were moved last, as far back as it matters: a connection that
 * has just been moved stays where it is for a while, so that none goes to and fro.
 */
#ifndef SPILLWAY_CTL_DWELL_H
#define SPILLWAY_CTL_DWELL_H

#include <stddef.h>
#include <stdint.h>

#define DWELL_MAX 65536 /* moves that are remembered: the newest */

struct dwell;

/**
 * dwell_new() - an empty memory
 * @time_ms: how long a move is remembered
 *
 * Return: NULL for out of memory.
 */
struct dwell *dwell_new(uint64_t time_ms);
void dwell_free(struct dwell *dwell);

/* Forget what is older than the time; before each round. @now_ms: CLOCK_MONOTONIC */
void dwell_prune(struct dwell *dwell, uint64_t now_ms);

/* Return: 0 or -ENOMEM; the move is then not remembered. */
int dwell_add(struct dwell *dwell, uint64_t conn_id, uint64_t now_ms);

/**
 * dwell_since() - for how long a connection has been where it is
 *
 * Return: milliseconds since it was moved last; UINT64_MAX where no move is remembered.
 */
uint64_t dwell_since(const struct dwell *dwell, uint64_t conn_id, uint64_t now_ms);

#endif /* SPILLWAY_CTL_DWELL_H */
