/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection table. */
#ifndef _SPW_CONNTAB_H
#define _SPW_CONNTAB_H

#include "conn.h"

int spw_conntab_init(struct spw_device *spw);
void spw_conntab_destroy(struct spw_device *spw);
void spw_conntab_start(struct spw_device *spw);
void spw_conntab_stop(struct spw_device *spw);
void spw_conntab_born(struct spw_device *spw, u8 family,
		      const struct spw_tuple *tuple, const struct sock *sk,
		      enum spillway_conn_direction dir, u32 isn);
void spw_conntab_found(struct spw_device *spw, const struct sock *sk);
int spw_conntab_arrived(struct spw_device *spw, const struct sock *sk, u8 dir);
void spw_conntab_tell(struct spw_device *spw, u8 family, const struct spw_tuple *tuple);
struct spw_conn *spw_conntab_of(struct spw_device *spw, const struct sock *sk);
bool spw_conntab_listens(struct spw_device *spw, u8 family, const struct spw_tuple *t,
			 int bound_if);
bool spw_conntab_ends(struct spw_device *spw, const struct spw_conn *conn);
void spw_conntab_ending(struct spw_device *spw, u8 family,
			const struct spw_tuple *tuple);
struct spw_conn *spw_conntab_find(struct spw_device *spw, u8 family,
				  const struct spw_tuple *tuple);
struct spw_conn *spw_conntab_get(struct spw_device *spw, u64 id);
struct spw_conn *spw_conntab_next(struct spw_device *spw, u64 *id);
int spw_conntab_module_init(void);
void spw_conntab_module_exit(void);

#endif /* _SPW_CONNTAB_H */
