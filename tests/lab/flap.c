// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flap: offloads all connections with one remote to a peer and recalls them again, in
 * turn, at an exact interval: `flap REMOTE PEER-ID INTERVAL-MS SECONDS`. A connection
 * that ended meanwhile is no error. Prints how many moves were made.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nl_conns.h"

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void sleep_until(uint64_t ms)
{
	const struct timespec t = { .tv_sec = (time_t)(ms / 1000),
				    .tv_nsec = (long)(ms % 1000 * 1000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int offload(struct nl_session *session, const struct model_filter *filter, uint16_t peer_id,
		   struct nl_error *error)
{
	struct model_conn *conns = NULL;
	struct model_move *moves;
	size_t count = 0, i;
	int err;

	err = nl_conns(session, filter, &conns, &count, error);
	if (err < 0 || !count) {
		free(conns);
		return err < 0 ? err : 0;
	}
	moves = calloc(count, sizeof(*moves));
	for (i = 0; moves && i < count; i++)
		moves[i] = (struct model_move){ .conn_id = conns[i].id, .peer_id = peer_id };
	err = moves ? nl_offload(session, moves, count, error) : -ENOMEM;
	free(moves);
	free(conns);
	return err;
}

int main(int argc, char **argv)
{
	struct model_filter filter = {
		.has = MODEL_HAS(CONN_ROLE),
		.role = SPILLWAY_ROLE_LOCAL,
	};
	struct nl_session *session;
	struct nl_error error;
	uint64_t next, end, every;
	unsigned int moves = 0, failed = 0;
	uint32_t done;
	int err;

	if (argc != 5 || !address_parse(argv[1], strlen(argv[1]), &filter.remote))
		return 2;
	if (nl_session_open(&session, "spill0", &error)) {
		fprintf(stderr, "flap: %s\n", error.text);
		return 1;
	}
	every = strtoull(argv[3], NULL, 10);
	next = now_ms();
	end = next + strtoull(argv[4], NULL, 10) * 1000;
	while (next < end) {
		err = moves % 2 ? nl_recall_all(session, NULL, &done, &error) :
				  offload(session, &filter, (uint16_t)atoi(argv[2]), &error);
		if (err) {
			fprintf(stderr, "flap: %s\n", error.text);
			failed++;
		}
		moves++;
		next += every;
		sleep_until(next);
	}
	nl_recall_all(session, NULL, &done, &error);
	nl_session_close(session);
	printf("%u moves, %u failed\n", moves, failed);
	return failed != 0;
}
