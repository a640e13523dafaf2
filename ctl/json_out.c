// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json_out: spillctl's JSON. One valid document; numbers in base units with the unit
 * in the name, enums as the words of the tables, absent means unknown. Keys are added
 * within a schema number, never removed.
 */
#include <stdio.h>

#include "spillctl.h"

#define SCHEMA 1

static void add_u64(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_ratio(struct json_object *object, const char *key, uint32_t permille)
{
	char text[16];

	snprintf(text, sizeof(text), "%.3f", permille / 1000.0);
	json_object_object_add(object, key, json_object_new_double_s(permille / 1000.0, text));
}

static void add_addr(struct json_object *object, const char *key, const struct address *addr)
{
	char text[ADDRESS_TEXT_MAX];

	add_text(object, key, address_text(addr, text));
}

/* { "metainfo": {...}, NAME: VALUE } */
struct json_object *json_document(const char *name, struct json_object *value)
{
	struct json_object *document = json_object_new_object();
	struct json_object *meta = json_object_new_object();

	add_u64(meta, "schema", SCHEMA);
	add_text(meta, "version", SPILLWAY_VERSION);
	json_object_object_add(document, "metainfo", meta);
	json_object_object_add(document, name, value);
	return document;
}

static int print(struct json_object *object, int flags)
{
	puts(json_object_to_json_string_ext(object, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

/* Both print and free, and return the exit code. */
int json_print(const struct spillctl *ctl, struct json_object *document)
{
	return print(document, ctl->pretty ? JSON_C_TO_STRING_PRETTY : JSON_C_TO_STRING_PLAIN);
}

int json_print_line(struct json_object *object)
{
	return print(object, JSON_C_TO_STRING_PLAIN);
}

struct json_object *json_stats(const struct model_stats *stats)
{
	struct json_object *o = json_object_new_object();
	unsigned int i;

	for (i = 1; i <= SPILLWAY_STAT_MAX; i++)
		add_u64(o, model_word(&model_stat, i), stats->value[i]);
	return o;
}

struct json_object *json_device(const struct model_device *device)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "ifname", device->ifname);
	add_u64(o, "ifindex", device->ifindex);
	if (device->node_id)
		add_u64(o, "id", device->node_id);
	if (device->node_name[0])
		add_text(o, "name", device->node_name);
	add_u64(o, "port", device->port);
	add_ratio(o, "load", device->load);
	add_ratio(o, "forecast", device->forecast);
	add_ratio(o, "free", device->free);
	add_u64(o, "capacity_bytes_per_s", device->capacity);
	add_u64(o, "conns", device->conns);
	add_u64(o, "conns_offloaded", device->conns_offloaded);
	add_u64(o, "conns_hosted", device->conns_hosted);
	return o;
}

static struct json_object *replicas(const struct model_peer *peer)
{
	struct json_object *o = json_object_new_object();

	add_u64(o, "out", peer->replicas_out);
	add_u64(o, "in", peer->replicas_in);
	if (peer->lag_most_us) {
		add_u64(o, "lag_p50_us", peer->lag_p50_us);
		add_u64(o, "lag_p99_us", peer->lag_p99_us);
		add_u64(o, "lag_most_us", peer->lag_most_us);
	}
	return o;
}

struct json_object *json_peer(const struct model_peer *peer, bool stats)
{
	struct json_object *o = json_object_new_object();
	char endpoint[ENDPOINT_TEXT_MAX];

	add_u64(o, "id", peer->id);
	add_text(o, "name", peer->name);
	add_text(o, "endpoint", endpoint_text(&peer->addr, peer->port, endpoint));
	add_text(o, "admin", model_word(&model_admin, peer->admin));
	add_text(o, "state", model_word(&model_peer_state, peer->state));
	add_text(o, "reason", model_word(&model_reason, peer->reason));
	add_u64(o, "weight", peer->weight);
	add_ratio(o, "load", peer->load);
	add_ratio(o, "forecast", peer->forecast);
	add_ratio(o, "free", peer->free);
	add_u64(o, "capacity_bytes_per_s", peer->capacity);
	add_u64(o, "conns_offloaded", peer->conns_offloaded);
	json_object_object_add(o, "forwards_ipv6", json_object_new_boolean(peer->ipv6));
	add_u64(o, "conns_hosted", peer->conns_hosted);
	if (peer->has_rtt)
		add_u64(o, "rtt_us", peer->rtt_us);
	if (peer->has_seen)
		add_u64(o, "last_seen_ms", peer->seen_ms);
	if (peer->pmtu)
		add_u64(o, "path_mtu_bytes", peer->pmtu);
	if (peer->has_tx_key) {
		add_u64(o, "tx_key_age_ms", peer->tx_key_age_ms);
		add_u64(o, "tx_key_left_ms", model_key_left_ms(peer->tx_key_age_ms));
	}
	if (peer->has_rx_key)
		add_u64(o, "rx_key_age_ms", peer->rx_key_age_ms);
	json_object_object_add(o, "replicas", replicas(peer));
	if (stats)
		json_object_object_add(o, "stats", json_stats(&peer->stats));
	return o;
}

static struct json_object *replica(const struct model_conn *conn)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "peer", conn->replica_peer);
	if (conn->replica_age_us)
		add_u64(o, "image_age_us", conn->replica_age_us);
	add_u64(o, "lag_us", conn->replica_lag_us);
	return o;
}

