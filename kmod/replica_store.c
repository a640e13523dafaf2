// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replication, the target: images of connections of peers are kept and brought up to date
 * as the peer says. All of it is checked as the image of a move is, and how much a peer can
 * have kept is bounded; what is not taken is refused, and the peer told.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "image_diff.h"
#include "peer.h"
#include "replica.h"

enum {
	ANSWERS = 1024,		/* bytes of answers in one message */
	PASSED_BYTES = SPW_PASSED_SLOTS * sizeof(u64),
};

/**
 * spw_replica_charge() - reserve a place and memory, before anything is published
 * @r: replication of a device
 * @nr: count that replica_max is the limit of
 * @bytes: memory
 *
 * Return: whether there is room.
 */
bool spw_replica_charge(struct spw_replicas *r, atomic_t *nr, u32 bytes)
{
	const struct spw_settings *s = &r->spw->settings;
	unsigned long most = (unsigned long)spw_setting_get(s, SPW_SET_REPLICA_KBYTES) << 10;

	if (!atomic_add_unless(nr, 1, spw_setting_get(s, SPW_SET_REPLICA_MAX)))
		return false;
	if (atomic_long_add_return(bytes, &r->bytes) <= most)
		return true;
	spw_replica_uncharge(r, nr, bytes);
	return false;
}

/**
 * spw_replica_uncharge() - give them back
 * @r: replication of a device
 * @nr: count
 * @bytes: memory
 */
void spw_replica_uncharge(struct spw_replicas *r, atomic_t *nr, u32 bytes)
{
	atomic_long_sub(bytes, &r->bytes);
	atomic_dec(nr);
}

/* Not more than one for a peer that relays nothing through this node. */
static void want_passed(struct spw_peer *peer)
{
	u64 *passed;

	if (peer->replica.passed)
		return;
	passed = kvzalloc(PASSED_BYTES, GFP_KERNEL | __GFP_NOWARN);
	/* Without it the replica's own numbers have to do. Pairs with spw_deliver(). */
	smp_store_release(&peer->replica.passed, passed);
}

static void drop(struct spw_peer *peer, u32 place)
{
	struct spw_replica_peer *p = &peer->replica;
	struct spw_replicas *r = peer->spw->replicas;
	struct spw_replica_in *in = xa_erase(&p->in, place);

	if (!in)
		return;
	WRITE_ONCE(p->nr_in, p->nr_in - 1);
	p->nr_relayed -= in->relayed;
	kfree(in);
	spw_replica_uncharge(r, &r->nr_in, sizeof(*in));
}

static void drop_all(struct spw_peer *peer)
{
	struct spw_replica_in *in;
	unsigned long place;

	lockdep_assert_held(&peer->replica.in_lock);
	xa_for_each(&peer->replica.in, place, in) {
		drop(peer, place);
		cond_resched();
	}
}

/**
 * spw_replica_forget() - what a peer has had kept here is void
 * @peer: it; under &spw_device.lock
 */
void spw_replica_forget(struct spw_peer *peer)
{
	mutex_lock(&peer->replica.in_lock);
	drop_all(peer);
	peer->replica.condemned = 0;
	mutex_unlock(&peer->replica.in_lock);
}

static void say(struct spw_peer *peer, u8 kind, u8 flags, u32 number)
{
	const struct spw_replica_msg msg = { .kind = kind, .flags = flags, .number = number };
	u8 data[SPW_LEN_REPLICA];

	/* Where it cannot be said the stream ends, or the peer waits for a while. */
	spw_messenger_append(peer, SPW_MESSAGE_REPLICA, data,
			     spw_replica_msg_build(data, &msg), ANSWERS);
}

static void refuse(struct spw_peer *peer, u32 place, u8 flags)
{
	drop(peer, place);
	spw_peer_count(peer, SPILLWAY_STAT_REPLICA_DROPPED, 1);
	say(peer, SPW_REPLICA_REFUSED, flags, place);
}

static struct spw_replica_in *in_new(struct spw_peer *peer, u32 place)
{
	struct spw_replica_peer *p = &peer->replica;
	struct spw_replicas *r = peer->spw->replicas;
	struct spw_replica_in *in;

