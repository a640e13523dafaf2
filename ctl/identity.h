/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity: who this node is to its peers: an Ed25519 key (RFC 8032) from a file, and a
 * certificate that is made from it in memory, since TLS wants one.
 *
 * What authenticates is the key alone, which the peers have pinned. The certificate
 * is short-lived and its times are checked, with room for clocks that disagree.
 */
#ifndef SPILLWAY_CTL_IDENTITY_H
#define SPILLWAY_CTL_IDENTITY_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define IDENTITY_KEY_LEN 32          /* private and public */
#define IDENTITY_SKEW_S  (24 * 3600) /* a certificate is valid from so long ago */
#define IDENTITY_LIFE_S  (48 * 3600) /* and for so long from now on */
#define IDENTITY_FRESH_S 3600        /* then another is made */

struct identity;

/**
 * identity_open() - read this node's key
 * @path: see keyfile_read()
 * @name: of the node, subject of its certificate
 * @error: says what is wrong
 * @size: of @error
 *
 * Return: NULL on failure.
 */
struct identity *identity_open(const char *path, const char *name, char *error, size_t size);

/* Wipes the key. */
void identity_close(struct identity *identity);

const uint8_t *identity_public(const struct identity *identity);
EVP_PKEY *identity_key(const struct identity *identity);

/**
 * identity_certificate() - a certificate that is valid now
 * @now: CLOCK_REALTIME
 *
 * After a jump of the clock, as after an hour, it is another one.
 *
 * Return: the identity's own, until the next call; NULL without memory.
 */
X509 *identity_certificate(struct identity *identity, time_t now);

/* A self-signed certificate for the caller to free, or NULL. */
X509 *identity_certify(EVP_PKEY *key, const char *name, time_t from, time_t until);

enum identity_verdict {
	IDENTITY_GOOD,
	IDENTITY_NO_ED25519,
	IDENTITY_NOT_SELF_SIGNED,
	IDENTITY_NOT_YET_VALID,
	IDENTITY_EXPIRED,
};

/**
 * identity_check() - what a peer has shown
 * @cert: its certificate
 * @now: CLOCK_REALTIME
 * @public: receives its key where the verdict is good
 */
enum identity_verdict identity_check(X509 *cert, time_t now, uint8_t public[IDENTITY_KEY_LEN]);

/* Both return 0 or -EIO. */
int identity_generate(uint8_t private[IDENTITY_KEY_LEN]);
int identity_derive_public(const uint8_t private[IDENTITY_KEY_LEN],
			   uint8_t public[IDENTITY_KEY_LEN]);

#endif /* SPILLWAY_CTL_IDENTITY_H */
