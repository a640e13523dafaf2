/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parsed image written again, for the tests and the fuzzer. */
#ifndef IMAGE_WRITE_H
#define IMAGE_WRITE_H

#include "image.h"

/* Bytes written, or what spw_image_end() says. Sections that were skipped are lost. */
int image_write(const struct spw_image *image, void *data, size_t size);

/* Are the two of the same content, wherever their bytes are? */
bool image_same(const struct spw_image *a, const struct spw_image *b);

#endif /* IMAGE_WRITE_H */
