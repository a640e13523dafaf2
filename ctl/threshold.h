/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threshold: above which forecast load a node begins to give connections away. Pure.
 *
 *   threshold = limit - z * sigma - slope * lead, kept within [min, limit]
 *
 * sigma is how wrong forecasts of this node have been of late: where they have been
 * good, the node may run close to its limit; where they have not, it begins earlier.
 * slope * lead is what the load still grows while a round of moves is decided and
 * takes effect. Both are smoothed exponentially, so that one wrong forecast is
 * forgotten in a minute.
 */
#ifndef SPILLWAY_CTL_THRESHOLD_H
#define SPILLWAY_CTL_THRESHOLD_H

#include <stddef.h>

/**
 * struct threshold_rules - as configured
 * @limit: load that means overload, e.g. 0.9
 * @min: never below this
 * @z: standard deviations of error that are kept free
 * @lead: samples until a move has taken effect
 */
struct threshold_rules {
	double limit;
	double min;
	double z;
	double lead;
};

/**
 * struct threshold - what is remembered; begins zeroed
 * @error2: smoothed squared error of forecasts
 * @slope: smoothed growth of the load a sample, never below 0
 * @last: last load
 * @samples: seen
 */
struct threshold {
	double error2;
	double slope;
	double last;
	size_t samples;
};

/**
 * threshold_step() - enter a sample, get the threshold
 * @threshold: state
 * @rules: rules
 * @load: sample; NaN if missing: the state stays as it is
 * @expected: what was forecast for this sample earlier, NaN if nothing was
 *
 * Return: threshold, within [@min, @limit].
 */
double threshold_step(struct threshold *threshold, const struct threshold_rules *rules, double load,
		      double expected);

#endif /* SPILLWAY_CTL_THRESHOLD_H */
