// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_session: one netlink socket to the family "spillway". */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/spillway.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nl_session.h"

/* A batch of SPILLWAY_BATCH_MAX entries, and the kernel's answer to it, fit; and of the
 * second, a job of as many connections.
 */
#define BUFFER_SIZE (128 * 1024)
#define ANSWER_SIZE (256 * 1024)
/* What the kernel may keep for us: an answer takes more than its bytes there, and the
 * acknowledgment comes behind it.
 */
#define ROOM_SIZE  (1024 * 1024)
#define GROUPS_MAX 8
#define DUMP_TRIES 5

struct group {
	char name[16];
	uint32_t id;
};

struct nl_session {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t seq;
	char ifname[IF_NAMESIZE];
	struct group groups[GROUPS_MAX];
	size_t group_count;
	char request[BUFFER_SIZE];
	char answer[ANSWER_SIZE];
};

uint16_t nl_family_id(const struct nl_session *session)
{
	return session->family;
}

/* A request of ours begins with the device that it is about. */
struct nlmsghdr *nl_request(struct nl_session *session, uint8_t command, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(session->request);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = session->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++session->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = SPILLWAY_GENL_VERSION;
	mnl_attr_put_strz(nlh, SPILLWAY_A_IFNAME, session->ifname);
	return nlh;
}

void nl_put_address(struct nlmsghdr *nlh, uint16_t type4, uint16_t type6,
		    const struct address *address)
{
	if (address->family)
		mnl_attr_put(nlh, address->family == AF_INET6 ? type6 : type4,
			     address_size(address), &address->v6);
}

/* One character too many goes out, for the kernel to refuse; the rest need not. */
void nl_put_name(struct nlmsghdr *nlh, uint16_t type, const char *name)
{
	char text[SPILLWAY_NAME_MAX + 2];

	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, name);
	mnl_attr_put_strz(nlh, type, text);
}

struct talk {
	const struct nlmsghdr *request;
	mnl_cb_t answer;
	void *data;
};

/* One message. Returns 1 to go on, 0 at the end, or -errno. */
static int take_message(const struct talk *talk, const struct nlmsghdr *nlh, struct nl_error *error)
{
	int err;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
	case NLMSG_DONE:
		return nl_error_take(talk->request, nlh, error);
	case NLMSG_NOOP:
		return 1;
	case NLMSG_OVERRUN:
		return nl_fail(error, ENOBUFS, "netlink: an answer was lost");
	default:
		err = talk->answer ? talk->answer(nlh, talk->data) : MNL_CB_OK;
		return err < 0 ? nl_fail(error, ENOMEM, "no memory for the kernel's answer") : 1;
	}
}

/* One datagram from the kernel. Returns 1 to go on, 0 at the end, or -errno. */
static int take_messages(const struct talk *talk, const char *buffer, int len, bool *interrupted,
			 struct nl_error *error)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buffer;
	int ret = 1;

	for (; ret > 0 && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		/* What is left of an earlier request that was given up. */
		if (nlh->nlmsg_seq != talk->request->nlmsg_seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		ret = take_message(talk, nlh, error);
	}
	return ret;
}

/*
 * An answer for which the kernel had no memory (netlink_ack()) leaves the socket with
 * ENOBUFS: what was asked for has been done by then, or refused.
 */
static int fail_receive(int err, struct nl_error *error)
{
	return nl_fail(error, err, "netlink: %s%s", strerror(err),
		       err == ENOBUFS ? ": the answer is lost, it may have been done" : "");
}

/**
 * nl_talk() - send a request, take the answers
 * @session: from nl_session_open()
 * @request: from nl_request()
 * @answer: called for each message, or NULL; returns MNL_CB_ERROR to give up
 * @data: for @answer
 * @error: filled on failure
 *
 * Return: 0; 1 where a dump was disturbed by a change, so that entries may be missing
 * or twice; or a negative errno.
 */
int nl_talk(struct nl_session *session, struct nlmsghdr *request, mnl_cb_t answer, void *data,
	    struct nl_error *error)
{
	const struct talk talk = { .request = request, .answer = answer, .data = data };
	bool interrupted = false;
	ssize_t len;
	int ret = 1;

	if (mnl_socket_sendto(session->socket, request, request->nlmsg_len) < 0)
		return nl_fail(error, errno, "netlink: %s", strerror(errno));
	while (ret > 0) {
		len = mnl_socket_recvfrom(session->socket, session->answer,
					  sizeof(session->answer));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return fail_receive(errno, error);
		ret = take_messages(&talk, session->answer, (int)len, &interrupted, error);
	}
	return ret < 0 ? ret : interrupted;
}

static int list_answer(const struct nlmsghdr *nlh, void *data)
{
	struct nl_list *list = data;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		void *items = reallocarray(list->items, room, list->size);

		if (!items)
			return MNL_CB_ERROR;
		list->items = items;
		list->room = room;
	}
	list->decode(nlh, (char *)list->items + list->count++ * list->size);
	return MNL_CB_OK;
}

