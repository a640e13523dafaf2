// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "image_write.h"

static void bulk(struct spw_image_writer *w, enum spw_image_section type,
		 const struct spw_image_bytes *bytes)
{
	void *to = spw_image_bulk(w, type, bytes->len);

	if (to && bytes->len)
		memcpy(to, bytes->data, bytes->len);
}

static void segments(struct spw_image_writer *w, const struct spw_image *image)
{
	struct spw_image_segment seg = { .index = 0 };

	while (spw_image_next_segment(image, &seg)) {
		void *to = spw_image_segment(w, seg.seq, seg.fin, seg.len);

		if (to && seg.len)
			memcpy(to, seg.data, seg.len);
	}
}

int image_write(const struct spw_image *image, void *data, size_t size)
{
	struct spw_image_writer w;

	spw_image_begin(&w, data, size, image);
	bulk(&w, SPW_IMAGE_RECEIVED, &image->received);
	segments(&w, image);
	bulk(&w, SPW_IMAGE_SENT, &image->sent);
	bulk(&w, SPW_IMAGE_UNSENT, &image->unsent);
	bulk(&w, SPW_IMAGE_SESSION, &image->session);
	return spw_image_end(&w);
}

static bool same_bytes(const struct spw_image_bytes *a, const struct spw_image_bytes *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

static bool same_segments(const struct spw_image *a, const struct spw_image *b)
{
	struct spw_image_segment x = { .index = 0 }, y = { .index = 0 };

	if (a->segment_count != b->segment_count)
		return false;
	while (spw_image_next_segment(a, &x))
		if (!spw_image_next_segment(b, &y) || x.seq != y.seq || x.fin != y.fin ||
		    x.len != y.len || (x.len && memcmp(x.data, y.data, x.len)))
			return false;
	return true;
}

bool image_same(const struct spw_image *a, const struct spw_image *b)
{
	/* All words before the first bytes; no padding is among them. */
	return !memcmp(a, b, offsetof(struct spw_image, urgent) + sizeof(a->urgent)) &&
	       same_bytes(&a->received, &b->received) && same_bytes(&a->sent, &b->sent) &&
	       same_bytes(&a->unsent, &b->unsent) && same_bytes(&a->session, &b->session) &&
	       same_segments(a, b);
}
