// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection table: fed by the hooks as connections come, by a walk over the
 * kernel's own table for those that were there before, and emptied of those whose
 * socket has gone.
 *
 * Two ways in: by tuple (rhashtable, for the packet path) and by id (xarray, for
 * people, and so that a dump can go on where it stopped). An entry is published by
 * tuple last and unpublished there first; who takes it out of the tuple table owns
 * its end. Memory is freed after a grace period.
 *
 * Each family has a tuple table of its own, so that the key of one is neither hashed
 * nor stored at the size of the other; ids, the limit and all else are shared.
 *
 * The packet path only adds entries and marks those that may have ended. Whether
 * they have, the collector asks the kernel's socket table: it alone knows.
 */
#include <linux/ktime.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/route.h>
#include <net/tcp.h>

#include "app.h"
#include "conntab.h"
#include "device.h"
#include "gate.h"
#include "ipv6.h"
#include "netlink.h"
#include "relay.h"

/* Connections of which a FIN or RST was seen are looked at this soon, ... */
#define GC_SOON		HZ
/* ... all of them this often (a socket may end without a packet). */
#define GC_FULL		(10 * HZ)
#define CONN_ENDING	XA_MARK_0

/* Of millions every byte counts; a rcu_head never meets the rates it lies upon. */
static_assert(ALIGN(SPW_CONN4, sizeof(u64)) <= 104);
static_assert(ALIGN(SPW_CONN6, sizeof(u64)) <= 128);

static struct kmem_cache *conn_cache4 __ro_after_init;
static struct kmem_cache *conn_cache6 __ro_after_init;
static hsiphash_key_t conn_hash_key __ro_after_init;

/* Remote ends choose tuples, so the hash is keyed; it never leaves the kernel. */
static u32 hash_tuple4(const void *data, u32 len, u32 seed)
{
	const struct spw_tuple *t = data;

	return hsiphash_3u32((__force u32)t->laddr, (__force u32)t->raddr,
			     (__force u32)t->lport << 16 | (__force u32)t->rport,
			     &conn_hash_key) ^ seed;
}

static u32 hash_tuple6(const void *data, u32 len, u32 seed)
{
	return hsiphash(data, SPW_TUPLE6, &conn_hash_key) ^ seed;
}

/* In place of memcmp(), which is a call a lookup and as dear as the hash. */
static int differs4(struct rhashtable_compare_arg *arg, const void *obj)
{
	return !spw_tuple_equal(AF_INET, arg->key, &((const struct spw_conn *)obj)->tuple);
}

static int differs6(struct rhashtable_compare_arg *arg, const void *obj)
{
	return !spw_tuple_equal(AF_INET6, arg->key, &((const struct spw_conn *)obj)->tuple);
}

static const struct rhashtable_params params4 = {
	.head_offset = offsetof(struct spw_conn, node),
	.key_offset = offsetof(struct spw_conn, tuple),
	.key_len = SPW_TUPLE4,
	.hashfn = hash_tuple4,
	.obj_cmpfn = differs4,
	.automatic_shrinking = true,
};

static const struct rhashtable_params params6 = {
	.head_offset = offsetof(struct spw_conn, node),
	.key_offset = offsetof(struct spw_conn, tuple),
	.key_len = SPW_TUPLE6,
	.hashfn = hash_tuple6,
	.obj_cmpfn = differs6,
	.automatic_shrinking = true,
};

static int table_insert(struct spw_device *spw, struct spw_conn *conn)
{
	return conn->family == AF_INET6 ?
	       rhashtable_insert_fast(&spw->conns6, &conn->node, params6) :
	       rhashtable_insert_fast(&spw->conns4, &conn->node, params4);
}

static int table_remove(struct spw_device *spw, struct spw_conn *conn)
{
	return conn->family == AF_INET6 ?
	       rhashtable_remove_fast(&spw->conns6, &conn->node, params6) :
	       rhashtable_remove_fast(&spw->conns4, &conn->node, params4);
}

