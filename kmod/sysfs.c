// SPDX-License-Identifier: GPL-2.0-or-later
/* Tunables in sysfs: one value a file, checked by the settings room. */
#include <linux/capability.h>
#include <linux/sysfs.h>
#include <net/net_namespace.h>

#include "device.h"
#include "health.h"
#include "netlink.h"
#include "sysfs.h"

static ssize_t setting_show(struct device *d, enum spw_setting which, char *buf)
{
	struct spw_device *spw = netdev_priv(to_net_dev(d));

	return sysfs_emit(buf, "%u\n", spw_setting_get(&spw->settings, which));
}

static ssize_t setting_store(struct device *d, enum spw_setting which,
			     const char *buf, size_t len)
{
	struct spw_device *spw = netdev_priv(to_net_dev(d));
	u32 value;
	int err;

	if (!ns_capable(spw->net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	err = kstrtou32(buf, 0, &value);
	if (err)
		return err;
	mutex_lock(&spw->lock);
	err = spw_setting_set(&spw->settings, which, value);
	if (!err) {
		spw_netlink_device_event(spw);
		spw_health_kick(spw);
	}
	mutex_unlock(&spw->lock);
	return err ?: len;
}

#define X(n, min, max, def)						\
static ssize_t n##_show(struct device *d, struct device_attribute *attr,	\
			char *buf)					\
{									\
	return setting_show(d, SPW_SET_##n, buf);			\
}									\
									\
static ssize_t n##_store(struct device *d, struct device_attribute *attr, \
			 const char *buf, size_t len)			\
{									\
	return setting_store(d, SPW_SET_##n, buf, len);			\
}									\
									\
static DEVICE_ATTR_RW(n);
SPW_SETTINGS(X)
#undef X

static struct attribute *attrs[] = {
#define X(name, min, max, def) &dev_attr_##name.attr,
	SPW_SETTINGS(X)
#undef X
	NULL,
};

const struct attribute_group spw_sysfs_group = {
	.name = "spillway",
	.attrs = attrs,
};
