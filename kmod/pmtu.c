// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How large a datagram the path to a peer takes: datagram packetization layer path
 * MTU discovery, RFC 8899. Pure: compiled for user space too, where it is unit-tested.
 *
 *   disabled --peer is up--> base --reply--> searching --nothing left--> complete
 *                            | ^                ^                         |  |
 *                            | '--- the size in use is lost (black hole) -|--'
 *                            v                  '---- raise timer, or a --'
 *                          error                      greater bound
 *
 * The kernel's routing sets the upper bound: the device's MTU, or what an ICMP message
 * said. A router that says nothing is found out by probes. First the bound itself is
 * tried, which is right nearly everywhere; then MTUs that are in use somewhere, halving
 * their list each time, then the sizes between two of them, until no more than one part
 * in 64 is left to be won. So a search has few steps, whatever the peer answers.
 *
 * While data flows, the size in use is confirmed five times a second. Where a few of
 * these are lost in a row, the base size is used at once, and the search begins again.
 * If the base size is carried, that was a black hole; by chance it costs two round trips
 * at the base size. A peer that is silent altogether is no matter of size.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "pmtu.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* A peer's probes are answered 200 times a second, 16 at once. */
#define ANSWER_NS	5000000ULL
#define ANSWER_BURST_NS	(16 * ANSWER_NS)

/* RFC 1191 section 7.1, and what tunnels, PPPoE and clouds have made of it since. */
static const __u16 plausible[] = {
	1006, 1280, 1300, 1320, 1340, 1358, 1376, 1392, 1400, 1412, 1420, 1430,
	1440, 1450, 1460, 1472, 1480, 1492, 1500, 2002, 2304, 4352, 4464, 8166,
	8500, 8896, 8951, 9000, 9180, 9216, 16384, 17914, 32000,
};

static __u16 least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

static __u16 base(const struct spw_pmtu *p)
{
	return least(p->six ? SPW_PMTU_BASE6 : SPW_PMTU_BASE4, p->bound);
}

static void probe_nothing(struct spw_pmtu *p, __u64 deadline)
{
	p->probing = 0;
	p->tries = 0;
	p->deadline = deadline;
}

static void begin(struct spw_pmtu *p, enum spw_pmtu_state state, __u64 now)
{
	p->state = state;
	p->failed = 0;
	probe_nothing(p, now);
}

/**
 * spw_pmtu_start() - a path that nothing is known of
 * @p: any state; zeroed before its first use
 * @six: outer packets are IPv6
 * @bound: largest packet that the routing allows
 * @now: ns
 */
void spw_pmtu_start(struct spw_pmtu *p, bool six, __u32 bound, __u64 now)
{
	p->six = six;
	p->bound = least(bound, SPW_PMTU_MAX);
	p->size = base(p);
	p->first_id = p->next_id;
	p->confirm_at = now;
	p->fell = 0;
	begin(p, SPW_PMTU_BASE, now);
}

/**
 * spw_pmtu_stop() - the peer is not there
 * @p: any state
 */
void spw_pmtu_stop(struct spw_pmtu *p)
{
	p->state = SPW_PMTU_DISABLED;
	p->size = p->six ? SPW_PMTU_BASE6 : SPW_PMTU_BASE4;
}

/**
 * spw_pmtu_set_bound() - what the routing allows
 * @p: started
 * @bound: largest packet
 * @now: ns
 *
 * Less is believed at once (RFC 8899 section 4.6.2: what the kernel has validated);
 * more is only a reason to search again.
 */
void spw_pmtu_set_bound(struct spw_pmtu *p, __u32 bound, __u64 now)
{
	bool more = bound > p->bound;

	if (p->state == SPW_PMTU_DISABLED || bound == p->bound)
		return;
	p->bound = least(bound, SPW_PMTU_MAX);
	if (p->size > p->bound) {
		p->size = p->bound;
		p->confirm_at = now;
	}
	if (p->failed > p->bound)
		p->failed = 0;
	if (more && (p->state == SPW_PMTU_SEARCHING ||
		     p->state == SPW_PMTU_COMPLETE))
		begin(p, SPW_PMTU_SEARCHING, now);
	else if (p->probing > p->bound)
		probe_nothing(p, now);
}

