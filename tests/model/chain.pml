// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection that moved twice comes to take one hop (kmod/shorten.c). Node 1 has its
 * address and gave it to 2, which gave it to 3; these two may give it to one another again.
 * Whichever of them is in the middle asks to be left out. Whoever of the three sends
 * packets on, they have to come to where the endpoint is, in every state, until it has
 * ended or node 2, on the way, has crashed; and then nothing may be left.
 *
 * A stream is as in departed.pml, but that its end is noticed at once: one direction loses
 * all that is under way, and both ask STILL in the next. What a move itself says is not
 * lost for good, as handoff.pml shows; here it is heard at once then, or comes to nothing.
 *
 * BREAK_FIRST, BREAK_DOUBT, BREAK_QUESTION, BREAK_OVER and BREAK_KEY make it wrong, and
 * have to be found.
 */
#ifndef BREAKS
#define BREAKS 1
#endif
#ifndef MOVES
#define MOVES 2
#endif
#define QUESTIONS 3

mtype = { hello, back, still, led, over, follow, follows, went_on, shorter, stays };
mtype = { give, took, done };
mtype = { nothing, own, forward };
mtype = { idle, asked, doubt };

/* by 3 * (from - 1) + (to - 1): kind, id of a move of its origin, question, other move */
chan way[9] = [8] of { mtype, byte, byte, byte };

#define WAY(a, b) way[3 * ((a) - 1) + ((b) - 1)]
#define OTHER(n) (5 - (n))

bool gate1 = true;		/* node 1 sends on */
byte peer1 = 2;			/* to whom, ... */
byte id1 = 1;			/* by which move, ... */
byte last1 = 1;			/* id of its last move */
byte old1;			/* and by which before that */
byte owner = 3;
bool alive = true;
bool lost;			/* node 2 crashed while it was on the way */
bool crashed, begun;
bool calm;
byte breaks, moves, last_id = 2;

/* of nodes 2 and 3 */
mtype gate[4] = nothing, state[4] = idle;
byte from[4], from_id[4];	/* whom it came from, and by which of that node's moves */
byte id[4];			/* of the move by which it went to the other */
byte first[4];			/* by which of node 1's moves that may send here, or 0 */
bool is_over[4], busy[4];
byte question[4], asks[4];
byte detour[4];			/* id of the move by which it came back, until that is done */

inline say(a, b, m, i, q, o)
{
	assert(nfull(WAY(a, b)));
	WAY(a, b)!m(i, q, o)
}

inline forget(n)
{
	gate[n] = nothing; from[n] = 0; from_id[n] = 0; id[n] = 0; first[n] = 0;
	is_over[n] = false; state[n] = idle; question[n] = 0; asks[n] = 0
}

inline free(n)
{
	if
	:: from[n] -> say(n, from[n], over, from_id[n], 0, 0)
	:: else
	fi;
	forget(n)
}

inline ask(n)
{
	if
	:: state[n] == doubt || state[n] == asked && m == follows ->
		state[n] = doubt;
		question[n] = question[n] % QUESTIONS + 1;
		say(n, 1, went_on, from_id[n], question[n], id[n])
	:: else ->
		state[n] = asked;
		question[n] = question[n] % QUESTIONS + 1;
		say(n, OTHER(n), follow, id[n], question[n], from_id[n])
	fi
}

#define MIDDLE(n) (gate[n] == forward && !busy[n] && !is_over[n] && from[n] == 1)

inline left(n)
{
	busy[n] = false; gate[n] = forward; id[n] = i; is_over[n] = false;
	state[n] = idle; asks[n] = 0
}

inline is_done(n)
{
	if
	:: detour[n] -> say(n, OTHER(n), over, detour[n], 0, 0); detour[n] = 0
	:: else
	fi
}

inline arrives(n, i)
{
	if
#ifdef BREAK_DOUBT
	:: gate[n] != own ->
#else
	:: gate[n] != own && (state[n] != doubt || is_over[n]) ->
#endif
		owner = n; gate[n] = own;
#ifdef BREAK_OVER
		detour[n] = (from[n] == 1 -> i : 0);
#else
		detour[n] = (from[n] == 1 && !is_over[n] -> i : 0);
#endif
		is_over[n] = false; id[n] = 0; state[n] = idle; asks[n] = 0;
		if
		:: !detour[n] -> from[n] = OTHER(n); from_id[n] = i
		:: else
		fi;
		say(n, OTHER(n), took, i, 0, 0)
	:: else -> busy[OTHER(n)] = false
	fi
}

