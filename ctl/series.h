/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * series: the values that the model is fitted to: one each sampling period, oldest
 * first, missing ones as NaN.
 */
#ifndef SPILLWAY_CTL_SERIES_H
#define SPILLWAY_CTL_SERIES_H

#include <stddef.h>
#include <stdint.h>

struct series;

/**
 * series_new() - an empty series
 * @room: most values kept, above 0; older ones go
 *
 * Return: the series, or NULL for out of memory.
 */
struct series *series_new(size_t room);
void series_free(struct series *series);

void series_push(struct series *series, double value);

/**
 * series_values() - the values, oldest first
 * @count: set to how many
 *
 * Return: valid until the next call with this series.
 */
const double *series_values(const struct series *series, size_t *count);

#endif /* SPILLWAY_CTL_SERIES_H */
