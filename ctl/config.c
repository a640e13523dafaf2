// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config: the keys of the configuration file, as tables, and the rules between them
 * that no table can hold.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "config_line.h"
#include "forecast/forecast.h"
#include "units.h"

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* Steps of one forecast, and samples that a model is fitted to. */
#define STEPS_MIN 5
#define STEPS_MAX FORECAST_STEPS_MAX
#define FIT_MIN   60
#define FIT_MAX   7200

const char *const config_resource_names[CONFIG_RESOURCES + 1] = {
	[CONFIG_CPU] = "cpu",
	[CONFIG_MEMORY] = "memory",
	[CONFIG_NETWORK] = "network",
	[CONFIG_CONNS] = "conns",
};

#define AT(type, member)   .offset = offsetof(struct type, member)
#define TEXT(type, member) AT(type, member), .max = sizeof(((struct type *)0)->member) - 1

static const struct config_field node_fields[] = {
	{ "name", CONFIG_NAME, TEXT(config_node, name), .min = 1 },
	{ "id", CONFIG_UINT, AT(config_node, id), .min = 1, .max = 65535 },
	{ "device", CONFIG_NAME, TEXT(config_node, device), .min = 1, .dflt = "\"spill0\"" },
	{ "port", CONFIG_UINT, AT(config_node, port), .min = 1, .max = 65535, .dflt = "51821" },
	{ "control_port", CONFIG_UINT, AT(config_node, control_port), .min = 1, .max = 65535,
	  .optional = true },
	{ "private_key_file", CONFIG_STRING, TEXT(config_node, private_key_file), .min = 1,
	  .dflt = "\"" CONFIG_KEY_DEFAULT "\"" },
	{ "rekey", CONFIG_DURATION, AT(config_node, rekey_ms), .min = 5 * SECOND, .max = 2 * MINUTE,
	  .dflt = "\"2m\"" },
	{ "address", CONFIG_ADDRESS, AT(config_node, address), .optional = true },
	{ "create", CONFIG_BOOL, AT(config_node, create), .dflt = "true" },
	{ "cleanup", CONFIG_BOOL, AT(config_node, cleanup), .dflt = "false" },
	{ NULL },
};

static const struct config_field peer_fields[] = {
	{ "name", CONFIG_NAME, TEXT(config_peer, name), .min = 1 },
	{ "id", CONFIG_UINT, AT(config_peer, id), .min = 1, .max = 65535 },
	{ "endpoint", CONFIG_ENDPOINT, AT(config_peer, endpoint) },
	{ "control", CONFIG_ENDPOINT, AT(config_peer, control), .optional = true },
	{ "public_key", CONFIG_KEY, AT(config_peer, public_key) },
	{ "weight", CONFIG_UINT, AT(config_peer, weight), .max = SPILLWAY_WEIGHT_MAX, .dflt = "1" },
	{ NULL },
};

static const struct config_field source_fields[] = {
	{ "cgroup", CONFIG_STRING, TEXT(config_sources, cgroup), .min = 1, .dflt = "\"auto\"" },
	{ "uplink", CONFIG_NAME, TEXT(config_sources, uplink), .min = 1, .optional = true },
	{ "uplink_rate", CONFIG_RATE, AT(config_sources, uplink_rate), .min = 1000,
	  .max = 1000000000000, .optional = true },
	{ "conns_max", CONFIG_UINT, AT(config_sources, conns_max), .min = 1, .max = 100000000,
	  .optional = true },
	{ "count", CONFIG_FLAGS, AT(config_sources, count), .min = 1,
	  .names = config_resource_names, .dflt = "[\"cpu\", \"memory\", \"network\"]" },
	{ NULL },
};

static const struct config_field class_fields[] = {
	{ "name", CONFIG_NAME, TEXT(config_class, name), .min = 1 },
	{ "local_port", CONFIG_PORTS, AT(config_class, local), .optional = true },
	{ "remote_port", CONFIG_PORTS, AT(config_class, remote), .optional = true },
	{ "critical", CONFIG_BOOL, AT(config_class, critical), .dflt = "false" },
	{ "offload", CONFIG_BOOL, AT(config_class, offload), .dflt = "true" },
	{ "handoff", CONFIG_BOOL, AT(config_class, handoff), .dflt = "false" },
	{ NULL },
};

