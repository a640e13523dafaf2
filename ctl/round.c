// SPDX-License-Identifier: GPL-2.0-or-later
/* round: one offload, one handoff or one recall. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "dwell.h"
#include "log.h"
#include "model.h"
#include "nl_conns.h"
#include "policy.h"
#include "round.h"

/* The policy chooses from this many times what may move. */
#define CANDIDATES 4

/* Of each connection, where all are alike. */
#define COST_ALIKE 1000

/* So long a connection that was handed off and is still here is relayed instead. */
#define TRIED_MS 600000

struct round {
	const struct config *config;
	struct dwell *dwell;
	struct dwell *tried; /* handed off: those that a target did not take */
	struct report_move moves[SPILLWAY_BATCH_MAX];
	struct policy_move chosen[SPILLWAY_BATCH_MAX];
	struct model_move batch[SPILLWAY_BATCH_MAX];
	bool stuck; /* a round that should have moved something found nothing: logged */
};

struct round *round_new(const struct config *config)
{
	struct round *round = calloc(1, sizeof(*round));

	if (!round)
		return NULL;
	round->config = config;
	round->dwell = dwell_new(config->offload.hysteresis_ms);
	round->tried = dwell_new(TRIED_MS);
	if (round->dwell && round->tried)
		return round;
	round_free(round);
	return NULL;
}

void round_free(struct round *round)
{
	if (!round)
		return;
	if (round->dwell)
		dwell_free(round->dwell);
	if (round->tried)
		dwell_free(round->tried);
	free(round);
}

static bool has_port(const struct config_ports *ports, uint16_t port)
{
	for (unsigned int i = 0; i < ports->count; i++) {
		if (ports->port[i] == port)
			return true;
	}
	return !ports->count;
}

/* The first class that fits; NULL: none does. */
static const struct config_class *classify(const struct config *config,
					   const struct model_conn *conn)
{
	for (size_t i = 0; i < config->class_count; i++) {
		const struct config_class *class = &config->classes[i];

		if (has_port(&class->local, conn->local_port) &&
		    has_port(&class->remote, conn->remote_port))
			return class;
	}
	return NULL;
}

/* spilld's own connection to a peer must not depend on what it is there to decide. */
static bool is_control(const struct config *config, const struct model_conn *conn)
{
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct config_endpoint *control = &config->peers[i].control;

		if (address_equal(&conn->remote, &control->addr) &&
		    (conn->remote_port == control->port ||
		     conn->local_port == config->node.control_port))
			return true;
	}
	return false;
}

/*
 * Candidates for an offload: the module sorts by what they send and cuts, so that a
 * node with a million connections does not copy them all here every second.
 */
static struct model_filter filter_local(const struct config *config)
{
	return (struct model_filter){
		.has = MODEL_HAS(CONN_ROLE) | MODEL_HAS(AGE_MS),
		.role = SPILLWAY_ROLE_LOCAL,
		.age_ms = config->offload.min_age_ms,
		.sort = SPILLWAY_SORT_TX_RATE,
		.top = CANDIDATES * config->offload.max_per_round,
	};
}

static struct model_filter filter_offloaded(const struct config *config)
{
	return (struct model_filter){
		.has = MODEL_HAS(CONN_ROLE),
		.role = SPILLWAY_ROLE_OFFLOADED,
		.sort = SPILLWAY_SORT_TX_RATE,
		.top = CANDIDATES * config->offload.max_per_round,
	};
}

/* States in which the module takes a connection; to ask for others would be refused. */
static bool movable(const struct model_conn *conn)
{
	return conn->tcp_state == TCP_ESTABLISHED || conn->tcp_state == TCP_CLOSE_WAIT;
}

static uint64_t cost_of(enum round_by by, const struct model_conn *conn)
{
	switch (by) {
	case ROUND_BY_UPLINK:
		return conn->tx_rate;
	case ROUND_BY_TRAFFIC:
		return conn->tx_rate + conn->rx_rate;
	case ROUND_BY_COUNT:
		return COST_ALIKE;
	}
	return 0;
}