struct json_object *json_conn(const struct model_conn *conn)
{
	struct json_object *o = json_object_new_object();

	add_u64(o, "id", conn->id);
	if (conn->role <= SPILLWAY_ROLE_OFFLOADED) /* of others a peer knows more */
		add_text(o, "direction", model_word(&model_direction, conn->direction));
	add_text(o, "role", model_word(&model_role, conn->role));
	if (conn->peer_id)
		add_text(o, "peer", conn->peer_name);
	add_addr(o, "local_addr", &conn->local);
	add_u64(o, "local_port", conn->local_port);
	add_addr(o, "remote_addr", &conn->remote);
	add_u64(o, "remote_port", conn->remote_port);
	if (!conn->tcp_state) /* an event: the socket was not asked */
		return o;
	add_text(o, "state", model_word(&model_tcp_state, conn->tcp_state));
	add_u64(o, "age_ms", conn->age_ms);
	if (conn->rtt_us)
		add_u64(o, "rtt_us", conn->rtt_us);
	add_u64(o, "tx_bytes_per_s", conn->tx_rate);
	add_u64(o, "rx_bytes_per_s", conn->rx_rate);
	add_u64(o, "tx_bytes", conn->tx_bytes);
	add_u64(o, "rx_bytes", conn->rx_bytes);
	add_u64(o, "retransmits", conn->retrans);
	add_u64(o, "send_queue_bytes", conn->send_queue);
	add_u64(o, "recv_queue_bytes", conn->recv_queue);
	if (conn->replica_peer[0])
		json_object_object_add(o, "replica", replica(conn));
	return o;
}

struct json_object *json_job(const struct model_job *job)
{
	struct json_object *o = json_object_new_object();

	add_u64(o, "id", job->id);
	json_object_object_add(o, "anytime",
			       json_object_new_boolean(job->flags & SPILLWAY_JOB_ANYTIME));
	add_u64(o, "total", job->total);
	add_u64(o, "moved", job->moved);
	add_u64(o, "stayed", job->stayed);
	add_u64(o, "lost", job->lost);
	add_u64(o, "running", model_job_running(job));
	add_u64(o, "age_ms", job->age_ms);
	if (job->has_time)
		add_u64(o, "time_ms", job->time_ms);
	return o;
}

/* @peer: its name, NULL if it has none any more */
struct json_object *json_job_move(const struct model_job_move *move, const char *peer)
{
	struct json_object *o = json_object_new_object();

	add_u64(o, "id", move->conn_id);
	add_u64(o, "peer_id", move->peer_id);
	if (peer)
		add_text(o, "peer", peer);
	add_text(o, "result", model_word(&model_result, move->result));
	add_text(o, "reason", model_word(&model_reason, move->reason));
	if (move->blackout_us)
		add_u64(o, "blackout_us", move->blackout_us);
	if (move->known_us)
		add_u64(o, "known_us", move->known_us);
	if (move->bytes)
		add_u64(o, "image_bytes", move->bytes);
	return o;
}