static struct kmem_cache *cache_of(u8 family)
{
	return family == AF_INET6 ? conn_cache6 : conn_cache4;
}

static void conn_free(struct spw_conn *conn)
{
	kmem_cache_free(cache_of(conn->family), conn);
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	conn_free(container_of(rcu, struct spw_conn, rcu));
}

/*
 * A place is reserved before anything is published, so that the limit holds. Returns
 * ERR_PTR(-ENOSPC) where there is none, ERR_PTR(-ENOMEM) without memory.
 */
static struct spw_conn *conn_new(struct spw_device *spw, u8 family,
				 const struct spw_tuple *tuple,
				 const struct sock *sk,
				 enum spillway_conn_direction dir)
{
	u32 max = spw_setting_get(&spw->settings, SPW_SET_CONNS_MAX);
	struct spw_conn *conn;

	if (!atomic_add_unless(&spw->nr_conns, 1, max))
		return ERR_PTR(-ENOSPC);
	conn = kmem_cache_zalloc(cache_of(family), GFP_ATOMIC | __GFP_NOWARN);
	if (!conn) {
		atomic_dec(&spw->nr_conns);
		return ERR_PTR(-ENOMEM);
	}
	conn->family = family;
	memcpy(&conn->tuple, tuple,
	       family == AF_INET6 ? SPW_TUPLE6 : SPW_TUPLE4);
	conn->bound_if = sk->sk_bound_dev_if;
	conn->direction = dir;
	conn->born = ktime_get_ns();
	conn->id = atomic64_inc_return(&spw->conn_next_id);
	return conn;
}

static void conn_drop_unpublished(struct spw_device *spw, struct spw_conn *conn)
{
	atomic_dec(&spw->nr_conns);
	conn_free(conn);
}

/* The collector finishes what is marked here. */
static void conn_mark_ending(struct spw_device *spw, struct spw_conn *conn)
{
	xa_lock_bh(&spw->conns_by_id);
	__xa_set_mark(&spw->conns_by_id, conn->id, CONN_ENDING);
	xa_unlock_bh(&spw->conns_by_id);
}

/*
 * Once the entry can be found by id only the collector may free it: a request that
 * holds the device's lock may be looking at it.
 */
static int conn_publish(struct spw_device *spw, struct spw_conn *conn)
{
	int err;

	err = xa_err(xa_store_bh(&spw->conns_by_id, conn->id, conn,
				 GFP_ATOMIC | __GFP_NOWARN));
	if (err) {
		conn_drop_unpublished(spw, conn);
		return err;
	}
	err = table_insert(spw, conn);
	if (err) {
		set_bit(SPW_CONN_STILLBORN, &conn->flags);
		set_bit(SPW_CONN_GONE, &conn->flags);
		conn_mark_ending(spw, conn);
		return err;
	}
	spw_stat_inc(spw->stats, SPILLWAY_STAT_CONN_NEW);
	if (!test_bit(SPW_CONN_UNTOLD, &conn->flags))
		spw_netlink_conn_event(spw, conn, SPILLWAY_CONN_NEW,
				       SPILLWAY_REASON_NONE, GFP_ATOMIC);
	return 0;
}

static void conn_unpublish(struct spw_device *spw, struct spw_conn *conn)
{
	if (table_remove(spw, conn))
		return;
	set_bit(SPW_CONN_GONE, &conn->flags);
	conn_mark_ending(spw, conn);
}

static void gc_soon(struct spw_device *spw)
{
	/* Never brings a queued run forward by much, so FINs may flood. */
	if (!READ_ONCE(spw->dying) &&
	    time_after(spw->gc_work.timer.expires, jiffies + GC_SOON))
		mod_delayed_work(system_wq, &spw->gc_work, GC_SOON);
}

/**
 * spw_conntab_born() - a handshake packet leaves this node
 * @spw: device
 * @family: of the packet
 * @tuple: of the connection
 * @sk: its socket, or request socket
 * @dir: who opened it
 * @isn: our initial sequence number
 *
 * A repeated SYN changes nothing; a new one with the same tuple ends the entry of
 * the connection before. Softirq or process context under RCU.
 */
