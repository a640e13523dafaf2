// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kalman: the exact likelihood of an ARMA process in Harvey's state space form:
 * a[t] = T a[t-1] + R e[t], w[t] = a[t][0], with T's first column phi and ones above
 * its diagonal, and R = (1, theta).
 */
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "forecast/kalman.h"

#define CELLS  (KALMAN_R_MAX * KALMAN_R_MAX)
#define STEADY 1e-10 /* variance factors this near to 1 no longer change */

/**
 * struct filter - where the filter is
 * @arma: process
 * @a: expected state
 * @p: its variance, in units of the innovations', row by row
 * @steady: @p has come to rest
 */
struct filter {
	const struct kalman_arma *arma;
	double a[KALMAN_R_MAX];
	double p[CELLS];
	bool steady;
};

/* T X T', using T's few entries: (T x)[i] = phi[i] x[0] + x[i + 1]. */
static void transition(const struct kalman_arma *m, const double *x, double *out)
{
	double half[CELLS];
	int i, j, r = m->r;

	for (i = 0; i < r; i++)
		for (j = 0; j < r; j++)
			half[i * r + j] = m->phi[i] * x[j] + (i + 1 < r ? x[(i + 1) * r + j] : 0);
	for (i = 0; i < r; i++)
		for (j = 0; j < r; j++)
			out[i * r + j] =
				m->phi[j] * half[i * r] + (j + 1 < r ? half[i * r + j + 1] : 0);
}

/* The stationary variance: P = T P T' + R R', as linear equations in P's cells. */
static int start_variance(const struct kalman_arma *m, double *p)
{
	double a[CELLS * CELLS], b[CELLS], unit[CELLS], column[CELLS];
	int r = m->r, cells = r * r, i, j, sign, ret;
	gsl_matrix_view matrix = gsl_matrix_view_array(a, (size_t)cells, (size_t)cells);
	gsl_vector_view right = gsl_vector_view_array(b, (size_t)cells);
	gsl_vector_view x = gsl_vector_view_array(p, (size_t)cells);
	size_t order[CELLS];
	gsl_permutation permutation = { .size = (size_t)cells, .data = order };

	for (j = 0; j < cells; j++) {
		memset(unit, 0, sizeof(unit));
		unit[j] = 1;
		transition(m, unit, column);
		for (i = 0; i < cells; i++)
			a[i * cells + j] = (i == j) - column[i];
		b[j] = m->theta[j / r] * m->theta[j % r];
	}
	gsl_permutation_init(&permutation);
	ret = gsl_linalg_LU_decomp(&matrix.matrix, &permutation, &sign) ||
	      gsl_linalg_LU_solve(&matrix.matrix, &permutation, &right.vector, &x.vector);
	return ret || !isfinite(p[0]) || p[0] <= 0 ? -EDOM : 0;
}

/* Take a known sample in: the innovation goes into the sums and into the state. */
static void update(struct filter *f, double value, struct kalman_fit *fit)
{
	double variance = f->steady ? 1 : f->p[0], v = value - f->a[0], gain[KALMAN_R_MAX];
	int i, j, r = f->arma->r;

	fit->used++;
	fit->sum_squares += v * v / variance;
	fit->sum_logs += log(variance);
	if (f->steady) {
		/* The state is known exactly but for the last innovation: gain is R. */
		for (i = 0; i < r; i++)
			f->a[i] += f->arma->theta[i] * v;
		return;
	}
	for (i = 0; i < r; i++)
		gain[i] = f->p[i * r] / variance;
	for (i = 0; i < r; i++)
		f->a[i] += gain[i] * v;
	for (i = 0; i < r; i++)
		for (j = i; j < r; j++) {
			f->p[i * r + j] -= gain[i] * gain[j] * variance;
			f->p[j * r + i] = f->p[i * r + j];
		}
}

/* One step ahead. */
static void advance(struct filter *f)
{
	const struct kalman_arma *m = f->arma;
	double first = f->a[0], next[CELLS];
	int i, j, r = m->r;

	for (i = 0; i < r; i++)
		f->a[i] = m->phi[i] * first + (i + 1 < r ? f->a[i + 1] : 0);
	if (f->steady)
		return;
	transition(m, f->p, next);
	for (i = 0; i < r; i++)
		for (j = 0; j < r; j++)
			f->p[i * r + j] = next[i * r + j] + m->theta[i] * m->theta[j];
	f->steady = fabs(f->p[0] - 1) < STEADY;
}

/* A gap makes the state uncertain again: from rest the variance is R R'. */
static void leave_rest(struct filter *f)
{
	int i, j, r = f->arma->r;

	if (!f->steady)
		return;
	for (i = 0; i < r; i++)
		for (j = 0; j < r; j++)
			f->p[i * r + j] = f->arma->theta[i] * f->arma->theta[j];
	f->steady = false;
}

int kalman_run(const struct kalman_arma *arma, const double *w, size_t n, double mean,
	       struct kalman_fit *fit)
{
	struct filter f = { .arma = arma };
	size_t t;

	memset(fit, 0, sizeof(*fit));
	if (start_variance(arma, f.p))
		return -EDOM;
	f.steady = fabs(f.p[0] - 1) < STEADY && arma->r == 1;
	for (t = 0; t < n; t++) {
		if (isnan(w[t]))
			leave_rest(&f);
		else
			update(&f, w[t] - mean, fit);
		advance(&f);
	}
	memcpy(fit->state, f.a, sizeof(fit->state));
	return isfinite(fit->sum_squares) ? 0 : -EDOM;
}
