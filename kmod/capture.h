/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP socket becomes an image, and is removed without a word. */
#ifndef _SPW_CAPTURE_H
#define _SPW_CAPTURE_H

#include <linux/types.h>

struct sock;
struct spw_image;
struct spw_image_bytes;

/**
 * struct spw_captured - an image of a socket
 * @data: its bytes behind @head bytes that are the caller's; kvfree()
 * @head: see @data
 * @len: bytes of the image alone
 */
struct spw_captured {
	u8 *data;
	u32 head;
	u32 len;
};

bool spw_capture_odd(const struct sock *sk);
u8 spw_capture_refused(const struct sock *sk);
bool spw_capture_answered(const struct sock *sk, u32 idle_ms);
bool spw_capture_answered_since(const struct sock *sk, u32 write_seq, u32 idle_ms);
u8 spw_capture(struct sock *sk, u32 head, const struct spw_image_bytes *session,
	       struct spw_captured *captured);
u8 spw_capture_numbers(const struct sock *sk, struct spw_image *image);
void spw_capture_kill(struct sock *sk, bool eof);

#endif /* _SPW_CAPTURE_H */
