// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of replication, several in one message: what is read and written again has the
 * same bytes, and so have the images in them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "replica_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_image(const struct spw_replica_msg *msg)
{
	struct spw_image_writer w;
	struct spw_image image;
	enum spw_image_why why;
	uint8_t again[4096];
	int len;

	if (spw_image_parse_bare(msg->data, msg->len, &image, &why)) {
		if (why == SPW_IMAGE_WHY_NONE)
			abort();
		return;
	}
	if (image.received.data || image.sent.data || image.unsent.data || image.session.len ||
	    image.segment_count)
		abort();
	spw_image_begin(&w, again, sizeof(again), &image);
	len = spw_image_end(&w);
	if (!image.skipped && (len != (int)msg->len || memcmp(again, msg->data, msg->len)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spw_replica_msg msg, untouched;
	uint8_t again[4096];
	int len;

	memset(&untouched, 0xa5, sizeof(untouched));
	while (size) {
		msg = untouched;
		len = spw_replica_msg_parse(data, (uint32_t)size, &msg);
		if (len <= 0) {
			if (!len || memcmp(&msg, &untouched, sizeof(msg)))
				abort();
			return 0;
		}
		if ((size_t)len > size || (size_t)len > sizeof(again) ||
		    spw_replica_msg_build(again, &msg) != (uint32_t)len ||
		    memcmp(again, data, (size_t)len))
			abort();
		if (msg.kind == SPW_REPLICA_WHOLE)
			check_image(&msg);
		data += len;
		size -= (size_t)len;
	}
	return 0;
}
