/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rekey: when a peer is dialled for new keys, which connection counts where both dial,
 * and the steps by which both ends take new keys into use. Pure: time and chance come
 * in as arguments, what is to be done goes out.
 *
 * New keys come with a new TLS connection, never from an old one: only a fresh
 * (EC)DHE gives forward secrecy, and with the old connection goes the secret from
 * which its keys were exported.
 *
 * The steps, D having dialled A:
 *
 *   D                          A
 *   HELLO ------------------>  receives with its new key from here on
 *   receives, then sends  <--  READY
 *   with its new keys
 *   READY ------------------>  sends with its new key
 *   old connection closed <--  DONE; old connection closed
 *
 * Nobody sends with a new key before the other has said that it receives with it.
 * Where an agreement ends half-way, each side may have gone over or not: the kernel
 * keeps all receive keys that the peer may still send with.
 *
 * Any node may dial. At a rotation the one with the lower id does, and the other only
 * where it has not come: two that dial at once are the exception. Then the dial of the
 * lower id counts, from the moment on that its HELLO is sent.
 */
#ifndef SPILLWAY_CTL_REKEY_H
#define SPILLWAY_CTL_REKEY_H

#include <stdbool.h>
#include <stdint.h>

#include "control_msg.h"

#define REKEY_PATIENCE_MS    10000 /* for a connection until its keys are in use */
#define REKEY_BACKOFF_MS     500   /* after the first failure, then doubled */
#define REKEY_BACKOFF_MAX_MS 30000
#define REKEY_AFTER_YOU_MS   1000 /* the higher id leaves the lower this much time */

/**
 * enum rekey_do - what a step asks for: bits, to be done in this order; if one fails,
 *	the connection is closed
 * @REKEY_INSTALL_RX: put the key to receive with into the kernel, under an id of ours
 * @REKEY_INSTALL_TX: put the key to send with into the kernel, under the peer's id
 * @REKEY_SEND_HELLO: send it
 * @REKEY_SEND_READY: send it
 * @REKEY_SEND_DONE: send it
 * @REKEY_ESTABLISHED: this connection takes the place of the one before
 */
enum rekey_do {
	REKEY_INSTALL_RX = 1 << 0,
	REKEY_INSTALL_TX = 1 << 1,
	REKEY_SEND_HELLO = 1 << 2,
	REKEY_SEND_READY = 1 << 3,
	REKEY_SEND_DONE = 1 << 4,
	REKEY_ESTABLISHED = 1 << 5,
};

enum rekey_phase {
	REKEY_WAIT_HELLO, /* A */
	REKEY_WAIT_READY, /* both */
	REKEY_WAIT_DONE,  /* D */
	REKEY_AGREED,
};

/**
 * struct rekey_epoch - the agreement on one connection
 * @dialled: by this node
 * @self: this node's id
 * @peer: the peer's id, as its key says
 * @phase: what is awaited
 * @epoch: number that the keys are derived with
 * @tx_id: id that the peer gave to the key that this node sends with
 */
struct rekey_epoch {
	bool dialled;
	uint16_t self;
	uint16_t peer;
	enum rekey_phase phase;
	uint64_t epoch;
	uint32_t tx_id;
};

/**
 * rekey_epoch_begin() - both ends are authenticated
 * @epoch: number, where this node dialled
 *
 * Return: what to do.
 */
unsigned int rekey_epoch_begin(struct rekey_epoch *e, bool dialled, uint16_t self, uint16_t peer,
			       uint64_t epoch);

/**
 * rekey_epoch_step() - a message came
 * @what: set to what to do, 0 for nothing
 *
 * Return: 0, -EPROTO for a message that is out of turn, -EXDEV for a HELLO that means
 * others than the two whose keys are pinned.
 */
int rekey_epoch_step(struct rekey_epoch *e, const struct control_msg *msg, unsigned int *what);

enum rekey_dial {
	REKEY_NO_DIAL,
	REKEY_DIALLING, /* not authenticated yet, or not greeted */
	REKEY_GREETED,  /* our HELLO is sent */
};

/**
 * struct rekey - the schedule of one peer; times in ms of one clock that counts through
 *	a suspension
 * @self: this node's id
 * @peer: the peer's id
 * @period: between two keys
 * @due: when this node dials
 * @dial: its own connection under way
 * @answering: a connection of the peer's is under way, and has said HELLO
 * @current: the connection of the present keys stands
 * @since: when keys were agreed last; 0 if never
 * @failures: since then
 */
struct rekey {
	uint16_t self;
	uint16_t peer;
	uint64_t period;
	uint64_t due;
	enum rekey_dial dial;
	bool answering;
	bool current;
	uint64_t since;
	unsigned int failures;
};

/* @chance: random, as everywhere here. */
void rekey_init(struct rekey *r, uint16_t self, uint16_t peer, uint64_t period, uint64_t now,
		uint32_t chance);

/* When to ask rekey_dial_now() again; UINT64_MAX: not before something else happens. */
uint64_t rekey_next(const struct rekey *r);

/* Whether to dial; it is then under way. */
bool rekey_dial_now(struct rekey *r, uint64_t now);

/* Our HELLO has been sent on it. */
void rekey_greeted(struct rekey *r);

/**
 * struct rekey_answer - what becomes of a HELLO
 * @take: go on with it; else close it
 * @drop_dial: close our own connection under way
 * @drop_answer: close the one that the peer greeted us on before
 */
struct rekey_answer {
	bool take;
	bool drop_dial;
	bool drop_answer;
};

/* A HELLO came; what is dropped by this needs no rekey_failed(). */
struct rekey_answer rekey_hello(struct rekey *r);

/* Keys are in use; the connection before can be closed. */
void rekey_established(struct rekey *r, uint64_t now);

/* A connection under way has ended: ours, or one that the peer had greeted us on. */
void rekey_failed(struct rekey *r, bool dialled, uint64_t now, uint32_t chance);

/* The connection of the present keys has ended, and was not replaced. */
void rekey_lost(struct rekey *r, uint64_t now, uint32_t chance);

/* The kernel does not have the keys that were agreed: others are needed soon. */
void rekey_missing(struct rekey *r, uint64_t now, uint32_t chance);

#endif /* SPILLWAY_CTL_REKEY_H */