static void describe(struct round *round, enum round_by by, const struct model_conn *conn,
		     uint64_t now_ms, struct policy_conn *out)
{
	const struct config_class *class = classify(round->config, conn);
	bool named = class && class->handoff && conn->direction == SPILLWAY_DIR_IN;
	bool tried = dwell_since(round->tried, conn->id, now_ms) != UINT64_MAX;

	*out = (struct policy_conn){
		.id = conn->id,
		.age_ms = conn->age_ms,
		.cost = cost_of(by, conn),
		.tx_rate = conn->tx_rate,
		.critical = class && class->critical,
		.pinned = (class && !class->offload) || is_control(round->config, conn) ||
			  (by != ROUND_BY_UPLINK && !named),
		.ipv6 = conn->local.family == AF_INET6,
		.peer_id = conn->peer_id,
		.since_ms = dwell_since(round->dwell, conn->id, now_ms),
		.handoff = named && (by != ROUND_BY_UPLINK || !tried),
	};
}

/* What a round may choose from, and what all that was read costs, chosen or not. */
struct candidates {
	struct policy_conn *conns;
	size_t count;
	double total;
};

/* Nothing is to be freed after an error. */
static int read_conns(struct round *round, struct pool *pool, const struct model_filter *filter,
		      enum round_by by, uint64_t now_ms, struct candidates *out)
{
	struct nl_error error;
	struct model_conn *all;
	size_t total;
	int ret;

	*out = (struct candidates){ 0 };
	ret = nl_conns(pool_session(pool), filter, &all, &total, &error);
	if (ret < 0) {
		log_warn("connections: %s", error.text);
		return ret;
	}
	out->conns = calloc(total ? total : 1, sizeof(*out->conns));
	for (size_t i = 0; out->conns && i < total; i++) {
		uint64_t cost = cost_of(by, &all[i]);

		out->total += (double)cost;
		/* One that costs nothing relieves nothing. */
		if (filter->role == SPILLWAY_ROLE_LOCAL && (!cost || !movable(&all[i])))
			continue;
		describe(round, by, &all[i], now_ms, &out->conns[out->count++]);
	}
	free(all);
	return out->conns ? 0 : -ENOMEM;
}

static struct policy_peer *read_peers(struct pool *pool, size_t *count)
{
	const struct model_peer *peers = pool_model_peers(pool, count);
	struct policy_peer *out = calloc(*count ? *count : 1, sizeof(*out));

	for (size_t i = 0; out && i < *count; i++) {
		out[i] = (struct policy_peer){
			.id = peers[i].id,
			.usable = peers[i].state == SPILLWAY_PEER_UP &&
				  peers[i].admin == SPILLWAY_ADMIN_READY && peers[i].weight,
			.ipv6 = peers[i].ipv6,
			.weight = peers[i].weight,
			.free = peers[i].free / 1000.0,
			.capacity = peers[i].capacity,
			.rtt_us = peers[i].has_rtt ? peers[i].rtt_us : 0,
		};
	}
	return out;
}

static struct policy_rules rules_of(const struct config *config)
{
	return (struct policy_rules){
		.min_age_ms = config->offload.min_age_ms,
		.dwell_ms = config->offload.hysteresis_ms,
		.max_moves = config->offload.max_per_round,
	};
}

/* Part of what was chosen: all goes the same way. */
struct part {
	struct policy_move *chosen;
	size_t count;
	enum report_action action;
};

static int send_moves(struct nl_session *session, enum report_action action,
		      struct model_move *moves, size_t count, struct nl_error *error)
{
	uint32_t job;
	int ret;

	switch (action) {
	case REPORT_OFFLOAD:
		return nl_offload(session, moves, count, error);
	case REPORT_RECALL:
		return nl_recall(session, moves, count, error);
	case REPORT_HANDOFF:
		ret = nl_handoff(session, moves, count, 0, &job, error);
		if (!ret)
			log_info("job %" PRIu32 ": %zu connections", job, count);
		return ret;
	}
	return -EINVAL;
}

static void fill_batch(struct round *round, const struct part *part)
{
	for (size_t i = 0; i < part->count; i++)
		round->batch[i] = (struct model_move){
			.conn_id = part->chosen[i].conn_id,
			.peer_id = part->chosen[i].peer_id,
		};
}

/* Those that were refused go; the others close ranks. Return: how many are left. */
static size_t drop_refused(struct round *round, struct part *part)
{
	size_t kept = 0;

	for (size_t i = 0; i < part->count; i++) {
		if (round->batch[i].reason != SPILLWAY_REASON_NONE) {
			log_debug("connection %llu: refused: %s",
				  (unsigned long long)round->batch[i].conn_id,
				  model_word(&model_reason, round->batch[i].reason));
			continue;
		}
		part->chosen[kept++] = part->chosen[i];
	}
	return kept;
}

