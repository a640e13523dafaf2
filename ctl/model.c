// SPDX-License-Identifier: GPL-2.0-or-later
/* model: the words for the kernel's enums. */
#include <string.h>

#include "model.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS(name, ...)                                           \
	static const char *const name##_words[] = { __VA_ARGS__ }; \
	const struct model_words model_##name = { name##_words, COUNT(name##_words) }

WORDS(admin, "ready", "drain", "maint");
WORDS(peer_state, "init", "up", "suspect", "down", "gone");
WORDS(direction, "unknown", "out", "in");
WORDS(role, "local", "offloaded", "hosted", "moved", "arrived");
WORDS(sort, "tx-rate", "rx-rate", "rate", "age");
WORDS(event, "new", "offloaded", "recalled", "ended", "moved", "stayed", "arrived");
WORDS(result, "under-way", "moved", "stayed", "lost");
WORDS(tcp_state, "unknown", "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2",
      "time-wait", "close", "close-wait", "last-ack", "listen", "closing", "syn-recv");

static const char *const reason_words[] = {
#include <spillway/reason_words.h>
};
const struct model_words model_reason = { reason_words, COUNT(reason_words) };

static const char *const stat_words[] = {
	[SPILLWAY_STAT_UNSPEC] = "",
#include <spillway/stat_words.h>
};
const struct model_words model_stat = { stat_words, COUNT(stat_words) };

_Static_assert(COUNT(stat_words) == SPILLWAY_STAT_MAX + 1, "a counter has no word");
_Static_assert(COUNT(reason_words) == __SPILLWAY_REASON_MAX, "a reason has no word");
_Static_assert(COUNT(role_words) == __SPILLWAY_ROLE_MAX, "a role has no word");
_Static_assert(COUNT(result_words) == __SPILLWAY_MOVE_RESULT_MAX, "a result has no word");
_Static_assert(SPILLWAY_A_JOB < 64, "MODEL_HAS() has not that many bits");

uint64_t model_key_left_ms(uint64_t age_ms)
{
	return age_ms < SPILLWAY_KEY_LIFE_MS ? SPILLWAY_KEY_LIFE_MS - age_ms : 0;
}

uint32_t model_job_running(const struct model_job *job)
{
	uint64_t over = (uint64_t)job->moved + job->stayed + job->lost;

	return over < job->total ? (uint32_t)(job->total - over) : 0;
}

/* The word for a value; "?" for one that a newer kernel may say. */
const char *model_word(const struct model_words *words, unsigned int value)
{
	return value < words->count && words->words[value] ? words->words[value] : "?";
}

/* The value for a word, or -1. */
int model_value(const struct model_words *words, const char *word)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		if (!strcmp(words->words[i], word))
			return (int)i;
	return -1;
}
