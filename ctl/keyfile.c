// SPDX-License-Identifier: GPL-2.0-or-later
/* keyfile: a key of 32 bytes as text, and from a file that only its owner may read. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "keyfile.h"

#define BASE64_LEN 44 /* of 32 bytes */
#define HEX_LEN    (2 * SPILLWAY_KEY_LEN)

static int decode_hex(const char *text, uint8_t secret[SPILLWAY_KEY_LEN])
{
	char digits[HEX_LEN + 1];
	size_t len;
	int ok;

	memcpy(digits, text, HEX_LEN);
	digits[HEX_LEN] = '\0';
	/* Without this, OpenSSL takes bytes that are set apart by colons. */
	ok = strspn(digits, "0123456789abcdefABCDEF") == HEX_LEN &&
	     OPENSSL_hexstr2buf_ex(secret, SPILLWAY_KEY_LEN, &len, digits, '\0') == 1;
	OPENSSL_cleanse(digits, sizeof(digits));
	return ok ? 0 : -EINVAL;
}

/**
 * keyfile_decode() - a key from text
 * @text: base64 of 32 bytes or 64 hexadecimal digits; line ends may follow, and
 *	nothing else may stand before or after
 * @secret: receives it, left alone on failure
 *
 * Return: 0 or -EINVAL.
 */
int keyfile_decode(const char *text, uint8_t secret[SPILLWAY_KEY_LEN])
{
	uint8_t raw[SPILLWAY_KEY_LEN + 1];
	size_t len = strcspn(text, "\r\n");
	int ret = -EINVAL;

	if (text[len + strspn(text + len, "\r\n")])
		return ret;
	if (len == HEX_LEN)
		return decode_hex(text, secret);
	/* 32 bytes need one padding character; OpenSSL takes one anywhere, as zero bits. */
	if (len != BASE64_LEN || strcspn(text, "=") != BASE64_LEN - 1)
		return ret;
	if (EVP_DecodeBlock(raw, (const uint8_t *)text, BASE64_LEN) == sizeof(raw)) {
		memcpy(secret, raw, SPILLWAY_KEY_LEN);
		ret = 0;
	}
	OPENSSL_cleanse(raw, sizeof(raw));
	return ret;
}

/* Base64, with a NUL. */
void keyfile_encode(const uint8_t secret[SPILLWAY_KEY_LEN], char text[64])
{
	EVP_EncodeBlock((uint8_t *)text, secret, SPILLWAY_KEY_LEN);
}

static int check_mode(FILE *file, const char *path, char *error, size_t size)
{
	struct stat st;

	if (fstat(fileno(file), &st)) {
		int err = errno;

		snprintf(error, size, "%s: %s", path, strerror(err));
		return -err;
	}
	if (!(st.st_mode & (S_IRWXG | S_IRWXO)))
		return 0;
	snprintf(error, size, "%s: others may read the key (chmod 600 %s)", path, path);
	return -EPERM;
}

/**
 * keyfile_read_stream() - a key from what is open
 * @file: holds what keyfile_decode() takes and nothing more; must not have been read
 * @name: of @file, for @error
 * @secret: receives it
 * @error: says what is wrong
 * @size: of @error
 *
 * Return: 0 or a negative errno.
 */
int keyfile_read_stream(FILE *file, const char *name, uint8_t secret[SPILLWAY_KEY_LEN], char *error,
			size_t size)
{
	char text[128] = "";
	size_t got;
	int err;

	/* Else the library's buffer keeps a copy of the secret. */
	setvbuf(file, NULL, _IONBF, 0);
	got = fread(text, 1, sizeof(text) - 1, file);
	if (ferror(file)) {
		err = -EIO;
		snprintf(error, size, "%s: cannot be read", name);
	} else {
		err = got < sizeof(text) - 1 && strlen(text) == got ? keyfile_decode(text, secret) :
								      -EINVAL;
		if (err)
			snprintf(error, size,
				 "%s: not a key: base64 of %d bytes or %d hex digits are wanted",
				 name, SPILLWAY_KEY_LEN, HEX_LEN);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return err;
}

/**
 * keyfile_read() - a key from a file
 * @path: nobody but its owner may read it
 * @secret: receives it
 * @error: says what is wrong
 * @size: of @error
 *
 * Return: 0 or a negative errno, -EPERM where others may read the file.
 */
int keyfile_read(const char *path, uint8_t secret[SPILLWAY_KEY_LEN], char *error, size_t size)
{
	FILE *file = fopen(path, "re");
	int err;

	if (!file) {
		err = errno;
		snprintf(error, size, "%s: %s", path, strerror(err));
		return -err;
	}
	err = check_mode(file, path, error, size);
	if (!err)
		err = keyfile_read_stream(file, path, secret, error, size);
	fclose(file);
	return err;
}
