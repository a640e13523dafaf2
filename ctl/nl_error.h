/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl_error: why the kernel refused, in its own words and with the name of the
 * attribute that they are about. Pure: reads messages, owns no socket.
 */
#ifndef SPILLWAY_CTL_NL_ERROR_H
#define SPILLWAY_CTL_NL_ERROR_H

struct nlmsghdr;

/**
 * struct nl_error - why a call failed
 * @err: positive errno
 * @text: for people: the attribute's name, if one is to blame, and the reason
 */
struct nl_error {
	int err;
	char text[256];
};

/**
 * nl_fail() - fill an error
 * @error: to fill
 * @err: positive errno
 * @format: as printf(3)
 *
 * Return: -@err.
 */
int nl_fail(struct nl_error *error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * nl_error_take() - read an NLMSG_ERROR, or an NLMSG_DONE that ends a dump
 * @request: as it was sent; what the kernel's offset points into
 * @nlh: the kernel's answer
 * @error: filled if the answer is a refusal
 *
 * Return: 0 for an acknowledgement or a good end, else a negative errno; -EBADMSG for
 * an answer too short to be one.
 */
int nl_error_take(const struct nlmsghdr *request, const struct nlmsghdr *nlh,
		  struct nl_error *error);

/* The name of an attribute as people write it, or NULL. */
const char *nl_attr_name(unsigned int type);

#endif /* SPILLWAY_CTL_NL_ERROR_H */
