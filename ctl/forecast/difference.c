// SPDX-License-Identifier: GPL-2.0-or-later
/* difference: how often a series must be differenced, doing it, and undoing it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forecast/difference.h"

#define KPSS_CRITICAL 0.463 /* 5 %, level */
#define LAST_MAX      4

double *difference(const double *y, size_t n, int d, size_t *left)
{
	double *w = malloc((n + 1) * sizeof(*w));
	size_t i;
	int k;

	if (!w)
		return NULL;
	memcpy(w, y, n * sizeof(*w));
	for (k = 0; k < d && n; k++) {
		n--;
		for (i = 0; i < n; i++)
			w[i] = w[i + 1] - w[i];
	}
	*left = n;
	return w;
}

int integrate(const double *y, size_t n, int d, double *mean, int count)
{
	double last[LAST_MAX], level;
	int i, k, h;

	if (d >= LAST_MAX || n < (size_t)d)
		return -1;
	/* last[k]: the last value of the series differenced k times */
	for (k = 0; k < d; k++)
		last[k] = y[n - 1 - (size_t)k];
	for (k = 1; k < d; k++)
		for (i = d - 1; i >= k; i--)
			last[i] = last[i - 1] - last[i];
	for (k = d - 1; k >= 0; k--) {
		level = last[k];
		if (isnan(level))
			return -1;
		for (h = 0; h < count; h++) {
			level += mean[h];
			mean[h] = level;
		}
	}
	return 0;
}

/* Long-run variance with Bartlett weights. */
static double long_run(const double *e, size_t n, size_t lags)
{
	double total = 0, sum;
	size_t i, l;

	for (l = 0; l <= lags; l++) {
		sum = 0;
		for (i = l; i < n; i++)
			sum += e[i] * e[i - l];
		total += (l ? 2 * (1 - (double)l / ((double)lags + 1)) : 1) * sum / (double)n;
	}
	return total;
}

/* The statistic of a series without gaps, e being its deviation from the mean. */
static double kpss(double *e, size_t n)
{
	double mean = 0, sum = 0, squares = 0, variance;
	size_t i;

	for (i = 0; i < n; i++)
		mean += e[i] / (double)n;
	for (i = 0; i < n; i++) {
		e[i] -= mean;
		sum += e[i];
		squares += sum * sum;
	}
	variance = long_run(e, n, (size_t)(3 * sqrt((double)n) / 13));
	return variance > 0 ? squares / ((double)n * (double)n * variance) : 0;
}

int difference_order(const double *y, size_t n, int max)
{
	size_t left, i, known;
	double *w, statistic;
	int d;

	for (d = 0; d < max; d++) {
		w = difference(y, n, d, &left);
		if (!w)
			return d;
		for (i = known = 0; i < left; i++)
			if (!isnan(w[i]))
				w[known++] = w[i];
		statistic = known > 2 ? kpss(w, known) : 0;
		free(w);
		if (statistic <= KPSS_CRITICAL)
			return d;
	}
	return max;
}
