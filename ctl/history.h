/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history: samples, forecasts and moves in SQLite. */
#ifndef SPILLWAY_CTL_HISTORY_H
#define SPILLWAY_CTL_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct history;

/**
 * struct history_sample - one second of this node; NaN is unknown
 * @time_ms: CLOCK_REALTIME
 * @cpu: of its capacity, 0..1
 * @memory: likewise
 * @network: likewise
 * @conns: connections
 * @load: the worst
 */
struct history_sample {
	int64_t time_ms;
	double cpu;
	double memory;
	double network;
	double conns;
	double load;
};

/**
 * struct history_forecast - what was forecast
 * @time_ms: when
 * @ahead_ms: for how much later
 * @mean: load
 * @lo: lower bound
 * @hi: upper bound
 * @threshold: then in force
 */
struct history_forecast {
	int64_t time_ms;
	int64_t ahead_ms;
	double mean;
	double lo;
	double hi;
	double threshold;
};

/**
 * history_open() - open or make the database
 * @path: file, or ":memory:"
 * @error: says what is wrong
 * @size: of @error
 *
 * Return: NULL where it cannot be opened, is no database of ours or is newer.
 */
struct history *history_open(const char *path, char *error, size_t size);
void history_close(struct history *history);

/* Return: 0, or -EIO; history_error() says why. */
int history_add_sample(struct history *history, const struct history_sample *sample);
int history_add_forecast(struct history *history, const struct history_forecast *forecast);
int history_add_move(struct history *history, int64_t time_ms, uint64_t conn_id, uint16_t peer_id,
		     uint64_t tx_rate);

/**
 * history_samples() - samples of a range of time, oldest first
 * @from_ms: first
 * @to_ms: last
 * @samples: receives an array to be freed
 * @count: how many
 *
 * Return: 0, -EIO or -ENOMEM.
 */
int history_samples(struct history *history, int64_t from_ms, int64_t to_ms,
		    struct history_sample **samples, size_t *count);

/* Delete all that is older than @before_ms. Return: 0 or -EIO. */
int history_trim(struct history *history, int64_t before_ms);

const char *history_error(struct history *history);

#endif /* SPILLWAY_CTL_HISTORY_H */
