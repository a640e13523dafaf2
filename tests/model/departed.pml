// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * After a move (kmod/moves.c): the origin sends the remote's packets on for as long as
 * the target has the endpoint. It learns of the end by OVER, and where that was lost with
 * its stream, by asking STILL in the next. A stream is as in handoff.pml: reliable and in
 * order, but it ends at any time, and either end notices when it does. In each new one
 * both say HELLO with the life they live, and answer that.
 *
 * It begins when the target's endpoint is alive and DONE is under way. From any state on
 * it may become calm; all then has to come to rest.
 *
 * BREAK_STILL, BREAK_GUEST and BREAK_SOON make it wrong, and have to be found.
 */
#ifndef BREAKS
#define BREAKS 3
#endif

mtype = { none, hello, back, still, over, done, committed };
mtype = { talks, stale, silent };

chan to_target = [8] of { mtype, byte };
chan to_origin = [8] of { mtype, byte };

mtype origin_view = talks, target_view = talks;
bool origin_hello, target_hello;	/* to be said */
bool origin_back, target_back;		/* to be answered */
bool origin_met = true, target_met = true;
byte origin_life = 1, target_life = 1;
byte target_seen = 1;			/* the life that the origin knows */
bool ask;				/* the origin has to */
bool gate = true;			/* the origin sends on */
bool guest = true;			/* the target waits for DONE */
bool alive = true;			/* the endpoint */
bool over_due;				/* it ended, the origin is to be told */
bool calm;
byte breaks;

inline say_target(m, x)
{
	if
	:: origin_view == talks -> assert(nfull(to_target)); to_target!m(x)
	:: else
	fi
}

inline say_origin(m, x)
{
	if
	:: target_view == talks -> assert(nfull(to_origin)); to_origin!m(x)
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

/* Whoever asks for a connection at the origin finds it gone: it must be. */
inline open_gate()
{
	assert(!gate || !alive);
	gate = false
}

inline origin_hears()
{
	to_origin?m, x;
	if
	:: m == hello || m == back ->
		if
		:: m == hello -> origin_back = true
		:: else
		fi;
		if
		:: x != target_seen -> target_seen = x; open_gate()
		:: else
		fi;
#ifndef BREAK_STILL
		if
		:: m == hello || !origin_met -> ask = true
		:: else
		fi;
#endif
		origin_met = true
	:: m == over -> open_gate()
	:: m == committed -> say_target(done, 0)
	:: else
	fi;
	m = none; x = 0
}

inline target_hears()
{
	to_target?m, x;
	if
	:: m == hello || m == back ->
		if
		:: m == hello -> target_back = true
		:: else
		fi;
		if
		:: (m == hello || !target_met) && guest -> say_origin(committed, 0)
		:: else
		fi;
		target_met = true
	:: m == done -> guest = false
	:: m == still ->
		if
#ifdef BREAK_GUEST
		:: guest
#endif
#ifdef BREAK_SOON
		:: true -> say_origin(over, 0)
#endif
		:: !alive -> say_origin(over, 0)
		:: else
		fi
	:: else
	fi;
	m = none; x = 0
}

inline crash_origin()
{
	cut();
	origin_life++; origin_view = silent;
	origin_hello = true; origin_back = false; origin_met = false;
	ask = false; gate = false; target_seen = 0
}

inline crash_target()
{
	cut();
	target_life++; target_view = silent;
	target_hello = true; target_back = false; target_met = false;
	guest = false; alive = false; over_due = false
}

#define rest (empty(to_origin) && empty(to_target) && !guest && !over_due && \
	      gate == (alive && origin_life == 1))

active proctype nodes()
{
	mtype m = none;
	byte x;

	to_target!done(0);
	do
	:: atomic { nempty(to_origin) && origin_view == talks -> origin_hears() }
	:: atomic { nempty(to_target) && target_view == talks -> target_hears() }

	/* what is to be said, once there is a stream */
	:: atomic { origin_hello && origin_view == talks ->
		say_target(hello, origin_life); origin_hello = false }
	:: atomic { origin_back && origin_view == talks ->
		say_target(back, origin_life); origin_back = false }
	:: atomic { target_hello && target_view == talks ->
		say_origin(hello, target_life); target_hello = false }
	:: atomic { target_back && target_view == talks ->
		say_origin(back, target_life); target_back = false }
	:: atomic { ask && origin_view == talks ->
		if
		:: gate -> say_target(still, 0)
		:: else
		fi;
		ask = false }

	/* the endpoint ends; that is seen later, and said once */
	:: atomic { alive && !calm -> alive = false; over_due = true }
	:: atomic { over_due -> over_due = false; say_origin(over, 0) }

	/* the stream */
	:: atomic { breaks < BREAKS && !calm -> breaks++; cut() }
	:: atomic { origin_view == stale -> origin_view = silent;
		origin_met = false; origin_hello = true; origin_back = false; ask = false }
	:: atomic { target_view == stale -> target_view = silent;
		target_met = false; target_hello = true; target_back = false }
	:: atomic { origin_view == silent -> origin_view = talks }
	:: atomic { target_view == silent -> target_view = talks }
	:: atomic { origin_life == 1 && !calm -> crash_origin() }
	:: atomic { target_life == 1 && !calm -> crash_target() }
	:: atomic { !calm -> calm = true }

	:: atomic { timeout -> assert(rest); break }
	od
}
