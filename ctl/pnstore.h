/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pnstore: the first packet number of a key that is installed again.
 *
 * The data keys are derived from a secret in a file, so they are the same after every
 * restart. ChaCha20-Poly1305 loses both secrecy and authenticity when a pair of key
 * and nonce, here the packet number, is used twice (RFC 8439, section 4). So each
 * installation must begin above every number that any earlier one can have used. Two
 * independent witnesses are asked, and the higher is believed:
 *
 *  - what is stored: the last first number, grown by one for each nanosecond since,
 *    as far as that is known, plus 2^32. No machine seals a packet a nanosecond. The
 *    value is committed to disk with fsync before the key is installed, and again
 *    every minute while spilld runs, so a crash leaves at most a minute uncounted:
 *    71 million packets a second. While the machine is up, CLOCK_BOOTTIME counts for
 *    the time in which spilld did not run and the module carried on.
 *  - the wall clock in nanoseconds since 1970, which passes every number likewise,
 *    and holds where the database was lost.
 *
 * Only where the database is lost and the clock has been set back can a number come
 * again; a clock that was plainly never set is refused.
 */
#ifndef SPILLWAY_CTL_PNSTORE_H
#define SPILLWAY_CTL_PNSTORE_H

#include <stddef.h>
#include <stdint.h>

#define PNSTORE_MARGIN       (1ULL << 32)
#define PNSTORE_CLOCK_MIN_NS 1704067200000000000ULL /* 2024-01-01: clock was set */
#define PNSTORE_MAX          (1ULL << 62)
#define PNSTORE_BOOT_ID_MAX  40

/**
 * struct pnstore_clocks - the time, as the caller found it
 * @wall_ns: CLOCK_REALTIME
 * @boot_ns: CLOCK_BOOTTIME
 * @boot_id: /proc/sys/kernel/random/boot_id
 */
struct pnstore_clocks {
	uint64_t wall_ns;
	uint64_t boot_ns;
	char boot_id[PNSTORE_BOOT_ID_MAX];
};

struct pnstore;

/**
 * pnstore_open() - open or create the database, and lock it until it is closed
 * @error: says what went wrong on failure
 *
 * Return: the store, or NULL.
 */
struct pnstore *pnstore_open(const char *path, char *error, size_t size);

void pnstore_close(struct pnstore *store);

/**
 * pnstore_now() - the clocks of this machine
 *
 * Return: 0 or a negative errno.
 */
int pnstore_now(struct pnstore_clocks *clocks);

/**
 * pnstore_reserve() - a packet number above all that were used, on disk
 * @first_pn: set on success; keys may be installed with it from now on
 *
 * Return: 0, -ETIME where nothing is stored and the clock was never set, -EOVERFLOW
 * at %PNSTORE_MAX, -EIO where it could not be committed (@error says why). The key
 * must not be installed then.
 */
int pnstore_reserve(struct pnstore *store, const struct pnstore_clocks *clocks, uint64_t *first_pn,
		    char *error, size_t size);

/**
 * pnstore_next() - the rule of pnstore_reserve(), pure
 * @stored: 0: nothing is stored
 * @stored_at: clocks when it was stored
 *
 * Return: the number, or 0 where none can be given (clock).
 */
uint64_t pnstore_next(uint64_t stored, const struct pnstore_clocks *stored_at,
		      const struct pnstore_clocks *now);

#endif /* SPILLWAY_CTL_PNSTORE_H */
