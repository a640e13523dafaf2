/* SPDX-License-Identifier: GPL-2.0-or-later */
/* baseline: the last value goes on; for series that no model can be fitted to. */
#ifndef SPILLWAY_CTL_BASELINE_H
#define SPILLWAY_CTL_BASELINE_H

#include <stddef.h>

#include "forecast/forecast.h"

/**
 * baseline_predict() - random walk without drift
 * @y: series, NaN is a missing sample
 * @n: its length
 * @steps: 1..%FORECAST_STEPS_MAX
 * @level: of the interval
 * @forecast: receives it
 *
 * The interval widens with the square root of the step (Hyndman and Athanasopoulos,
 * Forecasting, section 5.5).
 *
 * Return: 0, -EINVAL, or -ENODATA where there is no sample at all.
 */
int baseline_predict(const double *y, size_t n, int steps, double level, struct forecast *forecast);

#endif /* SPILLWAY_CTL_BASELINE_H */
