/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl_decode: the kernel's messages as the model's structs. Pure. An attribute that is
 * not known, or has not the length that it should have, is left out: a newer kernel
 * may send what this program was not built for.
 */
#ifndef SPILLWAY_CTL_NL_DECODE_H
#define SPILLWAY_CTL_NL_DECODE_H

#include "model.h"

struct nlmsghdr;

/* Each fills the whole struct; what the message does not say is 0. */
void nl_decode_device(const struct nlmsghdr *nlh, void *device);
void nl_decode_peer(const struct nlmsghdr *nlh, void *peer);
void nl_decode_conn(const struct nlmsghdr *nlh, void *conn);

/* SPILLWAY_A_GENERATION of an event, 0 if it has none. */
uint64_t nl_decode_generation(const struct nlmsghdr *nlh);

/**
 * nl_decode_batch() - the answer to an offload, recall or handoff
 * @nlh: answer
 * @moves: entries as they were sent; of a refused batch each receives its reason
 * @count: of @moves
 *
 * Return: entries applied.
 */
uint32_t nl_decode_batch(const struct nlmsghdr *nlh, struct model_move *moves, size_t count);

/* SPILLWAY_A_JOB; its id is 0 where there is none. */
void nl_decode_job(const struct nlmsghdr *nlh, void *job);

/**
 * nl_decode_job_moves() - what became of a job's connections
 * @nlh: answer; what a nest cannot hold may come in another one
 * @moves: receives as many of them as there is room for
 * @room: of @moves, may be 0
 *
 * Return: how many the message tells of.
 */
size_t nl_decode_job_moves(const struct nlmsghdr *nlh, struct model_job_move *moves, size_t room);

#endif /* SPILLWAY_CTL_NL_DECODE_H */