static const struct config_field forecast_fields[] = {
	{ "sample", CONFIG_DURATION, AT(config_forecast, sample_ms), .min = 100, .max = MINUTE,
	  .dflt = "\"1s\"" },
	{ "horizon", CONFIG_DURATION, AT(config_forecast, horizon_ms), .min = SECOND, .max = HOUR,
	  .dflt = "\"30s\"" },
	{ "interval", CONFIG_RATIO, AT(config_forecast, interval), .min = 500, .max = 990,
	  .dflt = "0.8" },
	{ "history", CONFIG_DURATION, AT(config_forecast, history_ms), .min = MINUTE, .max = DAY,
	  .dflt = "\"10m\"" },
	{ NULL },
};

static const struct config_field threshold_fields[] = {
	{ "limit", CONFIG_RATIO, AT(config_threshold, limit), .min = 100, .max = 1000,
	  .dflt = "0.9" },
	{ "min", CONFIG_RATIO, AT(config_threshold, min), .min = 50, .max = 1000, .dflt = "0.6" },
	{ NULL },
};

static const struct config_field offload_fields[] = {
	{ "enabled", CONFIG_BOOL, AT(config_offload, enabled), .dflt = "true" },
	{ "min_age", CONFIG_DURATION, AT(config_offload, min_age_ms), .max = DAY,
	  .dflt = "\"2s\"" },
	{ "max_per_round", CONFIG_UINT, AT(config_offload, max_per_round), .min = 1,
	  .max = SPILLWAY_BATCH_MAX, .dflt = "256" },
	{ "hysteresis", CONFIG_DURATION, AT(config_offload, hysteresis_ms), .min = SECOND,
	  .max = HOUR, .dflt = "\"15s\"" },
	{ "recall_below", CONFIG_RATIO, AT(config_offload, recall_below), .max = 1000,
	  .dflt = "0.4" },
	{ NULL },
};

static const struct config_field history_fields[] = {
	{ "path", CONFIG_STRING, TEXT(config_history, path), .min = 1,
	  .dflt = "\"/var/lib/spillway/history.db\"" },
	{ "keep", CONFIG_DURATION, AT(config_history, keep_ms), .min = HOUR, .max = 366 * DAY,
	  .dflt = "\"14d\"" },
	{ NULL },
};

static const struct config_field status_fields[] = {
	{ "socket", CONFIG_STRING, TEXT(config_status, socket),
	  .dflt = "\"/run/spillway/spilld.sock\"" },
	{ NULL },
};

#define SECTION(key, member, fields)                                                  \
	{                                                                             \
		key, CONFIG_OBJECT, AT(config, member), .dflt = "{}", .sub = (fields) \
	}

static const struct config_field fields[] = {
	{ "node", CONFIG_OBJECT, AT(config, node), .sub = node_fields },
	{ "peers", CONFIG_ARRAY, AT(config, peers), .max = SPILLWAY_PEERS_MAX, .dflt = "[]",
	  .sub = peer_fields, .size = sizeof(struct config_peer),
	  .count_offset = offsetof(struct config, peer_count) },
	SECTION("sources", sources, source_fields),
	{ "classes", CONFIG_ARRAY, AT(config, classes), .max = CONFIG_CLASSES_MAX, .dflt = "[]",
	  .sub = class_fields, .size = sizeof(struct config_class),
	  .count_offset = offsetof(struct config, class_count) },
	SECTION("forecast", forecast, forecast_fields),
	SECTION("threshold", threshold, threshold_fields),
	SECTION("offload", offload, offload_fields),
	SECTION("history", history, history_fields),
	SECTION("status", status, status_fields),
	{ NULL },
};

/* Somewhere to say "the value at this path is wrong" from. */
struct check {
	const struct config *config;
	const struct config_text *text;
	struct config_error *err;
};