/* The next size to be tried, or 0 where there is nothing left to be won. */
static __u16 next_size(const struct spw_pmtu *p)
{
	__u32 i, first = COUNT(plausible), n = 0;

	if (!p->failed)
		return p->bound > p->size ? p->bound : 0;
	for (i = 0; i < COUNT(plausible); i++) {
		if (plausible[i] <= p->size || plausible[i] >= p->failed)
			continue;
		if (!n++)
			first = i;
	}
	if (n)
		return plausible[first + n / 2];
	return p->failed > p->size + (p->size >> 6) ?
	       ((__u32)p->size + p->failed) / 2 : 0;
}

static void choose_base(struct spw_pmtu *p)
{
	p->probing = base(p);
}

/* Between two sizes, the one in use may have to be confirmed. */
static void choose_search(struct spw_pmtu *p, const struct spw_pmtu_now *now)
{
	if (now->now >= p->confirm_at && now->flows) {
		p->probing = p->size;
		return;
	}
	p->probing = next_size(p);
	if (p->probing)
		return;
	p->state = SPW_PMTU_COMPLETE;
	p->raise_at = now->now + now->raise;
}

static void choose_complete(struct spw_pmtu *p, const struct spw_pmtu_now *now)
{
	if (now->now >= p->raise_at && p->size < p->bound) {
		begin(p, SPW_PMTU_SEARCHING, now->now);
		choose_search(p, now);
	} else if (now->now >= p->confirm_at && now->flows) {
		p->probing = p->size;
	}
}

static void choose(struct spw_pmtu *p, const struct spw_pmtu_now *now)
{
	switch (p->state) {
	case SPW_PMTU_BASE:
	case SPW_PMTU_ERROR:
		choose_base(p);
		break;
	case SPW_PMTU_SEARCHING:
		choose_search(p, now);
		break;
	case SPW_PMTU_COMPLETE:
		choose_complete(p, now);
		break;
	}
}

/* What worked is carried no longer: RFC 8899 section 4.3. */
static void fall(struct spw_pmtu *p, __u64 now)
{
	p->fell = p->size > base(p) ? p->size : 0;
	p->size = base(p);
	begin(p, SPW_PMTU_BASE, now);
}

static void base_failed(struct spw_pmtu *p, const struct spw_pmtu_now *now)
{
	if (now->echoed <= p->since) {
		/* What is smaller is not carried either, as far as is known. */
		p->tries = 0;
		p->deadline = now->now + SPW_PMTU_CONFIRM_NS;
		return;
	}
	p->state = SPW_PMTU_ERROR;
	p->size = p->six ? base(p) : least(SPW_PMTU_MIN4, p->bound);
	probe_nothing(p, now->now + SPW_PMTU_RETRY_NS);
}

static void give_up(struct spw_pmtu *p, const struct spw_pmtu_now *now)
{
	switch (p->state) {
	case SPW_PMTU_BASE:
		base_failed(p, now);
		break;
	case SPW_PMTU_ERROR:
		probe_nothing(p, now->now + SPW_PMTU_RETRY_NS);
		break;
	default:
		if (p->probing <= p->size) {
			fall(p, now->now);
			break;
		}
		p->failed = p->probing;
		probe_nothing(p, now->now);
	}
}

static bool all_lost(const struct spw_pmtu *p)
{
	bool known = p->state != SPW_PMTU_ERROR && p->probing <= p->size;

	return p->probing && p->tries >= (known ? SPW_PMTU_PROBES_CONFIRM :
						  SPW_PMTU_PROBES);
}

static void issue(struct spw_pmtu *p, struct spw_pmtu_probe *probe)
{
	probe->id = p->next_id++;
	probe->size = p->probing;
	p->sent[probe->id % SPW_PMTU_IDS] = p->probing;
	p->tries++;
}

/**
 * spw_pmtu_step() - do what is due
 * @p: any state
 * @now: time and what it depends on
 * @probe: receives a probe to be sent
 *
 * Return: true where @probe is to be sent. &spw_pmtu.deadline says when to come again,
 * unless something else happens first.
 */
