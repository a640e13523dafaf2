/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: many moves that were asked for at one time. */
#ifndef _SPW_JOB_H
#define _SPW_JOB_H

#include <linux/spillway.h>
#include <linux/types.h>

struct spw_conn;
struct spw_device;
struct spw_move;
struct spw_move_out;
struct spw_moves;
struct spw_peer;
struct spw_tuple;

/**
 * struct spw_job_entry - one move of a job
 * @conn_id: connection
 * @peer_id: target
 * @result: &enum spillway_move_result
 * @reason: &enum spillway_reason
 * @blackout_us: for how long its packets were held
 * @known_us: from then until it was known to be at the target
 * @bytes: of its image
 */
struct spw_job_entry {
	u64 conn_id;
	u16 peer_id;
	u8 result;
	u8 reason;
	u32 blackout_us;
	u32 known_us;
	u32 bytes;
};

/**
 * struct spw_job - a job; under &spw_moves.lock
 * @moves: of the device
 * @id: never given twice while the device lives
 * @flags: &enum spillway_job_flags
 * @begun: ktime (ns)
 * @ended: ktime (ns), 0 while it goes on
 * @next: first entry that has not begun
 * @total: entries
 * @count: of them by &enum spillway_move_result; of those under way nothing
 * @entries: of it
 */
struct spw_job {
	struct spw_moves *moves;
	u32 id;
	u32 flags;
	u64 begun;
	u64 ended;
	u32 next;
	u32 total;
	u32 count[__SPILLWAY_MOVE_RESULT_MAX];
	struct spw_job_entry entries[];
};

static inline u32 spw_job_flags(const struct spw_job *job)
{
	return job->flags;
}

u8 spw_job_reason(u8 because);
void spw_job_count(struct spw_device *spw, u8 result);
int spw_job_begin(struct spw_moves *moves, const struct spw_move *entries, u32 n,
		  u32 flags, u32 *id);
int spw_job_cancel(struct spw_moves *moves, u32 id);
struct spw_job *spw_job_get(struct spw_moves *moves, u32 id);
void spw_jobs_go_on(struct spw_moves *moves);
void spw_jobs_end(struct spw_moves *moves);
void spw_job_result(struct spw_job *job, u32 index, const struct spw_move_out *out,
		    u32 blackout_us, u32 known_us, u32 bytes);
void spw_job_event(const struct spw_conn *conn, struct spw_peer *peer,
		   const struct spw_move_out *out);
void spw_job_arrived(struct spw_peer *peer, u8 family, const struct spw_tuple *tuple);

#endif /* _SPW_JOB_H */
