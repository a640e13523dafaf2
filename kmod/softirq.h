/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Softirqs that are served where they were raised. */
#ifndef _SPW_SOFTIRQ_H
#define _SPW_SOFTIRQ_H

void spw_softirq_now(void);
void spw_softirq_exit(void);

#endif /* _SPW_SOFTIRQ_H */