inline knows(n, a, i, o)
{
	if
	:: gate[n] != nothing && from[n] == a && from_id[n] == i
#ifndef BREAK_FIRST
	:: gate[n] != nothing && !(from[n] == a && from_id[n] == i) && a == 1 &&
	   first[n] && first[n] == o ->
		if
		:: from[n] -> say(n, from[n], over, from_id[n], 0, 0)
		:: else
		fi;
		from[n] = 1; from_id[n] = i; first[n] = 0; state[n] = idle; asks[n] = 0
#endif
	:: else -> say(n, a, over, i, 0, 0)
	fi
}

/* Asked in a new stream, and when it is sent there first. */
inline ask_still(a, b)
{
	if
	:: a == 1 && gate1 && peer1 == b && old1 -> say(1, b, led, id1, 0, old1)
	:: a == 1 && gate1 && peer1 == b && !old1 -> say(1, b, still, id1, 0, 0)
	:: a > 1 && b > 1 && gate[a] == forward && !busy[a] -> say(a, b, still, id[a], 0, 0)
	:: else
	fi
}

inline send_there(a)
{
	peer1 = OTHER(a);
	old1 = id1;
#ifndef BREAK_KEY
	last1++; id1 = last1;
#endif
	ask_still(1, peer1)
}

inline node1_hears(a)
{
	WAY(a, 1)?m, i, q, o;
	if
	:: m == hello -> say(1, a, back, 0, 0, 0); ask_still(1, a)
	:: m == back -> ask_still(1, a)
	:: m == over && gate1 && peer1 == a && id1 == i ->
		assert(!alive || lost);
		gate1 = false
	:: m == went_on ->
		if
		:: gate1 && peer1 == a && id1 == i && !calm -> say(1, a, stays, i, q, o)
		:: gate1 && peer1 == a && id1 == i ->
			send_there(a); say(1, a, shorter, i, q, o)
		:: !(gate1 && peer1 == a && id1 == i) -> say(1, a, shorter, i, q, o)
		fi
	:: else
	fi;
	m = hello; i = 0; q = 0; o = 0
}

inline hears(n, a)
{
	WAY(a, n)?m, i, q, o;
	if
	:: m == hello -> say(n, a, back, 0, 0, 0); ask_still(n, a)
	:: m == back -> ask_still(n, a)
	:: m == still || m == led -> knows(n, a, i, o)
	:: m == over && gate[n] == forward && !busy[n] && id[n] == i && a > 1 ->
		is_over[n] = true
	:: m == follow && gate[n] == own && !busy[n] && from[n] == a && from_id[n] == i ->
		if
		:: first[n] = o; say(n, a, follows, i, q, o)
		:: !calm
		fi
	:: m == follows && MIDDLE(n) && id[n] == i && state[n] == asked && question[n] == q &&
	   from_id[n] == o ->
		ask(n)
	:: m == shorter && state[n] == doubt && id[n] == o && from_id[n] == i ->
		state[n] = idle; is_over[n] = true
#ifdef BREAK_QUESTION
	:: m == stays && state[n] == doubt && id[n] == o && from_id[n] == i ->
#else
	:: m == stays && state[n] == doubt && id[n] == o && from_id[n] == i &&
	   question[n] == q ->
#endif
		state[n] = idle
	:: m == give -> arrives(n, i)
	:: m == took -> left(n); say(n, a, done, 0, 0, 0)
	:: m == done -> is_done(n)
	:: else
	fi;
	m = hello; i = 0; q = 0; o = 0
}

/* All that is under way in one direction is lost. */
inline cut(a, b)
{
	do
	:: WAY(a, b)?m, i, q, o ->
		if
		:: m == give -> busy[a] = false
		:: m == took && !crashed -> left(b); redo = true
		:: m == done && !crashed -> redo = true
		:: else
		fi
	:: empty(WAY(a, b)) -> break
	od;
	m = hello; i = 0; q = 0; o = 0
}

inline break_stream(a, b)
{
	redo = false;
	cut(a, b);
	if
	:: redo -> is_done(a); is_done(b)
	:: else
	fi;
	redo = false;
	say(a, b, hello, 0, 0, 0)
}

