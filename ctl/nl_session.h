/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl_session: one netlink socket to the family "spillway": requests, dumps and the
 * kernel's words when it refuses. Used by the other nl_ rooms only. By libmnl throughout,
 * also for configuration: libnl-3 keeps the extended acknowledgement to itself.
 */
#ifndef SPILLWAY_CTL_NL_SESSION_H
#define SPILLWAY_CTL_NL_SESSION_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "nl_error.h"

struct nl_session;

/* Not nl_close(): libnl-3 exports a function of that name, and programs link both. */
int nl_session_open(struct nl_session **session, const char *ifname, struct nl_error *error);
void nl_session_close(struct nl_session *session);
int nl_session_use(struct nl_session *session, const char *ifname, struct nl_error *error);
const char *nl_session_device(const struct nl_session *session);
#define nl_open  nl_session_open
#define nl_close nl_session_close

struct nlmsghdr *nl_request(struct nl_session *session, uint8_t command, uint16_t flags);
/* An address, as an attribute of its family; none if it has no family. */
void nl_put_address(struct nlmsghdr *nlh, uint16_t type4, uint16_t type6,
		    const struct address *address);
/* A node's or peer's name. */
void nl_put_name(struct nlmsghdr *nlh, uint16_t type, const char *name);
int nl_talk(struct nl_session *session, struct nlmsghdr *request, mnl_cb_t answer, void *data,
	    struct nl_error *error);

/**
 * struct nl_list - what a dump says, one item a message
 * @size: of an item
 * @decode: fills an item
 * @items: receives an array to be freed, NULL if there are none
 * @count: how many
 * @room: for how many there is memory
 */
struct nl_list {
	size_t size;
	void (*decode)(const struct nlmsghdr *nlh, void *item);
	void *items;
	size_t count;
	size_t room;
};

int nl_dump(struct nl_session *session, struct nlmsghdr *request, struct nl_list *list,
	    struct nl_error *error);

int nl_group(struct nl_session *session, const char *name, uint32_t *id);
uint16_t nl_family_id(const struct nl_session *session);

#endif /* SPILLWAY_CTL_NL_SESSION_H */
