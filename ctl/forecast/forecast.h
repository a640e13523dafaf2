/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forecast: what every model gives: the mean of the next steps with an interval. Pure:
 * no I/O, no clock.
 */
#ifndef SPILLWAY_CTL_FORECAST_H
#define SPILLWAY_CTL_FORECAST_H

#define FORECAST_STEPS_MAX 120

/**
 * struct forecast - the next steps, step 0 being the next sample
 * @steps: how many
 * @mean: expected value, never below 0, never NaN
 * @lo: lower bound of the interval
 * @hi: upper bound
 */
struct forecast {
	int steps;
	double mean[FORECAST_STEPS_MAX];
	double lo[FORECAST_STEPS_MAX];
	double hi[FORECAST_STEPS_MAX];
};

/* How many standard deviations an interval of @level (0..1) reaches to each side. */
double forecast_z(double level);

#endif /* SPILLWAY_CTL_FORECAST_H */
