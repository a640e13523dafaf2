// SPDX-License-Identifier: GPL-2.0-or-later
/* For which connection a socket waits: is it sound, and does a connection fit? Pure. */
#include <linux/errno.h>
#include <linux/string.h>

#include "adopt_match.h"

/* The first @bits of two addresses. */
static bool same_prefix(const __u8 *a, const __u8 *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	return !memcmp(a, b, bytes) && (!rest || !((a[bytes] ^ b[bytes]) >> (8 - rest)));
}

static bool ends_with_zeros(const __u8 *addr, unsigned int bits)
{
	unsigned int i;

	for (i = bits; i < 128; i++)
		if (addr[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

/**
 * spw_adopt_check() - does it make sense?
 * @want: from an application
 *
 * Return: 0 or -EINVAL.
 */
int spw_adopt_check(const struct spillway_adopt *want)
{
	if (want->peer[SPILLWAY_NAME_MAX] || want->direction >= __SPILLWAY_DIR_MAX ||
	    want->reserved || want->remote_plen > 128 ||
	    !ends_with_zeros(want->remote, want->remote_plen))
		return -EINVAL;
	return 0;
}

/* An IPv4 address is compared as the mapped one (RFC 4291 section 2.5.5.2). */
static bool comes_from(const struct spillway_adopt *want, const struct spw_adopt_offer *offer)
{
	__u8 mapped[16] = { [10] = 0xff, [11] = 0xff };

	if (offer->family == 6)
		return same_prefix(want->remote, offer->raddr, want->remote_plen);
	memcpy(mapped + 12, offer->raddr, 4);
	return same_prefix(want->remote, mapped, want->remote_plen);
}

/**
 * spw_adopt_fits() - is it a connection that is waited for?
 * @want: passed spw_adopt_check()
 * @offer: connection
 */
bool spw_adopt_fits(const struct spillway_adopt *want, const struct spw_adopt_offer *offer)
{
	if (want->id && want->id != offer->id)
		return false;
	if (want->direction && want->direction != offer->direction)
		return false;
	if ((want->local_port && want->local_port != offer->lport) ||
	    (want->remote_port && want->remote_port != offer->rport))
		return false;
	return (!want->peer[0] || !strcmp(want->peer, offer->peer)) && comes_from(want, offer);
}
