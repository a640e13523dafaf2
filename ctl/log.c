// SPDX-License-Identifier: GPL-2.0-or-later
/* log: lines to stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES 1024

static const char *log_program = "spilld";
static int log_max = LOG_INFO;
static char last_error[LINE_MAX_BYTES];
static unsigned long error_count;

void log_open(const char *program, int max_priority)
{
	log_program = program;
	log_max = max_priority;
}

static void clean(char *line)
{
	for (; *line; line++) {
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
	}
}

void log_line(int priority, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	if (priority > log_max)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	clean(line);
	if (priority <= LOG_WARNING) {
		memcpy(last_error, line, sizeof(line));
		error_count++;
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s: %s\n", log_program, line);
	else
		fprintf(stderr, "<%d>%s\n", priority, line);
}

const char *log_last_error(unsigned long *count)
{
	*count = error_count;
	return last_error;
}
