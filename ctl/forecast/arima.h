/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arima: ARIMA(p,d,q) with a mean or, differenced, a drift. Coefficients have R's
 * signs: (1 - phi B)(1 - B)^d y = (1 + theta B) e.
 */
#ifndef SPILLWAY_CTL_ARIMA_H
#define SPILLWAY_CTL_ARIMA_H

#include <stdbool.h>
#include <stddef.h>

#include "forecast/forecast.h"

#define ARIMA_P_MAX      3
#define ARIMA_Q_MAX      3
#define ARIMA_D_MAX      2
#define ARIMA_POINTS_MIN 20

/**
 * struct arima_order - the model's shape
 * @p: autoregressive terms
 * @d: differences
 * @q: moving average terms
 * @constant: with a mean (d = 0) or a drift (d = 1); not with d = 2
 */
struct arima_order {
	int p;
	int d;
	int q;
	bool constant;
};

/**
 * struct arima - a fitted model
 * @order: shape
 * @phi: autoregressive coefficients
 * @theta: moving average coefficients
 * @mean: of the differenced series: a mean for d = 0, a drift for d = 1
 * @sigma2: variance of the innovations
 * @loglik: logarithm of the exact likelihood
 * @aicc: corrected Akaike criterion (Hurvich and Tsai 1989), for choosing
 */
struct arima {
	struct arima_order order;
	double phi[ARIMA_P_MAX];
	double theta[ARIMA_Q_MAX];
	double mean;
	double sigma2;
	double loglik;
	double aicc;
};

/**
 * arima_fit() - fit a model of a given shape
 * @arima: receives it
 * @order: shape
 * @y: series, oldest first; NaN is a missing sample
 * @n: its length
 *
 * Return: 0; -EINVAL for a shape out of bounds, -ENODATA for a series too short or
 * constant, -EDOM where no fit was found, -ENOMEM.
 */
int arima_fit(struct arima *arima, struct arima_order order, const double *y, size_t n);

/**
 * arima_choose() - the shape with the least AICc
 * @arima: receives the model
 * @y: series
 * @n: its length
 *
 * d by the KPSS test (Kwiatkowski et al. 1992), p and q from a small grid (Hyndman and
 * Khandakar 2008, without their stepwise search).
 *
 * Return: as arima_fit().
 */
int arima_choose(struct arima *arima, const double *y, size_t n);

/**
 * arima_predict() - forecast from the end of a series
 * @arima: fitted, to this series or to an earlier part of it
 * @y: series
 * @n: its length
 * @steps: 1..%FORECAST_STEPS_MAX
 * @level: of the interval, 0..1
 * @forecast: receives it
 *
 * Return: 0, -EINVAL, -ENODATA, -ENOMEM.
 */
int arima_predict(const struct arima *arima, const double *y, size_t n, int steps, double level,
		  struct forecast *forecast);

#endif /* SPILLWAY_CTL_ARIMA_H */
