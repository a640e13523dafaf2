// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Socket options of applications that know of us; see SPILLWAY_SO_SESSION.
 *
 * ip_setsockopt() and ipv6_setsockopt() ask netfilter for an option that they do not know
 * after they have dropped the socket's lock. Whatever touches the connection here takes
 * it again: while an endpoint is frozen a caller waits, and then meets a socket that has
 * left or goes on. The application's memory is read before that and written to after it,
 * without the lock and without a reference on the device, since an application can make
 * such an access last.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <linux/spillway.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "adopt.h"
#include "adopt_match.h"
#include "app.h"
#include "capture.h"
#include "device.h"
#include "gift.h"
#include "move.h"
#include "sockopt.h"

#define STATES	(TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 | TCPF_CLOSE_WAIT)

static unsigned int devices; /* of all namespaces; under RTNL */

/* Without a device in the socket's namespace all is as without the module. */
static bool is_for_us(const struct sock *sk)
{
	struct spw_device *spw;

	if (sk->sk_type != SOCK_STREAM || sk->sk_protocol != IPPROTO_TCP)
		return false;
	spw = spw_device_get(sock_net(sk));
	if (!spw)
		return false;
	dev_put(spw->dev);
	return true;
}

/**
 * struct caller - a socket that somebody asks about
 * @spw: its device, with a reference
 * @id: of its connection, never 0
 */
struct caller {
	struct spw_device *spw;
	u64 id;
};

/* Its lock is held on success, so that it stays what it is. */
static int caller_begin(struct caller *caller, struct sock *sk)
{
	int err = -ENOTCONN;

	caller->spw = spw_device_get(sock_net(sk));
	if (!caller->spw)
		return -ENOPROTOOPT;
	lock_sock(sk);
	if ((1 << sk->sk_state) & STATES) {
		caller->id = spw_app_id(caller->spw, sk);
		if (caller->id)
			return 0;
		err = -ENOENT;
	}
	release_sock(sk);
	dev_put(caller->spw->dev);
	return err;
}

static void caller_end(struct caller *caller, struct sock *sk)
{
	release_sock(sk);
	dev_put(caller->spw->dev);
}

static int set_session(struct sock *sk, sockptr_t arg, unsigned int len)
{
	struct spw_session *session = NULL;
	struct caller caller;
	int err;

	if (len > SPILLWAY_SESSION_MAX)
		return -EMSGSIZE;
	if (len)
		session = spw_session_read(arg, len);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = caller_begin(&caller, sk);
	if (!err) {
		err = spw_app_set_session(caller.spw, caller.id, session);
		caller_end(&caller, sk);
	}
	if (err)
		spw_session_put(session);
	return err;
}

static int get_session(struct sock *sk, void __user *user, int *len)
{
	struct spw_session *session;
	struct caller caller;
	int room = *len, err;

	err = caller_begin(&caller, sk);
	if (err)
		return err;
	session = spw_app_session(caller.spw, caller.id);
	caller_end(&caller, sk);
	*len = session ? session->len : 0;
	if (room && room < *len)
		err = -ERANGE;
	else if (room && *len && copy_to_user(user, session->data, *len))
		err = -EFAULT;
	spw_session_put(session);
	return err;
}

static int set_handoff(struct sock *sk, sockptr_t arg, unsigned int len)
{
	struct spillway_handoff handoff;
	struct caller caller;
	u8 refused;
	int err;

	if (len != sizeof(handoff))
		return -EINVAL;
	if (copy_from_sockptr(&handoff, arg, sizeof(handoff)))
		return -EFAULT;
	if (handoff.flags || handoff.peer[SPILLWAY_NAME_MAX])
		return -EINVAL;
	err = caller_begin(&caller, sk);
	if (err)
		return err;
	refused = spw_capture_refused(sk);
	/* The locks of moves are not taken inside the socket's. */
	dev_hold(caller.spw->dev);
	caller_end(&caller, sk);
	err = refused ? -EOPNOTSUPP :
			spw_gift_begin(caller.spw, caller.id, handoff.peer);
	dev_put(caller.spw->dev);
	return err;
}

