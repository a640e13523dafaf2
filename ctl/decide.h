/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide: from load, forecast and threshold to what is to be done now. Pure: no clock,
 * no I/O.
 *
 * An overload is predicted when the mean of the forecast reaches the threshold within
 * the horizon, or the load itself has. Not the upper bound: it widens with the horizon,
 * and over 30 steps it touches any threshold on any busy node; the uncertainty is in
 * the threshold already, which is lowered where forecasts have been wrong.
 *
 * Offload begins when an overload is foreseen twice in a row, since one strange sample
 * throws a forecast far; and at once when the load has come to its limit. After a round
 * nothing is moved for a few samples: rates are means over a second or more, and until
 * they show what the round has relieved, the same excess would be moved again and again.
 * Recall waits until load and forecast have both been low for the whole hysteresis time.
 */
#ifndef SPILLWAY_CTL_DECIDE_H
#define SPILLWAY_CTL_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIDE_SETTLE_SAMPLES 2 /* samples after a round in which nothing moves */

enum decide_state {
	DECIDE_UNKNOWN, /* there is no load to decide by */
	DECIDE_CALM,
	DECIDE_PREDICTED,  /* overload within the horizon */
	DECIDE_OVERLOADED, /* the load is at its limit now */

	DECIDE_STATES
};

/* "unknown", "calm", "overload predicted", "overloaded". */
extern const char *const decide_state_names[DECIDE_STATES];

/**
 * struct decide_rules - as configured
 * @limit: load that means overload
 * @recall_below: load below which connections may come back
 * @hysteresis_ms: for how long it must have been so
 */
struct decide_rules {
	double limit;
	double recall_below;
	uint64_t hysteresis_ms;
};

/**
 * struct decide - what is remembered from one sample to the next; begins zeroed
 * @settle: samples left in which nothing moves
 * @foreseen: the last sample foresaw a crossing
 * @low: load and forecast are low
 * @low_since_ms: since when
 */
struct decide {
	unsigned int settle;
	bool foreseen;
	bool low;
	uint64_t low_since_ms;
};

/**
 * struct decide_input - one sample
 * @now_ms: CLOCK_MONOTONIC
 * @load: now; NaN if missing
 * @mean: forecast of the load, one and more samples ahead
 * @steps: how many; 0: there is no forecast (yet)
 * @threshold: load above which the node should not come
 */
struct decide_input {
	uint64_t now_ms;
	double load;
	const double *mean;
	size_t steps;
	double threshold;
};

/**
 * struct decide_verdict - what is to be done
 * @state: see &enum decide_state
 * @peak: highest of load and forecast; NaN in %DECIDE_UNKNOWN
 * @crossing: steps until the threshold is reached; 0: it is now; -1: never
 * @excess: by how much @peak is above the threshold, 0 if it is not
 * @offload: move connections away
 * @recall: let connections come back
 */
struct decide_verdict {
	enum decide_state state;
	double peak;
	int crossing;
	double excess;
	bool offload;
	bool recall;
};

void decide_step(struct decide *decide, const struct decide_rules *rules,
		 const struct decide_input *input, struct decide_verdict *verdict);

/* Connections were moved, in whichever direction: let it show before the next round. */
void decide_moved(struct decide *decide);

#endif /* SPILLWAY_CTL_DECIDE_H */
