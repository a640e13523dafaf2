/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ahead: the past and the future of this node's load: samples go into the history, the
 * demand (sample_demand()) into the series; a model fitted to the series gives the
 * forecast; how wrong forecasts have been gives the threshold.
 *
 * After a restart the series begins with the loads of the history, for want of the
 * demand: where connections were moved then, it has steps, which the model forgets.
 */
#ifndef SPILLWAY_CTL_AHEAD_H
#define SPILLWAY_CTL_AHEAD_H

#include "config.h"
#include "report.h"

struct ahead;
struct history_sample;

/**
 * ahead_open() - open the history and begin with what it has of the recent past
 * @config: must outlive this
 * @now_ms: CLOCK_REALTIME
 *
 * Return: NULL after an error that was logged.
 */
struct ahead *ahead_open(const struct config *config, int64_t now_ms);

void ahead_close(struct ahead *ahead);

/**
 * ahead_add() - enter a sample
 * @demand: see sample_demand(): this is what the model is fitted to
 * @missed: samples that were due before it and were not taken: entered as missing
 */
void ahead_add(struct ahead *ahead, const struct sample *sample, double demand, uint64_t missed);

/**
 * ahead_look() - forecast and threshold
 * @tick: with sample and demand; the forecast, its model and the threshold are set.
 *	No steps where there is no sample at all
 */
void ahead_look(struct ahead *ahead, struct report_tick *tick);

/* Enter a move into the history; @peer_id 0: a recall. */
void ahead_store_move(struct ahead *ahead, int64_t time_ms, uint64_t conn_id, uint16_t peer_id,
		      uint64_t tx_rate);

/**
 * ahead_history() - samples of the last seconds
 * @now_ms: CLOCK_REALTIME
 * @samples: set to an array to be freed, oldest first
 *
 * Return: 0 or a negative errno.
 */
int ahead_history(struct ahead *ahead, int64_t now_ms, uint64_t seconds,
		  struct history_sample **samples, size_t *count);

#endif /* SPILLWAY_CTL_AHEAD_H */
