// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Patches: whatever it says, nothing outside the earlier image is read, nothing outside the
 * whole one written, and what is taken has made every byte of it. The input is the length
 * of an image that was sent ahead (16 bits), that image, and the patch.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *exactly(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ?: 1);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* Bytes that nobody wrote are not the same twice. */
static void check(const uint8_t *patch, size_t len, const uint8_t *from, size_t from_len)
{
	uint32_t size = spw_image_patch_size(patch, len);
	uint8_t *one, *two;
	int err;

	if (size > 1 << 20)
		return;
	one = malloc(size ?: 1);
	two = malloc(size ?: 1);
	memset(one, 0x55, size);
	memset(two, 0xaa, size);
	err = spw_image_patch_apply(patch, len, from, from_len, one);
	if (err != spw_image_patch_apply(patch, len, from, from_len, two))
		abort();
	if (!err && (!size || memcmp(one, two, size)))
		abort();
	free(one);
	free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *from, *patch;
	size_t from_len;

	if (size < 2)
		return 0;
	from_len = (size_t)(data[0] << 8 | data[1]);
	if (from_len > size - 2)
		return 0;
	from = exactly(data + 2, from_len);
	patch = exactly(data + 2 + from_len, size - 2 - from_len);
	check(patch, size - 2 - from_len, from, from_len);
	free(from);
	free(patch);
	return 0;
}
