// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_conns: the bulk paths: connection dumps, batches, events. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_conns.h"
#include "nl_decode.h"

#define EVENT_BUFFER (1024 * 1024)

static void put_filter(struct nlmsghdr *nlh, const struct model_filter *f)
{
	if (f->has & MODEL_HAS(CONN_DIRECTION))
		mnl_attr_put_u8(nlh, SPILLWAY_A_CONN_DIRECTION, f->direction);
	if (f->has & MODEL_HAS(CONN_ROLE))
		mnl_attr_put_u8(nlh, SPILLWAY_A_CONN_ROLE, f->role);
	if (f->has & MODEL_HAS(PEER_ID))
		mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_ID, f->peer_id);
	if (f->has & MODEL_HAS(PEER_NAME))
		nl_put_name(nlh, SPILLWAY_A_PEER_NAME, f->peer_name);
	nl_put_address(nlh, SPILLWAY_A_LOCAL_ADDR4, SPILLWAY_A_LOCAL_ADDR6, &f->local);
	if (f->has & MODEL_HAS(LOCAL_PLEN))
		mnl_attr_put_u8(nlh, SPILLWAY_A_LOCAL_PLEN, f->local_plen);
	if (f->has & MODEL_HAS(LOCAL_PORT))
		mnl_attr_put_u16(nlh, SPILLWAY_A_LOCAL_PORT, f->local_port);
	nl_put_address(nlh, SPILLWAY_A_REMOTE_ADDR4, SPILLWAY_A_REMOTE_ADDR6, &f->remote);
	if (f->has & MODEL_HAS(REMOTE_PLEN))
		mnl_attr_put_u8(nlh, SPILLWAY_A_REMOTE_PLEN, f->remote_plen);
	if (f->has & MODEL_HAS(REMOTE_PORT))
		mnl_attr_put_u16(nlh, SPILLWAY_A_REMOTE_PORT, f->remote_port);
	if (f->has & MODEL_HAS(AGE_MS))
		mnl_attr_put_u64(nlh, SPILLWAY_A_AGE_MS, f->age_ms);
	if (f->has & MODEL_HAS(TOP)) {
		mnl_attr_put_u32(nlh, SPILLWAY_A_TOP, f->top);
		mnl_attr_put_u8(nlh, SPILLWAY_A_SORT, f->sort);
	}
}

int nl_conns(struct nl_session *session, const struct model_filter *filter,
	     struct model_conn **conns, size_t *count, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_CONN_GET, NLM_F_DUMP);
	struct nl_list list = { .size = sizeof(struct model_conn), .decode = nl_decode_conn };
	int ret;

	put_filter(nlh, filter);
	ret = nl_dump(session, nlh, &list, error);
	*conns = list.items;
	*count = list.count;
	return ret;
}

/* Lists in which only a peer can be chosen. */
static int dump_of_peer(struct nl_session *session, uint8_t command, const char *peer,
			struct model_conn **conns, size_t *count, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, command, NLM_F_DUMP);
	struct nl_list list = { .size = sizeof(struct model_conn), .decode = nl_decode_conn };
	int ret;

	if (peer)
		nl_put_name(nlh, SPILLWAY_A_PEER_NAME, peer);
	ret = nl_dump(session, nlh, &list, error);
	*conns = list.items;
	*count = list.count;
	return ret;
}

int nl_hosted(struct nl_session *session, const char *peer, struct model_conn **conns,
	      size_t *count, struct nl_error *error)
{
	return dump_of_peer(session, SPILLWAY_CMD_HOSTED_GET, peer, conns, count, error);
}

int nl_moved(struct nl_session *session, const char *peer, struct model_conn **conns, size_t *count,
	     struct nl_error *error)
{
	return dump_of_peer(session, SPILLWAY_CMD_MOVED_GET, peer, conns, count, error);
}

struct batch {
	struct model_move *moves;
	size_t count;
	uint32_t flags;
	uint32_t done;
	struct model_job job;
};

static int batch_answer(const struct nlmsghdr *nlh, void *data)
{
	struct batch *batch = data;

	batch->done = nl_decode_batch(nlh, batch->moves, batch->count);
	nl_decode_job(nlh, &batch->job);
	return MNL_CB_OK;
}

static void put_batch(struct nlmsghdr *nlh, struct batch *batch, bool to_peers)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SPILLWAY_A_BATCH), *entry;
	struct model_move *move = batch->moves;
	size_t i;

	for (i = 0; i < batch->count; i++, move++) {
		move->reason = SPILLWAY_REASON_NONE;
		entry = mnl_attr_nest_start(nlh, SPILLWAY_A_ENTRY);
		mnl_attr_put_u64(nlh, SPILLWAY_A_CONN_ID, move->conn_id);
		if (to_peers)
			mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_ID, move->peer_id);
		mnl_attr_nest_end(nlh, entry);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_flags(struct nlmsghdr *nlh, uint32_t flags)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SPILLWAY_A_JOB);

	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_FLAGS, flags);
	mnl_attr_nest_end(nlh, nest);
}

static int run_batch(struct nl_session *session, uint8_t command, struct batch *batch,
		     struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, command, 0);

	if (!batch->count || batch->count > SPILLWAY_BATCH_MAX)
		return nl_fail(error, E2BIG, "a batch has 1 to %d connections, not %zu",
			       SPILLWAY_BATCH_MAX, batch->count);
	put_batch(nlh, batch,
		  command != SPILLWAY_CMD_RECALL && command != SPILLWAY_CMD_UNREPLICATE);
	if (batch->flags)
		put_flags(nlh, batch->flags);
	return nl_talk(session, nlh, batch_answer, batch, error);
}