/**
 * nl_dump() - send a dump request, take all it finds
 * @session: from nl_session_open()
 * @request: from nl_request()
 * @list: with size and decode; receives the items, none on failure
 * @error: filled on failure
 *
 * A dump that a change disturbed (NLM_F_DUMP_INTR) is repeated, five times at most.
 *
 * Return: 0; 1 where it was still disturbed, so that items may be missing or twice; or
 * a negative errno.
 */
int nl_dump(struct nl_session *session, struct nlmsghdr *request, struct nl_list *list,
	    struct nl_error *error)
{
	int tries, ret = 1;

	for (tries = 0; tries < DUMP_TRIES && ret > 0; tries++) {
		list->count = 0;
		request->nlmsg_seq = ++session->seq;
		ret = nl_talk(session, request, list_answer, list, error);
	}
	if (ret < 0) {
		free(list->items);
		list->items = NULL;
		list->count = 0;
	}
	return ret;
}

static int take_group(struct nl_session *session, const struct nlattr *nest)
{
	const struct nlattr *attr;
	struct group group = { .id = 0 };

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			snprintf(group.name, sizeof(group.name), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			group.id = mnl_attr_get_u32(attr);
	}
	if (session->group_count < GROUPS_MAX)
		session->groups[session->group_count++] = group;
	return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *nlh, void *data)
{
	struct nl_session *session = data;
	const struct nlattr *attr, *nest;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			session->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_for_each_nested(nest, attr)
				take_group(session, nest);
	}
	return MNL_CB_OK;
}

/* Asking for the family loads the module where it is installed and we are root. */
static int find_family(struct nl_session *session, struct nl_error *error)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(session->request);
	struct genlmsghdr *genl;
	int err;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++session->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SPILLWAY_GENL_NAME);
	err = nl_talk(session, nlh, take_family, session, error);
	if (err == -ENOENT)
		return nl_fail(error, EPROTONOSUPPORT,
			       "module spillway is not loaded (modprobe spillway)");
	return err;
}

/**
 * nl_group() - the number of a multicast group
 * @session: from nl_session_open()
 * @name: SPILLWAY_MCGRP_*
 * @id: receives it
 *
 * Return: 0 or -ENOENT.
 */
int nl_group(struct nl_session *session, const char *name, uint32_t *id)
{
	size_t i;

	for (i = 0; i < session->group_count; i++)
		if (!strcmp(session->groups[i].name, name)) {
			*id = session->groups[i].id;
			return 0;
		}
	return -ENOENT;
}

/**
 * nl_session_use() - the device that requests are about from now on
 * @session: from nl_session_open()
 * @ifname: its name
 * @error: filled on failure
 *
 * Return: 0, or -EINVAL for a name that no device can have.
 */
int nl_session_use(struct nl_session *session, const char *ifname, struct nl_error *error)
{
	size_t len = strlen(ifname);

	if (!len || len >= sizeof(session->ifname))
		return nl_fail(error, EINVAL, "a device's name has 1 to %zu characters",
			       sizeof(session->ifname) - 1);
	memcpy(session->ifname, ifname, len + 1);
	return 0;
}

const char *nl_session_device(const struct nl_session *session)
{
	return session->ifname;
}

/**
 * nl_session_open() - a session for one device
 * @session: receives it
 * @ifname: device that its requests are about; need not exist yet
 * @error: filled on failure; its err is EPROTONOSUPPORT without the module
 *
 * Return: 0 or a negative errno.
 */
int nl_session_open(struct nl_session **session, const char *ifname, struct nl_error *error)
{
	struct nl_session *s = calloc(1, sizeof(*s));
	const int on = 1, room = ROOM_SIZE;
	int err;

	*session = NULL;
	if (!s)
		return nl_fail(error, ENOMEM, "no memory");
	err = nl_session_use(s, ifname, error);
	if (err) {
		free(s);
		return err;
	}
	s->seq = (uint32_t)time(NULL);
	s->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!s->socket || mnl_socket_bind(s->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = nl_fail(error, errno, "netlink: %s", strerror(errno));
		nl_session_close(s);
		return err;
	}
	mnl_socket_setsockopt(s->socket, NETLINK_EXT_ACK, (void *)&on, sizeof(on));
	mnl_socket_setsockopt(s->socket, NETLINK_CAP_ACK, (void *)&on, sizeof(on));
	setsockopt(mnl_socket_get_fd(s->socket), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	err = find_family(s, error);
	if (err) {
		nl_session_close(s);
		return err;
	}
	*session = s;
	return 0;
}

/* Requests may have held keys. */
void nl_session_close(struct nl_session *session)
{
	if (!session)
		return;
	if (session->socket)
		mnl_socket_close(session->socket);
	explicit_bzero(session->request, sizeof(session->request));
	free(session);
}
