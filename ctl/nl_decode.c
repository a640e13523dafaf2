// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_decode: the kernel's messages as the model's structs. */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>

#include "nl_decode.h"

enum kind {
	SKIP,
	NUMBER, /* of the field's size */
	ADDRESS4,
	ADDRESS6,
	TEXT,
	STATS,
};

/**
 * struct field - where an attribute goes
 * @kind: what it is
 * @offset: in the struct
 * @size: of the field
 */
struct field {
	enum kind kind;
	size_t offset;
	size_t size;
};

#define FIELD(kind_, type, member)                                                          \
	{                                                                                   \
		kind_, offsetof(struct type, member), sizeof(((struct type *)NULL)->member) \
	}
#define DEVICE(kind_, member) FIELD(kind_, model_device, member)
#define PEER(kind_, member)   FIELD(kind_, model_peer, member)
#define CONN(kind_, member)   FIELD(kind_, model_conn, member)
#define JOB(member)           FIELD(NUMBER, model_job, member)
#define MOVE(member)          FIELD(NUMBER, model_job_move, member)

static const struct field device_fields[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_IFINDEX] = DEVICE(NUMBER, ifindex),
	[SPILLWAY_A_IFNAME] = DEVICE(TEXT, ifname),
	[SPILLWAY_A_GENERATION] = DEVICE(NUMBER, generation),
	[SPILLWAY_A_NODE_ID] = DEVICE(NUMBER, node_id),
	[SPILLWAY_A_NODE_NAME] = DEVICE(TEXT, node_name),
	[SPILLWAY_A_PORT] = DEVICE(NUMBER, port),
	[SPILLWAY_A_LOAD] = DEVICE(NUMBER, load),
	[SPILLWAY_A_FORECAST] = DEVICE(NUMBER, forecast),
	[SPILLWAY_A_PEER_FREE] = DEVICE(NUMBER, free),
	[SPILLWAY_A_CAPACITY] = DEVICE(NUMBER, capacity),
	[SPILLWAY_A_CONNS] = DEVICE(NUMBER, conns),
	[SPILLWAY_A_CONNS_OFFLOADED] = DEVICE(NUMBER, conns_offloaded),
	[SPILLWAY_A_CONNS_HOSTED] = DEVICE(NUMBER, conns_hosted),
	[SPILLWAY_A_STATS] = DEVICE(STATS, stats),
};

static const struct field peer_fields[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_PEER_ID] = PEER(NUMBER, id),
	[SPILLWAY_A_PEER_NAME] = PEER(TEXT, name),
	[SPILLWAY_A_PEER_ADDR4] = PEER(ADDRESS4, addr),
	[SPILLWAY_A_PEER_ADDR6] = PEER(ADDRESS6, addr),
	[SPILLWAY_A_PEER_PORT] = PEER(NUMBER, port),
	[SPILLWAY_A_PEER_WEIGHT] = PEER(NUMBER, weight),
	[SPILLWAY_A_PEER_ADMIN] = PEER(NUMBER, admin),
	[SPILLWAY_A_PEER_STATE] = PEER(NUMBER, state),
	[SPILLWAY_A_PEER_REASON] = PEER(NUMBER, reason),
	[SPILLWAY_A_PEER_IPV6] = PEER(NUMBER, ipv6),
	[SPILLWAY_A_PEER_RTT_US] = PEER(NUMBER, rtt_us),
	[SPILLWAY_A_PEER_SEEN_MS] = PEER(NUMBER, seen_ms),
	[SPILLWAY_A_PEER_PMTU] = PEER(NUMBER, pmtu),
	[SPILLWAY_A_PEER_TX_KEY_AGE_MS] = PEER(NUMBER, tx_key_age_ms),
	[SPILLWAY_A_PEER_RX_KEY_AGE_MS] = PEER(NUMBER, rx_key_age_ms),
	[SPILLWAY_A_LOAD] = PEER(NUMBER, load),
	[SPILLWAY_A_FORECAST] = PEER(NUMBER, forecast),
	[SPILLWAY_A_PEER_FREE] = PEER(NUMBER, free),
	[SPILLWAY_A_CAPACITY] = PEER(NUMBER, capacity),
	[SPILLWAY_A_CONNS_OFFLOADED] = PEER(NUMBER, conns_offloaded),
	[SPILLWAY_A_CONNS_HOSTED] = PEER(NUMBER, conns_hosted),
	[SPILLWAY_A_STATS] = PEER(STATS, stats),
};