void spw_conntab_born(struct spw_device *spw, u8 family,
		      const struct spw_tuple *tuple, const struct sock *sk,
		      enum spillway_conn_direction dir, u32 isn)
{
	struct spw_conn *conn = spw_conntab_find(spw, family, tuple);

	if (conn) {
		if (test_bit(SPW_CONN_HAS_ISN, &conn->flags) && conn->isn == isn)
			return;
		conn_unpublish(spw, conn);
		gc_soon(spw);
	}
	conn = conn_new(spw, family, tuple, sk, dir);
	if (IS_ERR(conn)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_CONN_REFUSED);
		return;
	}
	conn->isn = isn;
	__set_bit(SPW_CONN_HAS_ISN, &conn->flags);
	if (conn_publish(spw, conn))
		spw_stat_inc(spw->stats, SPILLWAY_STAT_CONN_REFUSED);
}

/**
 * spw_conntab_ending() - a FIN or RST was seen
 * @spw: device
 * @family: of the packet
 * @tuple: of the connection
 *
 * Only a hint: it may be forged or out of window. Any context under RCU.
 */
void spw_conntab_ending(struct spw_device *spw, u8 family,
			const struct spw_tuple *tuple)
{
	struct spw_conn *conn = spw_conntab_find(spw, family, tuple);

	if (!conn || xa_get_mark(&spw->conns_by_id, conn->id, CONN_ENDING))
		return;
	conn_mark_ending(spw, conn);
	gc_soon(spw);
}

/**
 * spw_conntab_ends() - was a FIN or RST of a connection seen?
 * @spw: device
 * @conn: connection, under RCU
 */
bool spw_conntab_ends(struct spw_device *spw, const struct spw_conn *conn)
{
	return xa_get_mark(&spw->conns_by_id, conn->id, CONN_ENDING);
}

/**
 * spw_conntab_find() - look a connection up by tuple
 * @spw: device
 * @family: AF_INET or AF_INET6
 * @tuple: its name
 *
 * Return: valid until rcu_read_unlock(), or NULL.
 */
struct spw_conn *spw_conntab_find(struct spw_device *spw, u8 family,
				  const struct spw_tuple *tuple)
{
	return family == AF_INET6 ?
	       rhashtable_lookup(&spw->conns6, tuple, params6) :
	       rhashtable_lookup(&spw->conns4, tuple, params4);
}

/**
 * spw_conntab_get() - look a connection up by id
 * @spw: device
 * @id: its id
 *
 * Return: valid until rcu_read_unlock() or, under &spw_device.lock, until that is
 * dropped (only the collector frees, and it takes the lock); or NULL.
 */
struct spw_conn *spw_conntab_get(struct spw_device *spw, u64 id)
{
	struct spw_conn *conn = xa_load(&spw->conns_by_id, id);

	return conn && !test_bit(SPW_CONN_GONE, &conn->flags) ? conn : NULL;
}

/**
 * spw_conntab_next() - walk in the order of ids
 * @spw: device, its lock held
 * @id: lowest id wanted; receives the id found
 *
 * Return: as spw_conntab_get().
 */
struct spw_conn *spw_conntab_next(struct spw_device *spw, u64 *id)
{
	unsigned long index = *id;
	struct spw_conn *conn;

	lockdep_assert_held(&spw->lock);
	conn = xa_find(&spw->conns_by_id, &index, ULONG_MAX, XA_PRESENT);
	while (conn && test_bit(SPW_CONN_GONE, &conn->flags))
		conn = xa_find_after(&spw->conns_by_id, &index, ULONG_MAX,
				     XA_PRESENT);
	*id = index;
	return conn;
}

