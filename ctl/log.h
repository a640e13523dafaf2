/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: lines to stderr. Where that is not a terminal, each begins with its priority as
 * "<3>", which the journal understands (sd-daemon(3)).
 */
#ifndef SPILLWAY_CTL_LOG_H
#define SPILLWAY_CTL_LOG_H

#include <stddef.h>
#include <syslog.h>

/**
 * log_open() - say who logs
 * @program: start of each line on a terminal; the pointer is kept
 * @max_priority: what is less urgent than this, such as LOG_DEBUG, is not written
 */
void log_open(const char *program, int max_priority);

/* One line; control characters in it become '?'. */
void log_line(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...)    log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...)   log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)   log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_line(LOG_DEBUG, __VA_ARGS__)

/**
 * log_last_error() - the last line of LOG_ERR or LOG_WARNING
 * @count: set to the number of such lines since the start
 *
 * Return: the line, "" if there was none.
 */
const char *log_last_error(unsigned long *count);

#endif /* SPILLWAY_CTL_LOG_H */
