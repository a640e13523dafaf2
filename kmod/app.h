/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What applications say of their connections: session data, and that they give them away. */
#ifndef _SPW_APP_H
#define _SPW_APP_H

#include <linux/refcount.h>
#include <linux/sockptr.h>
#include <linux/types.h>

struct sock;
struct spw_device;
struct spw_image_bytes;

/**
 * struct spw_session - session data of one connection; never changes once stored
 * @refs: the table's, and those of who reads it
 * @len: 1..%SPILLWAY_SESSION_MAX bytes
 * @data: the application's, of no meaning here
 */
struct spw_session {
	refcount_t refs;
	u32 len;
	u8 data[];
};

struct spw_session *spw_session_read(sockptr_t from, u32 len);
void spw_session_put(struct spw_session *session);

void spw_apps_init(struct spw_device *spw);
void spw_apps_destroy(struct spw_device *spw);
u64 spw_app_id(struct spw_device *spw, const struct sock *sk);
int spw_app_set_session(struct spw_device *spw, u64 id, struct spw_session *session);
struct spw_session *spw_app_session(struct spw_device *spw, u64 id);
int spw_app_arrive(struct spw_device *spw, const struct sock *sk,
		   const struct spw_image_bytes *session);
int spw_app_ask(struct spw_device *spw, u64 id);
void spw_app_result(struct spw_device *spw, u64 id, u8 result, u8 reason);
int spw_app_asked(struct spw_device *spw, u64 id, u8 *result, u8 *reason);
void spw_app_forget(struct spw_device *spw, u64 id);

#endif /* _SPW_APP_H */
