/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nl_conns: the bulk paths: connection dumps, batches, events. */
#ifndef SPILLWAY_CTL_NL_CONNS_H
#define SPILLWAY_CTL_NL_CONNS_H

#include "model.h"
#include "nl_session.h"

/**
 * nl_conns() - the connections that match a filter
 * @filter: which; all fields that are not in its @has are ignored
 * @conns: receives an array to be freed, NULL if there are none
 * @count: how many
 *
 * Return: 0; 1 where the table changed all the while (see nl_dump()), so that some may
 * be missing or twice; or a negative errno.
 */
int nl_conns(struct nl_session *session, const struct model_filter *filter,
	     struct model_conn **conns, size_t *count, struct nl_error *error);

/**
 * nl_hosted() - the connections that this node relays for its peers, as they say
 * @peer: only those of this one, by name; or NULL
 * @conns: receives an array to be freed, NULL if there are none; of each only @id,
 *	@role, the peer, addresses and ports are known
 * @count: how many
 *
 * Return: as nl_conns().
 */
int nl_hosted(struct nl_session *session, const char *peer, struct model_conn **conns,
	      size_t *count, struct nl_error *error);

/**
 * nl_moved() - connections whose endpoint is at a peer, or came from one
 * @peer: only those of this one, by name; or NULL
 * @conns: as of nl_hosted(), and @age_ms since it moved
 * @count: how many
 *
 * Return: as nl_conns().
 */
int nl_moved(struct nl_session *session, const char *peer, struct model_conn **conns, size_t *count,
	     struct nl_error *error);

/**
 * nl_offload() - give connections to peers, all or none
 * @moves: entries; where the batch is refused, each receives its reason
 * @count: 1..%SPILLWAY_BATCH_MAX
 *
 * Return: 0 or a negative errno; nothing has changed then.
 */
int nl_offload(struct nl_session *session, struct model_move *moves, size_t count,
	       struct nl_error *error);

/**
 * nl_handoff() - begin to hand endpoints to peers: all, or none is touched
 * @moves: entries; where the batch is refused, each receives its reason
 * @count: 1..%SPILLWAY_BATCH_MAX
 * @flags: &enum spillway_job_flags
 * @job: receives the number by which nl_job_get() knows them
 *
 * Return: 0 or a negative errno; nothing has changed then.
 */
int nl_handoff(struct nl_session *session, struct model_move *moves, size_t count, uint32_t flags,
	       uint32_t *job, struct nl_error *error);

/* nl_recall() - take connections back, all or none; as nl_offload() */
int nl_recall(struct nl_session *session, struct model_move *moves, size_t count,
	      struct nl_error *error);

/* nl_replicate(), nl_unreplicate() - all or none; as nl_offload() and nl_recall() */
int nl_replicate(struct nl_session *session, struct model_move *moves, size_t count,
		 struct nl_error *error);
int nl_unreplicate(struct nl_session *session, struct model_move *moves, size_t count,
		   struct nl_error *error);

/**
 * nl_recall_all() - take back all, or all that one peer relays
 * @peer: its name, or NULL
 * @done: receives how many returned
 *
 * Return: 0 or a negative errno.
 */
int nl_recall_all(struct nl_session *session, const char *peer, uint32_t *done,
		  struct nl_error *error);

/**
 * struct nl_event - one event
 * @kind: SPILLWAY_CMD_DEV_NTF, _PEER_NTF, _CONN_NTF or _JOB_NTF
 * @generation: grows by one with each event of the device
 * @device: of a _DEV_NTF
 * @peer: of a _PEER_NTF
 * @conn: of a _CONN_NTF
 * @job: of a _JOB_NTF
 */
struct nl_event {
	uint8_t kind;
	uint64_t generation;
	struct model_device device;
	struct model_peer peer;
	struct model_conn conn;
	struct model_job job;
};

struct nl_events;

int nl_events_open(struct nl_events **events, struct nl_session *session, int with_conns,
		   struct nl_error *error);
void nl_events_close(struct nl_events *events);
/* For an event loop: readable when there is something to read. */
int nl_events_fd(const struct nl_events *events);
/* How often the kernel dropped events because the reader was slow. */
uint64_t nl_events_overruns(const struct nl_events *events);

/**
 * nl_events_read() - take what has come
 * @events: from nl_events_open()
 * @take: called for each event
 * @data: for @take
 * @error: filled on failure
 *
 * Return: 0; -ENOBUFS where the kernel dropped events because this reader was slow: what
 * was built from events must be asked for anew; another negative errno.
 */
int nl_events_read(struct nl_events *events, void (*take)(const struct nl_event *event, void *data),
		   void *data, struct nl_error *error);

#endif /* SPILLWAY_CTL_NL_CONNS_H */
