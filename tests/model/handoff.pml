// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The protocol of a move (kmod/move.c), by itself: an origin, a target, and the control
 * stream between them. A stream is reliable and in order but ends at any time; each side
 * notices when it does, until then what it sends is lost. Either node crashes once. MOVES
 * moves of one connection follow one another, BREAKS streams end.
 *
 * From any state on it may become calm: nothing more goes wrong, and the origin's last
 * resort, to end the connection in doubt, is not needed. All then has to come to rest.
 *
 * An image is followed by COMMIT once the target is ready, or goes with it in one message
 * (GIVE): both are in the model.
 *
 * BREAK_THAW, BREAK_TOMB, BREAK_LEASE and BREAK_GIVE make it wrong, and have to be found.
 */
#ifndef MOVES
#define MOVES 2
#endif
#ifndef BREAKS
#define BREAKS 3
#endif

/* messages */
mtype = { reserve, image, give, commit, abort, done, query, ended,
	  reserved, refused, ready, committed, gone };
/* states */
mtype = { idle, reserving, copying, freezing, frozen, committing, doubt, ending,
	  room, building, prepared, activating, living, tomb };
/* endpoints */
mtype = { none, dormant, held, alive, killed, reset, closed, crashed };
/* what a side thinks of the stream */
mtype = { talks, stale, silent };

chan to_target = [6] of { mtype, byte };
chan to_origin = [6] of { mtype, byte };

mtype origin = idle;		/* of the move that is under way */
mtype target = idle;
byte origin_id, target_id;	/* which that is */
mtype here = alive;		/* the origin's endpoint */
mtype there = none;		/* the target's */
mtype origin_view = talks, target_view = talks;
bool origin_reborn, target_reborn;	/* the other crashed, which is not heard yet */
bool origin_crashed, target_crashed;
bool moved_on;			/* the remote has heard the target's endpoint */
bool copies;			/* the remote's packets are sent on, and held as well */
bool calm;
byte breaks;

inline say_target(m, id)
{
	if
	:: origin_view == talks -> assert(nfull(to_target)); to_target!m(id)
	:: else
	fi
}

inline say_origin(m, id)
{
	if
	:: target_view == talks -> assert(nfull(to_origin)); to_origin!m(id)
	:: else
	fi
}

inline cut()
{
	do
	:: to_target?_, _
	:: to_origin?_, _
	:: empty(to_target) && empty(to_origin) -> break
	od;
	if
	:: origin_view == talks -> origin_view = stale
	:: else
	fi;
	if
	:: target_view == talks -> target_view = stale
	:: else
	fi
}

inline thaw()
{
	copies = false;
	if
	:: here == held -> here = alive
	:: else
	fi;
	origin = idle
}

inline destroy()
{
#ifndef BREAK_LEASE
	there = none;
#endif
	target = idle
}

#define undecided (origin == reserving || origin == copying || origin == freezing || \
		   origin == frozen)
#define decided (origin == committing || origin == doubt)
#define waiting (target == reserving || target == room || target == building || \
		 target == prepared)
#define lived (target == living || target == tomb)
#define works (target == reserving || target == building || target == activating)

inline origin_hears()
{
	to_origin?m, id;
	if
	:: id != origin_id || origin == idle ->
		if
		:: m == reserved || m == ready -> say_target(abort, id)
		:: m == committed -> say_target(done, id)
		:: else
		fi
	:: else ->
		if
		:: origin == reserving && m == reserved -> origin = copying
		:: origin == frozen && m == ready -> origin = committing; say_target(commit, id); copies = true
		:: undecided && (m == refused || m == gone) -> thaw()
		:: decided && m == committed ->
			here = killed; origin = idle; copies = false; say_target(done, id)
		:: decided && m == gone -> thaw()
		:: origin == ending && m == gone -> origin = idle
		:: else
		fi
	fi;
	m = idle; id = 0
}

inline target_hears()
{
	to_target?m, id;
	if
	:: id != target_id || target == idle ->
		if
		:: m == reserve && target == idle -> target = reserving; target_id = id
		:: m == reserve && target != idle -> say_origin(refused, id)
		:: m == image -> say_origin(refused, id)
		:: m == give || m == commit || m == query || m == ended -> say_origin(gone, id)
		:: else
		fi
	:: else ->
		if
		:: target == room && m == image -> target = building; there = dormant
		:: target == room && m == give -> target = activating; there = dormant
		:: target == prepared && m == commit -> target = activating
		:: waiting && m == abort -> destroy()
		:: waiting && target != prepared && m == commit -> destroy(); say_origin(gone, id)
		:: waiting && target != room && m == give -> destroy(); say_origin(gone, id)
		:: waiting && (m == query || m == ended) -> destroy(); say_origin(gone, id)
		:: target == activating && m == ended -> destroy(); say_origin(gone, id)
		:: lived && (m == query || m == commit || m == give) -> say_origin(committed, id)
		:: lived && m == ended ->
			if
			:: there == alive -> there = reset
			:: else
			fi;
			target = idle; say_origin(gone, id)
		:: lived && m == done -> target = idle
		:: else
		fi
	fi;
	m = idle; id = 0
}

