/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fitter: a model is fitted beside the loop, in the only other thread, since a fit may
 * take longer than a sampling period on a busy node, and a sample must not be late
 * because of it.
 *
 * Hand-over: fitter_submit() copies the series for the worker while it is idle;
 * fitter_take() copies its result out when it is done. Between the two the worker
 * touches only its copy, and calls only arima_choose(), which is pure. One lock guards
 * the state; neither side holds it while it computes.
 */
#ifndef SPILLWAY_CTL_FITTER_H
#define SPILLWAY_CTL_FITTER_H

#include <stdbool.h>
#include <stddef.h>

#include "forecast/arima.h"

struct fitter;

/**
 * fitter_new() - start the worker
 * @room: longest series
 *
 * Return: NULL where it cannot be started.
 */
struct fitter *fitter_new(size_t room);

/* Waits for a fit that is under way. */
void fitter_free(struct fitter *fitter);

/**
 * fitter_submit() - begin a fit
 * @y: series, @n of at most the room
 *
 * Return: false where one is under way, or its result was not taken yet.
 */
bool fitter_submit(struct fitter *fitter, const double *y, size_t n);

/**
 * fitter_take() - the result of the last fit
 * @arima: set where this returns 1
 *
 * Return: 1; 0 where there is none (yet); a negative errno of arima_choose().
 */
int fitter_take(struct fitter *fitter, struct arima *arima);

#endif /* SPILLWAY_CTL_FITTER_H */
