// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The replay window: a ring of words that is cleared word by word as it moves, so
 * that nothing is ever shifted (RFC 6479). Pure: unit-tested in user space.
 */
#include "replay.h"

/**
 * spw_replay_too_old() - is a number below the window?
 * @next: &spw_replay.next
 * @pn: packet number
 *
 * May be asked before the datagram is opened, to refuse old replays cheaply.
 *
 * Return: true where spw_replay_accept() would refuse whatever the bits say.
 */
bool spw_replay_too_old(__u64 next, __u64 pn)
{
	return next > SPW_REPLAY_WINDOW && pn < next - SPW_REPLAY_WINDOW;
}

static void advance(struct spw_replay *r, __u64 pn)
{
	__u64 word = pn / SPW_REPLAY_WORD_BITS;
	__u64 top = r->next ? (r->next - 1) / SPW_REPLAY_WORD_BITS : 0;
	__u64 steps = word - top;
	__u64 i;

	if (steps > SPW_REPLAY_WORDS)
		steps = SPW_REPLAY_WORDS;
	for (i = 0; i < steps; i++) {
		r->seen[(word - i) % SPW_REPLAY_WORDS] = 0;
		r->claimed[(word - i) % SPW_REPLAY_WORDS] = 0;
	}
	r->next = pn + 1;
}

/**
 * spw_replay_accept() - note a number, once
 * @r: window
 * @pn: number of a datagram that was authenticated, below 2^64 - 1
 *
 * Return: true the first time; false for a replay or a number below the window.
 */
bool spw_replay_accept(struct spw_replay *r, __u64 pn)
{
	__u64 bit = 1ULL << (pn % SPW_REPLAY_WORD_BITS);
	__u64 *word = &r->seen[(pn / SPW_REPLAY_WORD_BITS) % SPW_REPLAY_WORDS];

	if (pn == ~0ULL || spw_replay_too_old(r->next, pn))
		return false;
	if (pn >= r->next)
		advance(r, pn);
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

/**
 * spw_replay_claim() - what was sent first under a number has come under another
 * @r: window
 * @pn: the number that it was sent first under
 *
 * Below the window nobody knows; it is handed up then.
 *
 * Return: true if it comes for the first time, to be handed up.
 */
bool spw_replay_claim(struct spw_replay *r, __u64 pn)
{
	__u64 bit = 1ULL << (pn % SPW_REPLAY_WORD_BITS);
	__u64 word = (pn / SPW_REPLAY_WORD_BITS) % SPW_REPLAY_WORDS;

	if (pn >= r->next || spw_replay_too_old(r->next, pn))
		return true;
	if ((r->seen[word] | r->claimed[word]) & bit)
		return false;
	r->claimed[word] |= bit;
	if (pn >= r->claims)
		r->claims = pn + 1;
	return true;
}

/**
 * spw_replay_is_claimed() - has what a number was given to come under another?
 * @r: window
 * @pn: number that spw_replay_accept() took
 */
bool spw_replay_is_claimed(const struct spw_replay *r, __u64 pn)
{
	/* Mostly it is above all that was ever sent again. */
	return pn < r->claims &&
	       r->claimed[(pn / SPW_REPLAY_WORD_BITS) % SPW_REPLAY_WORDS] >>
	       (pn % SPW_REPLAY_WORD_BITS) & 1;
}

/**
 * spw_replay_bits() - which of the newest numbers have been seen
 * @r: window with a number in it
 * @bits: receives them, see &struct spw_ack
 * @words: of 64 numbers each, that of the highest first; below the ring's size
 */
void spw_replay_bits(const struct spw_replay *r, __u64 *bits, unsigned int words)
{
	__u64 top = (r->next - 1) / SPW_REPLAY_WORD_BITS;
	unsigned int i;

	for (i = 0; i < words; i++)
		bits[i] = i <= top ? r->seen[(top - i) % SPW_REPLAY_WORDS] : 0;
}
