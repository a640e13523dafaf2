// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about moves of endpoints: begin a job, show and cancel it, what has moved. */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <net/genetlink.h>

#include "compat.h"
#include "device.h"
#include "gate.h"
#include "job.h"
#include "netlink_ops.h"
#include "peer.h"

static const struct nla_policy job_policy[SPILLWAY_JOB_A_MAX + 1] = {
	[SPILLWAY_JOB_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[SPILLWAY_JOB_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, SPILLWAY_JOB_ANYTIME),
};

/**
 * spw_nl_job_read() - what a request says of a job
 * @nest: %SPILLWAY_A_JOB, or NULL
 * @which: the attribute that it may have
 * @value: receives that, untouched if it is not there
 * @extack: receives what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int spw_nl_job_read(const struct nlattr *nest, enum spillway_job_attr which, u32 *value,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[SPILLWAY_JOB_A_MAX + 1];
	int err, i;

	if (!nest)
		return 0;
	err = nla_parse_nested(attrs, SPILLWAY_JOB_A_MAX, nest, job_policy, extack);
	if (err)
		return err;
	for (i = 1; i <= SPILLWAY_JOB_A_MAX; i++)
		if (attrs[i] && i != which) {
			NL_SET_ERR_MSG_ATTR(extack, attrs[i],
					    "this operation does not take the attribute");
			return -EINVAL;
		}
	if (attrs[which])
		*value = nla_get_u32(attrs[which]);
	return 0;
}

static int put_counts(struct sk_buff *skb, const struct spw_job *job)
{
	u64 now = ktime_get_ns();

	return nla_put_u32(skb, SPILLWAY_JOB_A_ID, job->id) ||
	       nla_put_u32(skb, SPILLWAY_JOB_A_FLAGS, job->flags) ||
	       nla_put_u32(skb, SPILLWAY_JOB_A_TOTAL, job->total) ||
	       nla_put_u32(skb, SPILLWAY_JOB_A_MOVED,
			   job->count[SPILLWAY_MOVE_MOVED]) ||
	       nla_put_u32(skb, SPILLWAY_JOB_A_STAYED,
			   job->count[SPILLWAY_MOVE_STAYED]) ||
	       nla_put_u32(skb, SPILLWAY_JOB_A_LOST,
			   job->count[SPILLWAY_MOVE_LOST]) ||
	       nla_put_u64_64bit(skb, SPILLWAY_JOB_A_AGE_MS,
				 div_u64(now - job->begun, NSEC_PER_MSEC),
				 SPILLWAY_JOB_A_PAD) ||
	       (job->ended &&
		nla_put_u64_64bit(skb, SPILLWAY_JOB_A_TIME_MS,
				  div_u64(job->ended - job->begun, NSEC_PER_MSEC),
				  SPILLWAY_JOB_A_PAD)) ? -EMSGSIZE : 0;
}

/**
 * spw_nl_put_job() - a job without its connections
 * @skb: message
 * @spw: device
 * @job: under &spw_moves.lock, or a copy
 *
 * Return: 0 or -EMSGSIZE.
 */
int spw_nl_put_job(struct sk_buff *skb, const struct spw_device *spw,
		   const struct spw_job *job)
{
	struct nlattr *nest;

	if (nla_put_u32(skb, SPILLWAY_A_IFINDEX, spw->dev->ifindex))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SPILLWAY_A_JOB);
	if (!nest || put_counts(skb, job))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_entry(struct sk_buff *skb, const struct spw_job_entry *entry)
{
	struct nlattr *nest = nla_nest_start(skb, SPILLWAY_A_ENTRY), *job;

	if (!nest ||
	    nla_put_u64_64bit(skb, SPILLWAY_A_CONN_ID, entry->conn_id, SPILLWAY_A_PAD) ||
	    nla_put_u16(skb, SPILLWAY_A_PEER_ID, entry->peer_id) ||
	    nla_put_u8(skb, SPILLWAY_A_REASON, entry->reason))
		return -EMSGSIZE;
	job = nla_nest_start(skb, SPILLWAY_A_JOB);
	if (!job || nla_put_u8(skb, SPILLWAY_JOB_A_RESULT, entry->result) ||
	    nla_put_u32(skb, SPILLWAY_JOB_A_BLACKOUT_US, entry->blackout_us) ||
	    nla_put_u32(skb, SPILLWAY_JOB_A_BYTES, entry->bytes) ||
	    nla_put_u32(skb, SPILLWAY_JOB_A_KNOWN_US, entry->known_us))
		return -EMSGSIZE;
	nla_nest_end(skb, job);
	nla_nest_end(skb, nest);
	return 0;
}

enum job_sizes {
	ENTRY_LEN = 80,	/* of put_entry(), with its header; more than it needs */
	/* A nest's length has 16 bits: a large job has several nests. */
	NEST_ENTRIES = 700,
};

static_assert(NEST_ENTRIES * ENTRY_LEN < U16_MAX);

static int put_entries(struct sk_buff *skb, const struct spw_job *job)
{
	struct nlattr *nest = NULL;
	u32 i;

	for (i = 0; i < job->total; i++) {
		if (i % NEST_ENTRIES == 0) {
			if (nest)
				nla_nest_end(skb, nest);
			nest = nla_nest_start(skb, SPILLWAY_A_BATCH);
		}
		if (!nest || put_entry(skb, &job->entries[i]))
			return -EMSGSIZE;
	}
	if (nest)
		nla_nest_end(skb, nest);
	return 0;
}

/* Returns 0 where there is no such job any more. */
static u32 job_total(struct spw_moves *moves, u32 id)
{
	struct spw_job *job;
	u32 total;

	mutex_lock(&moves->lock);
	job = spw_job_get(moves, id);
	total = job ? job->total : 0;
	mutex_unlock(&moves->lock);
	return total;
}

/* To be told at leisure: what is frozen meanwhile does not wait. kvfree() or an error. */
static struct spw_job *job_copy(struct spw_moves *moves, u32 id)
{
	u32 total = job_total(moves, id);
	struct spw_job *job, *copy;

	copy = kvmalloc(struct_size(copy, entries, total), GFP_KERNEL | __GFP_NOWARN);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&moves->lock);
	job = spw_job_get(moves, id);
	/* One that was not there when its size was asked for began meanwhile: not yet. */
	if (job && job->total != total)
		job = NULL;
	if (job)
		memcpy(copy, job, struct_size(job, entries, total));
	mutex_unlock(&moves->lock);
	if (job)
		return copy;
	kvfree(copy);
	return ERR_PTR(-ENOENT);
}

