// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images: one that is taken is sound, and written again it has the same bytes. The input
 * is also tried with a header that is true of it, so that the fuzzer gets past that.
 */
#include <asm/byteorder.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "image_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct spw_image_bytes *bytes, const uint8_t *data, size_t size)
{
	if (bytes->len &&
	    (bytes->data < data || bytes->len > size || bytes->data > data + size - bytes->len))
		abort();
}

static void refused(const struct spw_image *image, int err, enum spw_image_why why)
{
	struct spw_image untouched;

	memset(&untouched, 0xa5, sizeof(untouched));
	if (memcmp(image, &untouched, sizeof(untouched)))
		abort();
	if (why == SPW_IMAGE_WHY_NONE || spw_image_why_name(why)[0] == '?')
		abort();
	if (err != -EPROTO && err != -EMSGSIZE && err != -EOPNOTSUPP)
		abort();
}

/* What was skipped is not written again; the rest is the same image. */
static void again(const struct spw_image *image, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	int len = image_write(image, copy, size);
	enum spw_image_why why;
	struct spw_image got;

	if (len < 0 || (!image->skipped && ((size_t)len != size || memcmp(copy, data, size))))
		abort();
	if (spw_image_parse(copy, (size_t)len, &got, &why) || !image_same(&got, image) ||
	    got.skipped)
		abort();
	free(copy);
}

static void one(const uint8_t *data, size_t size)
{
	enum spw_image_why why;
	struct spw_image image;
	int err;

	memset(&image, 0xa5, sizeof(image));
	err = spw_image_parse(data, size, &image, &why);
	if (err) {
		refused(&image, err, why);
		return;
	}
	inside(&image.received, data, size);
	inside(&image.sent, data, size);
	inside(&image.unsent, data, size);
	inside(&image.session, data, size);
	again(&image, data, size);
}

static uint16_t count_sections(const uint8_t *data, size_t size)
{
	size_t at = sizeof(struct spw_wire_image);
	struct spw_wire_section head;
	uint16_t count = 0;

	while (at < size && size - at >= sizeof(head)) {
		memcpy(&head, data + at, sizeof(head));
		at += sizeof(head) + (((size_t)__be32_to_cpu(head.length) + 3) & ~(size_t)3);
		count++;
	}
	return count;
}

static void mend(uint8_t *data, size_t size)
{
	const struct spw_wire_image head = {
		.magic = __cpu_to_be32(SPW_IMAGE_MAGIC),
		.version = SPW_IMAGE_VERSION,
		.sections = __cpu_to_be16(count_sections(data, size)),
		.length = __cpu_to_be32((uint32_t)size),
	};

	memcpy(data, &head, sizeof(head));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	one(data, size);
	if (size < sizeof(struct spw_wire_image))
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	mend(copy, size);
	one(copy, size);
	free(copy);
	return 0;
}
