/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys: the data keys of all peers, derived from the secrets in their files, and put
 * into the kernel with packet numbers that were never used (pnstore.h).
 */
#ifndef SPILLWAY_CTL_KEYS_H
#define SPILLWAY_CTL_KEYS_H

#include "config.h"

struct keys;
struct nl_session;

/**
 * keys_open() - read the secrets, derive the keys, open the database of numbers
 * @config: must outlive this
 *
 * Nothing has reached the kernel when this returns, so that one bad file stops spilld
 * before it has begun.
 *
 * Return: NULL after an error that was logged.
 */
struct keys *keys_open(const struct config *config);

/* Wipes the keys. */
void keys_close(struct keys *keys);

/**
 * keys_install() - put all keys into the kernel
 *
 * Return: 0 or a negative errno, logged. Keys that were installed before the error
 * stay: each is good by itself.
 */
int keys_install(struct keys *keys, struct nl_session *session);

/* Every minute: note how far the numbers may have come. Errors are logged. */
void keys_advance(struct keys *keys);

#endif /* SPILLWAY_CTL_KEYS_H */
