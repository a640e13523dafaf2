// SPDX-License-Identifier: GPL-2.0-or-later
/* pool: this node's device and its peers in the kernel. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "log.h"
#include "metrics/rate.h"
#include "model.h"
#include "nl_config.h"
#include "nl_session.h"
#include "pool.h"

#define ERROR_MAX 512
#define RETRY_MS  10000 /* between attempts to set a lost device up again */

struct pool {
	const struct config *config;
	struct nl_session *session;
	struct model_device device;
	struct model_peer *peers;
	size_t peer_count;
	struct report_peer *reports; /* of @peers */
	struct pool_report said;
	struct metrics_rate tx;
	struct metrics_rate rx;
	struct pool_flows flows;
	int error;         /* of the last refresh */
	uint64_t retry_ms; /* when to set it up again, after an error */
};

static int set_up(struct pool *pool, bool up)
{
	const char *name = pool->config->node.device;
	char error[ERROR_MAX];
	int ret = device_set_up(name, up, error, sizeof(error));

	if (ret)
		log_err("%s", error);
	return ret;
}

/*
 * The id and the port can only be changed while the device is down, which sends its
 * connections home. That is what the operator asks for by changing them.
 */
static int set_node(struct pool *pool)
{
	const struct config_node *node = &pool->config->node;
	uint16_t id = (uint16_t)node->id;
	uint16_t port = (uint16_t)node->port;
	struct nl_device_change change = { .node_name = node->name };
	struct nl_error error;
	int ret;

	if (pool->device.node_id != id)
		change.node_id = &id;
	if (pool->device.port != port)
		change.port = &port;
	ret = change.node_id || change.port ? set_up(pool, false) : 0;
	if (ret)
		return ret;
	ret = nl_device_set(pool->session, &change, &error);
	if (ret)
		log_err("%s: %s", node->device, error.text);
	return ret;
}

/*
 * The address from which another is reached: the kernel's choice, without a packet. The
 * device needs one of IPv4 only, see device_add_address().
 */
static int local_address(struct in_addr other, struct address *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr = other,
				  .sin_port = htons(SPILLWAY_PORT_DEFAULT) };
	struct sockaddr_in self;
	socklen_t len = sizeof(self);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
			      getsockname(fd, (struct sockaddr *)&self, &len) ?
		      -errno :
		      0;
	close(fd);
	if (!ret)
		*address = (struct address){ .family = AF_INET, .v4 = self.sin_addr };
	return ret;
}

/* Any of the node's, if it has one: that of the way to a peer, or of its default route. */
static int choose_address(const struct config *config, struct address *address)
{
	const struct in_addr outside = { htonl(0xc0000201) }; /* 192.0.2.1, RFC 5737 */
	int ret;

	for (size_t i = 0; i < config->peer_count; i++) {
		if (config->peers[i].endpoint.addr.family != AF_INET)
			continue;
		ret = local_address(config->peers[i].endpoint.addr.v4, address);
		if (ret)
			log_err("peer %s: its endpoint cannot be reached (%s); "
				"node.address can be given",
				config->peers[i].name, strerror(-ret));
		return ret;
	}
	if (config->peer_count && local_address(outside, address))
		log_notice("no IPv4 address for %s: it carries IPv6 only", config->node.device);
	return 0;
}

static int set_address(struct pool *pool)
{
	const struct config *config = pool->config;
	struct address address = config->node.address;
	char error[ERROR_MAX];
	int ret;

	ret = address.family ? 0 : choose_address(config, &address);
	if (ret || !address.family)
		return ret;
	ret = device_add_address(config->node.device, &address, error, sizeof(error));
	if (ret)
		log_err("%s", error);
	return ret;
}

static int add_peer(struct pool *pool, const struct config_peer *peer)
{
	struct model_peer new = {
		.id = (uint16_t)peer->id,
		.addr = peer->endpoint.addr,
		.port = peer->endpoint.port,
		.weight = peer->weight,
		.admin = SPILLWAY_ADMIN_READY,
	};
	struct nl_error error;
	int ret;

	strcpy(new.name, peer->name);
	ret = nl_peer_add(pool->session, &new, &error);
	if (ret)
		log_err("peer %s: %s", peer->name, error.text);
	return ret;
}

/* What the operator set at run time beside these (admin) stays. */
static int adopt_peer(struct pool *pool, const struct config_peer *peer,
		      const struct model_peer *there)
{
	struct nl_peer_change change = { 0 };
	struct nl_error error;
	int ret;

	if (!address_equal(&there->addr, &peer->endpoint.addr) ||
	    there->port != peer->endpoint.port) {
		change.addr = &peer->endpoint.addr;
		change.port = &peer->endpoint.port;
	}
	if (there->weight != peer->weight)
		change.weight = &peer->weight;
	if (!change.addr && !change.weight)
		return 0;
	ret = nl_peer_set(pool->session, peer->name, &change, &error);
	if (ret)
		log_err("peer %s: %s", peer->name, error.text);
	return ret;
}