/*
 * Sends what was chosen, once more without what was refused, and not a third time:
 * what changes that fast is for the next round.
 *
 * Return: how many moved, or a negative errno.
 */
static ssize_t send_batch(struct round *round, struct pool *pool, struct part *part,
			  size_t *refused)
{
	struct nl_error error;
	size_t kept;
	int ret;

	for (int attempt = 0; attempt < 2 && part->count; attempt++) {
		fill_batch(round, part);
		ret = send_moves(pool_session(pool), part->action, round->batch, part->count,
				 &error);
		if (!ret)
			return (ssize_t)part->count;
		kept = drop_refused(round, part);
		*refused += part->count - kept;
		/* Refused as a whole, for no connection's sake. */
		if (kept == part->count || (attempt && kept)) {
			log_warn("batch of %zu: %s", part->count, error.text);
			return ret;
		}
		part->count = kept;
	}
	return 0;
}

static const char *peer_name(struct pool *pool, uint16_t id)
{
	size_t count;
	const struct report_peer *peers = pool_peers(pool, &count);

	for (size_t i = 0; i < count; i++) {
		if (peers[i].id == id)
			return peers[i].name;
	}
	return "";
}

/* The rate of a connection and where it is, as it was read at the round's beginning. */
static const struct policy_conn *find_conn(const struct candidates *from, uint64_t id)
{
	for (size_t i = 0; i < from->count; i++) {
		if (from->conns[i].id == id)
			return &from->conns[i];
	}
	return NULL;
}

static void remember(struct round *round, const struct policy_move *move, enum report_action action,
		     uint64_t now_ms)
{
	int ret = dwell_add(round->dwell, move->conn_id, now_ms);

	if (!ret && action == REPORT_HANDOFF)
		ret = dwell_add(round->tried, move->conn_id, now_ms);
	if (ret)
		log_warn("out of memory: connection %llu may move again at once",
			 (unsigned long long)move->conn_id);
}

static void record(struct round *round, struct pool *pool, const struct part *part,
		   const struct candidates *from, uint64_t now_ms, struct round_result *result)
{
	for (size_t i = 0; i < part->count; i++) {
		const struct policy_move *move = &part->chosen[i];
		const struct policy_conn *conn = find_conn(from, move->conn_id);
		struct report_move *out = &round->moves[result->moved++];

		*out = (struct report_move){
			.id = move->conn_id,
			.tx_rate = conn ? conn->tx_rate : 0,
			.action = part->action,
			.peer_id = part->action != REPORT_RECALL || !conn ? move->peer_id :
									    conn->peer_id,
		};
		strcpy(out->peer, peer_name(pool, out->peer_id));
		result->tx_rate += out->tx_rate;
		remember(round, move, part->action, now_ms);
	}
	result->moves = round->moves;
}

static const char *did(enum report_action action)
{
	switch (action) {
	case REPORT_OFFLOAD:
		return "offloaded";
	case REPORT_RECALL:
		return "recalled";
	case REPORT_HANDOFF:
		return "began to hand off";
	}
	return "";
}

static int finish(struct round *round, struct pool *pool, struct part *part,
		  const struct candidates *from, uint64_t now_ms, struct round_result *result)
{
	uint64_t before = result->tx_rate;
	size_t refused = result->refused;
	ssize_t moved = send_batch(round, pool, part, &result->refused);

	if (moved < 0)
		return (int)moved;
	part->count = (size_t)moved;
	record(round, pool, part, from, now_ms, result);
	if (moved)
		log_notice("%s %zd connections, %llu kB/s, %zu refused", did(part->action), moved,
			   (unsigned long long)(result->tx_rate - before) / 1000,
			   result->refused - refused);
	return 0;
}

/*
 * What is to be handed off comes to the front; the order within both parts is the
 * policy's. Return: how many these are.
 */
static size_t handoffs_first(struct round *round, size_t chosen, const struct candidates *from)
{
	struct policy_move rest[SPILLWAY_BATCH_MAX] = { 0 };
	size_t first = 0, others = 0;

	for (size_t i = 0; i < chosen; i++) {
		struct policy_move move = round->chosen[i];

		if (find_conn(from, move.conn_id)->handoff)
			round->chosen[first++] = move;
		else
			rest[others++] = move;
	}
	memcpy(&round->chosen[first], rest, others * sizeof(*rest));
	return first;
}

