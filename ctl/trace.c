// SPDX-License-Identifier: GPL-2.0-or-later
/* trace: one line of JSON a sample to a file. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"
#include "trace.h"

struct trace {
	int fd;
	bool failed;
	char *path;
};

struct trace *trace_open(const char *path)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int error;

	if (!trace)
		return NULL;
	trace->path = strdup(path);
	trace->fd = trace->path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	if (trace->fd >= 0)
		return trace;
	error = errno;
	free(trace->path);
	free(trace);
	errno = error;
	return NULL;
}

/* With one writev() in append mode, so that readers and other writers see whole lines. */
static int write_line(int fd, const char *text)
{
	struct iovec iov[2] = {
		{ .iov_base = (char *)text, .iov_len = strlen(text) },
		{ .iov_base = "\n", .iov_len = 1 },
	};
	ssize_t n = writev(fd, iov, 2);

	if (n < 0)
		return -errno;
	return (size_t)n == iov[0].iov_len + 1 ? 0 : -ENOSPC;
}

void trace_write(struct trace *trace, struct json_object *line)
{
	const char *text;
	int ret;

	text = line ? json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN) : NULL;
	ret = text ? write_line(trace->fd, text) : -ENOMEM;
	if (ret && !trace->failed)
		log_warn("trace %s: %s", trace->path, strerror(-ret));
	trace->failed = ret;
}

void trace_close(struct trace *trace)
{
	if (!trace)
		return;
	close(trace->fd);
	free(trace->path);
	free(trace);
}
