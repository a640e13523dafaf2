/* SPDX-License-Identifier: GPL-2.0-or-later */
/* difference: how often a series must be differenced, doing it, and undoing it. */
#ifndef SPILLWAY_CTL_DIFFERENCE_H
#define SPILLWAY_CTL_DIFFERENCE_H

#include <stddef.h>

/**
 * difference() - (1 - B)^d y
 * @y: series, NaN is a missing sample
 * @n: its length, above @d
 * @d: how often
 * @left: receives the length of the result
 *
 * Return: to be freed; NULL without memory.
 */
double *difference(const double *y, size_t n, int d, size_t *left);

/**
 * integrate() - undo it for a forecast
 * @y: series; its last samples are known
 * @n: its length
 * @d: how often it was differenced
 * @mean: forecast of the differenced series, becomes that of @y
 * @count: its length
 *
 * Return: 0, or -1 where one of the last samples is missing.
 */
int integrate(const double *y, size_t n, int d, double *mean, int count);

/**
 * difference_order() - the least d with which the series is level-stationary
 * @y: series
 * @n: its length
 * @max: highest d
 *
 * KPSS at 5 % with a short lag, again after each difference (Kwiatkowski et al. 1992;
 * Hyndman and Khandakar 2008).
 */
int difference_order(const double *y, size_t n, int max);

#endif /* SPILLWAY_CTL_DIFFERENCE_H */
