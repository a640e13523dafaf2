// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arima: exact maximum likelihood of ARIMA(p,d,q). The optimiser moves in a space
 * without borders: each coefficient polynomial is made from partial autocorrelations
 * (Monahan 1984), these from any number by tanh (Jones 1980), so that every point is a
 * stationary and invertible process. The variance is concentrated out.
 */
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forecast/arima.h"
#include "forecast/difference.h"
#include "forecast/kalman.h"

#define PARAMS_MAX (ARIMA_P_MAX + ARIMA_Q_MAX + 1)
#define ITERATIONS 400
#define SIZE_END   1e-5
#define IMPOSSIBLE 1e10 /* finite: nmsimplex2 gives up on an infinity */

/*
 * GSL's own handler ends the program where a matrix is singular or memory is short.
 * Off, the functions return their error. Set before main(), since it is one for all
 * threads.
 */
__attribute__((constructor)) static void errors_are_returned(void)
{
	gsl_set_error_handler_off();
}

/**
 * struct problem - what the optimiser works on
 * @order: shape
 * @w: differenced series
 * @n: its length
 * @center: about where its mean is
 * @scale: about how far the mean may be off
 */
struct problem {
	struct arima_order order;
	const double *w;
	size_t n;
	double center;
	double scale;
};

/* Durbin-Levinson: partial autocorrelations to autoregressive coefficients. */
static void from_partials(const double *u, int count, double *phi)
{
	double old[ARIMA_P_MAX > ARIMA_Q_MAX ? ARIMA_P_MAX : ARIMA_Q_MAX];
	int i, k;

	for (k = 0; k < count; k++) {
		memcpy(old, phi, sizeof(*phi) * (size_t)k);
		phi[k] = tanh(u[k]);
		for (i = 0; i < k; i++)
			phi[i] = old[i] - phi[k] * old[k - 1 - i];
	}
}

/* A point of the optimiser's space as a model. */
static void to_model(const struct problem *problem, const double *u, struct arima *arima)
{
	const struct arima_order *o = &problem->order;
	int i;

	memset(arima, 0, sizeof(*arima));
	arima->order = *o;
	from_partials(u, o->p, arima->phi);
	from_partials(u + o->p, o->q, arima->theta);
	for (i = 0; i < o->q; i++)
		arima->theta[i] = -arima->theta[i];
	if (o->constant)
		arima->mean = problem->center + problem->scale * u[o->p + o->q];
}

static void to_arma(const struct arima *arima, struct kalman_arma *arma)
{
	memset(arma, 0, sizeof(*arma));
	arma->r = arima->order.p > arima->order.q + 1 ? arima->order.p : arima->order.q + 1;
	memcpy(arma->phi, arima->phi, sizeof(double) * (size_t)arima->order.p);
	arma->theta[0] = 1;
	memcpy(arma->theta + 1, arima->theta, sizeof(double) * (size_t)arima->order.q);
}

/* Fills in variance and likelihood. */
static int judge(const struct problem *problem, struct arima *arima)
{
	int k = arima->order.p + arima->order.q + arima->order.constant + 1;
	struct kalman_arma arma;
	struct kalman_fit fit;
	double n;

	to_arma(arima, &arma);
	if (kalman_run(&arma, problem->w, problem->n, arima->mean, &fit) || !fit.used)
		return -EDOM;
	n = (double)fit.used;
	arima->sigma2 = fit.sum_squares / n;
	if (!(arima->sigma2 > 0) || n <= k + 1)
		return -EDOM;
	arima->loglik = -0.5 * (n * (log(2 * M_PI * arima->sigma2) + 1) + fit.sum_logs);
	arima->aicc = -2 * arima->loglik + 2.0 * k * n / (n - k - 1);
	return isfinite(arima->aicc) ? 0 : -EDOM;
}

static double objective(const gsl_vector *x, void *data)
{
	struct arima arima;
	double u[PARAMS_MAX];
	size_t i;

	for (i = 0; i < x->size && i < PARAMS_MAX; i++)
		u[i] = gsl_vector_get(x, i);
	to_model(data, u, &arima);
	return judge(data, &arima) ? IMPOSSIBLE :
				     -arima.loglik / (double)((struct problem *)data)->n;
}

static int minimise(struct problem *problem, double *u, size_t count)
{
	gsl_multimin_fminimizer *m;
	gsl_vector_view start = gsl_vector_view_array(u, count);
	gsl_multimin_function target = { objective, count, problem };
	gsl_vector *step = gsl_vector_alloc(count);
	int i, ret = -ENOMEM;

	m = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, count);
	if (!m || !step)
		goto out;
	gsl_vector_set_all(step, 0.3);
	ret = gsl_multimin_fminimizer_set(m, &target, &start.vector, step) ? -EDOM : 0;
	for (i = 0; !ret && i < ITERATIONS; i++) {
		if (gsl_multimin_fminimizer_iterate(m) ||
		    gsl_multimin_fminimizer_size(m) < SIZE_END)
			break;
	}
	if (!ret)
		gsl_vector_memcpy(&start.vector, m->x);
out:
	if (m)
		gsl_multimin_fminimizer_free(m);
	if (step)
		gsl_vector_free(step);
	return ret;
}

static bool order_is_sane(const struct arima_order *o)
{
	return o->p >= 0 && o->p <= ARIMA_P_MAX && o->q >= 0 && o->q <= ARIMA_Q_MAX && o->d >= 0 &&
	       o->d <= ARIMA_D_MAX && !(o->constant && o->d > 1);
}

