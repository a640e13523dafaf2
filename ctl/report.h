/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: what spilld knows and did, as JSON, for the status socket and the trace. The
 * two formats are defined here and nowhere else.
 *
 * Keys are in snake_case; a time has its unit in its name; loads are parts of 1; what
 * is not known is null. Enums are words.
 *
 * One tick, a line of the trace (--trace FILE), and "last" of the status:
 *
 *   { "t_ms": 1767225600123,        CLOCK_REALTIME
 *     "resources": {                each with a source; "load" may be null
 *       "cpu":     { "load": 0.31, "used": 0.31, "capacity": 1, "unit": "cpus" },
 *       "memory":  { ..., "unit": "bytes" },
 *       "network": { ..., "unit": "bytes_per_second" },
 *       "conns":   { ..., "unit": "connections" } },
 *     "load": 0.52, "worst": "network",
 *     "demand": 0.71,               load if nothing were relayed: what is forecast
 *     "relayed_bytes_per_second": 480000,    by peers, for this node
 *     "hosted_bytes_per_second": 0,          by this node, for peers
 *     "forecast": {                 of the load, as things are relayed now; or null
 *       "model": "arima(2,1,1)", "step_ms": 1000,
 *       "mean": [ 0.53, ... ], "lo": [ ... ], "hi": [ ... ] },
 *     "threshold": 0.8, "state": "overload predicted",
 *     "predicted": true,
 *     "crossing_ms": 12000,         from now until the threshold; null: not foreseen
 *     "peak": 0.91, "conns": 120, "offloaded": 14, "missed": 0,
 *     "moves": [ { "id": 77, "action": "offload", "peer": "vm-2",
 *                  "tx_bytes_per_second": 125000 }, ... ] }
 *
 * The status, answer to "status" on the socket:
 *
 *   { "node": { "name", "id", "device" }, "pid", "uptime_ms",
 *     "limits": { "limit", "recall_below", "capacity_bytes_per_second" },
 *     "last": (a tick, or null before the first),
 *     "peers": [ { "name", "id", "state", "load", "forecast", "free",
 *                  "capacity_bytes_per_second", "rtt_us", "conns_offloaded" } ],
 *     "control": { "accepted", "agreed", "limited",       see control.h
 *                  "ended": { "closed", "certificate", "tls", ... },
 *                  "peers": [ { "name", "connected",
 *                               "epochs",        times that new keys came into use
 *                               "since_ms" } ] } (the last ones; null if none yet)
 *     "totals": { "ticks", "missed", "rounds", "offloaded", "recalled", "refused" },
 *     "last_error": null or a text, "error_count" }
 *
 * The answer to "history N", the samples of the last N seconds, oldest first:
 *
 *   { "samples": [ { "t_ms", "load", "cpu", "memory", "network", "conns" }, ... ] }
 *
 * Any other request: { "error": "..." }.
 */
#ifndef SPILLWAY_CTL_REPORT_H
#define SPILLWAY_CTL_REPORT_H

#include "config.h"
#include "decide.h"
#include "forecast/forecast.h"
#include "sampler.h"

struct history_sample;
struct json_object;

#define REPORT_MODEL_MAX 64

enum report_action {
	REPORT_OFFLOAD,
	REPORT_RECALL,
	REPORT_HANDOFF, /* begun: the module's jobs tell what becomes of it */
};

/**
 * struct report_move - one connection that was moved
 * @id: of the connection
 * @tx_rate: when it was chosen, bytes a second
 * @peer_id: of the target, or where it comes back from
 * @peer: its name; empty: not known
 */
struct report_move {
	uint64_t id;
	uint64_t tx_rate;
	enum report_action action;
	uint16_t peer_id;
	char peer[SPILLWAY_NAME_MAX + 1];
};

/**
 * struct report_tick - all that is to be told of one sample
 * @demand: the load if nothing were relayed, see sample_demand()
 * @relayed: what peers send for this node, bytes a second
 * @hosted: what this node sends for peers, bytes a second
 * @model: of the forecast, as text
 * @step_ms: from one step of the forecast to the next
 * @steps: 0: there is no forecast
 * @threshold: NaN: none yet
 * @conns: connections the module tracks; -1: not known
 * @offloaded: of these, relayed by peers; -1: not known
 * @missed: samples that were due since the last one and were not taken
 * @moves: with %SPILLWAY_BATCH_MAX at most
 */
struct report_tick {
	struct sample sample;
	double demand;
	double relayed;
	double hosted;
	char model[REPORT_MODEL_MAX];
	uint64_t step_ms;
	size_t steps;
	double mean[FORECAST_STEPS_MAX];
	double lo[FORECAST_STEPS_MAX];
	double hi[FORECAST_STEPS_MAX];
	double threshold;
	struct decide_verdict verdict;
	int64_t conns;
	int64_t offloaded;
	uint64_t missed;
	struct report_move *moves;
	size_t move_count;
};

/**
 * struct report_peer - a peer as the module tells of it; 0 where it does not know
 */
struct report_peer {
	char name[SPILLWAY_NAME_MAX + 1];
	uint32_t id;
	const char *state;
	double load;
	double forecast;
	double free;
	uint64_t capacity;
	uint32_t rtt_us;
	uint32_t conns_offloaded;
};

/**
 * struct report_totals - since the start
 * @ticks: samples taken
 * @missed: samples that were due and were not taken
 * @rounds: batches sent
 * @offloaded: connections moved away
 * @recalled: connections that came back at our asking
 * @refused: connections that the module would not move
 */
struct report_totals {
	uint64_t ticks;
	uint64_t missed;
	uint64_t rounds;
	uint64_t offloaded;
	uint64_t recalled;
	uint64_t refused;
};

/* How it stands with the control connection to a peer. */
struct report_control_peer {
	const char *name;
	bool connected;
	uint64_t epochs;
	uint64_t since_ms;
};

/**
 * struct report_control - control connections, see control.h
 * @end_names: of @ended, then NULL
 */
struct report_control {
	uint64_t accepted;
	uint64_t agreed;
	uint64_t limited;
	const char *const *end_names;
	const uint64_t *ended;
	const struct report_control_peer *peers;
	size_t peer_count;
};

/**
 * struct report_status - what the status tells
 * @last: NULL before the first sample
 * @control: NULL: nothing of it is told
 */
struct report_status {
	const struct config *config;
	uint64_t uptime_ms;
	const struct report_tick *last;
	const struct report_peer *peers;
	size_t peer_count;
	const struct report_control *control;
	struct report_totals totals;
};

/* Each returns a document for the caller to put, or NULL for out of memory. */
struct json_object *report_tick_json(const struct report_tick *tick);
struct json_object *report_status_json(const struct report_status *status);
struct json_object *report_history_json(const struct history_sample *samples, size_t count);
struct json_object *report_error_json(const char *error);

#endif /* SPILLWAY_CTL_REPORT_H */
