/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool: this node's device and its peers in the kernel: brought in line with the
 * configuration, told what this node says of itself, asked what the peers say.
 *
 * What exists is adopted: a device, peers and connections that are relayed go on over
 * a restart of spilld. Peers that are not in the configuration are left alone.
 */
#ifndef SPILLWAY_CTL_POOL_H
#define SPILLWAY_CTL_POOL_H

#include "config.h"
#include "report.h"

struct model_peer;
struct nl_session;
struct pool;

/**
 * pool_open() - bring the kernel in line with the configuration
 * @config: must outlive this
 *
 * Return: NULL after an error that was logged.
 */
struct pool *pool_open(const struct config *config);

/**
 * pool_close() - let go
 * @cleanup: also delete the device. Else the kernel goes on as it is: the module keeps
 *	carrying what it carries
 */
void pool_close(struct pool *pool, bool cleanup);

/**
 * struct pool_report - what this node says of itself
 * @load: now; NaN: not known, and the last one that was stays
 * @forecast: highest within the horizon; NaN: as @load
 * @free: what may be moved here, parts of 1; 0 if not known
 */
struct pool_report {
	double load;
	double forecast;
	double free;
};

/* Tell the peers, by way of the module's heartbeats. Errors are logged. */
void pool_tell(struct pool *pool, const struct pool_report *report);

/**
 * pool_refresh() - read device and peers; once a sample, before anything else
 *
 * @now_ns: CLOCK_MONOTONIC
 *
 * Where the device has gone (deleted, module reloaded) it is set up again, after ten
 * seconds and every ten seconds.
 *
 * Return: 0 or a negative errno, logged.
 */
int pool_refresh(struct pool *pool, uint64_t now_ns);

/**
 * struct pool_flows - what goes through the tunnel, bytes a second of inner packets
 * @relayed: peers send it for this node
 * @hosted: this node sends it for peers
 */
struct pool_flows {
	double relayed;
	double hosted;
};

/* As of the last two pool_refresh(); 0 where the device is not there or new. */
struct pool_flows pool_flows(const struct pool *pool);

/* As of pool_refresh(): 0, or the negative errno for which the kernel is not reached. */
int pool_ready(const struct pool *pool);

/* As of pool_refresh(): connections, for the sampler; 0 or a negative errno. */
int pool_conns(void *pool, uint32_t *count);

/* As of pool_refresh(): connections that peers relay, -1 if not known. */
int64_t pool_offloaded(const struct pool *pool);

/* As of pool_refresh(), valid until the next one. */
const struct report_peer *pool_peers(const struct pool *pool, size_t *count);

/* The session with the family, for rounds. */
struct nl_session *pool_session(struct pool *pool);

/* As of pool_refresh(): the peers as the module has them. */
const struct model_peer *pool_model_peers(const struct pool *pool, size_t *count);

/**
 * pool_install_key() - a data key for a peer
 * @peer: index of config->peers
 *
 * Return: 0 or a negative errno, logged but for -EEXIST: the id is taken.
 */
int pool_install_key(struct pool *pool, size_t peer, enum spillway_key_direction direction,
		     uint32_t id, const uint8_t key[SPILLWAY_KEY_LEN]);

/* As of pool_refresh(): whether a peer of the configuration lacks a key in the kernel. */
bool pool_lacks_keys(const struct pool *pool, size_t peer);

#endif /* SPILLWAY_CTL_POOL_H */