#define check_fail(check, path, fmt, ...) \
	config_fail_at((check)->text, (check)->err, path, fmt, ##__VA_ARGS__)

static int check_device(const struct check *check)
{
	const char *device = check->config->node.device;

	/* What the kernel's dev_valid_name() refuses of what CONFIG_NAME lets pass. */
	if (!strcmp(device, ".") || !strcmp(device, ".."))
		return check_fail(check, "node.device", "\"%s\" cannot name a device", device);
	if (!strcmp(device, check->config->sources.uplink))
		return check_fail(check, "sources.uplink",
				  "is the tunnel device itself, node.device");
	return 0;
}

static bool same_endpoint(const struct config_peer *a, const struct config_peer *b)
{
	return address_equal(&a->endpoint.addr, &b->endpoint.addr) &&
	       a->endpoint.port == b->endpoint.port;
}

/* Peer @i against the node and the peers before it. 1024 peers at most. */
static int check_peer(const struct check *check, size_t i)
{
	const struct config *config = check->config;
	const struct config_peer *peer = &config->peers[i];
	const struct config_peer *other;
	char path[CONFIG_PATH_MAX];
	int len;

	len = snprintf(path, sizeof(path), "peers[%zu]", i);
	snprintf(path + len, sizeof(path) - (size_t)len, ".id");
	if (peer->id == config->node.id)
		return check_fail(check, path, "%u is this node's own id", peer->id);
	for (other = config->peers; other < peer; other++) {
		if (other->id == peer->id)
			return check_fail(check, path, "%u is the id of peers[%td] too", peer->id,
					  other - config->peers);
	}
	snprintf(path + len, sizeof(path) - (size_t)len, ".name");
	if (!strcmp(peer->name, config->node.name))
		return check_fail(check, path, "\"%s\" is this node's own name", peer->name);
	for (other = config->peers; other < peer; other++) {
		if (!strcmp(other->name, peer->name))
			return check_fail(check, path, "\"%s\" is the name of peers[%td] too",
					  peer->name, other - config->peers);
	}
	snprintf(path + len, sizeof(path) - (size_t)len, ".endpoint");
	for (other = config->peers; other < peer; other++) {
		if (same_endpoint(other, peer))
			return check_fail(check, path, "is the endpoint of peers[%td] too",
					  other - config->peers);
	}
	snprintf(path + len, sizeof(path) - (size_t)len, ".public_key");
	for (other = config->peers; other < peer; other++) {
		if (!memcmp(other->public_key, peer->public_key, sizeof(peer->public_key)))
			return check_fail(check, path, "is the key of peers[%td] too",
					  other - config->peers);
	}
	return 0;
}

static int check_sources(const struct check *check)
{
	const struct config_sources *sources = &check->config->sources;

	if (sources->count & 1U << CONFIG_NETWORK && !sources->uplink[0])
		return check_fail(check, "sources.uplink",
				  "must be given, since sources.count has network");
	if (sources->uplink[0] && !sources->uplink_rate)
		return check_fail(check, "sources.uplink_rate",
				  "must be given, since sources.uplink is");
	if (sources->uplink_rate && !sources->uplink[0])
		return check_fail(check, "sources.uplink",
				  "must be given, since sources.uplink_rate is");
	if (sources->count & 1U << CONFIG_CONNS && !sources->conns_max)
		return check_fail(check, "sources.conns_max",
				  "must be given, since sources.count has conns");
	if (sources->cgroup[0] != '/' && strcmp(sources->cgroup, "auto") &&
	    strcmp(sources->cgroup, "none"))
		return check_fail(check, "sources.cgroup",
				  "\"%s\" is none of auto, none and an absolute path",
				  sources->cgroup);
	return 0;
}

static int check_class(const struct check *check, size_t i)
{
	const struct config_class *class = &check->config->classes[i];
	char path[CONFIG_PATH_MAX];

	snprintf(path, sizeof(path), "classes[%zu].name", i);
	for (size_t j = 0; j < i; j++) {
		if (!strcmp(check->config->classes[j].name, class->name))
			return check_fail(check, path, "\"%s\" is the name of classes[%zu] too",
					  class->name, j);
	}
	if (class->handoff && (!class->offload || !class->local.count)) {
		snprintf(path, sizeof(path), "classes[%zu].handoff", i);
		return check_fail(
			check, path,
			class->offload ?
				"needs \"local_port\": the ports whose service runs on the peers too" :
				"contradicts \"offload\": false");
	}
	if (class->local.count || class->remote.count)
		return 0;
	/* The first class that fits counts, so none after this one would ever. */
	if (i + 1 < check->config->class_count) {
		snprintf(path, sizeof(path), "classes[%zu]", i);
		return check_fail(
			check, path,
			"fits every connection (no local_port, no remote_port), so it must be the last");
	}
	return 0;
}

static int check_forecast(const struct check *check)
{
	const struct config_forecast *forecast = &check->config->forecast;
	uint64_t steps = forecast->horizon_ms / forecast->sample_ms;
	uint64_t fitted = forecast->history_ms / forecast->sample_ms;

	if (forecast->horizon_ms % forecast->sample_ms)
		return check_fail(check, "forecast.horizon",
				  "must be a multiple of forecast.sample");
	if (steps < STEPS_MIN || steps > STEPS_MAX)
		return check_fail(check, "forecast.horizon",
				  "is %" PRIu64 " samples ahead, must be %d to %d", steps,
				  STEPS_MIN, STEPS_MAX);
	if (fitted < FIT_MIN || fitted > FIT_MAX)
		return check_fail(check, "forecast.history",
				  "is %" PRIu64 " samples, must be %d to %d", fitted, FIT_MIN,
				  FIT_MAX);
	if (check->config->history.keep_ms < forecast->history_ms)
		return check_fail(check, "history.keep",
				  "is less than forecast.history, which the model is fitted to");
	return 0;
}

static int check_limits(const struct check *check)
{
	const struct config *config = check->config;

	if (config->threshold.min > config->threshold.limit)
		return check_fail(check, "threshold.min", "%g is above threshold.limit, %g",
				  config->threshold.min, config->threshold.limit);
	/* Else what was moved off would be recalled while the node is still hot. */
	if (config->offload.recall_below >= config->threshold.min)
		return check_fail(check, "offload.recall_below",
				  "%g is not below threshold.min, %g", config->offload.recall_below,
				  config->threshold.min);
	if (config->status.socket[0] && config->status.socket[0] != '/')
		return check_fail(check, "status.socket", "must be an absolute path");
	return 0;
}

static int check_all(const struct check *check)
{
	int ret = check_device(check);

	for (size_t i = 0; i < check->config->peer_count && !ret; i++)
		ret = check_peer(check, i);
	if (!ret)
		ret = check_sources(check);
	for (size_t i = 0; i < check->config->class_count && !ret; i++)
		ret = check_class(check, i);
	if (!ret)
		ret = check_forecast(check);
	if (!ret)
		ret = check_limits(check);
	return ret;
}

/* Defaults that are other keys' values. */
static void fill_in(struct config *config)
{
	if (!config->node.control_port)
		config->node.control_port = config->node.port;
	for (size_t i = 0; i < config->peer_count; i++) {
		struct config_peer *peer = &config->peers[i];

		if (!peer->control.port)
			peer->control = peer->endpoint;
	}
}

/* Takes @text over. */
static int build(struct config *config, struct config_text *text, struct config_error *err)
{
	struct check check = { .config = config, .text = text, .err = err };
	int ret;

	ret = config_walk(text, fields, config, err);
	if (!ret)
		ret = check_all(&check);
	if (!ret)
		fill_in(config);
	if (ret)
		config_free(config);
	config_text_free(text);
	return ret;
}

int config_load_more(struct config *config, const char *file, char *const *peers,
		     struct config_error *err)
{
	struct config_text text;
	int ret;

	memset(config, 0, sizeof(*config));
	ret = config_text_read(&text, file, err);
	for (; !ret && *peers; peers++) {
		ret = config_line_add(&text, *peers, err);
		if (ret)
			config_text_free(&text);
	}
	return ret ? ret : build(config, &text, err);
}

int config_load(struct config *config, const char *file, struct config_error *err)
{
	return config_load_more(config, file, (char *const[]){ NULL }, err);
}

int config_parse(struct config *config, const char *file, const char *bytes, size_t len,
		 struct config_error *err)
{
	struct config_text text;
	int ret;

	memset(config, 0, sizeof(*config));
	ret = config_text_parse(&text, file, bytes, len, err);
	return ret ? ret : build(config, &text, err);
}

void config_free(struct config *config)
{
	config_walk_free(fields, config);
	config->peer_count = 0;
	config->class_count = 0;
}
