/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kalman: the exact likelihood of an ARMA process, and the state it ends in. */
#ifndef SPILLWAY_CTL_KALMAN_H
#define SPILLWAY_CTL_KALMAN_H

#include <stddef.h>

#define KALMAN_R_MAX 4 /* max(p, q + 1) */

/**
 * struct kalman_arma - the process
 * @r: dimension of the state, max(p, q + 1)
 * @phi: autoregressive coefficients, zeros up to @r
 * @theta: 1, then the moving average coefficients, zeros up to @r
 */
struct kalman_arma {
	int r;
	double phi[KALMAN_R_MAX];
	double theta[KALMAN_R_MAX];
};

/**
 * struct kalman_fit - what the filter found
 * @used: samples that were known
 * @sum_squares: of the innovations over their variance factors
 * @sum_logs: of the logarithms of these factors
 * @state: expected state for the sample after the last
 */
struct kalman_fit {
	size_t used;
	double sum_squares;
	double sum_logs;
	double state[KALMAN_R_MAX];
};

/**
 * kalman_run() - filter a series
 * @arma: stationary process
 * @w: series around its mean, NaN is a missing sample
 * @n: its length
 * @mean: of @w
 * @fit: receives the sums and the last state
 *
 * After Gardner, Harvey and Phillips 1980 (AS 154), as R's arima().
 *
 * Return: 0, or -EDOM where the process is not stationary in the numbers' precision.
 */
int kalman_run(const struct kalman_arma *arma, const double *w, size_t n, double mean,
	       struct kalman_fit *fit);

#endif /* SPILLWAY_CTL_KALMAN_H */
