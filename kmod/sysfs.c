// SPDX-License-Identifier: GPL-2.0-or-later
/* Tunables in sysfs: one value a file, checked by the settings room. */
#include <linux/capability.h>
#include <linux/sysfs.h>
#include <net/net_namespace.h>

#include "back.h"
#include "device.h"
#include "health.h"
#include "netlink.h"
#include "sysfs.h"

static enum spw_setting which(const struct device_attribute *attr)
{
	const struct dev_ext_attribute *ext;

	ext = container_of(attr, struct dev_ext_attribute, attr);
	return (unsigned long)ext->var;
}

static ssize_t setting_show(struct device *d, struct device_attribute *attr,
			    char *buf)
{
	struct spw_device *spw = netdev_priv(to_net_dev(d));

	return sysfs_emit(buf, "%u\n",
			  spw_setting_get(&spw->settings, which(attr)));
}

static ssize_t setting_store(struct device *d, struct device_attribute *attr,
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
	err = spw_setting_set(&spw->settings, which(attr), value);
	if (!err) {
		spw_back_follow_all(spw);
		spw_netlink_device_event(spw);
		spw_health_kick(spw);
	}
	mutex_unlock(&spw->lock);
	return err ?: len;
}

static struct dev_ext_attribute attr_heartbeat_ms = {
	__ATTR(heartbeat_ms, 0644, setting_show, setting_store),
	(void *)SPW_SET_HEARTBEAT_MS,
};

static struct dev_ext_attribute attr_down_after_ms = {
	__ATTR(down_after_ms, 0644, setting_show, setting_store),
	(void *)SPW_SET_DOWN_AFTER_MS,
};

static struct dev_ext_attribute attr_conns_max = {
	__ATTR(conns_max, 0644, setting_show, setting_store),
	(void *)SPW_SET_CONNS_MAX,
};

static struct dev_ext_attribute attr_arq = {
	__ATTR(arq, 0644, setting_show, setting_store),
	(void *)SPW_SET_ARQ,
};

static struct dev_ext_attribute attr_pmtu_raise_s = {
	__ATTR(pmtu_raise_s, 0644, setting_show, setting_store),
	(void *)SPW_SET_PMTU_RAISE_S,
};

static struct dev_ext_attribute attr_control_kbytes = {
	__ATTR(control_kbytes, 0644, setting_show, setting_store),
	(void *)SPW_SET_CONTROL_KBYTES,
};

static struct dev_ext_attribute attr_handoff_idle_ms = {
	__ATTR(handoff_idle_ms, 0644, setting_show, setting_store),
	(void *)SPW_SET_HANDOFF_IDLE_MS,
};

static struct dev_ext_attribute attr_handoff_eof = {
	__ATTR(handoff_eof, 0644, setting_show, setting_store),
	(void *)SPW_SET_HANDOFF_EOF,
};

static struct dev_ext_attribute attr_handoff_asked = {
	__ATTR(handoff_asked, 0644, setting_show, setting_store),
	(void *)SPW_SET_HANDOFF_ASKED,
};

static struct dev_ext_attribute attr_session_kbytes = {
	__ATTR(session_kbytes, 0644, setting_show, setting_store),
	(void *)SPW_SET_SESSION_KBYTES,
};

static struct dev_ext_attribute attr_adopt_max = {
	__ATTR(adopt_max, 0644, setting_show, setting_store),
	(void *)SPW_SET_ADOPT_MAX,
};

static struct dev_ext_attribute attr_replica_relayed = {
	__ATTR(replica_relayed, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_RELAYED,
};

static struct dev_ext_attribute attr_replica_interval_ms = {
	__ATTR(replica_interval_ms, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_INTERVAL_MS,
};

static struct dev_ext_attribute attr_replica_max = {
	__ATTR(replica_max, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_MAX,
};

static struct dev_ext_attribute attr_replica_kbytes = {
	__ATTR(replica_kbytes, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_KBYTES,
};

static struct dev_ext_attribute attr_replica_kbytes_s = {
	__ATTR(replica_kbytes_s, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_KBYTES_S,
};

static struct dev_ext_attribute attr_replica_rst = {
	__ATTR(replica_rst, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_RST,
};

static struct dev_ext_attribute attr_replica_confirm_ms = {
	__ATTR(replica_confirm_ms, 0644, setting_show, setting_store),
	(void *)SPW_SET_REPLICA_CONFIRM_MS,
};

static struct dev_ext_attribute attr_handoff_return = {
	__ATTR(handoff_return, 0644, setting_show, setting_store),
	(void *)SPW_SET_HANDOFF_RETURN,
};

static struct attribute *attrs[] = {
	&attr_heartbeat_ms.attr.attr,
	&attr_down_after_ms.attr.attr,
	&attr_conns_max.attr.attr,
	&attr_arq.attr.attr,
	&attr_pmtu_raise_s.attr.attr,
	&attr_control_kbytes.attr.attr,
	&attr_handoff_idle_ms.attr.attr,
	&attr_handoff_eof.attr.attr,
	&attr_handoff_asked.attr.attr,
	&attr_session_kbytes.attr.attr,
	&attr_adopt_max.attr.attr,
	&attr_replica_relayed.attr.attr,
	&attr_replica_interval_ms.attr.attr,
	&attr_replica_max.attr.attr,
	&attr_replica_kbytes.attr.attr,
	&attr_replica_kbytes_s.attr.attr,
	&attr_replica_rst.attr.attr,
	&attr_replica_confirm_ms.attr.attr,
	&attr_handoff_return.attr.attr,
	NULL,
};

const struct attribute_group spw_sysfs_group = {
	.name = "spillway",
	.attrs = attrs,
};
