// SPDX-License-Identifier: GPL-2.0-or-later
/* ahead: the past and the future of this node's load. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ahead.h"
#include "fitter.h"
#include "forecast/baseline.h"
#include "history.h"
#include "log.h"
#include "series.h"
#include "threshold.h"

#define REFIT_SAMPLES 10   /* between two fits */
#define TRIM_SAMPLES  3600 /* between two deletions of old samples */

/*
 * Samples until a move has taken effect: one to decide, and those in which it shows.
 * It is also how far ahead the forecasts are that the threshold is judged by.
 */
#define LEAD (1 + DECIDE_SETTLE_SAMPLES)

struct ahead {
	const struct config *config;
	struct history *history;
	bool history_failed;
	unsigned int trim; /* samples until the next deletion */
	struct series *series;
	struct fitter *fitter;
	struct arima model;
	bool has_model;
	int fit_error;      /* of the last fit, logged once */
	unsigned int refit; /* samples until the next fit */
	struct threshold threshold;
	double expected[LEAD]; /* for the samples to come; [0]: for the next */
};

/* Logged when it begins and when it ends, not each second between. */
static void note_history(struct ahead *ahead, int ret)
{
	if (ret && !ahead->history_failed)
		log_warn("history %s: %s: samples are lost", ahead->config->history.path,
			 history_error(ahead->history));
	else if (!ret && ahead->history_failed)
		log_notice("history %s: written again", ahead->config->history.path);
	ahead->history_failed = ret;
}

/* Each sample to its place in time; places without one are missing. */
static void fill_series(struct ahead *ahead, const struct history_sample *samples, size_t count,
			int64_t now_ms)
{
	int64_t period = (int64_t)ahead->config->forecast.sample_ms;
	int64_t next = count ? samples[0].time_ms : now_ms;

	for (size_t i = 0; i < count; i++) {
		/* Half a period early is this place; more is a second one for the last. */
		if (samples[i].time_ms + period / 2 < next)
			continue;
		for (; next + period / 2 < samples[i].time_ms; next += period)
			series_push(ahead->series, NAN);
		series_push(ahead->series, samples[i].load);
		next += period;
	}
	for (; next + period / 2 < now_ms; next += period)
		series_push(ahead->series, NAN);
}

static int load_past(struct ahead *ahead, int64_t now_ms)
{
	int64_t from = now_ms - (int64_t)ahead->config->forecast.history_ms;
	struct history_sample *samples;
	size_t count;
	int ret;

	ret = history_samples(ahead->history, from, now_ms, &samples, &count);
	if (ret) {
		log_err("history %s: %s", ahead->config->history.path,
			history_error(ahead->history));
		return ret;
	}
	fill_series(ahead, samples, count, now_ms);
	if (count)
		log_info("history: %zu samples of the last %" PRIu64 " s", count,
			 ahead->config->forecast.history_ms / 1000);
	free(samples);
	return 0;
}

static int open_parts(struct ahead *ahead, int64_t now_ms)
{
	const struct config_forecast *forecast = &ahead->config->forecast;
	size_t room = forecast->history_ms / forecast->sample_ms;
	char error[512];

	ahead->history = history_open(ahead->config->history.path, error, sizeof(error));
	if (!ahead->history) {
		log_err("history.path: %s: %s", ahead->config->history.path, error);
		return -1;
	}
	ahead->series = series_new(room);
	ahead->fitter = fitter_new(room);
	if (!ahead->series || !ahead->fitter) {
		log_err("out of memory or threads");
		return -1;
	}
	return load_past(ahead, now_ms);
}

struct ahead *ahead_open(const struct config *config, int64_t now_ms)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead) {
		log_err("out of memory");
		return NULL;
	}
	ahead->config = config;
	for (size_t i = 0; i < LEAD; i++)
		ahead->expected[i] = NAN;
	if (!open_parts(ahead, now_ms))
		return ahead;
	ahead_close(ahead);
	return NULL;
}

void ahead_close(struct ahead *ahead)
{
	fitter_free(ahead->fitter);
	series_free(ahead->series);
	if (ahead->history)
		history_close(ahead->history);
	free(ahead);
}

static void store(struct ahead *ahead, const struct sample *sample)
{
	struct history_sample row = {
		.time_ms = sample->time_ms,
		.cpu = sample_load(sample, CONFIG_CPU),
		.memory = sample_load(sample, CONFIG_MEMORY),
		.network = sample_load(sample, CONFIG_NETWORK),
		.conns = sample->error[CONFIG_CONNS] ? NAN : sample->reading[CONFIG_CONNS].used,
		.load = sample->load,
	};

	note_history(ahead, history_add_sample(ahead->history, &row));
}

/* Samples that were not taken, at the times at which they were due. */
static void store_missed(struct ahead *ahead, int64_t time_ms, uint64_t missed)
{
	int64_t period = (int64_t)ahead->config->forecast.sample_ms;
	struct history_sample row = {
		.cpu = NAN,
		.memory = NAN,
		.network = NAN,
		.conns = NAN,
		.load = NAN,
	};

	for (uint64_t i = missed; i > 0; i--) {
		row.time_ms = time_ms - (int64_t)i * period;
		note_history(ahead, history_add_sample(ahead->history, &row));
		series_push(ahead->series, NAN);
	}
}