inline origin_up()
{
	origin_view = talks;
	if
	:: undecided -> say_target(abort, origin_id); thaw()
	:: decided && origin_reborn && !moved_on -> thaw()
	:: decided && origin_reborn && moved_on -> here = reset; origin = idle; copies = false
	:: decided && !origin_reborn -> origin = doubt; say_target(query, origin_id)
	:: origin == ending && origin_reborn -> origin = idle
	:: origin == ending && !origin_reborn -> say_target(ended, origin_id)
	:: else
	fi;
	origin_reborn = false
}

inline target_up()
{
	target_view = talks;
	if
	:: waiting -> destroy()
	:: lived && target_reborn -> target = idle
	:: lived && !target_reborn -> say_origin(committed, target_id)
	:: else
	fi;
	target_reborn = false
}

inline crash_origin()
{
	cut();
	origin_crashed = true; target_reborn = true; origin_reborn = false;
	origin_view = silent; origin = idle; copies = false;
	if
	:: here == alive || here == held -> here = crashed
	:: else
	fi
}

inline crash_target()
{
	cut();
	target_crashed = true; origin_reborn = true; target_reborn = false;
	target_view = silent; target = idle;
	if
	:: there != none -> there = crashed
	:: else
	fi
}

#define rest (origin == idle && target == idle && here != held && there != dormant && \
	      empty(to_origin) && empty(to_target) && \
	      !(here == reset && there == alive && !origin_crashed))
#define no_owner (here != alive && here != held && here != closed && here != reset && \
		  there != alive && there != closed && !origin_crashed && !target_crashed)

active proctype nodes()
{
	mtype m = idle;
	byte id;

	do
	:: atomic { nempty(to_origin) && origin_view == talks -> origin_hears() }
	:: atomic { nempty(to_target) && target_view == talks -> target_hears() }

	/* the origin by itself */
	:: atomic { origin == idle && here == alive && origin_id < MOVES && !calm &&
		    origin_view == talks ->
		origin_id++; origin = reserving; say_target(reserve, origin_id) }
	:: atomic { origin == copying -> origin = freezing; here = held }
	:: atomic { origin == freezing -> origin = frozen; say_target(image, origin_id) }
	:: atomic { origin == freezing -> /* what is small, with COMMIT in one */
#ifdef BREAK_GIVE
		origin = frozen;
#else
		origin = committing;
#endif
		say_target(give, origin_id); copies = true }
	:: atomic { undecided -> /* a deadline, a failure, a cancellation */
		say_target(abort, origin_id); thaw() }
	:: atomic { decided && !calm -> /* the last resort */
#ifdef BREAK_THAW
		thaw()
#else
		here = reset; origin = ending; copies = false; say_target(ended, origin_id)
#endif
	   }
	:: atomic { here == alive && !calm -> here = closed;
		if
		:: undecided -> say_target(abort, origin_id); origin = idle
		:: else
		fi }

	/* the target by itself */
	:: atomic { target == reserving -> target = room; say_origin(reserved, target_id) }
	:: atomic { target == building -> target = prepared; say_origin(ready, target_id) }
	:: atomic { target == activating ->
		target = living; there = alive; moved_on = true;
		say_origin(committed, target_id) }
	:: atomic { target == activating -> destroy(); say_origin(gone, target_id) }
	:: atomic { waiting -> /* the lease, or a failure */
		destroy(); say_origin(refused, target_id) }
	:: atomic { there == alive && !calm -> there = closed;
		if
		:: target == living ->
#ifdef BREAK_TOMB
			target = idle
#else
			target = tomb
#endif
		:: else
		fi }

	/* the stream */
	:: atomic { breaks < BREAKS && !calm -> breaks++; cut() }
	:: atomic { origin_view == stale -> origin_view = silent;
		if
		:: undecided -> thaw()
		:: origin == committing -> origin = doubt; copies = false
		:: else
		fi }
	:: atomic { target_view == stale -> target_view = silent;
		if
		:: waiting -> destroy()
		:: else
		fi }
	:: atomic { origin_view == silent -> origin_up() }
	:: atomic { target_view == silent -> target_up() }
	:: atomic { !origin_crashed && !calm -> crash_origin() }
	:: atomic { !target_crashed && !calm -> crash_target() }
	:: atomic { !calm -> calm = true }

	:: atomic { timeout -> assert(rest); break }
	od
}

/* Never two, never none; and nothing that has ended goes on. */
active proctype watch()
{
end:	do
	:: atomic { here == alive && there == alive -> assert(false) }
	:: atomic { here == alive && there == closed -> assert(false) }
	:: atomic { no_owner -> assert(false) }
	:: atomic { copies && here != held && here != closed -> assert(false) }
	:: atomic { there == dormant && !waiting && target != activating -> assert(false) }
	od
}
