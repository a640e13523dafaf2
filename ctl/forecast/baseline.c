// SPDX-License-Identifier: GPL-2.0-or-later
/* baseline: the last value goes on; and what all models share of intervals. */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "forecast/baseline.h"

double forecast_z(double level)
{
	return gsl_cdf_ugaussian_Pinv(0.5 + level / 2);
}

/* Standard deviation of the steps from one known sample to the next. */
static double step_deviation(const double *y, size_t n)
{
	double sum2 = 0;
	size_t i, steps = 0;

	for (i = 1; i < n; i++)
		if (!isnan(y[i]) && !isnan(y[i - 1])) {
			sum2 += (y[i] - y[i - 1]) * (y[i] - y[i - 1]);
			steps++;
		}
	return steps ? sqrt(sum2 / (double)steps) : 0;
}

int baseline_predict(const double *y, size_t n, int steps, double level, struct forecast *forecast)
{
	double sigma = step_deviation(y, n), z = forecast_z(level), reach;
	size_t last = n;
	int h;

	if (steps < 1 || steps > FORECAST_STEPS_MAX || !(level > 0 && level < 1))
		return -EINVAL;
	while (last && isnan(y[last - 1]))
		last--;
	if (!last)
		return -ENODATA;
	forecast->steps = steps;
	for (h = 0; h < steps; h++) {
		reach = z * sigma * sqrt(h + 1.0 + (double)(n - last));
		forecast->mean[h] = fmax(y[last - 1], 0);
		forecast->lo[h] = fmax(y[last - 1] - reach, 0);
		forecast->hi[h] = fmax(y[last - 1] + reach, 0);
	}
	return 0;
}
