// SPDX-License-Identifier: GPL-2.0-or-later
/* Tunables: bounds, defaults and what must hold between two of them. */
#include <linux/compiler.h>
#include <linux/errno.h>

#include "settings.h"

static const struct {
	u32 min;
	u32 max;
	u32 def;
} table[SPW_SETTINGS_COUNT] = {
	[SPW_SET_HEARTBEAT_MS] = { .min = 10, .max = 10000, .def = 200 },
	[SPW_SET_DOWN_AFTER_MS] = { .min = 50, .max = 60000, .def = 2000 },
	[SPW_SET_CONNS_MAX] = { .min = 1024, .max = 16777216, .def = 1048576 },
	[SPW_SET_ARQ] = { .min = 0, .max = 1, .def = 1 },
	[SPW_SET_PMTU_RAISE_S] = { .min = 1, .max = 86400, .def = 600 },
	[SPW_SET_CONTROL_KBYTES] = { .min = 4, .max = 65536, .def = 4096 },
	[SPW_SET_HANDOFF_IDLE_MS] = { .min = 0, .max = 60000, .def = 10 },
	[SPW_SET_HANDOFF_EOF] = { .min = 0, .max = 1, .def = 0 },
	[SPW_SET_HANDOFF_ASKED] = { .min = 0, .max = 256, .def = 64 },
	[SPW_SET_SESSION_KBYTES] = { .min = 0, .max = 4194304, .def = 65536 },
	[SPW_SET_ADOPT_MAX] = { .min = 0, .max = 4096, .def = 1024 },
	[SPW_SET_REPLICA_RELAYED] = { .min = 0, .max = 1, .def = 1 },
	[SPW_SET_REPLICA_INTERVAL_MS] = { .min = 1, .max = 1000, .def = 4 },
	[SPW_SET_REPLICA_MAX] = { .min = 0, .max = 1048576, .def = 65536 },
	[SPW_SET_REPLICA_KBYTES] = { .min = 0, .max = 4194304, .def = 65536 },
	[SPW_SET_REPLICA_KBYTES_S] = { .min = 64, .max = 1048576, .def = 16384 },
	[SPW_SET_REPLICA_RST] = { .min = SPW_RST_NEVER, .max = SPW_RST_ALONE,
				  .def = SPW_RST_WITNESSED },
	[SPW_SET_REPLICA_CONFIRM_MS] = { .min = 0, .max = 10000, .def = 20 },
	[SPW_SET_HANDOFF_RETURN] = { .min = 0, .max = 1, .def = 0 },
};

/**
 * spw_settings_init() - set every tunable to its default
 * @s: settings of a device that is not published yet
 */
void spw_settings_init(struct spw_settings *s)
{
	int i;

	for (i = 0; i < SPW_SETTINGS_COUNT; i++)
		s->value[i] = table[i].def;
}

/**
 * spw_setting_get() - the value in force
 * @s: settings
 * @which: tunable
 *
 * Any context.
 */
u32 spw_setting_get(const struct spw_settings *s, enum spw_setting which)
{
	return READ_ONCE(s->value[which]);
}

/* One lost heartbeat must not take a peer down. */
static bool consistent(const u32 *value)
{
	return value[SPW_SET_DOWN_AFTER_MS] >= 2 * value[SPW_SET_HEARTBEAT_MS];
}

/**
 * spw_setting_set() - change a tunable
 * @s: settings, under &spw_device.lock
 * @which: tunable
 * @value: new value
 *
 * Return: 0; -ERANGE outside its bounds; -EINVAL where down_after_ms would be less
 * than two heartbeats. Nothing changes on error.
 */
int spw_setting_set(struct spw_settings *s, enum spw_setting which, u32 value)
{
	struct spw_settings next = *s;

	if (value < table[which].min || value > table[which].max)
		return -ERANGE;
	next.value[which] = value;
	if (!consistent(next.value))
		return -EINVAL;
	WRITE_ONCE(s->value[which], value);
	return 0;
}
