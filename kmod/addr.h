/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address as messages carry it: 16 bytes, of IPv4 the first 4, the others 0. Pure. */
#ifndef _SPW_ADDR_H
#define _SPW_ADDR_H

#include <linux/string.h>
#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/**
 * spw_addr_is_sound() - can a connection have this address?
 * @addr: 16 bytes
 * @family: 4 or 6
 *
 * Return: false for the unspecified one, and for IPv4 with something behind it.
 */
static inline bool spw_addr_is_sound(const __u8 *addr, unsigned int family)
{
	static const __u8 zeros[16];
	unsigned int len = family == 4 ? 4 : 16;

	return memcmp(addr, zeros, len) && !memcmp(addr + len, zeros, 16 - len);
}

#endif /* _SPW_ADDR_H */
