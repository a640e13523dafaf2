// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What this node relays for a peer, as the peer says. Shown to the operator and counted;
 * packets are relayed whether they are listed here or not, so what a peer could say
 * wrongly harms nobody. How much it can say is bounded, for each and for all.
 */
#include <linux/slab.h>

#include "hosted.h"
#include "peer.h"

/* A place is reserved before anything is published, so that the limits hold. */
static struct spw_notice *notice_new(struct spw_peer *peer)
{
	struct spw_device *spw = peer->spw;
	struct spw_notice *entry;

	if (peer->hosted.count >= SPW_HOSTED_MAX ||
	    !atomic_add_unless(&spw->nr_hosted, 1,
			       spw_setting_get(&spw->settings, SPW_SET_CONNS_MAX)))
		return NULL;
	entry = kmalloc(sizeof(*entry), GFP_KERNEL | __GFP_NOWARN);
	if (!entry)
		atomic_dec(&spw->nr_hosted);
	return entry;
}

static void notice_free(struct spw_peer *peer, struct spw_notice *entry)
{
	kfree(entry);
	atomic_dec(&peer->spw->nr_hosted);
}

static bool add(struct spw_peer *peer, const struct spw_notice *notice)
{
	struct spw_hosted *h = &peer->hosted;
	struct spw_notice *entry = xa_load(&h->conns, notice->id);

	if (entry) {
		*entry = *notice;
		return true;
	}
	entry = notice_new(peer);
	if (!entry)
		return false;
	*entry = *notice;
	if (xa_insert(&h->conns, notice->id, entry, GFP_KERNEL | __GFP_NOWARN)) {
		notice_free(peer, entry);
		return false;
	}
	WRITE_ONCE(h->count, h->count + 1);
	return true;
}

/* One that is not there was refused before, or ended while all was told anew. */
static void forget(struct spw_peer *peer, u64 id)
{
	struct spw_hosted *h = &peer->hosted;
	struct spw_notice *entry = xa_erase(&h->conns, id);

	if (!entry)
		return;
	WRITE_ONCE(h->count, h->count - 1);
	notice_free(peer, entry);
}

static void clear(struct spw_peer *peer)
{
	struct spw_notice *entry;
	unsigned long id;

	lockdep_assert_held(&peer->hosted.lock);
	xa_for_each(&peer->hosted.conns, id, entry)
		forget(peer, id);
}

static void apply(struct spw_peer *peer, const struct spw_notice *notice)
{
	switch (notice->event) {
	case SPW_NOTICE_RESET:
		clear(peer);
		break;
	case SPW_NOTICE_OFFLOADED:
		if (!add(peer, notice))
			spw_peer_count(peer, SPILLWAY_STAT_HOSTED_REFUSED, 1);
		break;
	default:
		forget(peer, notice->id);
	}
}

/* An index of the table is a long. */
static int parse(const u8 *data, struct spw_notice *notice)
{
	int err = spw_notice_parse(data, notice);

	return err ?: notice->id != (unsigned long)notice->id ? -EPROTO : 0;
}

/**
 * spw_hosted_take() - a message of notices came
 * @peer: from whom
 * @data: message
 * @len: its bytes
 *
 * Return: 0, or -EPROTO where a notice is malformed; nothing has changed then.
 */
int spw_hosted_take(struct spw_peer *peer, const u8 *data, u32 len)
{
	struct spw_notice notice;
	u32 at;

	if (!len || len % SPW_LEN_NOTICE)
		return -EPROTO;
	for (at = 0; at < len; at += SPW_LEN_NOTICE)
		if (parse(data + at, &notice))
			return -EPROTO;
	mutex_lock(&peer->hosted.lock);
	for (at = 0; at < len; at += SPW_LEN_NOTICE)
		if (!parse(data + at, &notice))
			apply(peer, &notice);
	mutex_unlock(&peer->hosted.lock);
	return 0;
}

/**
 * spw_hosted_init() - for a peer that nobody can find yet
 * @peer: peer
 */
void spw_hosted_init(struct spw_peer *peer)
{
	mutex_init(&peer->hosted.lock);
	xa_init(&peer->hosted.conns);
}

/**
 * spw_hosted_clear() - the peer is not there any more
 * @peer: of which nothing is being taken; under &spw_device.lock
 */
void spw_hosted_clear(struct spw_peer *peer)
{
	mutex_lock(&peer->hosted.lock);
	clear(peer);
	mutex_unlock(&peer->hosted.lock);
}
