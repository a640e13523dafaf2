/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For applications that know Spillway: session data that moves along with a connection,
 * and connections that are given away at a moment of the application's choosing.
 *
 * No library and no privilege is needed. Without the module, or without its device in the
 * network namespace, each of these fails with ENOPROTOOPT, and the application goes on as
 * it would anyway. The errors are told in <linux/spillway.h>.
 *
 * A server that can be moved does this (tests/lab/session.c is one):
 *
 *	fd = accept(listener, NULL, NULL);
 *	len = spillway_session_get(fd, &session, sizeof(session));
 *	if (len <= 0)
 *		begin(&session);	// a new connection, or no Spillway
 *	while (read_request(fd, &request)) {
 *		work(&session, &request);
 *		spillway_session_set(fd, &session, sizeof(session));
 *		write_answer(fd);
 *	}
 *
 * The operator's moves (spillctl handoff, drain) wait until all that came has been read
 * and the server has sent last. So whatever a request changes is stored before its answer
 * is sent, and a move finds either both or neither.
 *
 * A connection that was opened by its node has no listener to go to. A client, or a server
 * that wants to choose, waits for it with a socket of its own (tests/lab/pool.c is a pool of
 * such connections):
 *
 *	struct spillway_adopt want = { .direction = SPILLWAY_DIR_OUT };
 *
 *	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
 *	spillway_adopt_from(&want, server, 32);		// an IPv4 address and its port
 *	spillway_adopt(fd, &want);
 *	poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
 *	if (spillway_adopted(fd) == 1)
 *		len = spillway_session_get(fd, &session, sizeof(session));
 */
#ifndef SPILLWAY_APP_H
#define SPILLWAY_APP_H

#include <errno.h>
#include <linux/spillway.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

/**
 * spillway_session_set() - store session data with a connection
 * @fd: TCP socket, connected
 * @data: of the application, any bytes; the target reads them as they are
 * @len: up to %SPILLWAY_SESSION_MAX; 0 clears
 *
 * Replaces what was stored before, wholly or, on error, not at all. It is copied: a
 * call costs what it takes to copy @len bytes.
 *
 * Return: 0, or -1 with errno.
 */
static inline int spillway_session_set(int fd, const void *data, socklen_t len)
{
	return setsockopt(fd, IPPROTO_IP, SPILLWAY_SO_SESSION, data, len);
}

/**
 * spillway_session_get() - what is stored with a connection
 * @fd: TCP socket, connected: on the target from accept() on
 * @data: receives it; with a @room of 0 may be NULL
 * @room: there
 *
 * Return: how long it is, 0 where nothing is stored; -1 with errno, ERANGE where @room is
 * less (with 0 the length alone is told).
 */
static inline ssize_t spillway_session_get(int fd, void *data, socklen_t room)
{
	socklen_t len = room;

	if (getsockopt(fd, IPPROTO_IP, SPILLWAY_SO_SESSION, data, &len))
		return -1;
	return (ssize_t)len;
}

/**
 * spillway_give_away() - move a connection to another node, now
 * @fd: TCP socket, connected
 * @peer: name of the node; NULL: one that is ready, by weight
 *
 * All that has come and was not read, and was written and not sent, moves along. Leave the
 * socket alone afterwards until you know what became of it: what this end reads meanwhile
 * the other does not get. Once moved the socket ends here (poll() says POLLERR or POLLHUP;
 * close it: the remote does not notice); where it stays spillway_given_away() says so.
 *
 * Return: 0: it has begun; -1 with errno: nothing has happened.
 */
static inline int spillway_give_away(int fd, const char *peer)
{
	struct spillway_handoff handoff = { .flags = 0 };

	if (peer) {
		if (strlen(peer) > SPILLWAY_NAME_MAX) {
			errno = ENXIO;
			return -1;
		}
		strcpy(handoff.peer, peer);
	}
	return setsockopt(fd, IPPROTO_IP, SPILLWAY_SO_HANDOFF, &handoff, sizeof(handoff));
}

/**
 * spillway_given_away() - how far it is with that
 * @fd: TCP socket
 * @state: receives %SPILLWAY_MOVE_UNDER_WAY or %SPILLWAY_MOVE_STAYED, and why
 *
 * Return: 0; -1 with errno, ENOTCONN where it has moved or ended, ENODATA where it was not
 * given away.
 */
static inline int spillway_given_away(int fd, struct spillway_handoff_state *state)
{
	socklen_t len = sizeof(*state);

	return getsockopt(fd, IPPROTO_IP, SPILLWAY_SO_HANDOFF, state, &len);
}

/**
 * spillway_id() - what a connection is called on this node
 * @fd: TCP socket, connected
 * @id: receives it; other nodes can wait for it by this
 *
 * Return: 0, or -1 with errno.
 */
static inline int spillway_id(int fd, uint64_t *id)
{
	socklen_t len = sizeof(*id);

	return getsockopt(fd, IPPROTO_IP, SPILLWAY_SO_ID, id, &len);
}

/**
 * spillway_adopt_from() - wait for connections with these remotes only
 * @want: filled in part; its remote is set
 * @addr: address and port, 0 for any port, of IPv4 or IPv6
 * @prefix: bits of the address that count
 *
 * Return: 0, or -1 with errno EAFNOSUPPORT or EINVAL.
 */
static inline int spillway_adopt_from(struct spillway_adopt *want, const struct sockaddr *addr,
				      unsigned int prefix)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned int i;

	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (prefix > (addr->sa_family == AF_INET ? 32 : 128)) {
		errno = EINVAL;
		return -1;
	}
	if (addr->sa_family == AF_INET) {
		memcpy(want->remote, mapped, sizeof(mapped));
		memcpy(want->remote + sizeof(mapped), &in->sin_addr, 4);
		want->remote_port = ntohs(in->sin_port);
		prefix += 96;
	} else {
		memcpy(want->remote, &in6->sin6_addr, 16);
		want->remote_port = ntohs(in6->sin6_port);
	}
	for (i = prefix; i < 128; i++)
		want->remote[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	want->remote_plen = (uint8_t)prefix;
	return 0;
}

/**
 * spillway_adopt() - wait for a connection that comes from another node
 * @fd: TCP socket, fresh: not bound, not connected
 * @want: which; what is 0 is any
 *
 * It is then like one whose connect() has not been answered: poll() says POLLOUT when it
 * has its connection, blocking connect() and send() wait for that, and close() ends it. Of
 * several that fit, who has waited longest gets it. A socket of IPv6 gets connections of
 * IPv4 too, unless it is IPV6_V6ONLY. Needs CAP_NET_ADMIN, for this call only.
 *
 * Return: 0, or -1 with errno.
 */
static inline int spillway_adopt(int fd, const struct spillway_adopt *want)
{
	return setsockopt(fd, IPPROTO_IP, SPILLWAY_SO_ADOPT, want, sizeof(*want));
}

/**
 * spillway_adopted() - has it got one?
 * @fd: socket that waits
 *
 * To be asked after poll(): that may speak too soon where a move fails at its last step.
 *
 * Return: 1, or 0 while it waits; -1 with errno where it does neither, ENODEV where
 * Spillway's device went.
 */
static inline int spillway_adopted(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int err = 0;

	if (!getpeername(fd, (struct sockaddr *)&peer, &len))
		return 1;
	len = sizeof(err);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -1;
	errno = err;
	return err ? -1 : 0;
}

#endif /* SPILLWAY_APP_H */
