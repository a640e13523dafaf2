/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunables: one table; sysfs.c only exposes it. */
#ifndef _SPW_SETTINGS_H
#define _SPW_SETTINGS_H

#include <linux/types.h>

/* name, unit and meaning in the text, lowest, highest, default */
#define SPW_SETTINGS(X) \
	X(heartbeat_ms, 10, 10000, 200) /* between two heartbeats to a peer */ \
	X(down_after_ms, 50, 60000, 2000) /* silence that means: down */ \
	X(conns_max, 1024, 16777216, 1048576) /* connections in the table */

enum spw_setting {
#define X(name, min, max, def) SPW_SET_##name,
	SPW_SETTINGS(X)
#undef X
	SPW_SETTINGS_COUNT
};

/**
 * struct spw_settings - values in force; private to settings.c
 * @value: written under &spw_device.lock, read anywhere
 */
struct spw_settings {
	u32 value[SPW_SETTINGS_COUNT];
};

const char *spw_setting_name(enum spw_setting which);
void spw_settings_init(struct spw_settings *s);
u32 spw_setting_get(const struct spw_settings *s, enum spw_setting which);
int spw_setting_set(struct spw_settings *s, enum spw_setting which, u32 value);

#endif /* _SPW_SETTINGS_H */
