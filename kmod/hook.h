/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netfilter hooks. */
#ifndef _SPW_HOOK_H
#define _SPW_HOOK_H

struct spw_device;

int spw_hook_register(struct spw_device *spw);
void spw_hook_unregister(struct spw_device *spw);

#endif /* _SPW_HOOK_H */
