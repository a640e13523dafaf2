/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control: this node's control connections, one to each peer, and the data keys that
 * come from them.
 *
 * The kernel carries what it carries with the keys it has: a connection that ends takes
 * nothing with it, and the next one brings new keys (rekey.h).
 */
#ifndef SPILLWAY_CTL_CONTROL_H
#define SPILLWAY_CTL_CONTROL_H

#include "config.h"
#include "control_link.h"

struct control;

/**
 * struct control_keys - where data keys go
 * @install: put a key into the kernel; @peer is an index of config->peers. Returns 0
 *	or a negative errno, -EEXIST where the id is taken
 * @ctx: first argument of it
 */
struct control_keys {
	int (*install)(void *ctx, size_t peer, enum spillway_key_direction direction, uint32_t id,
		       const uint8_t key[SPILLWAY_KEY_LEN]);
	void *ctx;
};

/**
 * struct control_counts - since the start
 * @accepted: connections that came in
 * @agreed: connections whose keys came into use
 * @limited: refused at once: too many at a time
 * @ended: connections that ended before that, by &enum control_end
 */
struct control_counts {
	uint64_t accepted;
	uint64_t agreed;
	uint64_t limited;
	uint64_t ended[CONTROL_ENDS];
};

/* Their names, then NULL: "closed", "certificate", "tls", "protocol", "timeout",
 * "kernel". */
extern const char *const control_end_names[CONTROL_ENDS + 1];

/**
 * struct control_peer_status - how it stands with a peer
 * @connected: keys are agreed and the connection stands
 * @epochs: how many times keys came into use
 * @since_ms: since when; meaningless without @epochs
 */
struct control_peer_status {
	bool connected;
	uint64_t epochs;
	uint64_t since_ms;
};

/**
 * control_open() - read this node's key, listen, and begin to dial
 * @config: must outlive this
 *
 * Nothing is dialled, accepted or installed before the event loop runs. Without peers
 * in @config nothing is opened.
 *
 * Return: NULL after an error that was logged.
 */
struct control *control_open(struct event_base *base, const struct config *config,
			     const struct control_keys *keys);
void control_close(struct control *control);

/* The kernel has lost its keys for a peer, by index. May be said again and again. */
void control_missing(struct control *control, size_t peer);

struct control_counts control_counts(const struct control *control);
struct control_peer_status control_peer_status(const struct control *control, size_t peer);

#endif /* SPILLWAY_CTL_CONTROL_H */
