// SPDX-License-Identifier: GPL-2.0-or-later
/* report: what spilld knows and did, as JSON. */
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "history.h"
#include "log.h"
#include "report.h"

static const char *const units[CONFIG_RESOURCES] = {
	[CONFIG_CPU] = "cpus",
	[CONFIG_MEMORY] = "bytes",
	[CONFIG_NETWORK] = "bytes_per_second",
	[CONFIG_CONNS] = "connections",
};

/* What could not be allocated becomes null; json-c itself would abort. */
static void add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!object || json_object_object_add(object, key, value))
		json_object_put(value);
}

/* Four digits behind the point: loads are not known better. NaN is null. */
static struct json_object *number(double value)
{
	char text[64];

	if (!isfinite(value))
		return NULL;
	snprintf(text, sizeof(text), "%.4f", value);
	return json_object_new_double_s(value, text);
}

static struct json_object *whole(uint64_t value)
{
	return json_object_new_uint64(value);
}

static struct json_object *known(int64_t value)
{
	return value < 0 ? NULL : json_object_new_int64(value);
}

static struct json_object *numbers(const double *values, size_t n)
{
	struct json_object *array = json_object_new_array_ext((int)n);

	for (size_t i = 0; array && i < n; i++)
		json_object_array_add(array, number(values[i]));
	return array;
}

static struct json_object *resource(const struct sample *sample, enum config_resource which)
{
	const struct metrics_reading *reading = &sample->reading[which];
	struct json_object *object = json_object_new_object();

	add(object, "load", number(sample_load(sample, which)));
	if (!sample->error[which]) {
		add(object, "used", number(reading->used));
		add(object, "capacity", number(reading->capacity > 0 ? reading->capacity : NAN));
	}
	add(object, "unit", json_object_new_string(units[which]));
	return object;
}

static void add_sample(struct json_object *object, const struct sample *sample)
{
	struct json_object *resources = json_object_new_object();

	add(object, "t_ms", json_object_new_int64(sample->time_ms));
	for (enum config_resource i = 0; i < CONFIG_RESOURCES; i++)
		add(resources, config_resource_names[i], resource(sample, i));
	add(object, "resources", resources);
	add(object, "load", number(sample->load));
	add(object, "worst",
	    isnan(sample->load) ? NULL :
				  json_object_new_string(config_resource_names[sample->worst]));
}

static struct json_object *forecast(const struct report_tick *tick)
{
	struct json_object *object;

	if (!tick->steps)
		return NULL;
	object = json_object_new_object();
	add(object, "model", json_object_new_string(tick->model));
	add(object, "step_ms", whole(tick->step_ms));
	add(object, "mean", numbers(tick->mean, tick->steps));
	add(object, "lo", numbers(tick->lo, tick->steps));
	add(object, "hi", numbers(tick->hi, tick->steps));
	return object;
}

static const char *const actions[] = {
	[REPORT_OFFLOAD] = "offload",
	[REPORT_RECALL] = "recall",
	[REPORT_HANDOFF] = "handoff",
};

static struct json_object *move(const struct report_move *m)
{
	struct json_object *object = json_object_new_object();

	add(object, "id", whole(m->id));
	add(object, "action", json_object_new_string(actions[m->action]));
	add(object, "peer", m->peer[0] ? json_object_new_string(m->peer) : NULL);
	add(object, "tx_bytes_per_second", whole(m->tx_rate));
	return object;
}

static struct json_object *moves(const struct report_tick *tick)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < tick->move_count; i++)
		json_object_array_add(array, move(&tick->moves[i]));
	return array;
}

struct json_object *report_tick_json(const struct report_tick *tick)
{
	const struct decide_verdict *verdict = &tick->verdict;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_sample(object, &tick->sample);
	add(object, "demand", number(tick->demand));
	add(object, "relayed_bytes_per_second", number(tick->relayed));
	add(object, "hosted_bytes_per_second", number(tick->hosted));
	add(object, "forecast", forecast(tick));
	add(object, "threshold", number(tick->threshold));
	add(object, "state", json_object_new_string(decide_state_names[verdict->state]));
	add(object, "predicted", json_object_new_boolean(verdict->crossing >= 0));
	add(object, "crossing_ms",
	    verdict->crossing < 0 ? NULL : whole((uint64_t)verdict->crossing * tick->step_ms));
	add(object, "peak", number(verdict->peak));
	add(object, "conns", known(tick->conns));
	add(object, "offloaded", known(tick->offloaded));
	add(object, "missed", whole(tick->missed));
	add(object, "moves", moves(tick));
	return object;
}

