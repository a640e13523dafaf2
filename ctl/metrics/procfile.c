// SPDX-License-Identifier: GPL-2.0-or-later
/* procfile: small text files of procfs and cgroupfs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "metrics/procfile.h"

static ssize_t read_fd(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	while (len < PROCFILE_MAX - 1) {
		n = read(fd, text + len, PROCFILE_MAX - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int procfile_read(char text[PROCFILE_MAX], const char *root, const char *dir, const char *name)
{
	char path[PATH_MAX];
	ssize_t len;
	char *end;
	int fd;

	if (snprintf(path, sizeof(path), "%s%s/%s", root, dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	/* A FIFO in the way must not stop the daemon. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	len = read_fd(fd, text);
	close(fd);
	if (len < 0)
		return (int)len;
	end = memrchr(text, '\n', (size_t)len);
	if (!end || memchr(text, '\0', (size_t)(end - text)))
		return -EBADMSG;
	end[1] = '\0';
	return 0;
}

int procfile_number(const char **text, uint64_t *number)
{
	const char *p = *text;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EBADMSG;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -EBADMSG;
	}
	*text = p;
	*number = value;
	return 0;
}

int procfile_field(const char *text, const char *key, uint64_t *number)
{
	size_t len = strlen(key);
	int ret;

	for (; text && *text; text = strchr(text, '\n'), text += !!text) {
		if (strncmp(text, key, len) || text[len] != ' ')
			continue;
		text += len;
		text += strspn(text, " ");
		ret = procfile_number(&text, number);
		return !ret && *text != '\n' && *text != ' ' ? -EBADMSG : ret;
	}
	return -EBADMSG;
}

int procfile_limit(const char **text, uint64_t *number)
{
	int ret = 0;

	if (!strncmp(*text, "max", 3)) {
		*text += 3;
		*number = UINT64_MAX;
	} else {
		ret = procfile_number(text, number);
	}
	return !ret && **text != '\n' && **text != ' ' ? -EBADMSG : ret;
}