static const struct field conn_fields[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_CONN_ID] = CONN(NUMBER, id),
	[SPILLWAY_A_CONN_DIRECTION] = CONN(NUMBER, direction),
	[SPILLWAY_A_CONN_ROLE] = CONN(NUMBER, role),
	[SPILLWAY_A_PEER_ID] = CONN(NUMBER, peer_id),
	[SPILLWAY_A_PEER_NAME] = CONN(TEXT, peer_name),
	[SPILLWAY_A_LOCAL_ADDR4] = CONN(ADDRESS4, local),
	[SPILLWAY_A_LOCAL_ADDR6] = CONN(ADDRESS6, local),
	[SPILLWAY_A_LOCAL_PORT] = CONN(NUMBER, local_port),
	[SPILLWAY_A_REMOTE_ADDR4] = CONN(ADDRESS4, remote),
	[SPILLWAY_A_REMOTE_ADDR6] = CONN(ADDRESS6, remote),
	[SPILLWAY_A_REMOTE_PORT] = CONN(NUMBER, remote_port),
	[SPILLWAY_A_TCP_STATE] = CONN(NUMBER, tcp_state),
	[SPILLWAY_A_AGE_MS] = CONN(NUMBER, age_ms),
	[SPILLWAY_A_RTT_US] = CONN(NUMBER, rtt_us),
	[SPILLWAY_A_TX_RATE] = CONN(NUMBER, tx_rate),
	[SPILLWAY_A_RX_RATE] = CONN(NUMBER, rx_rate),
	[SPILLWAY_A_TX_BYTES] = CONN(NUMBER, tx_bytes),
	[SPILLWAY_A_RX_BYTES] = CONN(NUMBER, rx_bytes),
	[SPILLWAY_A_RETRANS] = CONN(NUMBER, retrans),
	[SPILLWAY_A_SEND_QUEUE] = CONN(NUMBER, send_queue),
	[SPILLWAY_A_RECV_QUEUE] = CONN(NUMBER, recv_queue),
	[SPILLWAY_A_CONN_EVENT] = CONN(NUMBER, event),
	[SPILLWAY_A_REASON] = CONN(NUMBER, reason),
};

static const struct field job_fields[SPILLWAY_JOB_A_MAX + 1] = {
	[SPILLWAY_JOB_A_ID] = JOB(id),         [SPILLWAY_JOB_A_FLAGS] = JOB(flags),
	[SPILLWAY_JOB_A_TOTAL] = JOB(total),   [SPILLWAY_JOB_A_MOVED] = JOB(moved),
	[SPILLWAY_JOB_A_STAYED] = JOB(stayed), [SPILLWAY_JOB_A_LOST] = JOB(lost),
	[SPILLWAY_JOB_A_AGE_MS] = JOB(age_ms), [SPILLWAY_JOB_A_TIME_MS] = JOB(time_ms),
};

static const struct field entry_fields[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_CONN_ID] = MOVE(conn_id),
	[SPILLWAY_A_PEER_ID] = MOVE(peer_id),
	[SPILLWAY_A_REASON] = MOVE(reason),
};

static const struct field move_fields[SPILLWAY_JOB_A_MAX + 1] = {
	[SPILLWAY_JOB_A_RESULT] = MOVE(result),
	[SPILLWAY_JOB_A_BLACKOUT_US] = MOVE(blackout_us),
	[SPILLWAY_JOB_A_KNOWN_US] = MOVE(known_us),
	[SPILLWAY_JOB_A_BYTES] = MOVE(bytes),
};

static const struct field peer_replica_fields[SPILLWAY_REPLICA_A_MAX + 1] = {
	[SPILLWAY_REPLICA_A_OUT] = PEER(NUMBER, replicas_out),
	[SPILLWAY_REPLICA_A_IN] = PEER(NUMBER, replicas_in),
	[SPILLWAY_REPLICA_A_LAG_P50_US] = PEER(NUMBER, lag_p50_us),
	[SPILLWAY_REPLICA_A_LAG_P99_US] = PEER(NUMBER, lag_p99_us),
	[SPILLWAY_REPLICA_A_LAG_MOST_US] = PEER(NUMBER, lag_most_us),
};

static const struct field conn_replica_fields[SPILLWAY_REPLICA_A_MAX + 1] = {
	[SPILLWAY_REPLICA_A_PEER_NAME] = CONN(TEXT, replica_peer),
	[SPILLWAY_REPLICA_A_AGE_US] = CONN(NUMBER, replica_age_us),
	[SPILLWAY_REPLICA_A_LAG_US] = CONN(NUMBER, replica_lag_us),
};

static bool take_number(void *to, size_t size, const struct nlattr *attr)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return true;
}

static bool take_address(struct address *to, uint8_t family, const struct nlattr *attr)
{
	struct address got = { .family = family };

	if (!take_number(&got.v6, address_size(&got), attr))
		return false;
	*to = got;
	return true;
}

static void take_text(char *to, size_t size, const struct nlattr *attr)
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(to, mnl_attr_get_payload(attr), len);
	to[len] = '\0';
}

static void take_stats(struct model_stats *stats, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= SPILLWAY_STAT_MAX)
			take_number(&stats->value[mnl_attr_get_type(attr)], sizeof(stats->value[0]),
				    attr);
}

static bool take(void *object, const struct field *field, const struct nlattr *attr)
{
	char *to = (char *)object + field->offset;

	switch (field->kind) {
	case NUMBER:
		return take_number(to, field->size, attr);
	case ADDRESS4:
		return take_address((struct address *)to, AF_INET, attr);
	case ADDRESS6:
		return take_address((struct address *)to, AF_INET6, attr);
	case TEXT:
		take_text(to, field->size, attr);
		return true;
	case STATS:
		take_stats((struct model_stats *)to, attr);
		return true;
	case SKIP:
		break;
	}
	return false;
}

