/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is made up for when an application accepts a restored socket. */
#ifndef _SPW_ACCEPTED_H
#define _SPW_ACCEPTED_H

struct request_sock;
struct sock;

int spw_accepted_watch(struct request_sock *req, struct sock *sk);
void spw_accepted_unwatch(struct request_sock *req, struct sock *sk);

#endif /* _SPW_ACCEPTED_H */