/* Last step of an end; the entry is out of the tuple table already. */
static void conn_end(struct spw_device *spw, struct spw_conn *conn)
{
	spw_relay_forget(spw, conn);
	xa_erase_bh(&spw->conns_by_id, conn->id);
	spw_app_forget(spw, conn->id);
	atomic_dec(&spw->nr_conns);
	if (!test_bit(SPW_CONN_STILLBORN, &conn->flags)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_CONN_ENDED);
		if (!test_bit(SPW_CONN_UNTOLD, &conn->flags))
			spw_netlink_conn_event(spw, conn, SPILLWAY_CONN_ENDED,
					       SPILLWAY_REASON_NONE, GFP_KERNEL);
	}
	call_rcu(&conn->rcu, conn_free_rcu);
}

static bool conn_lives(struct spw_device *spw, struct spw_conn *conn)
{
	struct sock *sk;
	bool lives;

	if (test_bit(SPW_CONN_GONE, &conn->flags))
		return false;
	rcu_read_lock();
	sk = spw_conn_sock(spw, conn);
	lives = spw_sock_lives(sk);
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	return lives;
}

/* Returns whether entries are left that a FIN or RST was seen of. */
static bool collect(struct spw_device *spw, bool full)
{
	xa_mark_t which = full ? XA_PRESENT : CONN_ENDING;
	struct spw_conn *conn;
	unsigned long id;

	lockdep_assert_held(&spw->lock);
	xa_for_each_marked(&spw->conns_by_id, id, conn, which) {
		if (!conn_lives(spw, conn)) {
			conn_unpublish(spw, conn);
			conn_end(spw, conn);
		}
		cond_resched();
	}
	return xa_marked(&spw->conns_by_id, CONN_ENDING);
}

/* Is the other end on this node too? Such a connection cannot be relieved. */
static bool stays_inside(struct spw_device *spw, u8 family,
			 const struct spw_tuple *tuple)
{
	if (family == AF_INET6)
		return spw_ipv6_is_own(spw->net, &tuple->raddr6);
	return ipv4_is_loopback(tuple->raddr) ||
	       inet_addr_type(spw->net, tuple->raddr) == RTN_LOCAL;
}

/**
 * spw_conntab_listens() - would a connection be accepted here?
 * @spw: device
 * @family: AF_INET or AF_INET6
 * @t: tuple of the connection
 * @bound_if: interface that its socket is bound to, or 0
 *
 * Under RCU.
 */
bool spw_conntab_listens(struct spw_device *spw, u8 family, const struct spw_tuple *t,
			 int bound_if)
{
	if (family == AF_INET6)
		return spw_ipv6_listens(spw->net, t, bound_if);
	return __inet_lookup_listener(spw->net,
				      spw->net->ipv4.tcp_death_row.hashinfo,
				      NULL, 0, t->raddr, t->rport, t->laddr,
				      ntohs(t->lport), bound_if, 0);
}

/* Family of the socket's packets. */
static u8 tuple_of_sock(struct spw_tuple *tuple, const struct sock *sk)
{
	tuple->lport = htons(sk->sk_num);
	tuple->rport = sk->sk_dport;
	if (spw_ipv6_tuple(tuple, sk))
		return AF_INET6;
	tuple->laddr = sk->sk_rcv_saddr;
	tuple->raddr = sk->sk_daddr;
	return AF_INET;
}

/*
 * A direction that is not known is found by whether somebody listens. Returns 0 also
 * where there is nothing to add, -ENOSPC where the table is full, or -ENOMEM.
 */
static int add_found(struct spw_device *spw, const struct sock *sk, u8 dir, bool untold)
{
	struct spw_tuple tuple;
	u8 family = tuple_of_sock(&tuple, sk);
	struct spw_conn *conn;
	int err;

	if (stays_inside(spw, family, &tuple) ||
	    spw_conntab_find(spw, family, &tuple))
		return 0;
	if (!dir && spw_conntab_listens(spw, family, &tuple, sk->sk_bound_dev_if))
		dir = SPILLWAY_DIR_IN;
	conn = conn_new(spw, family, &tuple, sk, dir);
	if (IS_ERR(conn)) {
		err = PTR_ERR(conn);
		goto refused;
	}
	if (spw_gate_find(spw, family, &tuple))
		__set_bit(SPW_CONN_MOVED, &conn->flags);
	if (untold)
		__set_bit(SPW_CONN_UNTOLD, &conn->flags);
	spw_conn_baseline(conn, sk);
	err = conn_publish(spw, conn);
	if (err != -ENOMEM)
		return 0;
refused:
	spw_stat_inc(spw->stats, SPILLWAY_STAT_CONN_REFUSED);
	return err;
}

