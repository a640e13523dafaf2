/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keyfile: a pre-shared secret from a file, and the data keys derived from it. */
#ifndef SPILLWAY_CTL_KEYFILE_H
#define SPILLWAY_CTL_KEYFILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/spillway.h>

/**
 * struct keyfile_key - a data key of one direction
 * @id: never 0
 * @key: for the cipher
 */
struct keyfile_key {
	uint32_t id;
	uint8_t key[SPILLWAY_KEY_LEN];
};

int keyfile_decode(const char *text, uint8_t secret[SPILLWAY_KEY_LEN]);
void keyfile_encode(const uint8_t secret[SPILLWAY_KEY_LEN], char text[64]);
int keyfile_read_stream(FILE *file, const char *name, uint8_t secret[SPILLWAY_KEY_LEN], char *error,
			size_t size);
int keyfile_read(const char *path, uint8_t secret[SPILLWAY_KEY_LEN], char *error, size_t size);
int keyfile_derive(const uint8_t secret[SPILLWAY_KEY_LEN], uint16_t sender, uint16_t receiver,
		   struct keyfile_key *key);

#endif /* SPILLWAY_CTL_KEYFILE_H */
