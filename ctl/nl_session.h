/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl_session: one netlink socket to the family "spillway", by libmnl: requests, dumps
 * and the kernel's words when it refuses. Used by the other nl_ rooms only.
 */
#ifndef SPILLWAY_CTL_NL_SESSION_H
#define SPILLWAY_CTL_NL_SESSION_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;

/**
 * struct nl_error - why a call failed
 * @err: positive errno
 * @text: for people: the kernel's own words and the attribute they are about
 */
struct nl_error {
	int err;
	char text[256];
};

struct nl_session;

int nl_open(struct nl_session **session, const char *ifname, struct nl_error *error);
void nl_close(struct nl_session *session);

struct nlmsghdr *nl_request(struct nl_session *session, uint8_t command, uint16_t flags);
int nl_talk(struct nl_session *session, struct nlmsghdr *request, mnl_cb_t answer,
	    void *data, struct nl_error *error);

int nl_fail(struct nl_error *error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
const char *nl_attr_name(unsigned int type);
int nl_group(struct nl_session *session, const char *name, uint32_t *id);
uint16_t nl_family_id(const struct nl_session *session);

#endif /* SPILLWAY_CTL_NL_SESSION_H */
