// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gates of a device: a table that is searched for each packet that comes in while
 * there are any, and a list to look through them in turn. What a gate does is in gate.c.
 */
#include <linux/module.h>
#include <linux/ratelimit.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "back.h"
#include "device.h"
#include "gate.h"
#include "hook.h"
#include "moves.h"

static hsiphash_key_t gate_hash_key __read_mostly;

static u32 hash_key(const void *data, u32 len, u32 seed)
{
	return hsiphash(data, sizeof(struct spw_gate_key), &gate_hash_key) ^ seed;
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct spw_gate, node),
	.key_offset = offsetof(struct spw_gate, key),
	.key_len = sizeof(struct spw_gate_key),
	.hashfn = hash_key,
	.automatic_shrinking = true,
};

static void make_key(struct spw_gate_key *key, u8 family, const struct spw_tuple *tuple)
{
	memset(key, 0, sizeof(*key));
	memcpy(&key->tuple, tuple, family == AF_INET6 ? SPW_TUPLE6 : SPW_TUPLE4);
	key->family = family;
}

/**
 * spw_gate_init() - no connection moves yet
 * @spw: device that is not published yet
 *
 * Return: 0 or -ENOMEM.
 */
int spw_gate_init(struct spw_device *spw)
{
	get_random_once(&gate_hash_key, sizeof(gate_hash_key));
	ratelimit_state_init(&spw->icmp_rate, HZ, SPW_GATES_ICMP_RATE);
	ratelimit_set_flags(&spw->icmp_rate, RATELIMIT_MSG_ON_RELEASE);
	return rhashtable_init(&spw->gates, &params);
}

/**
 * spw_gate_destroy() - free the table
 * @spw: device that no hook and no request can reach any more, its gates freed
 */
void spw_gate_destroy(struct spw_device *spw)
{
	rhashtable_destroy(&spw->gates);
}

/**
 * spw_gate_find() - the gate of a connection
 * @spw: device
 * @family: AF_INET or AF_INET6
 * @tuple: its name
 *
 * Return: valid until rcu_read_unlock(), or under &spw_moves.lock; or NULL.
 */
struct spw_gate *spw_gate_find(struct spw_device *spw, u8 family,
			       const struct spw_tuple *tuple)
{
	struct spw_gate_key key;

	make_key(&key, family, tuple);
	return rhashtable_lookup_fast(&spw->gates, &key, params);
}

/**
 * spw_gate_new() - claim a connection's packets; nothing happens to them yet
 * @spw: device, under &spw_moves.lock
 * @family: AF_INET or AF_INET6
 * @tuple: name of the connection
 *
 * Return: gate, or NULL without memory, beyond the limit, or where there is one.
 */
struct spw_gate *spw_gate_new(struct spw_device *spw, u8 family,
			      const struct spw_tuple *tuple)
{
	u32 max = spw_setting_get(&spw->settings, SPW_SET_CONNS_MAX);
	struct spw_gate *gate;

	if (READ_ONCE(spw->moves->dying) || spw_hook_arriving(spw))
		return NULL;
	/* The module stays as long as connections depend on it. */
	if (!try_module_get(THIS_MODULE))
		return NULL;
	if (!atomic_add_unless(&spw->nr_gates, 1, max))
		goto err_module;
	gate = kzalloc(sizeof(*gate), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!gate)
		goto err_count;
	make_key(&gate->key, family, tuple);
	gate->spw = spw;
	gate->mode = SPW_GATE_PASS;
	spin_lock_init(&gate->lock);
	__skb_queue_head_init(&gate->held);
	if (rhashtable_lookup_insert_fast(&spw->gates, &gate->node, params))
		goto err_free;
	list_add_tail(&gate->list, &spw->moves->gates);
	return gate;

err_free:
	kfree(gate);
err_count:
	atomic_dec(&spw->nr_gates);
err_module:
	module_put(THIS_MODULE);
	return NULL;
}

/**
 * spw_gate_pass() - the one behind it is the next to be looked at
 * @gate: under &spw_moves.lock
 */
void spw_gate_pass(struct spw_gate *gate)
{
	struct spw_moves *moves = gate->spw->moves;

	moves->next_gate = list_is_last(&gate->list, &moves->gates) ? NULL :
			   list_next_entry(gate, list);
}

/**
 * spw_gate_free() - the connection's packets are like any other again
 * @gate: under &spw_moves.lock; what is held must have been given back or discarded
 */
void spw_gate_free(struct spw_gate *gate)
{
	if (gate->spw->moves->next_gate == gate)
		spw_gate_pass(gate);
	list_del(&gate->list);
	spw_back_forget(gate);
	rhashtable_remove_fast(&gate->spw->gates, &gate->node, params);
	atomic_dec(&gate->spw->nr_gates);
	spw_gate_discard(gate);
	kfree_rcu(gate, rcu);
	module_put(THIS_MODULE);
}
