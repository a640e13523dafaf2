// SPDX-License-Identifier: GPL-2.0-or-later
/* threshold: above which forecast load a node begins to give connections away. */
#include <math.h>

#include "threshold.h"

/* Weight of a new sample: half of what is remembered is of the last 14 samples. */
#define ALPHA 0.05

static void learn(struct threshold *t, double load, double expected)
{
	double error = load - expected;
	double growth = t->samples ? load - t->last : 0;

	if (!isnan(expected))
		t->error2 += ALPHA * (error * error - t->error2);
	t->slope += ALPHA * (growth - t->slope);
	if (t->slope < 0)
		t->slope = 0;
	t->last = load;
	t->samples++;
}

double threshold_step(struct threshold *threshold, const struct threshold_rules *rules, double load,
		      double expected)
{
	double at;

	if (!isnan(load))
		learn(threshold, load, expected);
	at = rules->limit - rules->z * sqrt(threshold->error2) - threshold->slope * rules->lead;
	return fmin(fmax(at, rules->min), rules->limit);
}