/* MODEL_HAS(); of an attribute that is only ever a nest there is none. */
static uint64_t bit_of(unsigned int type)
{
	return type < 64 ? 1ULL << type : 0;
}

/* Returns which attributes there were, as bits; see MODEL_HAS(). */
static uint64_t decode(const struct nlmsghdr *nlh, const struct field *fields, void *object)
{
	const struct nlattr *attr;
	uint64_t has = 0;
	unsigned int type;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		type = mnl_attr_get_type(attr);
		if (type <= SPILLWAY_A_MAX && take(object, &fields[type], attr))
			has |= bit_of(type);
	}
	return has;
}

/* As decode(), of a nest whose types go up to @max. */
static uint64_t decode_nest(const struct nlattr *nest, const struct field *fields, unsigned int max,
			    void *object)
{
	const struct nlattr *attr;
	uint64_t has = 0;
	unsigned int type;

	mnl_attr_for_each_nested(attr, nest) {
		type = mnl_attr_get_type(attr);
		if (type <= max && take(object, &fields[type], attr))
			has |= bit_of(type);
	}
	return has;
}

static void decode_replica(const struct nlmsghdr *nlh, const struct field *fields, void *object)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == SPILLWAY_A_REPLICA)
			decode_nest(attr, fields, SPILLWAY_REPLICA_A_MAX, object);
}

void nl_decode_device(const struct nlmsghdr *nlh, void *device)
{
	memset(device, 0, sizeof(struct model_device));
	decode(nlh, device_fields, device);
}

void nl_decode_peer(const struct nlmsghdr *nlh, void *peer)
{
	struct model_peer *p = peer;
	uint64_t has;

	memset(p, 0, sizeof(*p));
	has = decode(nlh, peer_fields, p);
	p->has_rtt = has & MODEL_HAS(PEER_RTT_US);
	p->has_seen = has & MODEL_HAS(PEER_SEEN_MS);
	p->has_tx_key = has & MODEL_HAS(PEER_TX_KEY_AGE_MS);
	p->has_rx_key = has & MODEL_HAS(PEER_RX_KEY_AGE_MS);
	decode_replica(nlh, peer_replica_fields, p);
}

void nl_decode_conn(const struct nlmsghdr *nlh, void *conn)
{
	memset(conn, 0, sizeof(struct model_conn));
	decode(nlh, conn_fields, conn);
	decode_replica(nlh, conn_replica_fields, conn);
}

uint64_t nl_decode_generation(const struct nlmsghdr *nlh)
{
	struct model_device device;

	nl_decode_device(nlh, &device);
	return device.generation;
}

static void take_entry(const struct nlattr *entry, struct model_move *move)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, entry)
		if (mnl_attr_get_type(attr) == SPILLWAY_A_REASON)
			take_number(&move->reason, sizeof(move->reason), attr);
}

/* The kernel answers with the entries in the order in which they were sent. */
uint32_t nl_decode_batch(const struct nlmsghdr *nlh, struct model_move *moves, size_t count)
{
	const struct nlattr *attr, *entry;
	uint32_t done = 0;
	size_t i = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == SPILLWAY_A_DONE)
			take_number(&done, sizeof(done), attr);
		if (mnl_attr_get_type(attr) != SPILLWAY_A_BATCH)
			continue;
		mnl_attr_for_each_nested(entry, attr)
			if (mnl_attr_get_type(entry) == SPILLWAY_A_ENTRY && i < count)
				take_entry(entry, &moves[i++]);
	}
	return done;
}

void nl_decode_job(const struct nlmsghdr *nlh, void *job)
{
	struct model_job *j = job;
	const struct nlattr *attr;
	uint64_t has = 0;

	memset(j, 0, sizeof(*j));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == SPILLWAY_A_JOB)
			has |= decode_nest(attr, job_fields, SPILLWAY_JOB_A_MAX, j);
	j->has_time = has & 1ULL << SPILLWAY_JOB_A_TIME_MS;
}

static void take_job_move(const struct nlattr *entry, struct model_job_move *move)
{
	const struct nlattr *attr;

	memset(move, 0, sizeof(*move));
	decode_nest(entry, entry_fields, SPILLWAY_A_MAX, move);
	mnl_attr_for_each_nested(attr, entry)
		if (mnl_attr_get_type(attr) == SPILLWAY_A_JOB)
			decode_nest(attr, move_fields, SPILLWAY_JOB_A_MAX, move);
}

size_t nl_decode_job_moves(const struct nlmsghdr *nlh, struct model_job_move *moves, size_t room)
{
	const struct nlattr *attr, *entry;
	size_t count = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != SPILLWAY_A_BATCH)
			continue;
		mnl_attr_for_each_nested(entry, attr) {
			if (mnl_attr_get_type(entry) != SPILLWAY_A_ENTRY)
				continue;
			if (count < room)
				take_job_move(entry, &moves[count]);
			count++;
		}
	}
	return count;
}
