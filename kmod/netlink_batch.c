// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Batches: offload, recall, handoff and replication, whole or not at all. The answer
 * names, for a batch that is refused, the reason of each entry.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "device.h"
#include "job.h"
#include "netlink_ops.h"
#include "peer.h"
#include "relay.h"
#include "replica.h"

static const struct nla_policy entry_policy[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_CONN_ID] = { .type = NLA_U64 },
	[SPILLWAY_A_PEER_ID] = { .type = NLA_U16 },
};

/**
 * struct batch - a request's entries
 * @moves: entries
 * @n: how many
 * @job: id of the job that they are, 0 if they are none
 */
struct batch {
	struct spw_move *moves;
	u32 n;
	u32 job;
};

static int count_entries(const struct nlattr *nest,
			 struct netlink_ext_ack *extack)
{
	const struct nlattr *entry;
	int rem, n = 0;

	nla_for_each_nested(entry, nest, rem) {
		if (nla_type(entry) != SPILLWAY_A_ENTRY) {
			NL_SET_ERR_MSG_ATTR(extack, entry,
					    "a batch holds entries only");
			return -EINVAL;
		}
		n++;
	}
	if (!n) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "the batch is empty");
		return -EINVAL;
	}
	if (n > SPILLWAY_BATCH_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "the batch has more than 2048 entries");
		return -E2BIG;
	}
	return n;
}

static int read_entry(struct spw_move *move, const struct nlattr *entry,
		      struct nlattr **attrs, bool with_peer,
		      struct netlink_ext_ack *extack)
{
	int err;

	err = nla_parse_nested(attrs, SPILLWAY_A_MAX, entry, entry_policy,
			       extack);
	if (!err)
		err = spw_nl_only(attrs, SPW_ATTR(CONN_ID) |
				  (with_peer ? SPW_ATTR(PEER_ID) : 0), extack);
	if (err)
		return err;
	if (!attrs[SPILLWAY_A_CONN_ID] ||
	    (with_peer && !attrs[SPILLWAY_A_PEER_ID])) {
		move->reason = SPILLWAY_REASON_MALFORMED;
		NL_SET_ERR_MSG_ATTR(extack, entry,
				    "an entry lacks its connection or peer");
	}
	if (attrs[SPILLWAY_A_CONN_ID])
		move->conn_id = nla_get_u64(attrs[SPILLWAY_A_CONN_ID]);
	if (with_peer && attrs[SPILLWAY_A_PEER_ID])
		move->peer_id = nla_get_u16(attrs[SPILLWAY_A_PEER_ID]);
	return 0;
}

/* Entries without what they need go on, to be refused with a reason each. */
static int batch_read(struct batch *batch, const struct nlattr *nest,
		      bool with_peer, struct netlink_ext_ack *extack)
{
	const struct nlattr *entry;
	struct nlattr **attrs;
	int rem, n, err = 0;

	n = count_entries(nest, extack);
	if (n < 0)
		return n;
	attrs = kcalloc(SPILLWAY_A_MAX + 1, sizeof(*attrs), GFP_KERNEL);
	batch->moves = kvcalloc(n, sizeof(*batch->moves), GFP_KERNEL);
	if (!attrs || !batch->moves)
		err = -ENOMEM;
	else
		nla_for_each_nested(entry, nest, rem) {
			err = read_entry(&batch->moves[batch->n++], entry,
					 attrs, with_peer, extack);
			if (err)
				break;
		}
	kfree(attrs);
	return err;
}