/* The endpoints that may go, then the packets of the others: neither waits for the other. */
static int send_both(struct round *round, struct pool *pool, size_t chosen,
		     const struct candidates *from, uint64_t now_ms, struct round_result *result)
{
	size_t first = handoffs_first(round, chosen, from);
	struct part away = { .chosen = round->chosen, .count = first, .action = REPORT_HANDOFF };
	struct part relayed = { .chosen = round->chosen + first,
				.count = chosen - first,
				.action = REPORT_OFFLOAD };
	int ret = finish(round, pool, &away, from, now_ms, result);
	int ret2 = finish(round, pool, &relayed, from, now_ms, result);

	return ret ? ret : ret2;
}

/* Once, until a round finds something again. */
static void note_stuck(struct round *round, size_t chosen, size_t conn_count)
{
	if (!chosen && !round->stuck)
		log_warn("nothing can be moved: %s",
			 conn_count ? "no peer has room, or all are pinned or have just moved" :
				      "no connection sends enough");
	round->stuck = !chosen;
}

static int begin(struct round *round, struct pool *pool, uint64_t now_ms,
		 struct round_result *result)
{
	*result = (struct round_result){ 0 };
	dwell_prune(round->dwell, now_ms);
	dwell_prune(round->tried, now_ms);
	return pool_ready(pool);
}

int round_offload(struct round *round, struct pool *pool, double rate, uint64_t now_ms,
		  struct round_result *result)
{
	struct model_filter filter = filter_local(round->config);
	struct policy_rules rules = rules_of(round->config);
	struct policy_peer *peers;
	struct candidates from;
	size_t peer_count, chosen;
	int ret;

	ret = begin(round, pool, now_ms, result);
	if (!ret)
		ret = read_conns(round, pool, &filter, ROUND_BY_UPLINK, now_ms, &from);
	if (ret)
		return ret;
	peers = read_peers(pool, &peer_count);
	chosen = !peers ? 0 :
			  policy_offload(&rules, from.conns, from.count, peers, peer_count, rate,
					 round->chosen);
	note_stuck(round, chosen, from.count);
	ret = send_both(round, pool, chosen, &from, now_ms, result);
	free(peers);
	free(from.conns);
	return ret;
}

int round_handoff(struct round *round, struct pool *pool, enum round_by by,
		  const struct round_load *load, uint64_t now_ms, struct round_result *result)
{
	struct model_filter filter = filter_local(round->config);
	struct policy_rules rules = rules_of(round->config);
	struct part part = { .chosen = round->chosen, .action = REPORT_HANDOFF };
	struct policy_peer *peers;
	struct candidates from;
	size_t peer_count = 0;
	int ret;

	ret = begin(round, pool, now_ms, result);
	if (!ret)
		ret = read_conns(round, pool, &filter, by, now_ms, &from);
	if (ret)
		return ret;
	peers = read_peers(pool, &peer_count);
	for (size_t i = 0; peers && i < peer_count; i++)
		peers[i].capacity = (uint64_t)ceil(from.total / load->now);
	if (peers)
		part.count = policy_offload(&rules, from.conns, from.count, peers, peer_count,
					    from.total * load->excess / load->now, round->chosen);
	note_stuck(round, part.count, from.count);
	ret = finish(round, pool, &part, &from, now_ms, result);
	free(peers);
	free(from.conns);
	return ret;
}

int round_recall(struct round *round, struct pool *pool, double rate, uint64_t now_ms,
		 struct round_result *result)
{
	struct model_filter filter = filter_offloaded(round->config);
	struct policy_rules rules = rules_of(round->config);
	struct candidates from;
	struct part part;
	size_t chosen;
	int ret;

	ret = begin(round, pool, now_ms, result);
	if (!ret)
		ret = read_conns(round, pool, &filter, ROUND_BY_UPLINK, now_ms, &from);
	if (ret)
		return ret;
	chosen = policy_recall(&rules, from.conns, from.count, rate, round->chosen);
	part = (struct part){ .chosen = round->chosen, .count = chosen, .action = REPORT_RECALL };
	ret = finish(round, pool, &part, &from, now_ms, result);
	free(from.conns);
	return ret;
}
