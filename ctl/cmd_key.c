// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl key: data keys by hand; they come from files and stdin, never from argv. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "keyfile.h"
#include "nl_config.h"
#include "spillctl.h"

/**
 * struct wanted - words of set
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
	if (argc && !strcmp(argv[0], "del"))
		return del(ctl, argc - 1, argv + 1);
	return say_usage(ctl, "usage: key set | del");
}
