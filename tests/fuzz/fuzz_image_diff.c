// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Differences of images: one that is taken leads to a sound image, and is the difference
 * that leads there. The first byte says from which image.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image_diff.h"
#include "image_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spw_image first(uint8_t which)
{
	struct sample s = sample_plain(which & 1 ? 1000 : -40U);

	s.image.tuple.state = states[which >> 1 & 3];
	if (s.image.tuple.state == SPW_IMAGE_FIN_WAIT2)
		sample_fill(&s, 50, 0, 0, false);
	else
		sample_fill(&s, 50, 50, which & 8 ? 50 : 0, which & 16);
	return s.image;
}

static void refused(const struct spw_image *image, const struct spw_image *from, int err,
		    enum spw_image_why why)
{
	if (memcmp(image, from, sizeof(*from)) || why == SPW_IMAGE_WHY_NONE)
		abort();
	if (err != -EPROTO && err != -EMSGSIZE)
		abort();
}

/* As many bytes as there were and came, less those that left. */
static void balance(const struct spw_image *from, const struct spw_image *to,
		    const struct spw_image_shift *shift)
{
	uint32_t was = from->sent.len + from->unsent.len;

	if (shift->received_front > from->received.len || shift->send_front > was)
		abort();
	if (from->received.len - shift->received_front + shift->received_back != to->received.len)
		abort();
	if (was - shift->send_front + shift->send_back != to->sent.len + to->unsent.len)
		abort();
	if (shift->received_back > SPW_IMAGE_QUEUE_MAX || shift->send_back > SPW_IMAGE_QUEUE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[SPW_IMAGE_DIFF_MAX];
	struct spw_image from, image;
	struct spw_image_shift shift;
	enum spw_image_why why = SPW_IMAGE_WHY_NONE;
	int err;

	if (!size)
		return 0;
	from = first(*data++);
	size--;
	image = from;
	err = spw_image_diff_apply(data, size, &image, &shift, &why);
	if (err) {
		refused(&image, &from, err, why);
		return 0;
	}
	if (spw_image_check(&image, &why))
		abort();
	balance(&from, &image, &shift);
	if (spw_image_diff_build(again, &from, &image) != (int)size || memcmp(again, data, size))
		abort();
	return 0;
}
