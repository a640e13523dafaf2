// SPDX-License-Identifier: GPL-2.0-or-later
/* controller: one pass a sample: read, remember, foresee, decide, move, tell. */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ahead.h"
#include "control.h"
#include "controller.h"
#include "decide.h"
#include "history.h"
#include "log.h"
#include "pool.h"
#include "report.h"
#include "round.h"
#include "sampler.h"
#include "status_server.h"
#include "trace.h"

#define NS_PER_MS           1000000ULL
#define HISTORY_REQUEST_MAX 86400 /* seconds */

struct controller {
	const struct config *config;
	struct event_base *base;
	struct event *timer;
	struct pool *pool;
	struct control *control;
	struct sampler sampler;
	struct ahead *ahead;
	struct decide decide;
	struct round *round;
	struct trace *trace;
	struct status_server *status;
	bool cleanup;

	uint64_t start_ms;   /* CLOCK_MONOTONIC; samples are due at multiples from here */
	uint64_t last_index; /* of the sample taken last */
	bool futile;         /* overload by what no move relieves: was logged */

	struct report_tick tick;
	struct report_totals totals;
};

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t monotonic_ms(void)
{
	return monotonic_ns() / NS_PER_MS;
}

static int64_t realtime_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / (long)NS_PER_MS;
}

/* Greatest of the forecast, as the peers are told. */
static double forecast_max(const struct report_tick *tick)
{
	double max = NAN;

	for (size_t i = 0; i < tick->steps; i++)
		max = fmax(max, tick->mean[i]);
	return max;
}

static void tell(struct controller *ctl)
{
	const struct report_tick *tick = &ctl->tick;
	struct pool_report report = {
		.load = tick->sample.load,
		.forecast = forecast_max(tick),
	};

	/* fmax() passes over a NaN: without a forecast the load alone is the peak. */
	if (!isnan(tick->sample.load) && !isnan(tick->threshold))
		report.free = fmax(tick->threshold - fmax(report.load, report.forecast), 0);
	pool_tell(ctl->pool, &report);
}

static void decide(struct controller *ctl, uint64_t now_ms)
{
	const struct config *config = ctl->config;
	const struct decide_rules rules = {
		.limit = config->threshold.limit,
		.recall_below = config->offload.recall_below,
		.hysteresis_ms = config->offload.hysteresis_ms,
	};
	struct report_tick *tick = &ctl->tick;
	const struct decide_input input = {
		.now_ms = now_ms,
		.load = tick->sample.load,
		.mean = tick->mean,
		.steps = tick->steps,
		.threshold = tick->threshold,
	};
	enum decide_state old = tick->verdict.state;

	decide_step(&ctl->decide, &rules, &input, &tick->verdict);
	if (tick->verdict.state == old)
		return;
	if (tick->verdict.state == DECIDE_UNKNOWN)
		log_notice("the load is not known: a resource that counts has no reading");
	else if (tick->verdict.crossing > 0)
		log_notice("%s: load %.2f, forecast %.2f, reaches threshold %.2f in %" PRIu64 " ms",
			   decide_state_names[tick->verdict.state], tick->sample.load,
			   tick->verdict.peak, tick->threshold,
			   (uint64_t)tick->verdict.crossing * tick->step_ms);
	else
		log_notice("%s: load %.2f, threshold %.2f", decide_state_names[tick->verdict.state],
			   tick->sample.load, tick->threshold);
}

/* What takes an overload off this node. */
enum relief {
	RELIEF_NONE,
	RELIEF_RELAY,
	RELIEF_HANDOFF,
};

static bool may_hand_off(const struct config *config)
{
	for (size_t i = 0; i < config->class_count; i++) {
		if (config->classes[i].handoff)
			return true;
	}
	return false;
}

/*
 * Relaying takes what a node sends off its uplink. The socket and its program stay, with
 * their CPU time and memory: these leave with the endpoint. The way in is relieved by
 * neither, since the remote goes on sending to the same address.
 */
static enum relief relief_of(const struct controller *ctl)
{
	const struct sample *sample = &ctl->tick.sample;
	const struct metrics_reading *network = &sample->reading[CONFIG_NETWORK];

