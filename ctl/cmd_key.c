// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl key, genpsk: keys come from files and stdin, never from argv. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "keyfile.h"
#include "nl_config.h"
#include "spillctl.h"

/**
 * struct wanted - words of set and psk
 * @direction: of the key
 * @id: of the key
 * @first_pn: first packet number, transmit only
 * @file: where the key is; NULL: stdin
 */
struct wanted {
	enum spillway_key_direction direction;
	uint64_t id;
	uint64_t first_pn;
	const char *file;
};

/* "first-pn N" and "--file FILE", in any order. */
static bool read_options(const struct spillctl *ctl, int argc, char **argv, struct wanted *w)
{
	int i;

	for (i = 0; i < argc; i += 2) {
		if (strcmp(argv[i], "first-pn") && strcmp(argv[i], "--file")) {
			say_usage(ctl, "\"%s\" is neither first-pn nor --file", argv[i]);
			return false;
		}
		if (i + 1 == argc) {
			say_usage(ctl, "%s: a value is missing", argv[i]);
			return false;
		}
		if (argv[i][0] == '-') {
			w->file = argv[i + 1];
		} else if (w->direction != SPILLWAY_KEY_TX) {
			say_usage(ctl, "first-pn is for transmit keys only");
			return false;
		} else if (!arg_number(ctl, argv[i], argv[i + 1], 0, UINT64_MAX, &w->first_pn)) {
			return false;
		}
	}
	return true;
}

static bool read_set(const struct spillctl *ctl, int argc, char **argv, struct wanted *w)
{
	if (argc < 4 || (strcmp(argv[1], "tx") && strcmp(argv[1], "rx")) || strcmp(argv[2], "id")) {
		say_usage(ctl, "usage: key set PEER tx|rx id N [first-pn N] [--file FILE]");
		return false;
	}
	w->direction = argv[1][0] == 't' ? SPILLWAY_KEY_TX : SPILLWAY_KEY_RX;
	return arg_name(ctl, "peer", argv[0]) &&
	       arg_number(ctl, "id", argv[3], 0, UINT32_MAX, &w->id) &&
	       read_options(ctl, argc - 4, argv + 4, w);
}

static int read_key(const struct spillctl *ctl, const char *file, uint8_t key[SPILLWAY_KEY_LEN])
{
	char error[256];
	int err;

	err = file ? keyfile_read(file, key, error, sizeof(error)) :
		     keyfile_read_stream(stdin, "stdin", key, error, sizeof(error));
	return err ? say_usage(ctl, "%s", error) : EXIT_DONE;
}

static int set(struct spillctl *ctl, int argc, char **argv)
{
	struct wanted w = { .first_pn = 0 };
	uint8_t key[SPILLWAY_KEY_LEN];
	struct nl_error error;
	int ret;

	if (!read_set(ctl, argc, argv, &w))
		return EXIT_USAGE;
	ret = read_key(ctl, w.file, key);
	if (!ret)
		ret = spillctl_open(ctl);
	if (!ret &&
	    nl_key_add(ctl->session, argv[0], w.direction, (uint32_t)w.id, key, w.first_pn, &error))
		ret = say_failed(ctl, &error);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

/* The receive key first: what the peer sends in answer must open. */
static int install(const struct spillctl *ctl, const char *peer, const struct keyfile_key *tx,
		   const struct keyfile_key *rx, uint64_t first_pn)
{
	struct nl_error error;

	if (nl_key_add(ctl->session, peer, SPILLWAY_KEY_RX, rx->id, rx->key, 0, &error) ||
	    nl_key_add(ctl->session, peer, SPILLWAY_KEY_TX, tx->id, tx->key, first_pn, &error))
		return say_failed(ctl, &error);
	return EXIT_DONE;
}

static int derive_and_install(struct spillctl *ctl, const char *peer, const uint8_t *secret,
			      uint64_t first_pn)
{
	struct keyfile_key tx, rx;
	struct model_device device;
	struct model_peer other;
	struct nl_error error;
	int ret;

	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_device_get(ctl->session, &device, &error) ||
	    nl_peer_get(ctl->session, peer, &other, &error))
		return say_failed(ctl, &error);
	if (!device.node_id)
		return say_error(ctl, "the node has no id (spillctl dev set id N)");
	if (keyfile_derive(secret, device.node_id, other.id, &tx) ||
	    keyfile_derive(secret, other.id, device.node_id, &rx))
		return say_error(ctl, "the keys cannot be derived");
	ret = install(ctl, peer, &tx, &rx, first_pn);
	OPENSSL_cleanse(&tx, sizeof(tx));
	OPENSSL_cleanse(&rx, sizeof(rx));
	return ret;
}

/*
 * A pair of packet number and key must never come twice: a secret serves for one life
 * of the device, or is given a first-pn above all it was used with.
 */
static int psk(struct spillctl *ctl, int argc, char **argv)
{
	struct wanted w = { .direction = SPILLWAY_KEY_TX };
	uint8_t secret[SPILLWAY_KEY_LEN];
	int ret;

	if (argc < 2)
		return say_usage(ctl, "usage: key psk PEER FILE [first-pn N]");
	if (!arg_name(ctl, "peer", argv[0]) || !read_options(ctl, argc - 2, argv + 2, &w))
		return EXIT_USAGE;
	if (w.file)
		return say_usage(ctl, "one file, not \"%s\" too", w.file);
	ret = read_key(ctl, argv[1], secret);
	if (!ret)
		ret = derive_and_install(ctl, argv[0], secret, w.first_pn);
	OPENSSL_cleanse(secret, sizeof(secret));
	return ret;
}

static int del(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_error error;
	int ret;

	if (argc != 1)
		return say_usage(ctl, "usage: key del PEER");
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	return nl_key_del(ctl->session, argv[0], &error) ? say_failed(ctl, &error) : EXIT_DONE;
}

int cmd_key(struct spillctl *ctl, int argc, char **argv)
{
	if (argc && !strcmp(argv[0], "set"))
		return set(ctl, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "psk"))
		return psk(ctl, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "del"))
		return del(ctl, argc - 1, argv + 1);
	return say_usage(ctl, "usage: key set | psk | del");
}

int cmd_genpsk(struct spillctl *ctl, int argc, char **argv)
{
	uint8_t secret[SPILLWAY_KEY_LEN];
	char text[64];

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return say_error(ctl, "no random numbers");
	keyfile_encode(secret, text);
	/* Unbuffered: else the library keeps a copy. */
	setvbuf(stdout, NULL, _IONBF, 0);
	puts(text);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(text, sizeof(text));
	return ferror(stdout) ? EXIT_REFUSED : EXIT_DONE;
}
