// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl genkey, pubkey: a node's key pair, as `wg` has them. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "keyfile.h"
#include "spillctl.h"

static void warn_if_world_reads(const struct spillctl *ctl)
{
	struct stat st;

	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) && st.st_mode & S_IRWXO)
		say_warning(ctl, "the file may be read by everybody: umask 077, and again");
}

static int print_key(uint8_t key[IDENTITY_KEY_LEN])
{
	char text[64];

	keyfile_encode(key, text);
	/* Unbuffered: else the library keeps a copy. */
	setvbuf(stdout, NULL, _IONBF, 0);
	puts(text);
	OPENSSL_cleanse(text, sizeof(text));
	return ferror(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

int cmd_genkey(struct spillctl *ctl, int argc, char **argv)
{
	uint8_t key[IDENTITY_KEY_LEN];
	int ret;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	warn_if_world_reads(ctl);
	if (identity_generate(key))
		return say_error(ctl, "no key can be made");
	ret = print_key(key);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

int cmd_pubkey(struct spillctl *ctl, int argc, char **argv)
{
	uint8_t private[IDENTITY_KEY_LEN], public[IDENTITY_KEY_LEN];
	char error[256];
	int ret;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much: the private key comes from stdin",
				 argv[0]);
	if (keyfile_read_stream(stdin, "stdin", private, error, sizeof(error)))
		return say_error(ctl, "%s", error);
	ret = identity_derive_public(private, public);
	OPENSSL_cleanse(private, sizeof(private));
	return ret ? say_error(ctl, "no public key belongs to it") : print_key(public);
}