	if (sample->worst != CONFIG_NETWORK)
		return may_hand_off(ctl->config) ? RELIEF_HANDOFF : RELIEF_NONE;
	if (!ctl->config->sources.uplink_rate)
		return RELIEF_NONE;
	return network->rx > network->tx ? RELIEF_NONE : RELIEF_RELAY;
}

static void note_futile(struct controller *ctl, bool futile)
{
	enum config_resource worst = ctl->tick.sample.worst;

	if (futile && !ctl->futile)
		log_warn("overload of %s: %s", config_resource_names[worst],
			 worst == CONFIG_NETWORK ?
				 "it is inbound, which no move relieves" :
				 "relaying does not relieve it, and no class has \"handoff\"");
	ctl->futile = futile;
}

static void count_round(struct controller *ctl, const struct round_result *result, uint64_t *total,
			bool offload)
{
	struct report_tick *tick = &ctl->tick;

	ctl->totals.refused += result->refused;
	tick->moves = result->moves;
	tick->move_count = result->moved;
	if (!result->moved)
		return;
	ctl->totals.rounds++;
	*total += result->moved;
	decide_moved(&ctl->decide);
	for (size_t i = 0; i < result->moved; i++)
		ahead_store_move(ctl->ahead, tick->sample.time_ms, result->moves[i].id,
				 offload ? result->moves[i].peer_id : 0, result->moves[i].tx_rate);
}

static void relieve(struct controller *ctl, uint64_t now_ms)
{
	const struct report_tick *tick = &ctl->tick;
	const struct round_load load = { .now = tick->verdict.peak,
					 .excess = tick->verdict.excess };
	enum relief relief = relief_of(ctl);
	struct round_result result;

	note_futile(ctl, relief == RELIEF_NONE);
	switch (relief) {
	case RELIEF_NONE:
		return;
	case RELIEF_RELAY:
		round_offload(ctl->round, ctl->pool,
			      load.excess * (double)ctl->config->sources.uplink_rate, now_ms,
			      &result);
		break;
	case RELIEF_HANDOFF:
		round_handoff(ctl->round, ctl->pool,
			      tick->sample.worst == CONFIG_CPU ? ROUND_BY_TRAFFIC : ROUND_BY_COUNT,
			      &load, now_ms, &result);
		break;
	}
	count_round(ctl, &result, &ctl->totals.offloaded, true);
}

static void take_back(struct controller *ctl, uint64_t now_ms)
{
	const struct report_tick *tick = &ctl->tick;
	struct round_result result;

	/* Half of the room, so that what comes back cannot make the next overload. */
	round_recall(ctl->round, ctl->pool,
		     (tick->threshold - tick->verdict.peak) / 2 *
			     (double)ctl->config->sources.uplink_rate,
		     now_ms, &result);
	count_round(ctl, &result, &ctl->totals.recalled, false);
}

static void act(struct controller *ctl, uint64_t now_ms)
{
	const struct config *config = ctl->config;
	const struct decide_verdict *verdict = &ctl->tick.verdict;

	ctl->tick.move_count = 0;
	ctl->futile = ctl->futile && verdict->offload;
	if (!config->offload.enabled)
		return;
	if (verdict->offload)
		relieve(ctl, now_ms);
	else if (verdict->recall && config->sources.uplink_rate && pool_offloaded(ctl->pool) > 0)
		take_back(ctl, now_ms);
}

static void take_demand(struct controller *ctl)
{
	const struct config_sources *sources = &ctl->config->sources;
	struct pool_flows flows = pool_flows(ctl->pool);
	struct report_tick *tick = &ctl->tick;
	double foreign = 0;

	tick->relayed = flows.relayed;
	tick->hosted = flows.hosted;
	if (sources->uplink_rate)
		foreign = (flows.hosted - flows.relayed) / (double)sources->uplink_rate;
	tick->demand = sample_demand(&tick->sample, sources->count, foreign);
}

static int install_key(void *ctx, size_t peer, enum spillway_key_direction direction, uint32_t id,
		       const uint8_t key[SPILLWAY_KEY_LEN])
{
	struct controller *ctl = ctx;

	return pool_install_key(ctl->pool, peer, direction, id, key);
}