/* Mean and spread of the known samples; false where there is nothing to fit. */
static bool survey(struct problem *problem)
{
	double sum = 0, sum2 = 0;
	size_t i, known = 0;

	for (i = 0; i < problem->n; i++)
		if (!isnan(problem->w[i])) {
			sum += problem->w[i];
			known++;
		}
	if (known < ARIMA_POINTS_MIN - ARIMA_D_MAX)
		return false;
	problem->center = sum / (double)known;
	for (i = 0; i < problem->n; i++)
		if (!isnan(problem->w[i]))
			sum2 += pow(problem->w[i] - problem->center, 2);
	problem->scale = sqrt(sum2 / (double)known);
	return problem->scale > 1e-9 * (1 + fabs(problem->center));
}

static int fit_differenced(struct arima *arima, struct problem *problem)
{
	size_t count = (size_t)(problem->order.p + problem->order.q + problem->order.constant);
	double u[PARAMS_MAX] = { 0 };
	int ret = 0;

	if (!survey(problem))
		return -ENODATA;
	if (count)
		ret = minimise(problem, u, count);
	if (ret)
		return ret;
	to_model(problem, u, arima);
	return judge(problem, arima);
}

int arima_fit(struct arima *arima, struct arima_order order, const double *y, size_t n)
{
	struct problem problem = { .order = order };
	double *w;
	int ret;

	if (!order_is_sane(&order))
		return -EINVAL;
	if (n < ARIMA_POINTS_MIN)
		return -ENODATA;
	w = difference(y, n, order.d, &problem.n);
	if (!w)
		return -ENOMEM;
	problem.w = w;
	ret = fit_differenced(arima, &problem);
	free(w);
	return ret;
}

int arima_choose(struct arima *arima, const double *y, size_t n)
{
	struct arima_order order = { .d = difference_order(y, n, ARIMA_D_MAX) };
	struct arima candidate;
	int ret = -ENODATA, err, c;

	for (c = order.d > 1 ? 0 : 1; c >= (order.d == 0); c--)
		for (order.p = 0; order.p <= 2; order.p++)
			for (order.q = 0; order.q <= 2; order.q++) {
				order.constant = c;
				err = arima_fit(&candidate, order, y, n);
				if (err || (!ret && candidate.aicc >= arima->aicc))
					continue;
				*arima = candidate;
				ret = 0;
			}
	return ret;
}

/* psi weights of the whole ARIMA process: of the ARMA part, summed up d times. */
static void psi_weights(const struct arima *arima, double *psi, int count)
{
	int i, j, k;

	for (i = 0; i < count; i++) {
		psi[i] = !i ? 1 : i <= arima->order.q ? arima->theta[i - 1] : 0;
		for (j = 0; j < arima->order.p && j < i; j++)
			psi[i] += arima->phi[j] * psi[i - 1 - j];
	}
	for (k = 0; k < arima->order.d; k++)
		for (i = 1; i < count; i++)
			psi[i] += psi[i - 1];
}

/* Means of the next @count steps of the differenced series, from the last state. */
static void expect(const struct arima *arima, const struct kalman_arma *arma, double *state,
		   double *mean, int count)
{
	double first;
	int h, i;

	for (h = 0; h < count; h++) {
		first = state[0];
		mean[h] = arima->mean + first;
		for (i = 0; i < arma->r; i++)
			state[i] = arma->phi[i] * first + (i + 1 < arma->r ? state[i + 1] : 0);
	}
}

/*
 * @gap samples at the end are missing: they are forecast too and left out, which is
 * exact and keeps their uncertainty in the interval.
 */
static int predict(const struct arima *arima, const double *y, size_t n, int gap, int steps,
		   double z, struct forecast *forecast)
{
	double mean[2 * FORECAST_STEPS_MAX], psi[2 * FORECAST_STEPS_MAX], variance = 0;
	struct kalman_arma arma;
	struct kalman_fit fit;
	size_t wn;
	double *w = difference(y, n, arima->order.d, &wn);
	int h, ret;

	if (!w)
		return -ENOMEM;
	to_arma(arima, &arma);
	ret = kalman_run(&arma, w, wn, arima->mean, &fit);
	free(w);
	if (ret)
		return ret;
	expect(arima, &arma, fit.state, mean, gap + steps);
	if (integrate(y, n, arima->order.d, mean, gap + steps))
		return -ENODATA;
	psi_weights(arima, psi, gap + steps);
	forecast->steps = steps;
	for (h = 0; h < gap + steps; h++) {
		variance += arima->sigma2 * psi[h] * psi[h];
		if (h < gap)
			continue;
		if (!isfinite(mean[h]) || !isfinite(variance))
			return -EDOM;
		forecast->mean[h - gap] = fmax(mean[h], 0);
		forecast->lo[h - gap] = fmax(mean[h] - z * sqrt(variance), 0);
		forecast->hi[h - gap] = fmax(mean[h] + z * sqrt(variance), 0);
	}
	return 0;
}

int arima_predict(const struct arima *arima, const double *y, size_t n, int steps, double level,
		  struct forecast *forecast)
{
	int gap = 0;

	if (steps < 1 || steps > FORECAST_STEPS_MAX || !(level > 0 && level < 1) ||
	    !order_is_sane(&arima->order))
		return -EINVAL;
	while (n && isnan(y[n - 1])) {
		n--;
		gap++;
	}
	if (n < ARIMA_POINTS_MIN || gap > FORECAST_STEPS_MAX)
		return -ENODATA;
	return predict(arima, y, n, gap, steps, forecast_z(level), forecast);
}
