// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl key, genpsk: keys come from files and stdin, never from argv. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "keyfile.h"
#include "nl_config.h"
#include "spillctl.h"

static int read_stdin(struct spillctl *ctl, uint8_t key[SPILLWAY_KEY_LEN])
{
	char text[128] = "";
	int err = 0;

	if (!fgets(text, sizeof(text), stdin) || keyfile_decode(text, key))
		err = say_usage(ctl, "stdin holds no key: base64 of 32 bytes is wanted");
	OPENSSL_cleanse(text, sizeof(text));
	return err;
}

static int set(struct spillctl *ctl, int argc, char **argv)
{
	uint8_t key[SPILLWAY_KEY_LEN];
	uint64_t id, first_pn = 0;
	struct nl_error error;
	bool tx;
	int err;

	if ((argc != 4 && argc != 6) || strcmp(argv[2], "id") ||
	    (argc == 6 && strcmp(argv[4], "first-pn")) ||
	    (strcmp(argv[1], "tx") && strcmp(argv[1], "rx")))
		return say_usage(ctl, "key set PEER tx|rx id N [first-pn N] < KEY");
	tx = argv[1][0] == 't';
	if (!arg_number(ctl, "id", argv[3], 0, UINT32_MAX, &id) ||
	    (argc == 6 && !arg_number(ctl, "first-pn", argv[5], 0, UINT64_MAX, &first_pn)))
		return EXIT_USAGE;
	if (argc == 6 && !tx)
		return say_usage(ctl, "first-pn is for transmit keys");
	err = read_stdin(ctl, key);
	if (err)
		return err;
	err = nl_key_add(ctl->session, argv[0], tx ? SPILLWAY_KEY_TX : SPILLWAY_KEY_RX,
			 (uint32_t)id, key, first_pn, &error);
	OPENSSL_cleanse(key, sizeof(key));
	return err ? say_failed(ctl, &error) : EXIT_DONE;
}

static int install(struct spillctl *ctl, const char *peer, const uint8_t *secret,
		   uint64_t first_pn)
{
	struct keyfile_key tx, rx;
	struct model_device device;
	struct model_peer other;
	struct nl_error error;
	int err;

	if (nl_device_get(ctl->session, &device, &error) ||
	    nl_peer_get(ctl->session, peer, &other, &error))
		return say_failed(ctl, &error);
	if (keyfile_derive(secret, device.node_id, other.id, &tx) ||
	    keyfile_derive(secret, other.id, device.node_id, &rx))
		return say_usage(ctl, "the keys cannot be derived");
	err = nl_key_add(ctl->session, peer, SPILLWAY_KEY_RX, rx.id, rx.key, 0, &error);
	if (!err)
		err = nl_key_add(ctl->session, peer, SPILLWAY_KEY_TX, tx.id, tx.key, first_pn,
				 &error);
	OPENSSL_cleanse(&tx, sizeof(tx));
	OPENSSL_cleanse(&rx, sizeof(rx));
	return err ? say_failed(ctl, &error) : EXIT_DONE;
}

/* A secret serves for one start, or is given a first-pn above all it was used with. */
static int psk(struct spillctl *ctl, int argc, char **argv)
{
	uint8_t secret[SPILLWAY_KEY_LEN];
	uint64_t first_pn = 0;
	char error[256];
	int ret;

	if ((argc != 2 && argc != 4) || (argc == 4 && strcmp(argv[2], "first-pn")))
		return say_usage(ctl, "key psk PEER FILE [first-pn N]");
	if (argc == 4 && !arg_number(ctl, "first-pn", argv[3], 0, UINT64_MAX, &first_pn))
		return EXIT_USAGE;
	if (keyfile_read(argv[1], secret, error, sizeof(error))) {
		fprintf(stderr, "spillctl: key: %s\n", error);
		return EXIT_USAGE;
	}
	ret = install(ctl, argv[0], secret, first_pn);
	OPENSSL_cleanse(secret, sizeof(secret));
	return ret;
}

int cmd_key(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_error error;

	if (argc && !strcmp(argv[0], "set"))
		return set(ctl, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "psk"))
		return psk(ctl, argc - 1, argv + 1);
	if (argc == 2 && !strcmp(argv[0], "del"))
		return nl_key_del(ctl->session, argv[1], &error) ? say_failed(ctl, &error) :
								   EXIT_DONE;
	return say_usage(ctl, "key set | psk | del PEER");
}

int cmd_genpsk(struct spillctl *ctl, int argc, char **argv)
{
	uint8_t secret[SPILLWAY_KEY_LEN];
	char text[64];

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return say_usage(ctl, "no random numbers");
	keyfile_encode(secret, text);
	puts(text);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(text, sizeof(text));
	return EXIT_DONE;
}
