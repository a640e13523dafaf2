/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * series: the loads that the model is fitted to: one each sampling period, oldest
 * first, missing ones as NaN.
 *
 * When connections are moved, the load falls because of it, not by the workload's own
 * doing. A model that is fitted over such a step would take it for the start of a
 * trend. So the past is shifted by what was moved: as if those connections had never
 * been here (a known intervention is taken out before fitting; Box and Tiao, 1975).
 * Only the series for fitting is shifted; the history keeps what was measured.
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
 * series_shift() - add to all values so far; none falls below 0
 * @delta: negative for what was moved away
 */
void series_shift(struct series *series, double delta);

/**
 * series_values() - the values, oldest first
 * @count: set to how many
 *
 * Return: valid until the next call with this series.
 */
const double *series_values(const struct series *series, size_t *count);

#endif /* SPILLWAY_CTL_SERIES_H */
