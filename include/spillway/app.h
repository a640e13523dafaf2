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
 */
#ifndef SPILLWAY_APP_H
#define SPILLWAY_APP_H

#include <errno.h>
#include <linux/spillway.h>
#include <netinet/in.h>
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

#endif /* SPILLWAY_APP_H */
