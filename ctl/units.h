/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * units: durations and rates as text, read strictly. The one place where the
 * controller turns "30s" or "20mbit" into a number.
 */
#ifndef SPILLWAY_CTL_UNITS_H
#define SPILLWAY_CTL_UNITS_H

#include <stdint.h>

/**
 * units_parse_duration() - milliseconds from text such as "250ms", "1s", "10m"
 * @text: digits, then one of ms, s, m, h, d, with nothing before, between or after
 * @ms: set to the duration on success, left alone otherwise
 *
 * A number without a unit is refused: whether it meant seconds or milliseconds
 * would be a guess.
 *
 * Return: 0, -EINVAL for text that is not a duration, -ERANGE where it does not
 * fit into 64 bits of milliseconds.
 */
int units_parse_duration(const char *text, uint64_t *ms);

/**
 * units_parse_rate() - bytes a second from text such as "20mbit" or "2500kB/s"
 * @text: digits, then bit, kbit, mbit, gbit (bits a second, as tc(8) has them) or
 *	B/s, kB/s, MB/s, GB/s; prefixes are powers of 1000
 * @rate: set to bytes a second on success, left alone otherwise. Bits that do not
 *	fill a byte are dropped.
 *
 * tc's "bps" for bytes a second is not taken: others read it as bits.
 *
 * Return: 0, -EINVAL for text that is not a rate, -ERANGE where it does not fit
 * into 64 bits.
 */
int units_parse_rate(const char *text, uint64_t *rate);

/* Room for what units_format_duration() and units_format_rate() write. */
#define UNITS_TEXT_MAX 32

/* The same durations and rates as text, in the largest unit that is exact. */
void units_format_duration(uint64_t ms, char text[UNITS_TEXT_MAX]);
void units_format_rate(uint64_t rate, char text[UNITS_TEXT_MAX]);

#endif /* SPILLWAY_CTL_UNITS_H */
