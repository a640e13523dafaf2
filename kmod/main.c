// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Spillway: module init and exit. Loading is inert (the family's alias lets any
 * user load the module): nothing is hooked, opened or timed before a first device.
 */
#include <linux/module.h>
#include <linux/spillway.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include "child.h"
#include "conntab.h"
#include "device.h"
#include "fault.h"
#include "netlink.h"
#include "softirq.h"

unsigned int spw_fault_step;
module_param_named(fail_move, spw_fault_step, uint, 0600);
MODULE_PARM_DESC(fail_move, "for tests: the step of every move that fails, 0 for none");

static int __init spw_init(void)
{
	int err;

	err = spw_conntab_module_init();
	if (err)
		return err;
	err = spw_device_init();
	if (err)
		goto err_conntab;
	err = spw_netlink_init();
	if (err)
		goto err_device;
	return 0;

err_device:
	spw_device_exit();
err_conntab:
	spw_conntab_module_exit();
	return err;
}

static void __exit spw_exit(void)
{
	spw_netlink_exit();
	spw_device_exit();
	spw_child_exit();
	spw_softirq_exit();
	spw_conntab_module_exit();
}

module_init(spw_init);
module_exit(spw_exit);

MODULE_DESCRIPTION("Moves live TCP connections off a VM before it overloads");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_RTNL_LINK(SPILLWAY_LINK_KIND);
MODULE_ALIAS_GENL_FAMILY(SPILLWAY_GENL_NAME);