static void trim(struct ahead *ahead, int64_t now_ms)
{
	if (ahead->trim--)
		return;
	ahead->trim = TRIM_SAMPLES;
	note_history(ahead, history_trim(ahead->history,
					 now_ms - (int64_t)ahead->config->history.keep_ms));
}

/* What was expected for the next sample; the rest moves up. */
static double next_expected(struct ahead *ahead)
{
	double next = ahead->expected[0];

	memmove(ahead->expected, ahead->expected + 1, (LEAD - 1) * sizeof(double));
	ahead->expected[LEAD - 1] = NAN;
	return next;
}

void ahead_add(struct ahead *ahead, const struct sample *sample, double demand, uint64_t missed)
{
	size_t room = ahead->config->forecast.history_ms / ahead->config->forecast.sample_ms;

	/* After a long stop, no more than the series holds: the rest is plain absence. */
	if (missed > room)
		missed = room;
	store_missed(ahead, sample->time_ms, missed);
	for (uint64_t i = 0; i < missed && i < LEAD; i++)
		next_expected(ahead);
	store(ahead, sample);
	series_push(ahead->series, demand);
	trim(ahead, sample->time_ms);
}

static void note_fit(struct ahead *ahead, int error)
{
	if (error && error != ahead->fit_error)
		log_info("no model fits the load (%s): the last value is taken to go on",
			 strerror(-error));
	ahead->fit_error = error;
	if (error)
		ahead->has_model = false;
}

/* Take a model that is ready, and begin the next. */
static void renew_model(struct ahead *ahead, const double *y, size_t n)
{
	int ret = fitter_take(ahead->fitter, &ahead->model);

	if (ret > 0) {
		ahead->has_model = true;
		note_fit(ahead, 0);
	} else if (ret < 0) {
		note_fit(ahead, ret);
	}
	if (ahead->refit)
		ahead->refit--;
	if (!ahead->refit && n >= ARIMA_POINTS_MIN && fitter_submit(ahead->fitter, y, n))
		ahead->refit = REFIT_SAMPLES;
}

static int predict(struct ahead *ahead, const double *y, size_t n, struct forecast *forecast,
		   char model[REPORT_MODEL_MAX])
{
	const struct config_forecast *config = &ahead->config->forecast;
	const struct arima_order *order = &ahead->model.order;
	int steps = (int)(config->horizon_ms / config->sample_ms);

	if (ahead->has_model &&
	    !arima_predict(&ahead->model, y, n, steps, config->interval, forecast)) {
		snprintf(model, REPORT_MODEL_MAX, "arima(%d,%d,%d)", order->p, order->d, order->q);
		return 0;
	}
	snprintf(model, REPORT_MODEL_MAX, "last value");
	return baseline_predict(y, n, steps, config->interval, forecast);
}

static void store_forecast(struct ahead *ahead, const struct report_tick *tick)
{
	size_t last = tick->steps - 1;
	struct history_forecast row = {
		.time_ms = tick->sample.time_ms,
		.ahead_ms = (int64_t)(tick->steps * tick->step_ms),
		.mean = tick->mean[last],
		.lo = tick->lo[last],
		.hi = tick->hi[last],
		.threshold = tick->threshold,
	};

	note_history(ahead, history_add_forecast(ahead->history, &row));
}

/*
 * From demand to load: as long as nothing else is moved, what is relayed for this node
 * and by it stays between the two.
 */
static void take_forecast(struct ahead *ahead, const struct forecast *forecast,
			  struct report_tick *tick)
{
	double between = tick->sample.load - tick->demand;

	if (isnan(between))
		between = 0;
	tick->steps = (size_t)forecast->steps;
	for (size_t i = 0; i < tick->steps; i++) {
		tick->mean[i] = fmax(forecast->mean[i] + between, 0);
		tick->lo[i] = fmax(forecast->lo[i] + between, 0);
		tick->hi[i] = fmax(forecast->hi[i] + between, 0);
	}
	if (forecast->steps >= LEAD)
		ahead->expected[LEAD - 1] = forecast->mean[LEAD - 1];
}

void ahead_look(struct ahead *ahead, struct report_tick *tick)
{
	const struct config *config = ahead->config;
	const struct threshold_rules rules = {
		.limit = config->threshold.limit,
		.min = config->threshold.min,
		.z = forecast_z(config->forecast.interval),
		.lead = LEAD,
	};
	struct forecast forecast;
	const double *y;
	size_t n;

	tick->step_ms = config->forecast.sample_ms;
	tick->steps = 0;
	tick->model[0] = '\0';
	tick->threshold =
		threshold_step(&ahead->threshold, &rules, tick->demand, next_expected(ahead));
	y = series_values(ahead->series, &n);
	renew_model(ahead, y, n);
	if (predict(ahead, y, n, &forecast, tick->model))
		return;
	take_forecast(ahead, &forecast, tick);
	store_forecast(ahead, tick);
}

void ahead_store_move(struct ahead *ahead, int64_t time_ms, uint64_t conn_id, uint16_t peer_id,
		      uint64_t tx_rate)
{
	note_history(ahead, history_add_move(ahead->history, time_ms, conn_id, peer_id, tx_rate));
}

int ahead_history(struct ahead *ahead, int64_t now_ms, uint64_t seconds,
		  struct history_sample **samples, size_t *count)
{
	return history_samples(ahead->history, now_ms - (int64_t)seconds * 1000, now_ms, samples,
			       count);
}