bool spw_pmtu_step(struct spw_pmtu *p, const struct spw_pmtu_now *now,
		   struct spw_pmtu_probe *probe)
{
	if (p->state == SPW_PMTU_DISABLED || now->now < p->deadline)
		return false;
	if (all_lost(p)) {
		give_up(p, now);
		if (now->now < p->deadline)
			return false;
	}
	if (!p->probing) {
		choose(p, now);
		p->since = now->now;
	}
	if (!p->probing) {
		p->deadline = now->now + SPW_PMTU_CONFIRM_NS;
		return false;
	}
	issue(p, probe);
	p->deadline = now->now + now->timer;
	return true;
}

/* A size that was carried, at least up to @size. */
static void carried(struct spw_pmtu *p, __u16 size, __u64 now)
{
	if (size >= p->size)
		p->confirm_at = now + SPW_PMTU_CONFIRM_NS;
	if ((p->state == SPW_PMTU_BASE || p->state == SPW_PMTU_ERROR) &&
	    size >= base(p)) {
		p->black_holes += size < p->fell;
		p->fell = 0;
		p->size = size;
		begin(p, SPW_PMTU_SEARCHING, now);
		return;
	}
	if (size > p->size)
		p->size = size;
	if (p->failed && p->failed <= size)
		p->failed = 0;
	if (p->probing && size >= p->probing)
		probe_nothing(p, p->state == SPW_PMTU_COMPLETE ?
				 now + SPW_PMTU_CONFIRM_NS : now);
}

/**
 * spw_pmtu_reply() - a probe was answered
 * @p: any state
 * @probe: what the reply echoes
 * @now: ns
 *
 * A reply that comes late proves the size as well as one in time.
 *
 * Return: 0, or -ENOENT where it answers no probe of this path, or one that was
 * answered before.
 */
int spw_pmtu_reply(struct spw_pmtu *p, const struct spw_pmtu_probe *probe,
		   __u64 now)
{
	__u32 age = p->next_id - 1 - probe->id, sent = p->next_id - p->first_id;
	__u16 *size = &p->sent[probe->id % SPW_PMTU_IDS];

	if (p->state == SPW_PMTU_DISABLED || age >= SPW_PMTU_IDS || age >= sent ||
	    !*size || *size != probe->size)
		return -ENOENT;
	*size = 0;
	if (probe->size <= p->bound)
		carried(p, probe->size, now);
	return 0;
}

/**
 * spw_pmtu_lost() - datagrams with data were lost
 * @p: any state
 * @size: of the largest outer packet among them
 * @now: ns
 *
 * Congestion loses them as well, so this only makes the size in use be confirmed now.
 */
void spw_pmtu_lost(struct spw_pmtu *p, __u32 size, __u64 now)
{
	if (p->state != SPW_PMTU_COMPLETE || p->probing || size <= base(p))
		return;
	p->confirm_at = now;
	p->deadline = now;
}

/**
 * spw_pmtu_timer() - how long to wait for a reply
 * @srtt_us: smoothed round-trip time, 0 if unknown
 *
 * Return: ns.
 */
__u64 spw_pmtu_timer(__u32 srtt_us)
{
	__u64 ns = 3000ULL * srtt_us;

	if (!srtt_us || ns > SPW_PMTU_TIMER_NS)
		return SPW_PMTU_TIMER_NS;
	return ns < SPW_PMTU_TIMER_MIN_NS ? SPW_PMTU_TIMER_MIN_NS : ns;
}

/**
 * spw_pmtu_may_answer() - may a probe be answered?
 * @a: of the peer; zeroed before its first use
 * @now: ns
 */
bool spw_pmtu_may_answer(struct spw_pmtu_answers *a, __u64 now)
{
	a->credit += now - a->at;
	a->at = now;
	if (a->credit > ANSWER_BURST_NS)
		a->credit = ANSWER_BURST_NS;
	if (a->credit < ANSWER_NS)
		return false;
	a->credit -= ANSWER_NS;
	return true;
}