static int put_entry(struct sk_buff *msg, const struct spw_move *move)
{
	struct nlattr *nest = nla_nest_start(msg, SPILLWAY_A_ENTRY);

	if (!nest ||
	    nla_put_u64_64bit(msg, SPILLWAY_A_CONN_ID, move->conn_id,
			      SPILLWAY_A_PAD) ||
	    nla_put_u8(msg, SPILLWAY_A_REASON, move->reason))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_job_id(struct sk_buff *msg, u32 id)
{
	struct nlattr *nest = nla_nest_start(msg, SPILLWAY_A_JOB);

	if (!nest || nla_put_u32(msg, SPILLWAY_JOB_A_ID, id))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_result(struct sk_buff *msg, const struct batch *batch, u32 done,
		      bool refused)
{
	struct nlattr *nest;
	u32 i;

	if (nla_put_u32(msg, SPILLWAY_A_DONE, done) ||
	    (batch->job && put_job_id(msg, batch->job)))
		return -EMSGSIZE;
	if (!refused)
		return 0;
	nest = nla_nest_start(msg, SPILLWAY_A_BATCH);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < batch->n; i++)
		if (put_entry(msg, &batch->moves[i]))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* A nest's length has 16 bits, and a refusal has an entry for each sent. */
static_assert(SPILLWAY_BATCH_MAX * 28 < U16_MAX);

/* @refused: how many entries to tell of */
static struct sk_buff *reply_new(unsigned int refused)
{
	return genlmsg_new(max_t(size_t, (size_t)refused * 32 + 64, NLMSG_DEFAULT_SIZE),
			   GFP_KERNEL);
}

static int batch_reply(struct sk_buff *msg, struct genl_info *info,
		       const struct batch *batch, u8 cmd, u32 done, bool refused)
{
	void *hdr = genlmsg_put_reply(msg, info, &spw_genl_family, 0, cmd);

	if (!hdr || put_result(msg, batch, done, refused)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int refuse_batch(struct genl_info *info, const struct batch *batch, u8 cmd, int err)
{
	struct sk_buff *msg = reply_new(batch->n);
	int reply_err;

	if (!msg)
		return -ENOMEM;
	if (!info->extack->_msg)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SPILLWAY_A_BATCH],
				    "refused: the answer has each entry's reason");
	reply_err = batch_reply(msg, info, batch, cmd, 0, true);
	return reply_err ?: err;
}

static int apply_batch(struct spw_device *spw, struct genl_info *info, u8 cmd,
		       struct batch *batch)
{
	u32 flags = 0;
	int err;

	switch (cmd) {
	case SPILLWAY_CMD_OFFLOAD:
		return spw_relay_offload(spw, batch->moves, batch->n);
	case SPILLWAY_CMD_RECALL:
		return spw_relay_recall(spw, batch->moves, batch->n);
	case SPILLWAY_CMD_REPLICATE:
		return spw_replica_ask(spw, batch->moves, batch->n);
	case SPILLWAY_CMD_UNREPLICATE:
		return spw_replica_unask(spw, batch->moves, batch->n);
	}
	err = spw_nl_job_read(info->attrs[SPILLWAY_A_JOB], SPILLWAY_JOB_A_FLAGS, &flags,
			      info->extack);
	if (!err)
		err = spw_relay_check_all(spw, batch->moves, batch->n, spw_relay_check);
	if (err)
		return err;
	mutex_lock(&spw->moves->lock);
	err = spw_job_begin(spw->moves, batch->moves, batch->n, flags, &batch->job);
	mutex_unlock(&spw->moves->lock);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "too many jobs are under way");
	return err;
}

/* What is done is told, and therefore not done without memory for the answer. */
static int run_batch(struct spw_device *spw, struct genl_info *info, u8 cmd)
{
	bool with_peer = cmd != SPILLWAY_CMD_RECALL && cmd != SPILLWAY_CMD_UNREPLICATE;
	struct batch batch = {};
	struct sk_buff *msg;
	int err;

	err = batch_read(&batch, info->attrs[SPILLWAY_A_BATCH], with_peer,
			 info->extack);
	if (err)
		goto out;
	err = -ENOMEM;
	msg = reply_new(0);
	if (!msg)
		goto out;
	err = apply_batch(spw, info, cmd, &batch);
	if (err) {
		nlmsg_free(msg);
		err = refuse_batch(info, &batch, cmd, err);
	} else {
		batch_reply(msg, info, &batch, cmd, batch.n, false);
	}
out:
	kvfree(batch.moves);
	return err;
}

static int batch_only(struct genl_info *info, u8 cmd)
{
	struct spw_device *spw = spw_nl_begin(info, SPW_ATTR(BATCH));
	int err = -EINVAL;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	if (!GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_BATCH))
		err = run_batch(spw, info, cmd);
	spw_nl_end(spw);
	return err;
}

/**
 * spw_nl_offload() - OFFLOAD
 * @skb: request
 * @info: request
 */
int spw_nl_offload(struct sk_buff *skb, struct genl_info *info)
{
	return batch_only(info, SPILLWAY_CMD_OFFLOAD);
}

/**
 * spw_nl_replicate() - REPLICATE
 * @skb: request
 * @info: request
 */
int spw_nl_replicate(struct sk_buff *skb, struct genl_info *info)
{
	return batch_only(info, SPILLWAY_CMD_REPLICATE);
}

/**
 * spw_nl_unreplicate() - UNREPLICATE
 * @skb: request
 * @info: request
 */
int spw_nl_unreplicate(struct sk_buff *skb, struct genl_info *info)
{
	return batch_only(info, SPILLWAY_CMD_UNREPLICATE);
}

/**
 * spw_nl_handoff() - HANDOFF
 * @skb: request
 * @info: request
 */
int spw_nl_handoff(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw = spw_nl_begin(info, SPW_ATTR(BATCH) | SPW_ATTR(JOB));
	int err = -EINVAL;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	if (!GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_BATCH))
		err = run_batch(spw, info, SPILLWAY_CMD_HANDOFF);
	spw_nl_end(spw);
	return err;
}

static int recall_all(struct spw_device *spw, struct genl_info *info)
{
	const struct batch none = {};
	struct spw_peer *peer = NULL;
	struct sk_buff *msg;
	u32 done;

	if (info->attrs[SPILLWAY_A_PEER_ID] || info->attrs[SPILLWAY_A_PEER_NAME]) {
		peer = spw_nl_peer(spw, info);
		if (IS_ERR(peer))
			return PTR_ERR(peer);
	}
	msg = reply_new(0);
	if (!msg)
		return -ENOMEM;
	done = spw_relay_return_all(spw, peer, SPILLWAY_REASON_OPERATOR);
	batch_reply(msg, info, &none, SPILLWAY_CMD_RECALL, done, false);
	return 0;
}

/**
 * spw_nl_recall() - RECALL
 * @skb: request
 * @info: request
 */
int spw_nl_recall(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *nest = info->attrs[SPILLWAY_A_BATCH];
	struct spw_device *spw;
	int err;

	spw = spw_nl_begin(info, nest ? SPW_ATTR(BATCH) : SPW_ATTRS_PEER);
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	err = nest ? run_batch(spw, info, SPILLWAY_CMD_RECALL) : recall_all(spw, info);
	spw_nl_end(spw);
	return err;
}