static int remove_peer(struct pool *pool, const struct model_peer *there)
{
	struct nl_error error;
	int ret;

	log_notice("peer %s (%u) is removed: the configuration gives its name or id to another",
		   there->name, there->id);
	ret = nl_peer_del(pool->session, there->name, &error);
	if (ret)
		log_err("peer %s: %s", there->name, error.text);
	return ret;
}

/* First everything that is in the way, over all peers: names and ids may have swapped. */
static int clear_way(struct pool *pool)
{
	const struct config *config = pool->config;
	int ret = 0;

	for (size_t i = 0; i < pool->peer_count && !ret; i++) {
		const struct model_peer *there = &pool->peers[i];
		bool known = false, clash = false;

		for (size_t j = 0; j < config->peer_count; j++) {
			bool id = config->peers[j].id == there->id;
			bool name = !strcmp(config->peers[j].name, there->name);

			known |= id && name;
			clash |= id != name;
		}
		if (clash)
			ret = remove_peer(pool, there);
		else if (!known)
			log_notice("peer %s (%u) is not in the configuration: left alone",
				   there->name, there->id);
	}
	return ret;
}

static int set_peer(struct pool *pool, const struct config_peer *peer)
{
	for (size_t i = 0; i < pool->peer_count; i++) {
		const struct model_peer *there = &pool->peers[i];

		if (there->id == peer->id && !strcmp(there->name, peer->name))
			return adopt_peer(pool, peer, there);
	}
	return add_peer(pool, peer);
}

static const char *state_word(uint8_t state)
{
	const char *word = model_word(&model_peer_state, state);

	return word ? word : "unknown";
}

static void report_peers(struct pool *pool)
{
	for (size_t i = 0; i < pool->peer_count; i++) {
		const struct model_peer *peer = &pool->peers[i];
		struct report_peer *report = &pool->reports[i];

		*report = (struct report_peer){
			.id = peer->id,
			.state = state_word(peer->state),
			.load = peer->load / 1000.0,
			.forecast = peer->forecast / 1000.0,
			.free = peer->free / 1000.0,
			.capacity = peer->capacity,
			.rtt_us = peer->has_rtt ? peer->rtt_us : 0,
			.conns_offloaded = peer->conns_offloaded,
		};
		strcpy(report->name, peer->name);
	}
}

static void forget_peers(struct pool *pool)
{
	free(pool->peers);
	free(pool->reports);
	pool->peers = NULL;
	pool->reports = NULL;
	pool->peer_count = 0;
}

static int read_kernel(struct pool *pool, struct nl_error *error)
{
	int ret = nl_device_get(pool->session, &pool->device, error);

	forget_peers(pool);
	if (!ret)
		ret = nl_peers(pool->session, &pool->peers, &pool->peer_count, error);
	if (ret)
		return ret;
	pool->reports = calloc(pool->peer_count ? pool->peer_count : 1, sizeof(*pool->reports));
	if (!pool->reports) {
		forget_peers(pool);
		return nl_fail(error, ENOMEM, "out of memory");
	}
	report_peers(pool);
	return 0;
}

static int open_session(struct pool *pool)
{
	struct nl_error error;
	int ret;

	nl_close(pool->session);
	pool->session = NULL;
	ret = nl_open(&pool->session, pool->config->node.device, &error);
	if (!ret)
		ret = read_kernel(pool, &error);
	if (ret)
		log_err("%s: %s", pool->config->node.device, error.text);
	return ret;
}

/* From nothing, or from what an earlier spilld left, to what the configuration says. */
static int establish(struct pool *pool)
{
	const struct config *config = pool->config;
	char error[ERROR_MAX];
	bool made;
	int ret;

	ret = device_ensure(config->node.device, config->node.create, &made, error, sizeof(error));
	if (ret) {
		log_err("%s", error);
		return ret;
	}
	log_info("device %s: %s", config->node.device, made ? "made" : "adopted");
	ret = open_session(pool);
	if (!ret)
		ret = set_node(pool);
	if (!ret)
		ret = set_address(pool);
	if (!ret)
		ret = clear_way(pool);
	for (size_t i = 0; i < config->peer_count && !ret; i++)
		ret = set_peer(pool, &config->peers[i]);
	if (!ret)
		ret = set_up(pool, true);
	return ret;
}

