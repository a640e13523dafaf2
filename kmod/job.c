// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs: many moves that were asked for at one time. Some of them are under way at once,
 * as many as are of use (pace.c); the others wait. What became of each is kept until newer
 * jobs need the place.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "conntab.h"
#include "job.h"
#include "moves.h"
#include "netlink.h"
#include "offer.h"
#include "peer.h"
#include "relay.h"

static_assert(SPILLWAY_REASON_MOVE_BUSY - SPILLWAY_REASON_MOVE_ROOM ==
	      SPW_MOVE_BECAUSE_BUSY - SPW_MOVE_BECAUSE_ROOM);
static_assert(SPW_MOVE_BECAUSE_BUSY + 1 == __SPW_MOVE_REASON_MAX);
static_assert((int)SPILLWAY_MOVE_LOST == (int)SPW_MOVE_LOST);
static_assert((int)SPILLWAY_MOVE_MOVED == (int)SPW_MOVE_MOVED);

#define AT_ONCE_MIN	64	/* moves under way: a grace period is waited for, ... */
#define AT_ONCE_FROZEN	4	/* and for each that may be frozen */

/**
 * spw_job_reason() - why, as users are told
 * @because: &enum spw_move_reason
 */
u8 spw_job_reason(u8 because)
{
	return because ? SPILLWAY_REASON_MOVE_ROOM + because - SPW_MOVE_BECAUSE_ROOM :
			 SPILLWAY_REASON_NONE;
}

/**
 * spw_job_get() - a job by its id
 * @moves: moves, locked
 * @id: of it
 */
struct spw_job *spw_job_get(struct spw_moves *moves, u32 id)
{
	return xa_load(&moves->jobs, id);
}

static void job_free(struct spw_job *job)
{
	xa_erase(&job->moves->jobs, job->id);
	job->moves->nr_jobs--;
	kvfree(job);
}

/* The oldest that is over makes room. */
static bool make_room(struct spw_moves *moves)
{
	struct spw_job *job;
	unsigned long id;

	if (moves->nr_jobs < SPW_JOBS_MAX)
		return true;
	xa_for_each(&moves->jobs, id, job)
		if (job->ended) {
			job_free(job);
			return true;
		}
	return false;
}

static struct spw_job *job_new(struct spw_moves *moves, u32 n)
{
	struct spw_job *job = kvzalloc(struct_size(job, entries, n),
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);

	if (!job)
		return NULL;
	job->moves = moves;
	job->total = n;
	job->begun = ktime_get_ns();
	job->id = ++moves->last_job ?: ++moves->last_job;
	if (xa_insert(&moves->jobs, job->id, job, GFP_KERNEL | __GFP_NOWARN)) {
		kvfree(job);
		return NULL;
	}
	moves->nr_jobs++;
	return job;
}

/**
 * spw_job_begin() - move connections
 * @moves: moves, locked
 * @entries: checked
 * @n: how many, at least one
 * @flags: &enum spillway_job_flags
 * @id: receives the job's
 *
 * Return: 0; -EBUSY where too many are under way; -ENOMEM.
 */
int spw_job_begin(struct spw_moves *moves, const struct spw_move *entries, u32 n,
		  u32 flags, u32 *id)
{
	struct spw_job *job;
	u32 i;

	if (!make_room(moves))
		return -EBUSY;
	job = job_new(moves, n);
	if (!job)
		return -ENOMEM;
	job->flags = flags;
	for (i = 0; i < n; i++) {
		job->entries[i].conn_id = entries[i].conn_id;
		job->entries[i].peer_id = entries[i].peer_id;
	}
	*id = job->id;
	spw_netlink_job_event(moves->spw, job);
	spw_moves_turn(moves);
	return 0;
}

/**
 * spw_job_count() - a move is over, of a job or not
 * @spw: device
 * @result: &enum spillway_move_result, but not under way
 */
void spw_job_count(struct spw_device *spw, u8 result)
{
	static const u8 stat[] = {
		[SPILLWAY_MOVE_MOVED] = SPILLWAY_STAT_MOVE_MOVED,
		[SPILLWAY_MOVE_STAYED] = SPILLWAY_STAT_MOVE_STAYED,
		[SPILLWAY_MOVE_LOST] = SPILLWAY_STAT_MOVE_LOST,
	};

	spw_stat_inc(spw->stats, stat[result]);
}

static void finish(struct spw_job *job, struct spw_job_entry *entry, u8 result, u8 reason)
{
	u32 done;

	entry->result = result;
	entry->reason = reason;
	job->count[result]++;
	spw_job_count(job->moves->spw, result);
	done = job->count[SPILLWAY_MOVE_MOVED] + job->count[SPILLWAY_MOVE_STAYED] +
	       job->count[SPILLWAY_MOVE_LOST];
	if (done < job->total)
		return;
	job->ended = ktime_get_ns();
	spw_netlink_job_event(job->moves->spw, job);
}