static int job_reply(struct spw_device *spw, const struct spw_job *job,
		     struct genl_info *info)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE + job->total * ENTRY_LEN, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &spw_genl_family, 0, SPILLWAY_CMD_JOB_GET);
	if (!hdr || spw_nl_put_job(msg, spw, job) || put_entries(msg, job)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* The device and the id of a request about one job; locked as spw_nl_begin(). */
static struct spw_device *begin(struct genl_info *info, u32 *id)
{
	struct nlattr *nest = info->attrs[SPILLWAY_A_JOB];
	struct spw_device *spw = spw_nl_begin(info, SPW_ATTR(JOB));
	int err;

	*id = 0;
	if (IS_ERR(spw))
		return spw;
	err = spw_nl_job_read(nest, SPILLWAY_JOB_A_ID, id, info->extack);
	if (!err && !*id) {
		NL_SET_ERR_MSG(info->extack, "name the job by its id");
		err = -EINVAL;
	}
	if (!err)
		return spw;
	spw_nl_end(spw);
	return ERR_PTR(err);
}

/**
 * spw_nl_job_get() - JOB_GET, do
 * @skb: request
 * @info: request
 */
int spw_nl_job_get(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw;
	struct spw_job *job;
	int err;
	u32 id;

	spw = begin(info, &id);
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	job = job_copy(spw->moves, id);
	err = PTR_ERR_OR_ZERO(job);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "no such job");
	if (!err) {
		err = job_reply(spw, job, info);
		kvfree(job);
	}
	spw_nl_end(spw);
	return err;
}

/**
 * spw_nl_job_cancel() - JOB_CANCEL
 * @skb: request
 * @info: request
 */
int spw_nl_job_cancel(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw;
	int err;
	u32 id;

	spw = begin(info, &id);
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	mutex_lock(&spw->moves->lock);
	err = spw_job_cancel(spw->moves, id);
	mutex_unlock(&spw->moves->lock);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "no such job");
	else if (err)
		NL_SET_ERR_MSG(info->extack, "the job is over");
	spw_nl_end(spw);
	return err;
}

/* The device of a dump, with a reference; NULL with an error where there is none. */
static struct spw_device *dump_device(struct sk_buff *skb, struct netlink_callback *cb,
				      u64 allowed)
{
	struct nlattr **attrs = spw_compat_dump_attrs(cb);
	int err;

	err = spw_nl_only(attrs, SPW_ATTRS_DEVICE | allowed, cb->extack);
	return err ? ERR_PTR(err) :
		     spw_nl_device(sock_net(skb->sk), attrs, cb->extack);
}

/**
 * spw_nl_job_dump() - JOB_GET, dump
 * @skb: message
 * @cb: of the dump
 */
