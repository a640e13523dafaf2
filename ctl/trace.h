/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace: one line of JSON a sample to a file, for whoever draws or checks it later. */
#ifndef SPILLWAY_CTL_TRACE_H
#define SPILLWAY_CTL_TRACE_H

struct json_object;
struct trace;

/**
 * trace_open() - append to a file, made with mode 0644 if there is none
 *
 * Return: the trace, or NULL with errno set.
 */
struct trace *trace_open(const char *path);

/**
 * trace_write() - one line, in the file when this returns
 *
 * An error is logged once; lines are tried again, since a full disk may empty.
 */
void trace_write(struct trace *trace, struct json_object *line);

void trace_close(struct trace *trace);

#endif /* SPILLWAY_CTL_TRACE_H */