static int get_handoff(struct sock *sk, void __user *user, int *len)
{
	struct spillway_handoff_state state;
	struct caller caller;
	u8 result, reason;
	int err;

	if (*len < (int)sizeof(state))
		return -EINVAL;
	err = caller_begin(&caller, sk);
	if (err)
		return err;
	err = spw_app_asked(caller.spw, caller.id, &result, &reason);
	caller_end(&caller, sk);
	if (err)
		return err;
	state.result = result;
	state.reason = reason;
	*len = sizeof(state);
	return copy_to_user(user, &state, sizeof(state)) ? -EFAULT : 0;
}

static int get_id(struct sock *sk, void __user *user, int *len)
{
	struct caller caller;
	u64 id;
	int err;

	if (*len < (int)sizeof(id))
		return -EINVAL;
	err = caller_begin(&caller, sk);
	if (err)
		return err;
	id = caller.id;
	caller_end(&caller, sk);
	*len = sizeof(id);
	return copy_to_user(user, &id, sizeof(id)) ? -EFAULT : 0;
}

/*
 * Whoever adopts gets a connection that another application had, with all that is in its
 * queues, and sends from an address that need not be this node's: what TCP_REPAIR allows.
 */
static int set_adopt(struct sock *sk, sockptr_t arg, unsigned int len)
{
	struct spillway_adopt want;
	struct spw_device *spw;
	int err;

	if (!ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (len != sizeof(want))
		return -EINVAL;
	if (copy_from_sockptr(&want, arg, sizeof(want)))
		return -EFAULT;
	err = spw_adopt_check(&want);
	if (err)
		return err;
	spw = spw_device_get(sock_net(sk));
	if (!spw)
		return -ENOPROTOOPT;
	lock_sock(sk);
	err = spw_adopt_wait(spw, sk, &want);
	release_sock(sk);
	dev_put(spw->dev);
	return err;
}

static int option_set(struct sock *sk, int option, sockptr_t arg, unsigned int len)
{
	if (!is_for_us(sk))
		return -ENOPROTOOPT;
	switch (option) {
	case SPILLWAY_SO_SESSION:
		return set_session(sk, arg, len);
	case SPILLWAY_SO_HANDOFF:
		return set_handoff(sk, arg, len);
	case SPILLWAY_SO_ADOPT:
		return set_adopt(sk, arg, len);
	default:
		return -ENOPROTOOPT;
	}
}

static int option_get(struct sock *sk, int option, void __user *user, int *len)
{
	if (!is_for_us(sk))
		return -ENOPROTOOPT;
	if (*len < 0)
		return -EINVAL;
	switch (option) {
	case SPILLWAY_SO_SESSION:
		return get_session(sk, user, len);
	case SPILLWAY_SO_HANDOFF:
		return get_handoff(sk, user, len);
	case SPILLWAY_SO_ID:
		return get_id(sk, user, len);
	default:
		return -ENOPROTOOPT;
	}
}

#define OPTIONS_OF(family) { \
	.pf = (family), \
	.set_optmin = SPILLWAY_SO_BASE, \
	.set_optmax = SPILLWAY_SO_END, \
	.set = option_set, \
	.get_optmin = SPILLWAY_SO_BASE, \
	.get_optmax = SPILLWAY_SO_END, \
	.get = option_get, \
	.owner = THIS_MODULE, \
}

static struct nf_sockopt_ops options4 = OPTIONS_OF(PF_INET);
static struct nf_sockopt_ops options6 = OPTIONS_OF(PF_INET6);

/**
 * spw_sockopt_register() - a device comes: with the first the options do
 *
 * Under RTNL.
 *
 * Return: 0, or -EBUSY where another module has these options.
 */
int spw_sockopt_register(void)
{
	int err;

	ASSERT_RTNL();
	if (devices) {
		devices++;
		return 0;
	}
	err = nf_register_sockopt(&options4);
	if (err)
		return err;
	err = nf_register_sockopt(&options6);
	if (err) {
		nf_unregister_sockopt(&options4);
		return err;
	}
	devices = 1;
	return 0;
}

/**
 * spw_sockopt_unregister() - a device goes: with the last the options do
 *
 * Under RTNL. Calls may go on; each holds the module.
 */
void spw_sockopt_unregister(void)
{
	ASSERT_RTNL();
	if (--devices)
		return;
	nf_unregister_sockopt(&options6);
	nf_unregister_sockopt(&options4);
}
