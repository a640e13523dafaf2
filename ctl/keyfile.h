/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keyfile: a key of 32 bytes as text, and from a file. */
#ifndef SPILLWAY_CTL_KEYFILE_H
#define SPILLWAY_CTL_KEYFILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/spillway.h>

int keyfile_decode(const char *text, uint8_t secret[SPILLWAY_KEY_LEN]);
void keyfile_encode(const uint8_t secret[SPILLWAY_KEY_LEN], char text[64]);
int keyfile_read_stream(FILE *file, const char *name, uint8_t secret[SPILLWAY_KEY_LEN], char *error,
			size_t size);
int keyfile_read(const char *path, uint8_t secret[SPILLWAY_KEY_LEN], char *error, size_t size);

#endif /* SPILLWAY_CTL_KEYFILE_H */