int spw_nl_job_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct spw_device *spw = dump_device(skb, cb, 0);
	struct spw_job *job;
	unsigned long id;
	void *hdr;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	mutex_lock(&spw->moves->lock);
	xa_for_each_start(&spw->moves->jobs, id, job, cb->args[0]) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  &spw_genl_family, NLM_F_MULTI, SPILLWAY_CMD_JOB_GET);
		if (!hdr)
			break;
		if (spw_nl_put_job(skb, spw, job)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = id + 1;
	}
	mutex_unlock(&spw->moves->lock);
	dev_put(spw->dev);
	return skb->len;
}

/**
 * spw_nl_put_moved() - a connection whose endpoint has moved
 * @skb: message
 * @peer: whither or whence
 * @role: &enum spillway_conn_role
 * @family: AF_INET or AF_INET6
 * @tuple: its name
 *
 * Return: 0 or -EMSGSIZE.
 */
int spw_nl_put_moved(struct sk_buff *skb, const struct spw_peer *peer, u8 role, u8 family,
		     const struct spw_tuple *tuple)
{
	return nla_put_u32(skb, SPILLWAY_A_IFINDEX, peer->spw->dev->ifindex) ||
	       nla_put_u8(skb, SPILLWAY_A_CONN_ROLE, role) ||
	       nla_put_u16(skb, SPILLWAY_A_PEER_ID, peer->id) ||
	       nla_put_string(skb, SPILLWAY_A_PEER_NAME, peer->name) ||
	       spw_nl_put_tuple(skb, family, tuple) ? -EMSGSIZE : 0;
}

/* Where it is, seen from here; NULL where it has not moved, or nobody is known. */
static struct spw_peer *where(const struct spw_gate *gate, u8 *role, u64 *id)
{
	*role = gate->id ? SPILLWAY_ROLE_MOVED : SPILLWAY_ROLE_ARRIVED;
	*id = gate->id ?: gate->from_id;
	return gate->id ? rcu_dereference_protected(gate->peer, true) : gate->from;
}

static int put_gate(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct spw_gate *gate, struct spw_peer *only)
{
	u64 age = div_u64(ktime_get_ns() - gate->since, NSEC_PER_MSEC), id;
	struct spw_peer *peer;
	void *hdr;
	u8 role;

	peer = where(gate, &role, &id);
	if (!peer || (only && peer != only) || gate->over)
		return 0;
	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &spw_genl_family, NLM_F_MULTI, SPILLWAY_CMD_MOVED_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (spw_nl_put_moved(skb, peer, role, gate->key.family, &gate->key.tuple) ||
	    nla_put_u64_64bit(skb, SPILLWAY_A_CONN_ID, id, SPILLWAY_A_PAD) ||
	    nla_put_u64_64bit(skb, SPILLWAY_A_AGE_MS, age, SPILLWAY_A_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* By place in the list: what comes or goes meanwhile may be shown twice or not. */
static void put_gates(struct sk_buff *skb, struct netlink_callback *cb,
		      struct spw_device *spw, struct spw_peer *only)
{
	struct spw_gate *gate;
	long at = 0;

	list_for_each_entry(gate, &spw->moves->gates, list) {
		if (at++ < cb->args[0])
			continue;
		if (put_gate(skb, cb, gate, only))
			return;
		cb->args[0] = at;
	}
}

static struct spw_peer *only_peer(struct spw_device *spw, struct nlattr **attrs,
				  struct netlink_ext_ack *extack)
{
	struct nlattr *id = attrs[SPILLWAY_A_PEER_ID];
	struct nlattr *name = attrs[SPILLWAY_A_PEER_NAME];
	struct spw_peer *peer;

	if (!id && !name)
		return NULL;
	peer = id ? spw_peer_by_id(spw, nla_get_u16(id)) :
		    spw_peer_by_name(spw, nla_data(name));
	if (peer)
		return peer;
	NL_SET_ERR_MSG_ATTR(extack, id ?: name, "no such peer");
	return ERR_PTR(-ENOENT);
}

/**
 * spw_nl_moved_dump() - MOVED_GET, dump
 * @skb: message
 * @cb: of the dump
 */
int spw_nl_moved_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct spw_device *spw = dump_device(skb, cb, SPW_ATTRS_PEER);
	struct spw_peer *only;
	int err = 0;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	mutex_lock(&spw->lock);
	only = only_peer(spw, spw_compat_dump_attrs(cb), cb->extack);
	if (IS_ERR(only)) {
		err = PTR_ERR(only);
	} else {
		mutex_lock(&spw->moves->lock);
		put_gates(skb, cb, spw, only);
		mutex_unlock(&spw->moves->lock);
	}
	mutex_unlock(&spw->lock);
	dev_put(spw->dev);
	return err ?: skb->len;
}
