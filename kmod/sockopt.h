/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket options of applications that know of us. */
#ifndef _SPW_SOCKOPT_H
#define _SPW_SOCKOPT_H

int spw_sockopt_register(void);
void spw_sockopt_unregister(void);

#endif /* _SPW_SOCKOPT_H */