/**
 * spw_job_result() - a move is over
 * @job: its job; under &spw_moves.lock
 * @index: in the job
 * @out: what its machine says
 * @blackout_us: for how long packets were held
 * @known_us: from then until it was known to be at the target
 * @bytes: of the image
 */
void spw_job_result(struct spw_job *job, u32 index, const struct spw_move_out *out,
		    u32 blackout_us, u32 known_us, u32 bytes)
{
	struct spw_job_entry *entry = &job->entries[index];

	entry->blackout_us = blackout_us;
	entry->known_us = known_us;
	entry->bytes = bytes;
	finish(job, entry, out->result, spw_job_reason(out->reason));
}

/**
 * spw_job_event() - tell listeners what became of a connection
 * @conn: it, a copy
 * @peer: target; under &spw_moves.lock
 * @out: what its machine says
 */
void spw_job_event(const struct spw_conn *conn, struct spw_peer *peer,
		   const struct spw_move_out *out)
{
	bool moved = out->result == SPW_MOVE_MOVED;

	spw_netlink_move_event(peer, conn, moved ? SPILLWAY_ROLE_MOVED : SPILLWAY_ROLE_LOCAL,
			       moved ? SPILLWAY_CONN_MOVED : SPILLWAY_CONN_STAYED,
			       spw_job_reason(out->reason));
}

/**
 * spw_job_arrived() - tell listeners that a connection came
 * @peer: from whom
 * @family: AF_INET or AF_INET6
 * @tuple: its name
 */
void spw_job_arrived(struct spw_peer *peer, u8 family, const struct spw_tuple *tuple)
{
	struct spw_conn *conn;

	rcu_read_lock();
	conn = spw_conntab_find(peer->spw, family, tuple);
	if (conn)
		spw_netlink_move_event(peer, conn, SPILLWAY_ROLE_ARRIVED,
				       SPILLWAY_CONN_ARRIVED, SPILLWAY_REASON_NONE);
	rcu_read_unlock();
}

/*
 * Of the three round trips of a move it is frozen for one: so many that who may be frozen
 * is there in time, and nobody waits for long after the target has kept room for it.
 */
static u32 at_once(const struct spw_peer *peer)
{
	u32 frozen = peer ? spw_pace_window(&peer->moving.pace) : 0;

	return clamp_t(u32, AT_ONCE_FROZEN * frozen, AT_ONCE_MIN, SPW_OFFERS_MAX);
}

/* Begins one; returns false where that has to wait. */
static bool begin_next(struct spw_job *job)
{
	struct spw_moves *moves = job->moves;
	struct spw_job_entry *entry = &job->entries[job->next];
	struct spw_peer *peer;
	struct spw_conn copy = {}, *conn;
	u8 reason = SPILLWAY_REASON_NONE;

	peer = xa_load(&moves->spw->peers, entry->peer_id);
	if (moves->nr_offers >= at_once(peer))
		return false;
	job->next++;
	spw_stat_inc(moves->spw->stats, SPILLWAY_STAT_MOVE_BEGUN);
	rcu_read_lock();
	conn = spw_conntab_get(moves->spw, entry->conn_id);
	if (conn)
		spw_conn_copy(&copy, conn);
	else
		reason = SPILLWAY_REASON_CONN_GONE;
	rcu_read_unlock();
	if (!reason && (!peer || !spw_moves_ready(peer)))
		reason = SPILLWAY_REASON_MOVE_DOWN;
	if (!reason && spw_offer_begin(job, job->next - 1, &copy, peer))
		reason = SPILLWAY_REASON_MOVE_MEMORY;
	if (reason)
		finish(job, entry, SPILLWAY_MOVE_STAYED, reason);
	return true;
}

/**
 * spw_jobs_go_on() - begin what may begin
 * @moves: moves, locked
 */
void spw_jobs_go_on(struct spw_moves *moves)
{
	struct spw_job *job;
	unsigned long id;

	xa_for_each(&moves->jobs, id, job)
		while (job->next < job->total)
			if (!begin_next(job))
				return;
}

static void cancel(struct spw_job *job)
{
	spw_offers_cancel(job->moves, job);
	while (job->next < job->total) {
		spw_stat_inc(job->moves->spw->stats, SPILLWAY_STAT_MOVE_BEGUN);
		finish(job, &job->entries[job->next++], SPILLWAY_MOVE_STAYED,
		       SPILLWAY_REASON_MOVE_CANCEL);
	}
}

/**
 * spw_job_cancel() - what can stay stays
 * @moves: moves, locked
 * @id: of the job
 *
 * Return: 0; -ENOENT; -EALREADY where it is over.
 */
int spw_job_cancel(struct spw_moves *moves, u32 id)
{
	struct spw_job *job = spw_job_get(moves, id);

	if (!job)
		return -ENOENT;
	if (job->ended)
		return -EALREADY;
	cancel(job);
	return 0;
}

/**
 * spw_jobs_end() - the device goes
 * @moves: moves, locked; no move is under way
 */
void spw_jobs_end(struct spw_moves *moves)
{
	struct spw_job *job;
	unsigned long id;

	xa_for_each(&moves->jobs, id, job)
		job_free(job);
}