int nl_offload(struct nl_session *session, struct model_move *moves, size_t count,
	       struct nl_error *error)
{
	struct batch batch = { .moves = moves, .count = count };

	return run_batch(session, SPILLWAY_CMD_OFFLOAD, &batch, error);
}

int nl_recall(struct nl_session *session, struct model_move *moves, size_t count,
	      struct nl_error *error)
{
	struct batch batch = { .moves = moves, .count = count };

	return run_batch(session, SPILLWAY_CMD_RECALL, &batch, error);
}

int nl_replicate(struct nl_session *session, struct model_move *moves, size_t count,
		 struct nl_error *error)
{
	struct batch batch = { .moves = moves, .count = count };

	return run_batch(session, SPILLWAY_CMD_REPLICATE, &batch, error);
}

int nl_unreplicate(struct nl_session *session, struct model_move *moves, size_t count,
		   struct nl_error *error)
{
	struct batch batch = { .moves = moves, .count = count };

	return run_batch(session, SPILLWAY_CMD_UNREPLICATE, &batch, error);
}

int nl_handoff(struct nl_session *session, struct model_move *moves, size_t count, uint32_t flags,
	       uint32_t *job, struct nl_error *error)
{
	struct batch batch = { .moves = moves, .count = count, .flags = flags };
	int err = run_batch(session, SPILLWAY_CMD_HANDOFF, &batch, error);

	if (!err && !batch.job.id)
		return nl_fail(error, EBADMSG, "the module does not say which job this is");
	*job = batch.job.id;
	return err;
}

int nl_recall_all(struct nl_session *session, const char *peer, uint32_t *done,
		  struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_RECALL, 0);
	struct batch batch = { .done = 0 };
	int err;

	if (peer)
		nl_put_name(nlh, SPILLWAY_A_PEER_NAME, peer);
	err = nl_talk(session, nlh, batch_answer, &batch, error);
	*done = batch.done;
	return err;
}

struct nl_events {
	struct mnl_socket *socket;
	uint16_t family;
	uint64_t overruns;
	char buffer[32768];
};

static int join(struct nl_events *events, struct nl_session *session, const char *name,
		struct nl_error *error)
{
	uint32_t group;

	if (nl_group(session, name, &group))
		return nl_fail(error, ENOENT, "the module has no events \"%s\"", name);
	if (mnl_socket_setsockopt(events->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) <
	    0)
		return nl_fail(error, errno, "events \"%s\": %s", name, strerror(errno));
	return 0;
}

static int open_socket(struct nl_events *events, struct nl_error *error)
{
	int size = EVENT_BUFFER;

	events->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!events->socket || mnl_socket_bind(events->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return nl_fail(error, errno, "netlink: %s", strerror(errno));
	setsockopt(mnl_socket_get_fd(events->socket), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		   sizeof(size));
	return 0;
}

/**
 * nl_events_open() - listen to the module's events
 * @events: receives the listener
 * @session: any, only asked for the groups' numbers
 * @with_conns: connections' events too; they may come in floods
 * @error: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nl_events_open(struct nl_events **events, struct nl_session *session, int with_conns,
		   struct nl_error *error)
{
	struct nl_events *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return nl_fail(error, ENOMEM, "no memory");
	e->family = nl_family_id(session);
	err = open_socket(e, error);
	if (!err)
		err = join(e, session, SPILLWAY_MCGRP_CONFIG, error);
	if (!err)
		err = join(e, session, SPILLWAY_MCGRP_HEALTH, error);
	if (!err && with_conns)
		err = join(e, session, SPILLWAY_MCGRP_CONN, error);
	if (err) {
		nl_events_close(e);
		return err;
	}
	*events = e;
	return 0;
}

void nl_events_close(struct nl_events *events)
{
	if (events && events->socket)
		mnl_socket_close(events->socket);
	free(events);
}

int nl_events_fd(const struct nl_events *events)
{
	return mnl_socket_get_fd(events->socket);
}

uint64_t nl_events_overruns(const struct nl_events *events)
{
	return events->overruns;
}

static void take_event(const struct nlmsghdr *nlh,
		       void (*take)(const struct nl_event *event, void *data), void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct nl_event event = { .kind = genl->cmd };

	event.generation = nl_decode_generation(nlh);
	if (event.kind == SPILLWAY_CMD_DEV_NTF)
		nl_decode_device(nlh, &event.device);
	else if (event.kind == SPILLWAY_CMD_PEER_NTF)
		nl_decode_peer(nlh, &event.peer);
	else if (event.kind == SPILLWAY_CMD_CONN_NTF)
		nl_decode_conn(nlh, &event.conn);
	else if (event.kind == SPILLWAY_CMD_JOB_NTF)
		nl_decode_job(nlh, &event.job);
	take(&event, data);
}

int nl_events_read(struct nl_events *events, void (*take)(const struct nl_event *event, void *data),
		   void *data, struct nl_error *error)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int len;

	for (;;) {
		got = mnl_socket_recvfrom(events->socket, events->buffer, sizeof(events->buffer));
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (got < 0) {
			events->overruns += errno == ENOBUFS;
			return nl_fail(error, errno, "events: %s", strerror(errno));
		}
		len = (int)got;
		nlh = (const struct nlmsghdr *)events->buffer;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			if (nlh->nlmsg_type == events->family &&
			    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct genlmsghdr))
				take_event(nlh, take, data);
	}
}