/**
 * spw_conntab_found() - a connection is there whose handshake was not seen
 * @spw: device
 * @sk: its socket; under RCU
 */
void spw_conntab_found(struct spw_device *spw, const struct sock *sk)
{
	add_found(spw, sk, SPILLWAY_DIR_UNKNOWN, false);
}

/**
 * spw_conntab_arrived() - a connection came from another node
 * @spw: device
 * @sk: its socket; under RCU
 * @dir: &enum spillway_conn_direction, as it was there
 *
 * One that was here before has an entry until the collector has come by, which may have
 * found it dead already: what comes is another one, with an id of its own. That it came
 * is told by spw_conntab_tell().
 *
 * Return: 0, -ENOSPC where the table is full, or -ENOMEM. Who has no entry is not taken:
 * at the node where it is it can be seen, and moved elsewhere.
 */
int spw_conntab_arrived(struct spw_device *spw, const struct sock *sk, u8 dir)
{
	struct spw_tuple tuple;
	u8 family = tuple_of_sock(&tuple, sk);
	struct spw_conn *conn = spw_conntab_find(spw, family, &tuple);

	if (conn) {
		conn_unpublish(spw, conn);
		gc_soon(spw);
	}
	return add_found(spw, sk, dir, true);
}

/**
 * spw_conntab_tell() - it is its application's now
 * @spw: device
 * @family: AF_INET or AF_INET6
 * @tuple: of a connection that arrived; under RCU
 *
 * Apart from spw_conntab_arrived(), since its packets wait until then.
 */
void spw_conntab_tell(struct spw_device *spw, u8 family, const struct spw_tuple *tuple)
{
	struct spw_conn *conn = spw_conntab_find(spw, family, tuple);

	if (conn && test_and_clear_bit(SPW_CONN_UNTOLD, &conn->flags))
		spw_netlink_conn_event(spw, conn, SPILLWAY_CONN_NEW,
				       SPILLWAY_REASON_NONE, GFP_ATOMIC);
}

/**
 * spw_conntab_of() - the entry of a socket
 * @spw: device
 * @sk: full TCP socket, its lock held; under RCU
 *
 * Made where there is none: that of a connection which came with a SYN cookie is found
 * by the next walk else.
 *
 * Return: as spw_conntab_find(); NULL also where another socket has that name.
 */
struct spw_conn *spw_conntab_of(struct spw_device *spw, const struct sock *sk)
{
	struct spw_tuple tuple;
	u8 family = tuple_of_sock(&tuple, sk);
	struct spw_conn *conn = spw_conntab_find(spw, family, &tuple);
	struct sock *found;

	if (!conn) {
		spw_conntab_found(spw, sk);
		conn = spw_conntab_find(spw, family, &tuple);
	}
	if (!conn)
		return NULL;
	found = spw_conn_sock(spw, conn);
	if (found)
		sock_gen_put(found);
	return found == sk ? conn : NULL;
}

static bool is_ours(const struct spw_device *spw, const struct sock *sk)
{
	return net_eq(sock_net(sk), spw->net) &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       sk_fullsock(sk) && spw_sock_lives(sk);
}

/*
 * Walk the kernel's table of established sockets for those of this namespace, as
 * inet_diag does. The chain may be moved under the walk: what is missed then is
 * found the next time.
 */