struct pool *pool_open(const struct config *config)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	struct nl_error error;

	if (!pool) {
		log_err("out of memory");
		return NULL;
	}
	pool->config = config;
	if (establish(pool))
		goto close;
	if (!read_kernel(pool, &error))
		return pool;
	log_err("%s: %s", config->node.device, error.text);
close:
	pool_close(pool, false);
	return NULL;
}

static uint32_t permille(double part)
{
	return part <= 0                          ? 0 :
	       part >= SPILLWAY_LOAD_MAX / 1000.0 ? SPILLWAY_LOAD_MAX :
						    (uint32_t)lround(part * 1000);
}

void pool_tell(struct pool *pool, const struct pool_report *report)
{
	struct nl_error error;
	int ret;

	if (pool->error)
		return;
	if (!isnan(report->load))
		pool->said.load = report->load;
	if (!isnan(report->forecast))
		pool->said.forecast = report->forecast;
	pool->said.free = report->free;
	ret = nl_device_report(pool->session, permille(pool->said.load),
			       permille(pool->said.forecast), permille(pool->said.free),
			       pool->config->sources.uplink_rate, &error);
	if (ret)
		log_warn("%s: report: %s", pool->config->node.device, error.text);
}

/* The module goes on saying what it was told last: that must not be that there is room. */
static void say_no_room(struct pool *pool)
{
	struct pool_report report = { .load = NAN, .forecast = NAN };

	if (pool->session)
		pool_tell(pool, &report);
}

void pool_close(struct pool *pool, bool cleanup)
{
	char error[ERROR_MAX];

	say_no_room(pool);
	nl_close(pool->session);
	if (cleanup && device_delete(pool->config->node.device, error, sizeof(error)))
		log_err("%s", error);
	forget_peers(pool);
	free(pool);
}

/* Where there is no rate, there is no device or a new one, and nothing is relayed. */
static void measure(struct pool *pool, uint64_t now_ns)
{
	const uint64_t *stats = pool->device.stats.value;

	pool->flows = (struct pool_flows){ 0 };
	if (pool->error)
		return;
	metrics_rate_step(&pool->tx, stats[SPILLWAY_STAT_TX_BYTES], now_ns, &pool->flows.relayed);
	metrics_rate_step(&pool->rx, stats[SPILLWAY_STAT_RX_BYTES], now_ns, &pool->flows.hosted);
}

struct pool_flows pool_flows(const struct pool *pool)
{
	return pool->flows;
}

int pool_refresh(struct pool *pool, uint64_t now_ns)
{
	uint64_t now_ms = now_ns / 1000000;
	struct nl_error error;
	int ret;

	if (pool->error && now_ms >= pool->retry_ms) {
		pool->retry_ms = now_ms + RETRY_MS;
		if (establish(pool))
			return pool->error;
	} else if (pool->error) {
		return pool->error;
	}
	ret = read_kernel(pool, &error);
	if (ret && !pool->error) {
		pool->retry_ms = now_ms + RETRY_MS;
		log_err("%s: %s: it is set up again in %d s", pool->config->node.device, error.text,
			RETRY_MS / 1000);
	}
	pool->error = ret;
	measure(pool, now_ns);
	return ret;
}

int pool_ready(const struct pool *pool)
{
	return pool->session ? pool->error : -ENOTCONN;
}

int pool_conns(void *ctx, uint32_t *count)
{
	const struct pool *pool = ctx;

	*count = pool->device.conns;
	return pool->error;
}

int64_t pool_offloaded(const struct pool *pool)
{
	return pool->error ? -1 : (int64_t)pool->device.conns_offloaded;
}

const struct report_peer *pool_peers(const struct pool *pool, size_t *count)
{
	*count = pool->peer_count;
	return pool->reports;
}

const struct model_peer *pool_model_peers(const struct pool *pool, size_t *count)
{
	*count = pool->peer_count;
	return pool->peers;
}

struct nl_session *pool_session(struct pool *pool)
{
	return pool->session;
}

int pool_install_key(struct pool *pool, size_t peer, enum spillway_key_direction direction,
		     uint32_t id, const uint8_t key[SPILLWAY_KEY_LEN])
{
	const char *name = pool->config->peers[peer].name;
	struct nl_error error;
	int ret;

	if (pool->error)
		return pool->error;
	ret = nl_key_add(pool->session, name, direction, id, key, 0, &error);
	if (ret && ret != -EEXIST)
		log_err("peer %s: key: %s", name, error.text);
	return ret;
}

bool pool_lacks_keys(const struct pool *pool, size_t peer)
{
	for (size_t i = 0; i < pool->peer_count; i++) {
		const struct model_peer *there = &pool->peers[i];

		if (there->id == pool->config->peers[peer].id)
			return !there->has_tx_key || !there->has_rx_key;
	}
	return false;
}
