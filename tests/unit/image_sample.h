/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sound images, and what becomes of them, for the tests. */
#ifndef IMAGE_SAMPLE_H
#define IMAGE_SAMPLE_H

#include <stdint.h>

#include "image.h"

#define ROOM     8192 /* that any sample fits in */
#define SEGMENTS 4
#define STATES   4

/* An endpoint whose segments are not in bytes yet. */
struct sample {
	struct spw_image image;
	struct spw_image_segment seg[SEGMENTS];
	uint32_t segs;
};

extern uint8_t noise[512]; /* never 0 */
extern const uint32_t states[STATES];

void sample_seed(void);

/* Bytes of noise. */
struct spw_image_bytes noisy(uint32_t len);

/* Everything at a value that lets each other field go to its limits; queues are empty.
 * What is sent begins at @base, what is received at its complement.
 */
struct sample sample_plain(uint32_t base);

/* Queues of these lengths, and FINs as the state has them. */
void sample_fill(struct sample *s, uint32_t received, uint32_t sent, uint32_t unsent, bool fin_out);

struct sample sample_random(uint32_t family, uint32_t state);

int sample_write(const struct sample *s, void *data, size_t size);

/* Was it parsed as it had been drawn? */
bool sample_same(const struct sample *s, const struct spw_image *got);

/* Parses a copy that ends where its bytes end. On errors nothing is written. */
int parse_exact(const void *data, size_t len, struct spw_image *image, enum spw_image_why *why);

/* What becomes of a sample: 0 or an error, and why. */
int sample_trip(const struct sample *s, enum spw_image_why *why);

#define SOUND(s)                                                        \
	do {                                                            \
		enum spw_image_why said;                                \
		EXPECT_EQ(0, sample_trip(&(s), &said))                  \
		TH_LOG("refused for its %s", spw_image_why_name(said)); \
	} while (0)

#define REFUSED(s, error, reason)                            \
	do {                                                 \
		enum spw_image_why said;                     \
		EXPECT_EQ(error, sample_trip(&(s), &said));  \
		EXPECT_EQ(reason, said)                      \
		TH_LOG("said %s", spw_image_why_name(said)); \
	} while (0)

#endif /* IMAGE_SAMPLE_H */
