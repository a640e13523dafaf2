/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunables below the device, /sys/class/net/NAME/spillway/. */
#ifndef _SPW_SYSFS_H
#define _SPW_SYSFS_H

extern const struct attribute_group spw_sysfs_group;

#endif /* _SPW_SYSFS_H */
