/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: what spilld is told: the configuration as plain structs, loaded and
 * checked as a whole. See spillway.json.example for the file.
 */
#ifndef SPILLWAY_CTL_CONFIG_H
#define SPILLWAY_CTL_CONFIG_H

#include <net/if.h>
#include <linux/spillway.h>

#include "config_walk.h"

#define CONFIG_DIR          "/etc/spillway"
#define CONFIG_FILE_DEFAULT CONFIG_DIR "/spillway.json"
#define CONFIG_KEY_DEFAULT  CONFIG_DIR "/private.key"
#define CONFIG_CLASSES_MAX  64

/**
 * enum config_resource - bits of &config_sources.count, and the order of resources
 *	wherever there is an array of them
 */
enum config_resource {
	CONFIG_CPU,
	CONFIG_MEMORY,
	CONFIG_NETWORK,
	CONFIG_CONNS,

	CONFIG_RESOURCES
};

/* Their names: "cpu", "memory", "network", "conns", then NULL. */
extern const char *const config_resource_names[CONFIG_RESOURCES + 1];

/**
 * struct config_node - this node
 * @name: in the pool
 * @id: in the pool, 1 to 65535
 * @device: its netdevice
 * @port: UDP port of the tunnel
 * @control_port: TCP port on which the peers' control connections come in
 * @private_key_file: file with this node's key, see identity.h
 * @rekey_ms: between two keys for a peer
 * @address: of the device; none: see pool.c
 * @create: make the device where there is none; else its absence is an error
 * @cleanup: delete the device on exit. Off: the kernel goes on as it is
 */
struct config_node {
	char name[SPILLWAY_NAME_MAX + 1];
	uint32_t id;
	char device[IF_NAMESIZE];
	uint32_t port;
	uint32_t control_port;
	char private_key_file[256];
	uint64_t rekey_ms;
	struct address address;
	bool create;
	bool cleanup;
};

/**
 * struct config_peer - another node of the pool
 * @public_key: by which it is known, and by nothing else
 * @endpoint: of the tunnel
 * @control: of its control connection
 */
struct config_peer {
	char name[SPILLWAY_NAME_MAX + 1];
	uint32_t id;
	uint8_t public_key[SPILLWAY_KEY_LEN];
	struct config_endpoint endpoint;
	struct config_endpoint control;
	uint32_t weight;
};

/**
 * struct config_sources - where load is read, and of what it is a part
 * @cgroup: "auto", "none" (the whole machine), or the path of a cgroup v2 directory
 * @uplink: netdevice; empty if none
 * @uplink_rate: its capacity in each direction, bytes a second
 * @conns_max: connections that count as full; 0: none do
 * @count: the resources whose worst is the node's load, by &enum config_resource.
 *	The others are sampled and shown, but decide nothing.
 */
struct config_sources {
	char cgroup[256];
	char uplink[IF_NAMESIZE];
	uint64_t uplink_rate;
	uint32_t conns_max;
	uint32_t count;
};

/**
 * struct config_class - connections that are treated alike; the first that fits counts
 * @local: local ports; none: any
 * @remote: remote ports; none: any
 * @critical: moved last
 * @offload: false: never moved
 * @handoff: endpoints of connections that came from outside go, not their packets only:
 *	the same service runs on the peers
 */
struct config_class {
	char name[SPILLWAY_NAME_MAX + 1];
	struct config_ports local;
	struct config_ports remote;
	bool critical;
	bool offload;
	bool handoff;
};

/**
 * struct config_forecast - the forecast
 * @sample_ms: time between samples
 * @horizon_ms: how far ahead
 * @interval: probability that the interval is to hold, 0.5 to 0.99
 * @history_ms: the past that the model is fitted to
 */
struct config_forecast {
	uint64_t sample_ms;
	uint64_t horizon_ms;
	double interval;
	uint64_t history_ms;
};

/**
 * struct config_threshold - bounds of the dynamic threshold
 * @limit: load that means overload, and highest threshold
 * @min: lowest threshold
 */
struct config_threshold {
	double limit;
	double min;
};

/**
 * struct config_offload - moving connections
 * @enabled: false: forecast and tell, move nothing
 * @min_age_ms: younger connections stay
 * @max_per_round: most connections of one round, which is one sample
 * @hysteresis_ms: how long load and forecast must have been low before a recall, and
 *	how long a connection stays where it was moved
 * @recall_below: load below which connections are recalled
 */
struct config_offload {
	bool enabled;
	uint64_t min_age_ms;
	uint32_t max_per_round;
	uint64_t hysteresis_ms;
	double recall_below;
};

/**
 * struct config_history - the database of samples
 * @keep_ms: older ones are deleted
 */
struct config_history {
	char path[256];
	uint64_t keep_ms;
};

/* The status socket; empty: none. 108 is the size of sun_path. */
struct config_status {
	char socket[108];
};

struct config {
	struct config_node node;
	struct config_peer *peers;
	size_t peer_count;
	struct config_sources sources;
	struct config_class *classes;
	size_t class_count;
	struct config_forecast forecast;
	struct config_threshold threshold;
	struct config_offload offload;
	struct config_history history;
	struct config_status status;
};

/**
 * config_load() - read, parse and check a configuration
 * @config: filled on success; release with config_free()
 * @file: its name
 * @err: the first error on failure, naming the file, the line and the key
 *
 * Files that the configuration names (the key) are not looked at.
 *
 * Return: 0 or a negative errno, with nothing to release.
 */
int config_load(struct config *config, const char *file, struct config_error *err);

/**
 * config_load_more() - the same, with more peers
 * @peers: NULL-terminated, each as `spillctl init` prints it on that peer: "NAME id N
 *	endpoint ADDR:PORT key KEY". They come behind those of the file.
 */
int config_load_more(struct config *config, const char *file, char *const *peers,
		     struct config_error *err);

/* As config_load(), from memory; @file is only a name. */
int config_parse(struct config *config, const char *file, const char *bytes, size_t len,
		 struct config_error *err);

void config_free(struct config *config);

#endif /* SPILLWAY_CTL_CONFIG_H */
