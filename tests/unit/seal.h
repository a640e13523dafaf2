/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ChaCha20-Poly1305 as kmod/crypt.c uses it, in user space. */
#ifndef SPILLWAY_TESTS_SEAL_H
#define SPILLWAY_TESTS_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "messages.h"

/**
 * seal() - as spw_seal()
 * @secret: 32 bytes
 * @key_id: of the key
 * @pn: packet number
 * @dgram: room for %SPW_LEN_DGRAM_HDR bytes, the frame, room for %SPW_LEN_TAG bytes
 * @frame_len: bytes of the frame
 */
void seal(const uint8_t *secret, uint32_t key_id, uint64_t pn, uint8_t *dgram, size_t frame_len);

/**
 * seal_open() - as spw_open()
 * @secret: 32 bytes
 * @pn: packet number that the datagram claims
 * @frame: receives the frame, @len - %SPW_LEN_DGRAM_HDR - %SPW_LEN_TAG bytes
 * @dgram: whole datagram
 * @len: its bytes, at least %SPW_LEN_DGRAM_MIN
 *
 * Return: whether it is authentic.
 */
bool seal_open(const uint8_t *secret, uint64_t pn, uint8_t *frame, const uint8_t *dgram,
	       size_t len);

#endif /* SPILLWAY_TESTS_SEAL_H */
