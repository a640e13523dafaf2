// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_error: why the kernel refused, in its own words. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/spillway.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nl_error.h"

static const char *const attr_names[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_IFINDEX] = "ifindex",
	[SPILLWAY_A_IFNAME] = "device",
	[SPILLWAY_A_NODE_ID] = "node id",
	[SPILLWAY_A_NODE_NAME] = "node name",
	[SPILLWAY_A_PORT] = "port",
	[SPILLWAY_A_LOAD] = "load",
	[SPILLWAY_A_FORECAST] = "forecast",
	[SPILLWAY_A_PEER_ID] = "peer id",
	[SPILLWAY_A_PEER_NAME] = "peer",
	[SPILLWAY_A_PEER_ADDR4] = "endpoint address",
	[SPILLWAY_A_PEER_ADDR6] = "endpoint address",
	[SPILLWAY_A_PEER_PORT] = "endpoint port",
	[SPILLWAY_A_PEER_WEIGHT] = "weight",
	[SPILLWAY_A_PEER_ADMIN] = "admin",
	[SPILLWAY_A_KEY_DIRECTION] = "key direction",
	[SPILLWAY_A_KEY_ID] = "key id",
	[SPILLWAY_A_KEY] = "key",
	[SPILLWAY_A_KEY_FIRST_PN] = "first-pn",
	[SPILLWAY_A_CONN_ID] = "conn",
	[SPILLWAY_A_CONN_DIRECTION] = "dir",
	[SPILLWAY_A_CONN_ROLE] = "role",
	[SPILLWAY_A_LOCAL_ADDR4] = "src",
	[SPILLWAY_A_LOCAL_ADDR6] = "src",
	[SPILLWAY_A_LOCAL_PLEN] = "src prefix length",
	[SPILLWAY_A_LOCAL_PORT] = "sport",
	[SPILLWAY_A_REMOTE_ADDR4] = "dst",
	[SPILLWAY_A_REMOTE_ADDR6] = "dst",
	[SPILLWAY_A_REMOTE_PLEN] = "dst prefix length",
	[SPILLWAY_A_REMOTE_PORT] = "dport",
	[SPILLWAY_A_AGE_MS] = "age",
	[SPILLWAY_A_TOP] = "top",
	[SPILLWAY_A_SORT] = "sort",
	[SPILLWAY_A_BATCH] = "batch",
	[SPILLWAY_A_ENTRY] = "entry",
	[SPILLWAY_A_PEER_FREE] = "free capacity",
	[SPILLWAY_A_CAPACITY] = "capacity",
	[SPILLWAY_A_JOB] = "job",
};

int nl_fail(struct nl_error *error, int err, const char *format, ...)
{
	va_list args;

	error->err = err;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -err;
}

const char *nl_attr_name(unsigned int type)
{
	return type <= SPILLWAY_A_MAX ? attr_names[type] : NULL;
}

/*
 * The attribute of the request that the kernel's error points at. Requests to other
 * families (the controller's) have other attributes.
 */
static const char *attr_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;

	if (request->nlmsg_type == GENL_ID_CTRL || offset % NLMSG_ALIGNTO ||
	    offset < NLMSG_HDRLEN + GENL_HDRLEN || offset > request->nlmsg_len ||
	    request->nlmsg_len - offset < sizeof(*attr))
		return NULL;
	attr = (const struct nlattr *)((const char *)request + offset);
	return nl_attr_name(mnl_attr_get_type(attr));
}

static int take_tlv(const struct nlattr *attr, void *data)
{
	static const enum mnl_attr_data_type types[NLMSGERR_ATTR_MISS_TYPE + 1] = {
		[NLMSGERR_ATTR_MSG] = MNL_TYPE_NUL_STRING,
		[NLMSGERR_ATTR_OFFS] = MNL_TYPE_U32,
		[NLMSGERR_ATTR_MISS_TYPE] = MNL_TYPE_U32,
	};
	const struct nlattr **found = data;
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= NLMSGERR_ATTR_MISS_TYPE && types[type] &&
	    mnl_attr_validate(attr, types[type]) >= 0)
		found[type] = attr;
	return MNL_CB_OK;
}

static int explain(const struct nlmsghdr *request, const struct nlattr **found, int err,
		   struct nl_error *error)
{
	const char *where = NULL, *what = strerror(err);

	if (found[NLMSGERR_ATTR_OFFS])
		where = attr_at(request, mnl_attr_get_u32(found[NLMSGERR_ATTR_OFFS]));
	if (found[NLMSGERR_ATTR_MISS_TYPE]) {
		where = nl_attr_name(mnl_attr_get_u32(found[NLMSGERR_ATTR_MISS_TYPE]));
		what = "is missing";
	}
	if (found[NLMSGERR_ATTR_MSG])
		what = mnl_attr_get_str(found[NLMSGERR_ATTR_MSG]);
	return nl_fail(error, err, "%s%s%s", where ? where : "", where ? ": " : "", what);
}

/* Both begin with the error; an NLMSG_ERROR then quotes the request, or its header. */
int nl_error_take(const struct nlmsghdr *request, const struct nlmsghdr *nlh,
		  struct nl_error *error)
{
	const struct nlattr *found[NLMSGERR_ATTR_MISS_TYPE + 1] = { NULL };
	bool quotes = nlh->nlmsg_type == NLMSG_ERROR;
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(nlh);
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	size_t skip = quotes ? sizeof(*answer) : sizeof(int);

	if (len < skip)
		return nl_fail(error, EBADMSG, "netlink: an answer that is cut short");
	if (answer->error >= 0)
		return 0;
	if (quotes && !(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += MNL_ALIGN(answer->msg.nlmsg_len) - MNL_NLMSG_HDRLEN;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && skip <= len)
		mnl_attr_parse(nlh, (unsigned int)skip, take_tlv, found);
	return explain(request, found, -answer->error, error);
}