static struct json_object *node(const struct config_node *config)
{
	struct json_object *object = json_object_new_object();

	add(object, "name", json_object_new_string(config->name));
	add(object, "id", whole(config->id));
	add(object, "device", json_object_new_string(config->device));
	return object;
}

static struct json_object *limits(const struct config *config)
{
	struct json_object *object = json_object_new_object();

	add(object, "limit", number(config->threshold.limit));
	add(object, "recall_below", number(config->offload.recall_below));
	add(object, "capacity_bytes_per_second",
	    config->sources.uplink_rate ? whole(config->sources.uplink_rate) : NULL);
	return object;
}

static struct json_object *peer(const struct report_peer *p)
{
	struct json_object *object = json_object_new_object();

	add(object, "name", json_object_new_string(p->name));
	add(object, "id", whole(p->id));
	add(object, "state", json_object_new_string(p->state));
	add(object, "load", number(p->load));
	add(object, "forecast", number(p->forecast));
	add(object, "free", number(p->free));
	add(object, "capacity_bytes_per_second", p->capacity ? whole(p->capacity) : NULL);
	add(object, "rtt_us", p->rtt_us ? whole(p->rtt_us) : NULL);
	add(object, "conns_offloaded", whole(p->conns_offloaded));
	return object;
}

static struct json_object *totals(const struct report_totals *t)
{
	struct json_object *object = json_object_new_object();

	add(object, "ticks", whole(t->ticks));
	add(object, "missed", whole(t->missed));
	add(object, "rounds", whole(t->rounds));
	add(object, "offloaded", whole(t->offloaded));
	add(object, "recalled", whole(t->recalled));
	add(object, "refused", whole(t->refused));
	return object;
}

static struct json_object *control_peer(const struct report_control_peer *p)
{
	struct json_object *object = json_object_new_object();

	add(object, "name", json_object_new_string(p->name));
	add(object, "connected", json_object_new_boolean(p->connected));
	add(object, "epochs", whole(p->epochs));
	add(object, "since_ms", p->epochs ? whole(p->since_ms) : NULL);
	return object;
}

static struct json_object *control(const struct report_control *c)
{
	struct json_object *object = json_object_new_object();
	struct json_object *ended = json_object_new_object();
	struct json_object *peers = json_object_new_array();

	for (size_t i = 0; c->end_names[i]; i++)
		add(ended, c->end_names[i], whole(c->ended[i]));
	for (size_t i = 0; peers && i < c->peer_count; i++)
		json_object_array_add(peers, control_peer(&c->peers[i]));
	add(object, "accepted", whole(c->accepted));
	add(object, "agreed", whole(c->agreed));
	add(object, "limited", whole(c->limited));
	add(object, "ended", ended);
	add(object, "peers", peers);
	return object;
}

struct json_object *report_status_json(const struct report_status *status)
{
	struct json_object *object = json_object_new_object();
	struct json_object *peers = json_object_new_array();
	unsigned long errors;
	const char *error = log_last_error(&errors);

	if (!object || !peers) {
		json_object_put(object);
		json_object_put(peers);
		return NULL;
	}
	add(object, "node", node(&status->config->node));
	add(object, "pid", json_object_new_int(getpid()));
	add(object, "uptime_ms", whole(status->uptime_ms));
	add(object, "limits", limits(status->config));
	add(object, "last", status->last ? report_tick_json(status->last) : NULL);
	for (size_t i = 0; i < status->peer_count; i++)
		json_object_array_add(peers, peer(&status->peers[i]));
	add(object, "peers", peers);
	add(object, "control", status->control ? control(status->control) : NULL);
	add(object, "totals", totals(&status->totals));
	add(object, "last_error", errors ? json_object_new_string(error) : NULL);
	add(object, "error_count", whole(errors));
	return object;
}

static struct json_object *history_row(const struct history_sample *sample)
{
	struct json_object *object = json_object_new_object();

	add(object, "t_ms", json_object_new_int64(sample->time_ms));
	add(object, "load", number(sample->load));
	add(object, "cpu", number(sample->cpu));
	add(object, "memory", number(sample->memory));
	add(object, "network", number(sample->network));
	add(object, "conns", number(sample->conns));
	return object;
}

struct json_object *report_history_json(const struct history_sample *samples, size_t count)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array_ext((int)count);

	for (size_t i = 0; array && i < count; i++)
		json_object_array_add(array, history_row(&samples[i]));
	add(object, "samples", array);
	return object;
}

struct json_object *report_error_json(const char *error)
{
	struct json_object *object = json_object_new_object();

	if (object)
		add(object, "error", json_object_new_string(error));
	return object;
}
