// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What applications say of their connections: session data that moves along, and how far
 * it is with a connection that they give away.
 *
 * Few of millions of connections have any, so it is kept beside the table of these, by
 * the id, and not in its entries. &spw_apps.lock guards all of it and is the innermost of
 * our mutexes: it is taken inside &spw_device.lock (the collector), &spw_moves.lock and
 * socket locks, and nothing of ours inside it. No memory of the application is touched
 * under it or under a socket lock, where that could be made to last: session data never
 * changes, and who reads it holds a reference.
 *
 * Nothing is stored for a connection that has ended: the collector takes the id out of
 * the table first and what is stored here afterwards, under the lock; a store looks for
 * the id under the same lock.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "app.h"
#include "conntab.h"
#include "device.h"
#include "image.h"

static_assert((int)SPILLWAY_SESSION_MAX == (int)SPW_IMAGE_SESSION_MAX);

/**
 * struct spw_app - what is known of one connection; under &spw_apps.lock
 * @session: its data, or NULL
 * @asked: the application gave it away, and it has not gone
 * @result: of that, &enum spillway_move_result
 * @reason: &enum spillway_reason
 */
struct spw_app {
	struct spw_session *session;
	bool asked;
	u8 result;
	u8 reason;
};

static struct spw_session *session_new(u32 len)
{
	struct spw_session *session;

	session = kvmalloc(struct_size(session, data, len),
			   GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!session)
		return NULL;
	refcount_set(&session->refs, 1);
	session->len = len;
	return session;
}

/**
 * spw_session_read() - session data out of an application's memory
 * @from: where
 * @len: 1..%SPILLWAY_SESSION_MAX
 *
 * Process context, without any lock. Charged to the caller's cgroup.
 *
 * Return: with a reference; -ENOMEM; -EFAULT.
 */
struct spw_session *spw_session_read(sockptr_t from, u32 len)
{
	struct spw_session *session = session_new(len);

	if (!session)
		return ERR_PTR(-ENOMEM);
	if (!copy_from_sockptr(session->data, from, len))
		return session;
	spw_session_put(session);
	return ERR_PTR(-EFAULT);
}

/**
 * spw_session_put() - drop a reference
 * @session: may be NULL
 */
void spw_session_put(struct spw_session *session)
{
	if (session && refcount_dec_and_test(&session->refs))
		kvfree(session);
}

static size_t cost_of(const struct spw_session *session)
{
	return session ? struct_size(session, data, session->len) : 0;
}

/* Room for more under session_kbytes? A limit that was lowered takes nothing away. */
static bool has_room(struct spw_device *spw, size_t less, size_t more)
{
	u64 limit = (u64)spw_setting_get(&spw->settings, SPW_SET_SESSION_KBYTES) << 10;

	return more <= less || spw->apps.bytes - less + more <= limit;
}

/* The record of a connection, made where there is none; NULL: ended, or an error. */
static struct spw_app *app_make(struct spw_device *spw, u64 id, int *err)
{
	struct spw_apps *apps = &spw->apps;
	struct spw_app *app;

	*err = -ENOENT;
	if (!xa_load(&spw->conns_by_id, id))
		return NULL;
	app = xa_load(&apps->by_id, id);
	if (app)
		return app;
	*err = -ENOBUFS;
	if (!has_room(spw, 0, sizeof(*app)))
		return NULL;
	*err = -ENOMEM;
	app = kzalloc(sizeof(*app), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!app)
		return NULL;
	if (xa_err(xa_store(&apps->by_id, id, app, GFP_KERNEL_ACCOUNT | __GFP_NOWARN))) {
		kfree(app);
		return NULL;
	}
	apps->bytes += sizeof(*app);
	return app;
}

static void app_free(struct spw_apps *apps, u64 id, struct spw_app *app)
{
	xa_erase(&apps->by_id, id);
	apps->bytes -= sizeof(*app) + cost_of(app->session);
	spw_session_put(app->session);
	kfree(app);
}

/* A record that says nothing is none. */
static void app_tidy(struct spw_apps *apps, u64 id, struct spw_app *app)
{
	if (!app->session && !app->asked)
		app_free(apps, id, app);
}

/**
 * spw_app_id() - the connection of an application's socket
 * @spw: device of its namespace
 * @sk: TCP socket, its lock held
 *
 * Return: its id; 0 where it is not tracked.
 */
u64 spw_app_id(struct spw_device *spw, const struct sock *sk)
{
	struct spw_conn *conn;
	u64 id;

	rcu_read_lock();
	conn = spw_conntab_of(spw, sk);
	id = conn ? conn->id : 0;
	rcu_read_unlock();
	return id;
}

static int set_session(struct spw_device *spw, u64 id, struct spw_session *session)
{
	struct spw_apps *apps = &spw->apps;
	struct spw_app *app;
	int err;

	if (!session && !xa_load(&apps->by_id, id))
		return xa_load(&spw->conns_by_id, id) ? 0 : -ENOENT;
	app = app_make(spw, id, &err);
	if (!app)
		return err;
	if (!has_room(spw, cost_of(app->session), cost_of(session))) {
		app_tidy(apps, id, app);
		return -ENOBUFS;
	}
	apps->bytes += cost_of(session);
	apps->bytes -= cost_of(app->session);
	spw_session_put(app->session);
	app->session = session;
	app_tidy(apps, id, app);
	return 0;
}

