// SPDX-License-Identifier: GPL-2.0-or-later
/* ChaCha20-Poly1305 as kmod/crypt.c uses it, in user space, from OpenSSL. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "link.h"
#include "seal.h"

/* The kernel's chacha20poly1305_encrypt(): 32 bits of 0, then the number, little-endian. */
static void make_nonce(uint8_t *nonce, uint64_t pn)
{
	int i;

	for (i = 0; i < 4; i++)
		nonce[i] = 0;
	for (i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(pn >> (8 * i));
}

/* A cipher that has been told key, number and clear header. */
static EVP_CIPHER_CTX *begin(const uint8_t *secret, uint64_t pn, const uint8_t *hdr, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12];
	int len;

	make_nonce(nonce, pn);
	if (!ctx ||
	    EVP_CipherInit_ex(ctx, EVP_chacha20_poly1305(), NULL, secret, nonce, encrypt) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &len, hdr, SPW_LEN_DGRAM_HDR) != 1)
		abort();
	return ctx;
}

void seal(const uint8_t *secret, uint32_t key_id, uint64_t pn, uint8_t *dgram, size_t frame_len)
{
	uint8_t *frame = dgram + SPW_LEN_DGRAM_HDR;
	EVP_CIPHER_CTX *ctx;
	int len;

	spw_link_build_dgram(dgram, key_id, pn);
	ctx = begin(secret, pn, dgram, 1);
	if (EVP_CipherUpdate(ctx, frame, &len, frame, (int)frame_len) != 1 ||
	    EVP_CipherFinal_ex(ctx, frame + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SPW_LEN_TAG, frame + frame_len) != 1)
		abort();
	EVP_CIPHER_CTX_free(ctx);
}

bool seal_open(const uint8_t *secret, uint64_t pn, uint8_t *frame, const uint8_t *dgram, size_t len)
{
	size_t frame_len = len - SPW_LEN_DGRAM_HDR - SPW_LEN_TAG;
	const uint8_t *sealed = dgram + SPW_LEN_DGRAM_HDR;
	EVP_CIPHER_CTX *ctx = begin(secret, pn, dgram, 0);
	uint8_t rest[16];
	bool authentic;
	int got;

	authentic = EVP_CipherUpdate(ctx, frame, &got, sealed, (int)frame_len) == 1 &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SPW_LEN_TAG,
					(void *)(sealed + frame_len)) == 1 &&
		    EVP_CipherFinal_ex(ctx, rest, &got) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return authentic;
}
