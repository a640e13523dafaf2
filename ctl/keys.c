// SPDX-License-Identifier: GPL-2.0-or-later
/* keys: the data keys of all peers, and their packet numbers. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "keyfile.h"
#include "keys.h"
#include "log.h"
#include "nl_config.h"
#include "pnstore.h"

struct pair {
	struct keyfile_key tx;
	struct keyfile_key rx;
};

struct keys {
	const struct config *config;
	struct pnstore *numbers;
	struct pair *pairs; /* as config->peers */
};

static int derive(const struct config *config, const struct config_peer *peer, struct pair *pair)
{
	uint16_t self = (uint16_t)config->node.id;
	uint8_t secret[SPILLWAY_KEY_LEN];
	char error[512] = "";
	int ret;

	ret = keyfile_read(peer->psk_file, secret, error, sizeof(error));
	if (ret) {
		log_err("peer %s: psk_file: %s", peer->name, error[0] ? error : strerror(-ret));
		return ret;
	}
	ret = keyfile_derive(secret, self, (uint16_t)peer->id, &pair->tx);
	if (!ret)
		ret = keyfile_derive(secret, (uint16_t)peer->id, self, &pair->rx);
	if (ret)
		log_err("peer %s: its keys cannot be derived", peer->name);
	OPENSSL_cleanse(secret, sizeof(secret));
	return ret;
}

static int derive_all(struct keys *keys)
{
	const struct config *config = keys->config;
	int ret = 0;

	keys->pairs = calloc(config->peer_count ? config->peer_count : 1, sizeof(*keys->pairs));
	if (!keys->pairs) {
		log_err("out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < config->peer_count && !ret; i++)
		ret = derive(config, &config->peers[i], &keys->pairs[i]);
	return ret;
}

/* The kernel chooses among the keys it receives with by their id alone. */
static int check_ids(const struct keys *keys)
{
	const struct config *config = keys->config;

	for (size_t i = 0; i < config->peer_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (keys->pairs[i].rx.id != keys->pairs[j].rx.id)
				continue;
			log_err("peers %s and %s: their keys have the same id; one secret must be made anew",
				config->peers[j].name, config->peers[i].name);
			return -EEXIST;
		}
	}
	return 0;
}

struct keys *keys_open(const struct config *config)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	char error[512];

	if (!keys) {
		log_err("out of memory");
		return NULL;
	}
	keys->config = config;
	if (derive_all(keys) || check_ids(keys))
		goto close;
	keys->numbers = pnstore_open(config->state.path, error, sizeof(error));
	if (keys->numbers)
		return keys;
	log_err("state.path: %s", error);
close:
	keys_close(keys);
	return NULL;
}

void keys_close(struct keys *keys)
{
	if (!keys)
		return;
	if (keys->pairs)
		OPENSSL_cleanse(keys->pairs, keys->config->peer_count * sizeof(*keys->pairs));
	free(keys->pairs);
	pnstore_close(keys->numbers);
	free(keys);
}

static int reserve(struct keys *keys, uint64_t *first_pn)
{
	struct pnstore_clocks clocks;
	char error[512];
	int ret;

	ret = pnstore_now(&clocks);
	if (ret) {
		log_err("the clocks cannot be read: %s", strerror(-ret));
		return ret;
	}
	ret = pnstore_reserve(keys->numbers, &clocks, first_pn, error, sizeof(error));
	if (ret)
		log_err("state.path: %s: %s", keys->config->state.path, error);
	return ret;
}

/* To receive first: what the peer answers to our first datagram must open. */
static int install_pair(struct nl_session *session, const struct config_peer *peer,
			const struct pair *pair, uint64_t first_pn)
{
	struct nl_error error;
	int ret;

	ret = nl_key_add(session, peer->name, SPILLWAY_KEY_RX, pair->rx.id, pair->rx.key, 0,
			 &error);
	if (!ret)
		ret = nl_key_add(session, peer->name, SPILLWAY_KEY_TX, pair->tx.id, pair->tx.key,
				 first_pn, &error);
	if (ret)
		log_err("peer %s: key: %s", peer->name, error.text);
	return ret;
}

int keys_install(struct keys *keys, struct nl_session *session)
{
	const struct config *config = keys->config;
	uint64_t first_pn;
	int ret;

	if (!config->peer_count)
		return 0;
	/* On disk before the kernel may seal with it: see pnstore.h. */
	ret = reserve(keys, &first_pn);
	for (size_t i = 0; i < config->peer_count && !ret; i++)
		ret = install_pair(session, &config->peers[i], &keys->pairs[i], first_pn);
	return ret;
}

void keys_advance(struct keys *keys)
{
	uint64_t unused;

	if (keys->config->peer_count)
		reserve(keys, &unused);
}
