// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Peers: another node, its endpoint and keys, and its removal in two phases: first
 * nothing finds it any more, and what it relays returns; then, after a grace
 * period, its memory goes.
 */
#include <linux/inet.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "crypt.h"
#include "health.h"
#include "netlink.h"
#include "peer.h"
#include "probe.h"
#include "relay.h"
#include "trace.h"

static void peer_free(struct spw_peer *peer)
{
	spw_replica_peer_free(peer);
	spw_messenger_free(peer);
	dst_cache_destroy(&peer->dst_cache);
	free_percpu(peer->stats);
	kfree(peer);
}

static void peer_free_rcu(struct rcu_head *rcu)
{
	peer_free(container_of(rcu, struct spw_peer, rcu));
}

static struct spw_peer *peer_new(struct spw_device *spw,
				 const struct spw_peer_config *config)
{
	struct spw_peer *peer = kzalloc(sizeof(*peer), GFP_KERNEL);

	if (!peer)
		return NULL;
	peer->stats = alloc_percpu(struct spw_stats);
	if (!peer->stats)
		goto err_free;
	if (dst_cache_init(&peer->dst_cache, GFP_KERNEL))
		goto err_stats;
	if (spw_messenger_init(peer))
		goto err_dst;

	peer->spw = spw;
	peer->id = config->id;
	strscpy(peer->name, config->name, sizeof(peer->name));
	seqlock_init(&peer->endpoint_lock);
	spin_lock_init(&peer->hb_lock);
	spw_repair_init(peer);
	spin_lock_init(&peer->pmtu_lock);
	spw_pmtu_stop(&peer->pmtu);
	spw_notify_init(peer);
	spw_hosted_init(peer);
	spw_moves_peer_init(peer);
	spw_replica_peer_init(peer);
	peer->endpoint = config->endpoint;
	peer->weight = config->weight;
	peer->admin = config->admin;
	peer->state = SPILLWAY_PEER_INIT;
	peer->reason = SPILLWAY_REASON_PEER_NO_KEY;
	return peer;

err_dst:
	dst_cache_destroy(&peer->dst_cache);
err_stats:
	free_percpu(peer->stats);
err_free:
	kfree(peer);
	return NULL;
}

/**
 * spw_peer_add() - a new peer
 * @spw: device, its lock held
 * @config: checked by the caller; id and name are not in use
 *
 * Return: the peer or an error pointer: -ENOMEM, -ENOSPC (too many).
 */
struct spw_peer *spw_peer_add(struct spw_device *spw,
			      const struct spw_peer_config *config)
{
	struct spw_peer *peer;
	int err;

	lockdep_assert_held(&spw->lock);
	if (spw->nr_peers >= SPILLWAY_PEERS_MAX)
		return ERR_PTR(-ENOSPC);
	peer = peer_new(spw, config);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	err = xa_insert(&spw->peers, peer->id, peer, GFP_KERNEL);
	if (err) {
		peer_free(peer);
		return ERR_PTR(err);
	}
	spw->nr_peers++;
	netdev_dbg(spw->dev, "peer %s (%u) created\n", peer->name, peer->id);
	spw_netlink_peer_event(peer);
	return peer;
}

/**
 * spw_peer_remove() - a peer goes
 * @peer: under its device's lock; not to be used after this
 */
void spw_peer_remove(struct spw_peer *peer)
{
	struct spw_device *spw = peer->spw;

	lockdep_assert_held(&spw->lock);
	xa_erase(&spw->peers, peer->id);
	spw->nr_peers--;
	spw_relay_return_all(spw, peer, SPILLWAY_REASON_OPERATOR);
	spw_health_leave(spw, peer);
	spw_peer_drop_keys(peer);
	spw_messenger_stop(peer);
	spw_moves_peer_gone(peer);
	spw_replica_peer_gone(peer);
	spw_hosted_clear(peer);
	spw_repair_stop(peer);
	trace_spillway_peer_state(peer, peer->state, SPILLWAY_PEER_GONE,
				  spw_reason_name(SPILLWAY_REASON_OPERATOR));
	peer->state = SPILLWAY_PEER_GONE;
	peer->reason = SPILLWAY_REASON_OPERATOR;
	spw_netlink_peer_event(peer);
	netdev_dbg(spw->dev, "peer %s (%u) destroyed\n", peer->name, peer->id);
	call_rcu(&peer->rcu, peer_free_rcu);
}

/**
 * spw_peer_remove_all() - the device goes
 * @spw: device, its lock held
 */
void spw_peer_remove_all(struct spw_device *spw)
{
	struct spw_peer *peer;
	unsigned long id;

	xa_for_each(&spw->peers, id, peer)
		spw_peer_remove(peer);
}

/**
 * spw_peer_by_id() - find a peer
 * @spw: device, under its lock or RCU
 * @id: node id
 */
struct spw_peer *spw_peer_by_id(struct spw_device *spw, u16 id)
{
	return xa_load(&spw->peers, id);
}

/**
 * spw_peer_by_name() - find a peer by the operator's name
 * @spw: device, its lock held
 * @name: its name
 */
