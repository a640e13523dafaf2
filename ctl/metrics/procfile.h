/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfile: small text files of procfs and cgroupfs: read whole, with a limit, and
 * numbers taken out of them strictly.
 */
#ifndef SPILLWAY_CTL_METRICS_PROCFILE_H
#define SPILLWAY_CTL_METRICS_PROCFILE_H

#include <stddef.h>
#include <stdint.h>

#define PROCFILE_MAX 16384 /* bytes that are looked at, with the NUL */

/**
 * procfile_read() - the start of a file as a string
 * @text: up to %PROCFILE_MAX - 1 bytes and a NUL
 * @root: prefix of the path
 * @dir: directory
 * @name: file in it
 *
 * Lines after the limit are not seen; the last line, where it is cut, is left out, so
 * that a number is never taken for its first digits.
 *
 * Return: 0, -EBADMSG where there is not one whole line or a NUL in it, or a negative
 * errno.
 */
int procfile_read(char text[PROCFILE_MAX], const char *root, const char *dir, const char *name);

/**
 * procfile_number() - a decimal number
 * @text: at its first digit; set behind it
 *
 * Return: 0, -EBADMSG where there is no digit or it does not fit into 64 bits.
 */
int procfile_number(const char **text, uint64_t *number);

/**
 * procfile_field() - the number behind a key, as in "inactive_file 4096" or
 *	"MemTotal:       1024 kB"
 * @key: at the start of a line, with its colon if it has one
 *
 * Return: 0, -EBADMSG where the key or its number is missing.
 */
int procfile_field(const char *text, const char *key, uint64_t *number);

/**
 * procfile_limit() - the number of a file such as memory.max, or "max"
 *
 * Return: 0 with @number at UINT64_MAX for "max", -EBADMSG for anything else.
 */
int procfile_limit(const char **text, uint64_t *number);

#endif /* SPILLWAY_CTL_METRICS_PROCFILE_H */
