/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model: what the kernel knows, as plain structs, and the words for its enums. The
 * same words stand in tables, in JSON and in errors. Units are in the names; loads are
 * permille of a node's capacity, rates bytes a second.
 */
#ifndef SPILLWAY_CTL_MODEL_H
#define SPILLWAY_CTL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/spillway.h>

#include "address.h"

/* Counters, by &enum spillway_stat. */
struct model_stats {
	uint64_t value[SPILLWAY_STAT_MAX + 1];
};

/* This node: SPILLWAY_CMD_DEV_GET. */
struct model_device {
	uint32_t ifindex;
	char ifname[16];
	uint64_t generation;
	uint16_t node_id; /* 0: not set */
	char node_name[SPILLWAY_NAME_MAX + 1];
	uint16_t port;
	uint32_t load;
	uint32_t forecast;
	uint32_t free;
	uint64_t capacity;
	uint32_t conns;
	uint32_t conns_offloaded;
	uint32_t conns_hosted;
	struct model_stats stats;
};

/* Another node: SPILLWAY_CMD_PEER_GET. */
struct model_peer {
	uint16_t id;
	char name[SPILLWAY_NAME_MAX + 1];
	struct address addr;
	uint16_t port;
	uint32_t weight;
	uint8_t admin;
	uint8_t state;
	uint8_t reason;
	uint32_t load;
	uint32_t forecast;
	uint32_t free;
	uint64_t capacity;
	uint32_t conns_offloaded;
	uint8_t ipv6;          /* 1: forwards it */
	uint32_t conns_hosted; /* of it, relayed by this node */
	bool has_rtt;
	uint32_t rtt_us;
	bool has_seen;
	uint64_t seen_ms;
	uint32_t pmtu; /* bytes of an outer packet, 0: unknown */
	bool has_tx_key;
	uint64_t tx_key_age_ms;
	bool has_rx_key;
	uint64_t rx_key_age_ms;
	uint32_t replicas_out; /* connections of this node that it keeps */
	uint32_t replicas_in;  /* of it, kept by this node */
	uint32_t lag_p50_us;   /* 0: unknown, as the next two */
	uint32_t lag_p99_us;
	uint32_t lag_most_us;
	struct model_stats stats;
};

/* A connection: SPILLWAY_CMD_CONN_GET, or with event and reason CONN_NTF. */
struct model_conn {
	uint64_t id;
	uint8_t direction;
	uint8_t role;
	uint16_t peer_id; /* 0: none */
	char peer_name[SPILLWAY_NAME_MAX + 1];
	struct address local;
	struct address remote;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t tcp_state;
	uint64_t age_ms;
	uint32_t rtt_us; /* 0: unknown */
	uint64_t tx_rate;
	uint64_t rx_rate;
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint32_t retrans;
	uint32_t send_queue;
	uint32_t recv_queue;
	char replica_peer[SPILLWAY_NAME_MAX + 1]; /* empty: not replicated */
	uint64_t replica_age_us;                  /* 0: its image was not told yet */
	uint64_t replica_lag_us;
	uint8_t event;
	uint8_t reason;
};

/* One entry of a batch; reason is filled where the batch is refused. */
struct model_move {
	uint64_t conn_id;
	uint16_t peer_id; /* not of recall */
	uint8_t reason;
};

/* Endpoints that are, or were, handed to peers: SPILLWAY_CMD_JOB_GET, JOB_NTF. */
struct model_job {
	uint32_t id;
	uint32_t flags; /* &enum spillway_job_flags */
	uint32_t total;
	uint32_t moved;
	uint32_t stayed;
	uint32_t lost;
	uint64_t age_ms;
	bool has_time; /* it is over */
	uint64_t time_ms;
};

/* What became of one connection of a job. */
struct model_job_move {
	uint64_t conn_id;
	uint16_t peer_id;
	uint8_t reason;
	uint8_t result;
	uint32_t blackout_us; /* 0: unknown, as the next two */
	uint32_t known_us;
	uint32_t bytes;
};

/**
 * struct model_filter - which connections; a field matters if its bit is in @has
 * @has: of SPILLWAY_A_* below 64
 * @local: with @local_plen; matters if it has a family
 * @remote: with @remote_plen; matters if it has a family
 * @sort: with @top
 * @top: best N, 0: all
 */
struct model_filter {
	uint64_t has;
	uint8_t direction;
	uint8_t role;
	uint16_t peer_id;
	char peer_name[SPILLWAY_NAME_MAX + 1];
	struct address local;
	struct address remote;
	uint8_t local_plen;
	uint8_t remote_plen;
	uint16_t local_port;
	uint16_t remote_port;
	uint64_t age_ms;
	uint8_t sort;
	uint32_t top;
};

#define MODEL_HAS(attr) (1ULL << SPILLWAY_A_##attr)

/* A list of words, the index being the value. */
struct model_words {
	const char *const *words;
	size_t count;
};

extern const struct model_words model_admin;
extern const struct model_words model_peer_state;
extern const struct model_words model_reason;
extern const struct model_words model_direction;
extern const struct model_words model_role;
extern const struct model_words model_sort;
extern const struct model_words model_event;
extern const struct model_words model_result;
extern const struct model_words model_tcp_state;
extern const struct model_words model_stat;

/* How long a key lives on. */
uint64_t model_key_left_ms(uint64_t age_ms);

/* Connections of which it is not known yet what becomes of them. */
uint32_t model_job_running(const struct model_job *job);

const char *model_word(const struct model_words *words, unsigned int value);
int model_value(const struct model_words *words, const char *word);

#endif /* SPILLWAY_CTL_MODEL_H */