struct spw_peer *spw_peer_by_name(struct spw_device *spw, const char *name)
{
	struct spw_peer *peer;
	unsigned long id;

	lockdep_assert_held(&spw->lock);
	xa_for_each(&spw->peers, id, peer)
		if (!strcmp(peer->name, name))
			return peer;
	return NULL;
}

/**
 * spw_peer_get_endpoint() - where is it?
 * @peer: under RCU or its device's lock
 * @endpoint: receives a consistent copy
 */
void spw_peer_get_endpoint(struct spw_peer *peer, struct spw_endpoint *endpoint)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&peer->endpoint_lock);
		*endpoint = peer->endpoint;
	} while (read_seqretry(&peer->endpoint_lock, seq));
}

/**
 * spw_peer_set_endpoint() - it has moved
 * @peer: under its device's lock or RCU
 * @endpoint: where to
 */
void spw_peer_set_endpoint(struct spw_peer *peer,
			   const struct spw_endpoint *endpoint)
{
	write_seqlock_bh(&peer->endpoint_lock);
	peer->endpoint = *endpoint;
	write_sequnlock_bh(&peer->endpoint_lock);
	dst_cache_reset(&peer->dst_cache);
	spw_repair_moved(peer);
	spw_probe_path(peer);
}

/**
 * spw_peer_add_tx_key() - seal with a new key from now on
 * @peer: under its device's lock
 * @id: as the peer knows the key
 * @secret: %SPILLWAY_KEY_LEN bytes
 * @first_pn: first packet number
 *
 * A key that the peer has already goes on with its own numbers: after a leap, what is
 * still under way on another CPU would be below the receiver's replay window.
 *
 * Return: 0; -ENOMEM; -EINVAL where the same key would go back to numbers it has
 * used already, which would break the cipher.
 */
int spw_peer_add_tx_key(struct spw_peer *peer, u32 id, const u8 *secret,
			u64 first_pn)
{
	struct spw_key *key, *old;

	lockdep_assert_held(&peer->spw->lock);
	old = rcu_dereference_protected(peer->tx_key,
					lockdep_is_held(&peer->spw->lock));
	if (old && !memcmp(old->secret, secret, SPILLWAY_KEY_LEN)) {
		if (first_pn < (u64)atomic64_read(&old->next_pn) + (1ULL << 20))
			return -EINVAL;
		if (old->id == id)
			return 0;
	}
	key = spw_key_new(peer, id, secret, first_pn);
	if (!key)
		return -ENOMEM;
	/* Under another name it is as old as it was. */
	if (old && !memcmp(old->secret, secret, SPILLWAY_KEY_LEN))
		key->born = old->born;
	spw_repair_new_key(peer, key);
	rcu_assign_pointer(peer->tx_key, key);
	trace_spillway_key_installed(key);
	spw_key_free(old);
	spw_peer_count(peer, SPILLWAY_STAT_KEY_NEW, 1);
	return 0;
}

/* Ids are random: in the tree alone a lookup would be a walk of six nodes. */
static struct spw_key __rcu **rx_slot(struct spw_device *spw, u32 id)
{
	return &spw->rx_slots[id % SPW_RX_SLOTS];
}

/**
 * spw_peer_rx_key() - which receive key has an id?
 * @spw: device, under RCU
 * @id: of it
 */
struct spw_key *spw_peer_rx_key(struct spw_device *spw, u32 id)
{
	struct spw_key *key = rcu_dereference(*rx_slot(spw, id));

	return likely(key && key->id == id) ? key : xa_load(&spw->rx_keys, id);
}

static void rx_key_remove(struct spw_peer *peer, int i)
{
	struct spw_key **keys = peer->rx_keys;
	struct spw_key __rcu **slot = rx_slot(peer->spw, keys[i]->id);

	if (rcu_access_pointer(*slot) == keys[i])
		rcu_assign_pointer(*slot, NULL);
	xa_erase(&peer->spw->rx_keys, keys[i]->id);
	spw_key_free(keys[i]);
	for (; i < SPW_PEER_RX_KEYS - 1; i++)
		keys[i] = keys[i + 1];
	keys[i] = NULL;
}

/*
 * Room for one more: the oldest goes. But where it alone has been used, the peer may
 * still seal with it, since agreements on newer ones failed half-way; then the oldest
 * of these goes.
 */
static void rx_key_make_room(struct spw_peer *peer)
{
	int last = SPW_PEER_RX_KEYS - 1, i;
	bool newer_used = false;

	if (!peer->rx_keys[last])
		return;
	for (i = 0; i < last; i++)
		newer_used |= spw_key_used(peer->rx_keys[i]);
	if (!newer_used && spw_key_used(peer->rx_keys[last]))
		last--;
	rx_key_remove(peer, last);
}

/**
 * spw_peer_add_rx_key() - open with one more key from now on
 * @peer: under its device's lock
 * @id: by which its datagrams name it
 * @secret: %SPILLWAY_KEY_LEN bytes
 *
 * A key that the peer has already is left as it is: a fresh replay window would
 * admit again what was received before.
 *
 * Return: 0; -ENOMEM; -EEXIST where @id names another key.
 */