/* A device that was made anew has none, nor has a peer whose keys were deleted. */
static void look_for_keys(struct controller *ctl)
{
	for (size_t i = 0; i < ctl->config->peer_count; i++) {
		if (pool_lacks_keys(ctl->pool, i))
			control_missing(ctl->control, i);
	}
}

static void take_sample(struct controller *ctl, uint64_t now_ns, uint64_t missed)
{
	struct report_tick *tick = &ctl->tick;
	uint64_t now_ms = now_ns / NS_PER_MS;
	struct json_object *line;
	uint32_t conns;

	pool_refresh(ctl->pool, now_ns);
	look_for_keys(ctl);
	sampler_take(&ctl->sampler, now_ns, realtime_ms(), &tick->sample);
	tick->missed = missed;
	tick->conns = pool_conns(ctl->pool, &conns) ? -1 : (int64_t)conns;
	tick->offloaded = pool_offloaded(ctl->pool);
	take_demand(ctl);
	ahead_add(ctl->ahead, &tick->sample, tick->demand, missed);
	ahead_look(ctl->ahead, tick);
	decide(ctl, now_ms);
	act(ctl, now_ms);
	tell(ctl);
	ctl->totals.ticks++;
	ctl->totals.missed += missed;
	if (ctl->trace) {
		line = report_tick_json(tick);
		trace_write(ctl->trace, line);
		json_object_put(line);
	}
}

static void arm(struct controller *ctl)
{
	uint64_t due = ctl->start_ms + (ctl->last_index + 1) * ctl->config->forecast.sample_ms;
	uint64_t now = monotonic_ms();
	uint64_t wait = due > now ? due - now : 0;
	struct timeval tv = {
		.tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000 * 1000),
	};

	event_add(ctl->timer, &tv);
}

/*
 * Samples are due at fixed times, so that one late sample does not make all that follow
 * late, and so that it is seen which were missed.
 */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct controller *ctl = arg;
	uint64_t period = ctl->config->forecast.sample_ms;
	uint64_t now_ns = monotonic_ns();
	uint64_t index;

	(void)fd;
	(void)what;
	/* The nearest: a timer may come a little early by another clock's rounding. */
	index = (now_ns / NS_PER_MS - ctl->start_ms + period / 2) / period;
	if (index > ctl->last_index) {
		take_sample(ctl, now_ns, index - ctl->last_index - 1);
		ctl->last_index = index;
	}
	arm(ctl);
}

/* "history 600": seconds, all digits. */
static bool history_seconds(const char *request, uint64_t *seconds)
{
	char *end;

	if (strncmp(request, "history ", 8) || request[8] < '0' || request[8] > '9')
		return false;
	errno = 0;
	*seconds = strtoull(request + 8, &end, 10);
	return !errno && !*end && *seconds && *seconds <= HISTORY_REQUEST_MAX;
}

static struct json_object *answer_history(struct controller *ctl, uint64_t seconds)
{
	struct history_sample *samples;
	struct json_object *doc;
	size_t count;

	if (ahead_history(ctl->ahead, realtime_ms(), seconds, &samples, &count))
		return report_error_json("the history cannot be read");
	doc = report_history_json(samples, count);
	free(samples);
	return doc;
}

static struct json_object *answer_status(struct controller *ctl)
{
	const struct config *config = ctl->config;
	struct report_control_peer *links;
	struct control_counts counts = control_counts(ctl->control);
	struct report_control control = {
		.accepted = counts.accepted,
		.agreed = counts.agreed,
		.limited = counts.limited,
		.end_names = control_end_names,
		.ended = counts.ended,
	};
	struct report_status status = {
		.config = config,
		.uptime_ms = monotonic_ms() - ctl->start_ms,
		.last = ctl->totals.ticks ? &ctl->tick : NULL,
		.control = &control,
		.totals = ctl->totals,
	};
	struct json_object *doc;