#define THERE(n) (owner == (n))
#define ON(n) (gate[n] == forward || busy[n])
#define REACHED(n) (THERE(n) || (ON(n) && THERE(OTHER(n))))
#define ROUTED (gate1 && REACHED(peer1))

inline crash()
{
	crashed = true;
	moves = MOVES;
	if
	:: owner == 2 -> alive = false; lost = true
	:: else
	fi;
	if
	:: peer1 == 2 -> lost = true; gate1 = false
	:: else
	fi;
	cut(1, 2); cut(2, 1); cut(3, 2); cut(2, 3);
	forget(2); busy[2] = false; busy[3] = false; detour[2] = 0; detour[3] = 0;
	/* What went to its last life is dead. */
	if
	:: gate[3] == forward -> free(3)
	:: gate[3] == own && owner != 3 -> free(3)
	:: else
	fi;
	if
	:: from[3] == 2 -> from_id[3] = 99
	:: else
	fi;
	say(2, 1, hello, 0, 0, 0);
	say(2, 3, hello, 0, 0, 0)
}

#define quiet (empty(way[1]) && empty(way[2]) && empty(way[3]) && empty(way[5]) && \
	       empty(way[6]) && empty(way[7]))
#define rest (!gate1 && gate[2] == nothing && gate[3] == nothing && !busy[2] && !busy[3])

active proctype nodes()
{
	mtype m = hello;
	byte i, q, o;
	bool redo;

	atomic {
		gate[2] = forward; from[2] = 1; from_id[2] = 1; id[2] = 2;
		gate[3] = own; from[3] = 2; from_id[3] = 2;
		begun = true
	};
	do
	:: atomic { nempty(WAY(2, 1)) -> node1_hears(2) }
	:: atomic { nempty(WAY(3, 1)) -> node1_hears(3) }
	:: atomic { nempty(WAY(1, 2)) -> hears(2, 1) }
	:: atomic { nempty(WAY(3, 2)) -> hears(2, 3) }
	:: atomic { nempty(WAY(1, 3)) -> hears(3, 1) }
	:: atomic { nempty(WAY(2, 3)) -> hears(3, 2) }

	/* the middle one asks, and asks again, a few times where it has not to */
	:: atomic { MIDDLE(2) && asks[2] < 2 -> asks[2]++; ask(2) }
	:: atomic { MIDDLE(3) && asks[3] < 2 -> asks[3]++; ask(3) }
	:: atomic { gate[2] == forward && !busy[2] && !is_over[2] && state[2] == doubt && quiet -> ask(2) }
	:: atomic { gate[3] == forward && !busy[3] && !is_over[3] && state[3] == doubt && quiet -> ask(3) }

	/* the connection moves */
	:: atomic { alive && owner == 3 && gate[3] == own && !busy[3] && moves < MOVES && !calm ->
		moves++; last_id++; busy[3] = true; say(3, 2, give, last_id, 0, 0) }
	:: atomic { alive && owner == 2 && gate[2] == own && !busy[2] && moves < MOVES && !calm ->
		moves++; last_id++; busy[2] = true; say(2, 3, give, last_id, 0, 0) }

	/* it ends; what is over is seen later */
	:: atomic { alive && !busy[2] && !busy[3] -> alive = false }
	:: atomic { is_over[2] && !busy[2] -> free(2) }
	:: atomic { is_over[3] && !busy[3] -> free(3) }
	:: atomic { !alive && gate[2] == own && !busy[2] -> free(2) }
	:: atomic { !alive && gate[3] == own && !busy[3] -> free(3) }

	:: atomic { breaks < BREAKS && !calm ->
		breaks++;
		if
		:: break_stream(1, 2)
		:: break_stream(2, 1)
		:: break_stream(2, 3)
		:: break_stream(3, 2)
		:: break_stream(1, 3)
		:: break_stream(3, 1)
		fi }
	:: atomic { !crashed && !calm -> crash() }
	:: atomic { !calm -> calm = true }

	:: atomic { timeout -> assert(rest); break }
	od
}

/* Where the packets go, in each state. */
active proctype remote()
{
end:	atomic { begun && alive && !lost && !ROUTED -> assert(false) }
}