int spw_peer_add_rx_key(struct spw_peer *peer, u32 id, const u8 *secret)
{
	struct spw_device *spw = peer->spw;
	struct spw_key *key;
	int err;

	lockdep_assert_held(&spw->lock);
	key = xa_load(&spw->rx_keys, id);
	if (key)
		return key->peer == peer &&
		       !memcmp(key->secret, secret, SPILLWAY_KEY_LEN) ?
		       0 : -EEXIST;
	key = spw_key_new(peer, id, secret, 0);
	if (!key)
		return -ENOMEM;
	err = xa_insert(&spw->rx_keys, id, key, GFP_KERNEL);
	if (err) {
		spw_key_free(key);
		return err;
	}
	rcu_assign_pointer(*rx_slot(spw, id), key);
	trace_spillway_key_installed(key);
	rx_key_make_room(peer);
	memmove(&peer->rx_keys[1], &peer->rx_keys[0],
		sizeof(peer->rx_keys) - sizeof(peer->rx_keys[0]));
	peer->rx_keys[0] = key;
	return 0;
}

static void tx_key_remove(struct spw_peer *peer)
{
	spw_repair_no_key(peer);
	spw_key_free(rcu_replace_pointer(peer->tx_key, NULL,
					 lockdep_is_held(&peer->spw->lock)));
}

/**
 * spw_peer_drop_keys() - wipe all keys of a peer
 * @peer: under its device's lock; what it relayed has returned
 */
void spw_peer_drop_keys(struct spw_peer *peer)
{
	lockdep_assert_held(&peer->spw->lock);
	tx_key_remove(peer);
	while (peer->rx_keys[0])
		rx_key_remove(peer, 0);
}

/**
 * spw_peer_expire_keys() - wipe the keys of a peer that have ended
 * @peer: under its device's lock
 * @now: spw_key_clock()
 *
 * Return: whether any is left.
 */
bool spw_peer_expire_keys(struct spw_peer *peer, u64 now)
{
	struct spw_key *tx;
	int i;

	lockdep_assert_held(&peer->spw->lock);
	tx = rcu_dereference_protected(peer->tx_key,
				       lockdep_is_held(&peer->spw->lock));
	if (tx && spw_key_expired(tx, now)) {
		tx_key_remove(peer);
		tx = NULL;
		spw_peer_count(peer, SPILLWAY_STAT_KEY_EXPIRED, 1);
	}
	for (i = SPW_PEER_RX_KEYS - 1; i >= 0; i--) {
		if (!peer->rx_keys[i] || !spw_key_expired(peer->rx_keys[i], now))
			continue;
		rx_key_remove(peer, i);
		spw_peer_count(peer, SPILLWAY_STAT_KEY_EXPIRED, 1);
	}
	return tx || peer->rx_keys[0];
}

/**
 * spw_peer_tx_ends() - is the key that seals for a peer about to end?
 * @peer: under its device's lock
 * @now: spw_key_clock()
 *
 * Return: false also where there is none.
 */
bool spw_peer_tx_ends(struct spw_peer *peer, u64 now)
{
	struct spw_key *key;

	key = rcu_dereference_protected(peer->tx_key,
					lockdep_is_held(&peer->spw->lock));
	return key && spw_key_ends(key, now);
}

/**
 * spw_peer_drop() - datagrams on the way to or from a peer are dropped
 * @peer: under RCU
 * @why: counter
 * @n: how many
 */
void spw_peer_drop(struct spw_peer *peer, enum spillway_stat why, unsigned int n)
{
	spw_peer_count(peer, why, n);
	trace_spillway_drop(peer->spw, peer, why, n);
}

/**
 * spw_peer_heard() - an authentic datagram came
 * @peer: under RCU
 * @now: ktime (ns)
 */
void spw_peer_heard(struct spw_peer *peer, u64 now)
{
	WRITE_ONCE(peer->heard, now);
}

static bool is_same(const struct spw_endpoint *a, const struct spw_endpoint *b)
{
	return a->family == b->family && a->port == b->port &&
	       (a->family == AF_INET6 ? ipv6_addr_equal(&a->addr6, &b->addr6) :
					a->addr4 == b->addr4);
}

/**
 * spw_peer_roam() - an authentic datagram came, the newest yet
 * @peer: under RCU
 * @from: outer source
 *
 * A peer is where its newest datagram came from, as in WireGuard. Only the newest
 * counts (RFC 9000 section 9.3): one that was delayed on an old path moves nothing.
 * Softirq.
 */
void spw_peer_roam(struct spw_peer *peer, const struct spw_endpoint *from)
{
	struct spw_endpoint now;

	spw_peer_get_endpoint(peer, &now);
	if (likely(is_same(&now, from)))
		return;
	spw_peer_set_endpoint(peer, from);
	spw_peer_count(peer, SPILLWAY_STAT_ROAMED, 1);
}