	if (!spw_replica_charge(r, &r->nr_in, sizeof(*in)))
		return NULL;
	in = kzalloc(sizeof(*in), GFP_KERNEL | __GFP_NOWARN);
	if (in && !xa_insert(&p->in, place, in, GFP_KERNEL | __GFP_NOWARN)) {
		WRITE_ONCE(p->nr_in, p->nr_in + 1);
		return in;
	}
	kfree(in);
	spw_replica_uncharge(r, &r->nr_in, sizeof(*in));
	return NULL;
}

static int take_whole(struct spw_peer *peer, const struct spw_replica_msg *msg)
{
	struct spw_replica_peer *p = &peer->replica;
	struct spw_replica_in *in;
	enum spw_image_why why;
	struct spw_image image;

	if (spw_image_parse_bare(msg->data, msg->len, &image, &why))
		return -EPROTO;
	in = xa_load(&p->in, msg->number) ?: in_new(peer, msg->number);
	if (!in) {
		refuse(peer, msg->number, 0);
		return 0;
	}
	p->nr_relayed -= in->relayed;
	in->relayed = msg->flags & SPW_REPLICA_RELAYED;
	p->nr_relayed += in->relayed;
	in->id = msg->id;
	in->updated = ktime_get_ns();
	/* Its pointers go into the message, and nothing reads them. */
	in->image = image;
	if (in->relayed)
		want_passed(peer);
	spw_peer_count(peer, SPILLWAY_STAT_REPLICA_STORED, 1);
	return 0;
}

/* What was refused before is not there. */
static void take_change(struct spw_peer *peer, const struct spw_replica_msg *msg)
{
	struct spw_replica_in *in = xa_load(&peer->replica.in, msg->number);
	struct spw_image_shift shift;
	enum spw_image_why why;

	if (!in)
		return;
	if (spw_image_diff_apply(msg->data, msg->len, &in->image, &shift, &why))
		refuse(peer, msg->number, SPW_REPLICA_AGAIN);
	else
		in->updated = ktime_get_ns();
}

static int apply(struct spw_peer *peer, const struct spw_replica_msg *msg)
{
	struct spw_replica_peer *p = &peer->replica;

	if (msg->kind == SPW_REPLICA_RESET) {
		drop_all(peer);
		clear_bit(SPW_REPLICA_VOID, &p->flags);
		return 0;
	}
	/* Of a stream whose beginning did not come. */
	if (test_bit(SPW_REPLICA_VOID, &p->flags))
		return -EPROTO;
	switch (msg->kind) {
	case SPW_REPLICA_WHOLE:
		return take_whole(peer, msg);
	case SPW_REPLICA_CHANGE:
		take_change(peer, msg);
		return 0;
	case SPW_REPLICA_END:
		drop(peer, msg->number);
		return 0;
	default:
		say(peer, SPW_REPLICA_ACK, 0, msg->number);
		return 0;
	}
}

/* What is behind a record that is bad is not taken. */
static int take(struct spw_peer *peer, const u8 *data, u32 len)
{
	struct spw_replica_peer *p = &peer->replica;
	struct spw_replica_msg msg;
	int size, err = 0;

	do {
		size = spw_replica_msg_parse(data, len, &msg);
		if (size < 0)
			return size;
		if (msg.kind == SPW_REPLICA_ACK || msg.kind == SPW_REPLICA_REFUSED) {
			spw_replica_answer(peer, &msg);
		} else {
			mutex_lock(&p->in_lock);
			err = apply(peer, &msg);
			mutex_unlock(&p->in_lock);
		}
		data += size;
		len -= size;
	} while (len && !err);
	return err;
}

static void ended(struct spw_peer *peer)
{
	set_bit(SPW_REPLICA_STALE, &peer->replica.flags);
	set_bit(SPW_REPLICA_VOID, &peer->replica.flags);
}

const struct spw_message_ops spw_replica_ops = {
	.max = SPW_LEN_REPLICAS,
	.take = take,
	.ended = ended,
};
