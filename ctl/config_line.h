/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_line: a peer in one line, as `spillctl init` prints it and spilld takes it from
 * its command line:
 *
 *   vm-2 id 2 endpoint 192.0.2.12:51821 key jDAm...Eo=
 */
#ifndef SPILLWAY_CTL_CONFIG_LINE_H
#define SPILLWAY_CTL_CONFIG_LINE_H

#include "config_text.h"

#define CONFIG_LINE_MAX 256

/**
 * config_line_add() - a peer more in a document
 * @text: receives it as the last of "peers", with the same keys as there
 * @line: as above
 * @err: filled on failure
 *
 * The values are checked with those of the file, by config_walk().
 *
 * Return: 0, -EINVAL for what is no such line, or -ENOMEM.
 */
int config_line_add(struct config_text *text, const char *line, struct config_error *err);

#endif /* SPILLWAY_CTL_CONFIG_LINE_H */
