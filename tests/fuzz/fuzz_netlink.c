// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says, as spillctl and spilld read it. The first byte: what it is taken
 * for. The message has memory of exactly its size, in whole words as the kernel's have.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nl_decode.h"
#include "nl_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KINDS = 6 };

static void terminated(const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		abort();
}

static void batch(const struct nlmsghdr *nlh)
{
	struct model_move moves[4] = { { 0 } };

	nl_decode_batch(nlh, moves, sizeof(moves) / sizeof(*moves));
}

static void job(const struct nlmsghdr *nlh)
{
	struct model_job_move moves[4];
	struct model_job said;
	size_t count;

	nl_decode_job(nlh, &said);
	if (model_job_running(&said) > said.total)
		abort();
	count = nl_decode_job_moves(nlh, NULL, 0);
	if (nl_decode_job_moves(nlh, moves, sizeof(moves) / sizeof(*moves)) != count)
		abort();
}

static void refusal(const struct nlmsghdr *nlh)
{
	char request[256];
	struct nl_error error;
	struct nlmsghdr *asked = mnl_nlmsg_put_header(memset(request, 0, sizeof(request)));

	asked->nlmsg_type = 0x20;
	mnl_nlmsg_put_extra_header(asked, sizeof(struct genlmsghdr));
	mnl_attr_put_strz(asked, SPILLWAY_A_PEER_NAME, "n2");
	mnl_attr_put_u32(asked, SPILLWAY_A_PEER_WEIGHT, 5);
	nl_error_take(asked, nlh, &error);
}

static void decode(unsigned int as, const struct nlmsghdr *nlh)
{
	struct model_device device;
	struct model_peer peer;
	struct model_conn conn;

	switch (as % KINDS) {
	case 0:
		nl_decode_device(nlh, &device);
		terminated(device.node_name, sizeof(device.node_name));
		break;
	case 1:
		nl_decode_peer(nlh, &peer);
		terminated(peer.name, sizeof(peer.name));
		break;
	case 2:
		nl_decode_conn(nlh, &conn);
		terminated(conn.peer_name, sizeof(conn.peer_name));
		break;
	case 3:
		batch(nlh);
		break;
	case 4:
		refusal(nlh);
		break;
	case 5:
		job(nlh);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = NLMSG_HDRLEN + GENL_HDRLEN;
	struct nlmsghdr *nlh;

	if (!size)
		return 0;
	len += (size - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
	nlh = calloc(1, len);
	if (!nlh)
		return 0;
	memcpy((char *)nlh + NLMSG_HDRLEN + GENL_HDRLEN, data + 1,
	       len - NLMSG_HDRLEN - GENL_HDRLEN);
	nlh->nlmsg_len = (uint32_t)len;
	nlh->nlmsg_type = data[0] % KINDS == 4 ? NLMSG_ERROR : 0x20;
	decode(data[0], nlh);
	free(nlh);
	return 0;
}