static void scan(struct spw_device *spw)
{
	struct inet_hashinfo *hashinfo = spw->net->ipv4.tcp_death_row.hashinfo;
	struct hlist_nulls_node *node;
	struct sock *sk;
	unsigned int i;

	for (i = 0; i <= hashinfo->ehash_mask; i++) {
		if (hlist_nulls_empty(&hashinfo->ehash[i].chain)) {
			if (!(i & 1023))
				cond_resched();
			continue;
		}
		rcu_read_lock();
		sk_nulls_for_each_rcu(sk, node, &hashinfo->ehash[i].chain) {
			if (!is_ours(spw, sk) ||
			    !refcount_inc_not_zero(&sk->sk_refcnt))
				continue;
			/* The memory may have become another socket meanwhile. */
			if (is_ours(spw, sk))
				spw_conntab_found(spw, sk);
			sock_gen_put(sk);
		}
		rcu_read_unlock();
		cond_resched();
	}
}

static void gc_work(struct work_struct *work)
{
	struct spw_device *spw = container_of(to_delayed_work(work),
					      struct spw_device, gc_work);
	bool full = time_after_eq(jiffies, spw->gc_full);
	bool more;

	mutex_lock(&spw->lock);
	more = collect(spw, full);
	if (full) {
		/* Picks up those that came with a SYN cookie, too. */
		scan(spw);
		spw->gc_full = jiffies + GC_FULL;
	}
	if (!spw->dying)
		queue_delayed_work(system_wq, &spw->gc_work,
				   more ? GC_SOON : GC_FULL);
	mutex_unlock(&spw->lock);
}

/**
 * spw_conntab_init() - an empty table
 * @spw: device that is not published yet
 *
 * Return: 0 or -ENOMEM.
 */
int spw_conntab_init(struct spw_device *spw)
{
	int err;

	INIT_DELAYED_WORK(&spw->gc_work, gc_work);
	xa_init_flags(&spw->conns_by_id, XA_FLAGS_LOCK_BH);
	err = rhashtable_init(&spw->conns4, &params4);
	if (err)
		return err;
	err = rhashtable_init(&spw->conns6, &params6);
	if (err)
		rhashtable_destroy(&spw->conns4);
	return err;
}

/**
 * spw_conntab_start() - find what is there, and go on looking after it
 * @spw: device, its hooks registered already so that nothing falls between
 */
void spw_conntab_start(struct spw_device *spw)
{
	spw->gc_full = jiffies + GC_FULL;
	scan(spw);
	queue_delayed_work(system_wq, &spw->gc_work, GC_FULL);
}

/**
 * spw_conntab_stop() - the collector ends
 * @spw: device, marked as dying; its lock not held
 */
void spw_conntab_stop(struct spw_device *spw)
{
	cancel_delayed_work_sync(&spw->gc_work);
}

/**
 * spw_conntab_destroy() - free the table
 * @spw: device that no hook and no request can reach any more
 */
void spw_conntab_destroy(struct spw_device *spw)
{
	struct spw_conn *conn;
	unsigned long id;

	xa_for_each(&spw->conns_by_id, id, conn) {
		if (!test_bit(SPW_CONN_GONE, &conn->flags))
			table_remove(spw, conn);
		xa_erase_bh(&spw->conns_by_id, id);
		call_rcu(&conn->rcu, conn_free_rcu);
	}
	rhashtable_destroy(&spw->conns4);
	rhashtable_destroy(&spw->conns6);
	xa_destroy(&spw->conns_by_id);
}

/**
 * spw_conntab_module_init() - what all tables share
 *
 * Return: 0 or -ENOMEM.
 */
int __init spw_conntab_module_init(void)
{
	get_random_bytes(&conn_hash_key, sizeof(conn_hash_key));
	conn_cache4 = kmem_cache_create("spw_conn4", SPW_CONN4, 0, 0, NULL);
	conn_cache6 = kmem_cache_create("spw_conn6", SPW_CONN6, 0, 0, NULL);
	if (conn_cache4 && conn_cache6)
		return 0;
	kmem_cache_destroy(conn_cache4);
	kmem_cache_destroy(conn_cache6);
	return -ENOMEM;
}

/**
 * spw_conntab_module_exit() - wait for the last entries and free the cache
 */
void spw_conntab_module_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(conn_cache4);
	kmem_cache_destroy(conn_cache6);
}
