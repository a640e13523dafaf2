// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nth: a program's requests of the kernel, with memory that is not to be had. Loaded by
 * LD_PRELOAD, with in the environment
 *
 *   NTH       the allocation that fails, of those that the kernel makes while the program
 *             sends and receives, all calls counted together
 *   NTH_FILE  a file that says "failed" once it has
 *
 * Only these calls are meant, not what the C library needs: the kernel counts where the
 * task says so (/proc/thread-self/fail-nth, Documentation/fault-injection of the kernel).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long left = -1;   /* allocations until the one that fails; 0: it has, or none is to */
static int counter = -1; /* open already: to open it takes memory */

static void count_from(long n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld", n);

	if (pwrite(counter, text, (size_t)len, 0) != len)
		abort();
}

static long counted_to(void)
{
	char text[24] = "";

	if (pread(counter, text, sizeof(text) - 1, 0) <= 0)
		abort();
	return strtol(text, NULL, 10);
}

static void say_failed(void)
{
	int fd = open(getenv("NTH_FILE"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, "failed\n", 7) != 7)
		abort();
	close(fd);
}

static void begin(void)
{
	if (left < 0) {
		left = getenv("NTH") ? atol(getenv("NTH")) : 0;
		counter = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	}
	if (left)
		count_from(left);
}

/* Nothing that is done here may change what the caller sees. */
static void end(void)
{
	int saved = errno;

	if (left) {
		left = counted_to();
		count_from(0);
		if (!left)
			say_failed();
	}
	errno = saved;
}

#define WRAP(name, params, args)                                   \
	ssize_t name params                                        \
	{                                                          \
		static ssize_t(*real) params;                      \
		ssize_t ret;                                       \
                                                                   \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		begin();                                           \
		ret = real args;                                   \
		end();                                             \
		return ret;                                        \
	}

WRAP(sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags))
WRAP(recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))
WRAP(sendto,
     (int fd, const void *data, size_t len, int flags, const struct sockaddr *addr,
      socklen_t addr_len),
     (fd, data, len, flags, addr, addr_len))
WRAP(recvfrom,
     (int fd, void *data, size_t len, int flags, struct sockaddr *addr, socklen_t *addr_len),
     (fd, data, len, flags, addr, addr_len))
