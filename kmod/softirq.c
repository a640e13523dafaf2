// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Softirqs that are served where they were raised.
 *
 * Until 6.5 all softirqs wait for ksoftirqd once it was woken, since there were too many
 * of them at one time or the scheduler wanted the processor, and ksoftirqd waits for the
 * processor as any program does: for a millisecond and more, while endpoints are frozen
 * whose messages lie there. Only where a tasklet is among them all of them are served at
 * once (SOFTIRQ_NOW_MASK in kernel/softirq.c). Later kernels do that in any case.
 */
#include <linux/interrupt.h>

#include "compat.h"
#include "softirq.h"

static void nothing(struct tasklet_struct *tasklet)
{
}

static DECLARE_TASKLET(now, nothing);

/**
 * spw_softirq_now() - what is raised here is served when bottom halves are enabled again
 *
 * Process context, bottom halves off. Where another processor does the same at this moment
 * the kernel decides as it would without this.
 */
void spw_softirq_now(void)
{
	if (spw_compat_softirqs_wait())
		tasklet_hi_schedule(&now);
}

/**
 * spw_softirq_exit() - the module goes: nobody calls any more
 */
void spw_softirq_exit(void)
{
	if (spw_compat_softirqs_wait())
		tasklet_kill(&now);
}
