// SPDX-License-Identifier: GPL-2.0-or-later
/* Notices: bytes to structs and back, every field checked. Pure. */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "addr.h"
#include "notice.h"

static const __u8 zeros[16];

/* Nothing but the event and the id? */
static int is_bare(const struct spw_wire_notice *w)
{
	return !w->family && !w->lport && !w->rport &&
	       !memcmp(w->laddr, zeros, 16) && !memcmp(w->raddr, zeros, 16);
}

static int is_sound(const struct spw_wire_notice *w)
{
	int has_id = w->id[0] || w->id[1];

	if (w->reserved)
		return 0;
	switch (w->event) {
	case SPW_NOTICE_RESET:
		return !has_id && is_bare(w);
	case SPW_NOTICE_OFFLOADED:
		return has_id && (w->family == 4 || w->family == 6) && w->lport &&
		       w->rport && spw_addr_is_sound(w->laddr, w->family) &&
		       spw_addr_is_sound(w->raddr, w->family);
	case SPW_NOTICE_RECALLED:
	case SPW_NOTICE_ENDED:
		return has_id && is_bare(w);
	default:
		return 0;
	}
}

/**
 * spw_notice_parse() - read one notice
 * @data: %SPW_LEN_NOTICE bytes
 * @notice: receives it
 *
 * Return: 0, or -EPROTO where a field is out of range; @notice is then untouched.
 */
int spw_notice_parse(const void *data, struct spw_notice *notice)
{
	struct spw_wire_notice w;

	memcpy(&w, data, sizeof(w));
	if (!is_sound(&w))
		return -EPROTO;
	notice->event = w.event;
	notice->family = w.family;
	notice->lport = w.lport;
	notice->rport = w.rport;
	notice->id = (__u64)__be32_to_cpu(w.id[0]) << 32 | __be32_to_cpu(w.id[1]);
	memcpy(notice->laddr, w.laddr, sizeof(w.laddr));
	memcpy(notice->raddr, w.raddr, sizeof(w.raddr));
	return 0;
}

/**
 * spw_notice_build() - write one notice
 * @data: room for %SPW_LEN_NOTICE bytes
 * @notice: what to say
 */
void spw_notice_build(void *data, const struct spw_notice *notice)
{
	struct spw_wire_notice w = {
		.event = notice->event,
		.family = notice->family,
		.lport = notice->lport,
		.rport = notice->rport,
		.id = { __cpu_to_be32((__u32)(notice->id >> 32)),
			__cpu_to_be32((__u32)notice->id) },
	};

	memcpy(w.laddr, notice->laddr, sizeof(w.laddr));
	memcpy(w.raddr, notice->raddr, sizeof(w.raddr));
	memcpy(data, &w, sizeof(w));
}