	status.peers = pool_peers(ctl->pool, &status.peer_count);
	links = calloc(config->peer_count ? config->peer_count : 1, sizeof(*links));
	for (size_t i = 0; links && i < config->peer_count; i++) {
		struct control_peer_status link = control_peer_status(ctl->control, i);

		links[i] = (struct report_control_peer){
			.name = config->peers[i].name,
			.connected = link.connected,
			.epochs = link.epochs,
			.since_ms = link.since_ms,
		};
	}
	control.peers = links;
	control.peer_count = links ? config->peer_count : 0;
	doc = report_status_json(&status);
	free(links);
	return doc;
}

static struct json_object *answer(void *ctx, const char *request)
{
	struct controller *ctl = ctx;
	uint64_t seconds;

	if (!strcmp(request, "status"))
		return answer_status(ctl);
	if (history_seconds(request, &seconds))
		return answer_history(ctl, seconds);
	return report_error_json("ask for \"status\" or \"history SECONDS\", 1 to 86400");
}

static int open_status(struct controller *ctl)
{
	char error[512];

	if (!ctl->config->status.socket[0])
		return 0;
	ctl->status = status_server_open(ctl->base, ctl->config->status.socket, answer, ctl, error,
					 sizeof(error));
	if (ctl->status)
		return 0;
	log_err("status socket: %s", error);
	return -EIO;
}

static int open_trace(struct controller *ctl, const char *path)
{
	if (!path)
		return 0;
	ctl->trace = trace_open(path);
	if (ctl->trace)
		return 0;
	log_err("trace %s: %s", path, strerror(errno));
	return -errno;
}

/*
 * The directory of a file of ours, where it alone is missing: /run/spillway is gone
 * after each boot. Any other error shows when the file is opened.
 */
static void make_directory_of(const char *path)
{
	char dir[sizeof(((struct config *)0)->history.path)];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = '\0';
	if (!mkdir(dir, 0700))
		log_info("directory %s: made", dir);
}

static int open_parts(struct controller *ctl, const struct controller_options *options)
{
	const struct control_keys keys = { .install = install_key, .ctx = ctl };
	int ret;

	make_directory_of(ctl->config->history.path);
	make_directory_of(ctl->config->status.socket);
	ret = open_trace(ctl, options->trace);
	if (ret)
		return ret;
	ctl->ahead = ahead_open(ctl->config, realtime_ms());
	if (!ctl->ahead)
		return -EIO;
	/* Before anything is done to the kernel: a bad key stops spilld here. */
	ctl->control = control_open(ctl->base, ctl->config, &keys);
	if (!ctl->control)
		return -EIO;
	ctl->pool = pool_open(ctl->config);
	if (!ctl->pool)
		return -EIO;
	ret = sampler_open(&ctl->sampler, &ctl->config->sources, "", pool_conns, ctl->pool);
	if (!ret)
		ret = open_status(ctl);
	if (ret)
		return ret;
	ctl->round = round_new(ctl->config);
	ctl->timer = evtimer_new(ctl->base, on_timer, ctl);
	if (ctl->round && ctl->timer)
		return 0;
	log_err("out of memory");
	return -ENOMEM;
}

struct controller *controller_open(struct event_base *base, const struct config *config,
				   const struct controller_options *options)
{
	struct controller *ctl = calloc(1, sizeof(*ctl));
	struct sample first;

	if (!ctl) {
		log_err("out of memory");
		return NULL;
	}
	ctl->config = config;
	ctl->base = base;
	ctl->tick.threshold = NAN;
	if (open_parts(ctl, options)) {
		controller_close(ctl);
		return NULL;
	}
	ctl->cleanup = options->cleanup || config->node.cleanup;
	ctl->start_ms = monotonic_ms();
	/* Rates need two readings: this is the first one. */
	pool_refresh(ctl->pool, monotonic_ns());
	sampler_take(&ctl->sampler, monotonic_ns(), realtime_ms(), &first);
	arm(ctl);
	return ctl;
}

void controller_close(struct controller *ctl)
{
	if (ctl->timer)
		event_free(ctl->timer);
	status_server_close(ctl->status);
	sampler_close(&ctl->sampler);
	round_free(ctl->round);
	control_close(ctl->control);
	if (ctl->pool)
		pool_close(ctl->pool, ctl->cleanup);
	if (ctl->ahead)
		ahead_close(ctl->ahead);
	trace_close(ctl->trace);
	free(ctl);
}
