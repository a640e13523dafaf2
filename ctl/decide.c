// SPDX-License-Identifier: GPL-2.0-or-later
/* decide: from load, forecast and threshold to what is to be done now. */
#include <math.h>

#include "decide.h"

const char *const decide_state_names[DECIDE_STATES] = {
	[DECIDE_UNKNOWN] = "unknown",
	[DECIDE_CALM] = "calm",
	[DECIDE_PREDICTED] = "overload predicted",
	[DECIDE_OVERLOADED] = "overloaded",
};

/* Peak, and when the threshold is reached first. */
static void look_ahead(const struct decide_input *input, struct decide_verdict *verdict)
{
	verdict->peak = input->load;
	verdict->crossing = input->load >= input->threshold ? 0 : -1;
	for (size_t i = 0; i < input->steps; i++) {
		if (verdict->crossing < 0 && input->mean[i] >= input->threshold)
			verdict->crossing = (int)i + 1;
		if (input->mean[i] > verdict->peak)
			verdict->peak = input->mean[i];
	}
	verdict->excess = fmax(verdict->peak - input->threshold, 0);
}

static void note_low(struct decide *decide, bool low, uint64_t now_ms)
{
	if (low && !decide->low)
		decide->low_since_ms = now_ms;
	decide->low = low;
}

/* Whether what is foreseen now is to be acted upon. */
static bool sure(struct decide *decide, const struct decide_verdict *verdict)
{
	bool before = decide->foreseen;

	decide->foreseen = verdict->crossing >= 0;
	return decide->foreseen && (before || verdict->state == DECIDE_OVERLOADED);
}

void decide_step(struct decide *decide, const struct decide_rules *rules,
		 const struct decide_input *input, struct decide_verdict *verdict)
{
	bool offload;

	*verdict = (struct decide_verdict){
		.state = DECIDE_UNKNOWN,
		.peak = NAN,
		.crossing = -1,
	};
	if (decide->settle)
		decide->settle--;
	/* Nothing is known, so nothing is moved, and low does not go on. */
	if (isnan(input->load) || isnan(input->threshold)) {
		note_low(decide, false, input->now_ms);
		decide->foreseen = false;
		return;
	}
	look_ahead(input, verdict);
	if (input->load >= rules->limit)
		verdict->state = DECIDE_OVERLOADED;
	else
		verdict->state = verdict->crossing >= 0 ? DECIDE_PREDICTED : DECIDE_CALM;
	note_low(decide, input->steps && verdict->peak < rules->recall_below, input->now_ms);
	offload = sure(decide, verdict);
	if (decide->settle)
		return;
	verdict->offload = offload;
	verdict->recall = decide->low &&
			  input->now_ms - decide->low_since_ms >= rules->hysteresis_ms;
}

void decide_moved(struct decide *decide)
{
	decide->settle = DECIDE_SETTLE_SAMPLES;
}