/**
 * spw_app_set_session() - store session data, in place of what there was
 * @spw: device
 * @id: of the connection
 * @session: whose reference is taken over if that succeeds; NULL clears
 *
 * Process context; under the socket's lock, so that the data belongs to one side of a
 * move or to the other.
 *
 * Return: 0; -ENOENT where the connection is not tracked (any more); -ENOBUFS where
 * session_kbytes are stored; -ENOMEM. Nothing has changed on error.
 */
int spw_app_set_session(struct spw_device *spw, u64 id, struct spw_session *session)
{
	int err;

	if (!id)
		return -ENOENT;
	mutex_lock(&spw->apps.lock);
	err = set_session(spw, id, session);
	mutex_unlock(&spw->apps.lock);
	return err;
}

/**
 * spw_app_session() - session data of a connection
 * @spw: device
 * @id: of the connection
 *
 * Return: with a reference, or NULL.
 */
struct spw_session *spw_app_session(struct spw_device *spw, u64 id)
{
	struct spw_session *session = NULL;
	struct spw_app *app;

	mutex_lock(&spw->apps.lock);
	app = xa_load(&spw->apps.by_id, id);
	if (app && app->session) {
		session = app->session;
		refcount_inc(&session->refs);
	}
	mutex_unlock(&spw->apps.lock);
	return session;
}

/**
 * spw_app_arrive() - session data that came with a connection
 * @spw: device
 * @sk: its socket, dormant still; in the table
 * @bytes: what the image has of it
 *
 * Return: as spw_app_set_session().
 */
int spw_app_arrive(struct spw_device *spw, const struct sock *sk,
		   const struct spw_image_bytes *bytes)
{
	struct spw_session *session;
	int err;

	if (!bytes->len)
		return 0;
	session = session_new(bytes->len);
	if (!session)
		return -ENOMEM;
	memcpy(session->data, bytes->data, bytes->len);
	err = spw_app_set_session(spw, spw_app_id(spw, sk), session);
	if (err)
		spw_session_put(session);
	return err;
}

/**
 * spw_app_ask() - an application gives its connection away
 * @spw: device
 * @id: of the connection
 *
 * Return: 0: spw_app_result() is to follow; -EALREADY where that is under way, or as
 * spw_app_set_session().
 */
int spw_app_ask(struct spw_device *spw, u64 id)
{
	struct spw_app *app;
	int err;

	mutex_lock(&spw->apps.lock);
	app = app_make(spw, id, &err);
	if (app && app->asked && app->result == SPILLWAY_MOVE_UNDER_WAY) {
		err = -EALREADY;
	} else if (app) {
		app->asked = true;
		app->result = SPILLWAY_MOVE_UNDER_WAY;
		app->reason = SPILLWAY_REASON_NONE;
		err = 0;
	}
	mutex_unlock(&spw->apps.lock);
	return err;
}

/**
 * spw_app_result() - what became of that
 * @spw: device
 * @id: of the connection
 * @result: &enum spillway_move_result
 * @reason: &enum spillway_reason
 */
void spw_app_result(struct spw_device *spw, u64 id, u8 result, u8 reason)
{
	struct spw_app *app;

	mutex_lock(&spw->apps.lock);
	app = xa_load(&spw->apps.by_id, id);
	if (app) {
		app->result = result;
		app->reason = reason;
	}
	mutex_unlock(&spw->apps.lock);
}

/**
 * spw_app_asked() - what became of it, so far
 * @spw: device
 * @id: of the connection
 * @result: receives &enum spillway_move_result
 * @reason: receives &enum spillway_reason
 *
 * Return: 0, or -ENODATA where it was never given away.
 */
int spw_app_asked(struct spw_device *spw, u64 id, u8 *result, u8 *reason)
{
	struct spw_app *app;
	int err = -ENODATA;

	mutex_lock(&spw->apps.lock);
	app = xa_load(&spw->apps.by_id, id);
	if (app && app->asked) {
		*result = app->result;
		*reason = app->reason;
		err = 0;
	}
	mutex_unlock(&spw->apps.lock);
	return err;
}

/**
 * spw_app_forget() - a connection has ended here, or has left
 * @spw: device
 * @id: of it
 */
void spw_app_forget(struct spw_device *spw, u64 id)
{
	struct spw_app *app;

	mutex_lock(&spw->apps.lock);
	app = xa_load(&spw->apps.by_id, id);
	if (app)
		app_free(&spw->apps, id, app);
	mutex_unlock(&spw->apps.lock);
}

/**
 * spw_apps_init() - nothing is stored
 * @spw: device that is not published yet
 */
void spw_apps_init(struct spw_device *spw)
{
	mutex_init(&spw->apps.lock);
	xa_init(&spw->apps.by_id);
}

/**
 * spw_apps_destroy() - free all
 * @spw: device that no call and no collector can reach any more
 */
void spw_apps_destroy(struct spw_device *spw)
{
	struct spw_app *app;
	unsigned long id;

	xa_for_each(&spw->apps.by_id, id, app)
		app_free(&spw->apps, id, app);
	xa_destroy(&spw->apps.by_id);
	mutex_destroy(&spw->apps.lock);
}
