/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_tls: TLS 1.3 between nodes, both ends authenticated by pinned Ed25519 keys,
 * and the data keys that its exporter gives (RFC 8446 section 7.5, RFC 5705).
 */
#ifndef SPILLWAY_CTL_CONTROL_TLS_H
#define SPILLWAY_CTL_CONTROL_TLS_H

#include <linux/spillway.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"

#define CONTROL_TLS_LABEL "EXPORTER-spillway data key"

struct control_tls;

/**
 * typedef control_tls_find - whose key is this?
 *
 * Return: index of a peer, -1 for nobody's.
 */
typedef int (*control_tls_find)(void *ctx, const uint8_t public[IDENTITY_KEY_LEN]);

/**
 * struct control_tls_peer - who is at the other end of a connection
 * @wanted: the one that was dialled; -1: any of ours
 * @index: the one that it is, -1 as long as it is not authenticated
 * @why: what is wrong with what it showed; NULL: nothing, or nothing was shown
 */
struct control_tls_peer {
	int wanted;
	int index;
	const char *why;
};

/**
 * control_tls_new() - contexts for both ends
 * @identity: must outlive this
 * @find: knows the pins
 *
 * Return: NULL on failure.
 */
struct control_tls *control_tls_new(struct identity *identity, control_tls_find find, void *ctx);
void control_tls_free(struct control_tls *tls);

/**
 * control_tls_connection() - a connection, to be given to a bufferevent
 * @server: this end was dialled
 * @peer: with @wanted set; filled by the handshake; must outlive the connection
 *
 * Return: NULL without memory.
 */
SSL *control_tls_connection(struct control_tls *tls, bool server, struct control_tls_peer *peer);

/**
 * control_tls_data_key() - the data key from one node to another
 * @ssl: authenticated
 * @epoch: of this connection
 * @sender: node id
 * @receiver: node id
 * @key: receives it; to be wiped
 *
 * Return: 0 or -EIO.
 */
int control_tls_data_key(SSL *ssl, uint64_t epoch, uint16_t sender, uint16_t receiver,
			 uint8_t key[SPILLWAY_KEY_LEN]);

#endif /* SPILLWAY_CTL_CONTROL_TLS_H */
