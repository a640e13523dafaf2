/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_link: one connection: from bytes under TLS to messages and back, with its
 * limits: time until its keys are in use, silence afterwards, bytes that wait.
 */
#ifndef SPILLWAY_CTL_CONTROL_LINK_H
#define SPILLWAY_CTL_CONTROL_LINK_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "control_msg.h"
#include "control_tls.h"
#include "rekey.h"

#define CONTROL_PING_MS   10000
#define CONTROL_SILENT_MS 35000 /* three pings lost, and some */

struct control_link;

/**
 * enum control_end - why a connection ended
 * @CONTROL_END_CLOSED: by the other end, or unreachable
 * @CONTROL_END_CERTIFICATE: what the other end showed is not what is pinned, or its
 *	time is over; or it showed nothing
 * @CONTROL_END_TLS: it does not speak TLS 1.3
 * @CONTROL_END_PROTOCOL: it speaks TLS 1.3, but not our messages
 * @CONTROL_END_TIMEOUT: it took too long
 * @CONTROL_END_KERNEL: its keys could not be put into the kernel
 */
enum control_end {
	CONTROL_END_CLOSED,
	CONTROL_END_CERTIFICATE,
	CONTROL_END_TLS,
	CONTROL_END_PROTOCOL,
	CONTROL_END_TIMEOUT,
	CONTROL_END_KERNEL,

	CONTROL_ENDS
};

/**
 * struct control_link_ops - what happens on a connection; each may close it
 * @open: both ends are authenticated
 * @message: one came; returns 0, or a negative errno: as a protocol error
 * @end: it has ended, and is to be closed; @why in words
 */
struct control_link_ops {
	void (*open)(struct control_link *link);
	int (*message)(struct control_link *link, const struct control_msg *msg);
	void (*end)(struct control_link *link, enum control_end end, const char *why);
};

/**
 * struct control_link - one connection
 * @ops: what happens on it
 * @ctx: the owner's
 * @next: the owner's list
 * @who: the other end, see control_tls.h
 * @epoch: the agreement on it
 * @slot: see gate_enter(); -1: none
 * @address: of the other end, as text
 * @dialled: by this node
 * @open: authenticated
 * @agreed: its keys are in use
 */
struct control_link {
	const struct control_link_ops *ops;
	void *ctx;
	struct control_link *next;
	struct control_tls_peer who;
	struct rekey_epoch epoch;
	int slot;
	char address[64];
	bool dialled;
	bool open;
	bool agreed;

	/* control_link's own */
	struct bufferevent *bev;
	struct event *timer;
	unsigned int silent_ms;
	bool heard;
};

/**
 * control_link_dial() - connect to a peer
 * @index: of the peer, whose key alone will do
 *
 * Return: NULL without memory or sockets.
 */
struct control_link *control_link_dial(struct event_base *base, struct control_tls *tls,
				       const struct control_link_ops *ops, void *ctx, int index,
				       const struct sockaddr *to, socklen_t len);

/* Somebody has connected; @fd belongs to the link, also where NULL is returned. */
struct control_link *control_link_accept(struct event_base *base, struct control_tls *tls,
					 const struct control_link_ops *ops, void *ctx, int fd,
					 const struct sockaddr *from, socklen_t len);

/* Returns 0 or a negative errno; the caller then closes it. */
int control_link_send(struct control_link *link, const struct control_msg *msg);

/* Its keys are in use: from now on it is kept alive. */
void control_link_agreed(struct control_link *link);

/* Its data keys, see control_tls_data_key(). */
int control_link_data_key(struct control_link *link, uint16_t sender, uint16_t receiver,
			  uint8_t key[SPILLWAY_KEY_LEN]);

/* Frees it; no more events. */
void control_link_close(struct control_link *link);

#endif /* SPILLWAY_CTL_CONTROL_LINK_H */
