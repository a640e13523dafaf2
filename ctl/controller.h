/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * controller: one pass a sample: read, remember, foresee, decide, move, tell.
 */
#ifndef SPILLWAY_CTL_CONTROLLER_H
#define SPILLWAY_CTL_CONTROLLER_H

#include "config.h"

struct controller;
struct event_base;

/**
 * struct controller_options - what the command line adds to the configuration
 * @trace: file for a line a sample; NULL: none
 * @cleanup: delete the device on exit, whatever the configuration says
 */
struct controller_options {
	const char *trace;
	bool cleanup;
};

/**
 * controller_open() - set the node up and arm the first sample
 * @config: must outlive the controller
 *
 * Return: NULL after an error that was logged; the kernel may then be partly set up,
 * as after a stop.
 */
struct controller *controller_open(struct event_base *base, const struct config *config,
				   const struct controller_options *options);

void controller_close(struct controller *controller);

#endif /* SPILLWAY_CTL_CONTROLLER_H */
